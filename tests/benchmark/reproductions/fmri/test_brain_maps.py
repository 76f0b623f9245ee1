"""Brain maps: that what is drawn is where the parcels are, offline, and their errors."""

import io
import socket

import numpy as np
import pytest
from matplotlib.image import imread

from saltbench.benchmark.reproductions.fmri.brain_maps import brain_maps
from saltbench.benchmark.reproductions.fmri.cortical_surface import spheres
from saltbench.benchmark.reproductions.fmri.parcels import Parcels, sphere_parcels
from saltbench.errors import ParameterError, ShapeError

pytest.importorskip("nilearn", reason="needs the pip extra fmri")


@pytest.fixture(scope="module")
def parcels():
    return sphere_parcels(spheres(), 40, 0)


def coloured(png):
    """Number of coloured pixels in each half of the brain's part of a figure: the colour bar left out."""
    image = imread(io.BytesIO(png), format="png")[..., :3]
    brain = image[:, : int(0.93 * image.shape[1])]
    is_coloured = np.ptp(brain, axis=2) > 0.1
    left, right = np.array_split(is_coloured[:, int(0.1 * image.shape[1]) :], 2, axis=1)
    return left.sum(), right.sum()


def test_only_the_parcels_with_a_value_are_coloured_and_on_their_side(parcels, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("brain maps went to the network"))
    maps = np.zeros((3, 40))
    maps[1, :20] = 1  # all parcels of the right hemisphere
    left, right = coloured(brain_maps({"map": maps}, parcels, "", steps=[1]))
    assert left == 0
    assert right > 3000
    assert coloured(brain_maps({"map": maps}, parcels, "", steps=[0])) == (0, 0)
    assert coloured(brain_maps({"map": 0.09 * maps}, parcels, "", steps=[1])) == (0, 0)


def test_the_same_maps_give_the_same_bytes(parcels):
    maps = np.random.default_rng(0).random((1, 40))
    first, again = (brain_maps({"map": maps}, parcels, "title", steps=[0]) for _ in range(2))
    assert first == again


def test_a_time_step_that_a_map_lacks_is_refused(parcels):
    for step in (3, -1):
        with pytest.raises(ParameterError, match=f"at time step {step} need longer series: LSTM has 3 steps"):
            brain_maps({"LSTM": np.zeros((3, 40))}, parcels, "", steps=[0, step])


def test_an_atlas_of_other_parcels_is_refused():
    with pytest.raises(ShapeError, match="the atlas has 4 parcels, the maps have 40 features"):
        brain_maps({"LSTM": np.zeros((50, 40))}, Parcels(np.zeros(3, int), np.ones(3, int), 4), "")
