"""Parcels of the surface: the parcellation of our own, and the user's labels in three formats."""

import sys

import numpy as np
import pytest

from saltbench.benchmark.reproductions.fmri.cortical_surface import spheres
from saltbench.benchmark.reproductions.fmri.parcels import Parcels, load_parcels, sphere_parcels
from saltbench.errors import DataError, MissingPackageError, ParameterError, ShapeError

VERTICES = 10_242


@pytest.fixture(scope="module")
def mesh():
    datasets = pytest.importorskip("nilearn.datasets", reason="needs the pip extra fmri")
    return datasets.load_fsaverage("fsaverage5")["sphere"]


@pytest.fixture(scope="module")
def nibabel():
    pytest.importorskip("nilearn", reason="needs the pip extra fmri")
    return pytest.importorskip("nibabel")


def cloud(points=400):
    """Both hemispheres as points on a sphere of radius 100."""
    drawn = np.random.default_rng(0).normal(size=(2, points, 3))
    drawn *= 100 / np.linalg.norm(drawn, axis=2, keepdims=True)
    return {"left": drawn[0], "right": drawn[1]}


def test_each_vertex_is_in_the_parcel_with_the_nearest_centre():
    sphere = cloud()
    parcels = sphere_parcels(sphere, 20, 0)
    points = sphere["right"] / 100
    centres = np.stack([points[parcels.right == parcel].sum(axis=0) for parcel in range(10)])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    for point, parcel in zip(points, parcels.right, strict=True):
        assert np.linalg.norm(centres - point, axis=1).argmin() == parcel


def test_parcels_are_numbered_as_the_archives_do_the_right_hemisphere_first():
    parcels = sphere_parcels(cloud(), 7, 0)
    assert set(parcels.right) == {0, 1, 2, 3}
    assert set(parcels.left) == {4, 5, 6}
    assert parcels.count == 7


def test_the_seed_decides_and_nothing_else():
    first, again, other = (sphere_parcels(cloud(), 20, seed) for seed in (0, 0, 1))
    assert (first.left == again.left).all()
    assert (first.right == again.right).all()
    assert (first.left != other.left).any()


def test_one_parcel_a_vertex_is_the_most():
    parcels = sphere_parcels(cloud(10), 20, 0)
    assert sorted(parcels.right) == list(range(10))
    for count in (1, 21):
        with pytest.raises(ParameterError, match=f"at least 2 and at most one parcel a vertex, got {count}"):
            sphere_parcels(cloud(10), count, 0)


def test_the_360_parcels_are_of_about_one_size_and_hang_together(mesh):
    parcels = sphere_parcels(spheres(), 360, 0)
    for side, labels in (("left", parcels.left - 180), ("right", parcels.right)):
        sizes = np.bincount(labels, minlength=180)
        assert labels.shape == (VERTICES,)
        assert sizes.min() >= 40
        assert sizes.max() <= 75  # 10,242 / 180 is 57
        assert pieces(mesh.parts[side].faces, labels) == 180


def pieces(faces, labels):
    """Number of connected regions of equal labels on a mesh, by union of neighbours."""
    parent = list(range(len(labels)))

    def root(vertex):
        while parent[vertex] != vertex:
            parent[vertex] = parent[parent[vertex]]
            vertex = parent[vertex]
        return vertex

    for a, b, c in faces.tolist():
        for one, other in ((a, b), (b, c)):
            if labels[one] == labels[other]:
                parent[root(one)] = root(other)
    return len({root(vertex) for vertex in range(len(labels))})


def test_values_are_painted_where_their_parcels_are():
    parcels = Parcels(np.array([2, -1, 3]), np.array([0, 1, -1]), 4)
    painted = parcels.paint([10.0, 11.0, 12.0, 13.0])
    assert painted["left"].tolist()[::2] == [12.0, 13.0]
    assert painted["right"].tolist()[:2] == [10.0, 11.0]
    assert np.isnan([painted["left"][1], painted["right"][2]]).all()


@pytest.mark.parametrize(("shape", "got"), [((3,), "3"), ((5,), "5"), ((2, 4), "2 × 4")])
def test_an_atlas_of_other_parcels_is_refused(shape, got):
    parcels = Parcels(np.array([2, 3]), np.array([0, 1]), 4)
    with pytest.raises(ShapeError, match=f"the atlas has 4 parcels, the maps have {got} features; give the atlas"):
        parcels.paint(np.zeros(shape))


