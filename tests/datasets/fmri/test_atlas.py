import numpy as np
import pytest
from hcp_trees import write_atlas

from saltbench.datasets.fmri.atlas import load_atlas
from saltbench.errors import DataError, ShapeError


@pytest.fixture
def file(tmp_path):
    return tmp_path / "atlas.npz"


def test_vertices_get_their_parcels_value_and_those_outside_get_none(file):
    atlas = load_atlas(write_atlas(file))
    values = np.arange(360) + 1000.0
    left, right = atlas.paint(values)
    for vertex in (0, 41, 42, 43, 300, 10_241):
        for painted, shift in ((left, 180), (right, 0)):
            if vertex < 42:
                # -1 as an index would give the last parcel, 1359
                assert np.isnan(painted[vertex])
            else:
                assert painted[vertex] == 1000 + shift + (vertex - 42) % 180


def test_arrays_of_the_atlas(file):
    atlas = load_atlas(write_atlas(file))
    assert atlas.coordinates.shape == (360, 3)
    assert atlas.left.shape == atlas.right.shape == (10_242,)
    assert (atlas.left.min(), atlas.left.max()) == (-1, 359)
    assert (atlas.right.min(), atlas.right.max()) == (-1, 179)


def test_small_integers_are_read_without_overflow(file):
    vertices = np.concatenate([np.full(42, -1), np.arange(10_200) % 180]).astype(np.int16)
    assert load_atlas(write_atlas(file, labels_R=vertices)).right.dtype == np.int64


LABELS = np.arange(10_242) % 180


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"coords": None}, r"atlas .*atlas.npz lacks coords: expected coords, labels_L, labels_R; get it anew"),
        ({"labels_L": None, "labels_R": None}, r"lacks labels_L, labels_R: expected"),
        (
            {"labels_L": LABELS[:-1]},
            r"does not match fsaverage5: labels_L must be whole numbers \(10242,\), got int64",
        ),
        ({"labels_R": LABELS + 0.5}, r"labels_R must be whole numbers \(10242,\), got float64 \(10242,\)"),
        ({"labels_L": LABELS + 181}, r"does not match 360 parcels: labels_L must lie in -1 to 359, got 181 to 360"),
        ({"labels_R": LABELS - 2}, r"labels_R must lie in -1 to 359, got -2 to 177"),
        (
            {"labels_L": LABELS},
            r"has parcel 0 in both hemispheres \(180 such parcels\): expected rows of the 360",
        ),
        (
            {"coords": np.zeros((359, 3))},
            r"does not match 360 parcels: coords must be numbers \(360, 3\), got float64",
        ),
        ({"coords": np.full((360, 3), "x")}, r"coords must be numbers \(360, 3\), got <U1 \(360, 3\)"),
    ],
    ids=str,
)
def test_an_atlas_that_does_not_match(file, changes, message):
    with pytest.raises(DataError, match=message):
        load_atlas(write_atlas(file, **changes))


def test_a_missing_atlas(file):
    with pytest.raises(DataError, match=r"atlas .*atlas.npz does not exist; give atlas.npz of the HCP archives"):
        load_atlas(file)


@pytest.mark.parametrize("keep", [0, 40, -60])
def test_a_truncated_atlas(file, keep):
    file.write_bytes(write_atlas(file).read_bytes()[:keep])
    with pytest.raises(DataError, match=r"atlas .* is no whole npz file of numbers; get it anew"):
        load_atlas(file)


def test_a_single_array_is_no_atlas(tmp_path):
    np.save(tmp_path / "regions.npy", np.zeros((360, 3)))
    with pytest.raises(DataError, match=r"atlas .*regions.npy is no whole npz file of numbers"):
        load_atlas(tmp_path / "regions.npy")


def test_pickled_objects_are_not_loaded(file):
    with pytest.raises(DataError, match=r"is no whole npz file of numbers"):
        load_atlas(write_atlas(file, coords=np.array([{}], dtype=object)))


@pytest.mark.parametrize("shape", [(359,), (360, 1), ()])
def test_values_of_another_shape(file, shape):
    with pytest.raises(ShapeError, match=r"the atlas paints one value a parcel, \(360,\), got"):
        load_atlas(write_atlas(file)).paint(np.zeros(shape))