def test_an_npz_of_the_archives(tmp_path):
    labels = np.arange(VERTICES) % 180
    path = tmp_path / "atlas.npz"
    np.savez(path, coords=np.zeros((360, 3)), labels_R=labels, labels_L=labels + 180)
    parcels = load_parcels(path)
    assert parcels.count == 360
    assert (parcels.left == labels + 180).all()
    assert (parcels.right == labels).all()


LABELS = np.array([0, 3, 9, 3] * 2560 + [9, -1])  # of one hemisphere: keys 3 and 9, 0 and −1 for no parcel


def gifti(nibabel, path, labels=LABELS, names=None):
    table = nibabel.gifti.GiftiLabelTable()
    for key, name in (names or {0: "???", 3: "V1", 9: "V2"}).items():
        label = nibabel.gifti.GiftiLabel(key)
        label.label = name
        table.labels.append(label)
    array = nibabel.gifti.GiftiDataArray(labels.astype(np.int32), intent="NIFTI_INTENT_LABEL")
    nibabel.save(nibabel.gifti.GiftiImage(darrays=[array], labeltable=table), path)
    return path


def annot(nibabel, path, labels=LABELS):
    colours = np.array([[number, 10, 20, 0, number + 10 * 2**8 + 20 * 2**16] for number in range(10)])
    names = ["unknown", *(f"P{number}" if number in (3, 9) else "Medial_wall" for number in range(1, 10))]
    nibabel.freesurfer.write_annot(path, labels, colours, names, fill_ctab=False)
    return path


@pytest.mark.parametrize(("write", "ending"), [(gifti, "label.gii"), (annot, "annot")])
def test_label_files(nibabel, tmp_path, write, ending):
    paths = [write(nibabel, tmp_path / f"{side}.{ending}") for side in ("left", "right")]
    parcels = load_parcels(*paths)
    assert parcels.count == 4
    assert parcels.right[:4].tolist() == [-1, 0, 1, 0]
    assert parcels.left[:4].tolist() == [-1, 2, 3, 2]
    assert parcels.right[-2:].tolist() == [1, -1]


def test_a_key_that_the_table_lacks_belongs_to_no_parcel(nibabel, tmp_path):
    path = gifti(nibabel, tmp_path / "a.gii", np.where(LABELS == 9, 12, LABELS))
    assert set(load_parcels(path, path).right) == {-1, 0}


def test_label_files_that_cannot_be_used(nibabel, tmp_path):
    good = gifti(nibabel, tmp_path / "good.gii")
    short = gifti(nibabel, tmp_path / "short.gii", LABELS[:100])
    empty = gifti(nibabel, tmp_path / "empty.gii", names={0: "???", 3: "unknown"})
    (tmp_path / "cut.gii").write_bytes(good.read_bytes()[:-400])
    (tmp_path / "cut.annot").write_bytes(b"\0\0")
    with pytest.raises(DataError, match=r"short\.gii does not match fsaverage5: expected labels \(10242,\), got \(100"):
        load_parcels(good, short)
    with pytest.raises(DataError, match=r"empty\.gii names no parcel in its label table"):
        load_parcels(empty, good)
    for cut in ("cut.gii", "cut.annot"):
        with pytest.raises(DataError, match=rf"{cut} is no whole label file \(\w+\); get it anew"):
            load_parcels(good, tmp_path / cut)
    with pytest.raises(DataError, match=r"absent\.annot does not exist; check the path"):
        load_parcels(tmp_path / "absent.annot", good)


def test_other_files_are_no_atlas(tmp_path):
    one, two = tmp_path / "a.gii", tmp_path / "b.txt"
    for paths in ((one,), (one, one, one), (one, two), ()):
        with pytest.raises(ParameterError, match=r"an atlas is one \.npz file, or two \.gii or \.annot files"):
            load_parcels(*paths)


def test_the_missing_package_is_named(monkeypatch, tmp_path):
    for package in ("nilearn", "nibabel"):
        for name in [name for name in sys.modules if name.split(".")[0] == package]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, package, None)
    message = r"brain maps need the package nilearn, got no module '\w+.*'; install it with pip install '\.\[fmri\]' in"
    with pytest.raises(MissingPackageError, match=message):
        spheres()
    with pytest.raises(MissingPackageError, match=message):
        load_parcels(tmp_path / "a.gii", tmp_path / "b.gii")
