"""Which parcel each vertex of the fsaverage5 surface belongs to: the user's labels, or a parcellation of our own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....datasets.fmri.atlas import UNASSIGNED, VERTICES, load_atlas
from ....datasets.fmri.paradigms import PARCELS
from ....errors import DataError, ParameterError, ShapeError
from .cortical_surface import nibabel_module

ITERATIONS = 30  # of Lloyd's algorithm; the parcels' sizes hardly change after 20
OUTSIDE = ("???", "unknown", "medial wall", "medial_wall", "corpuscallosum", "background")  # names of no parcel

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Parcels:
    """Parcels on the fsaverage5 surface, numbered as the features of a task: first the right hemisphere's.

    Attributes:
        left: (10242,), the parcel of each vertex of the left hemisphere, −1 for none.
        right: (10242,), the same for the right hemisphere.
        count: number of parcels.
    """

    left: Labels
    right: Labels
    count: int

    def paint(self, values: ArrayLike) -> dict[str, NDArray[np.float64]]:
        """Return the values of the parcels (count,) at the vertices of "left" and "right", NaN outside parcels.

        Raises:
            ShapeError: values of another shape.
        """
        parcels = np.asarray(values, dtype=np.float64)
        if parcels.shape != (self.count,):
            raise ShapeError(
                f"the atlas has {self.count} parcels, the maps have {' × '.join(map(str, parcels.shape))} features; "
                "give the atlas with which the series were made"
            )
        # the last place is for vertices outside all parcels: an index of −1 picks it and not the last parcel
        padded = np.append(parcels, np.nan)
        return {"left": padded[self.left], "right": padded[self.right]}


def load_parcels(*paths: Path) -> Parcels:
    """Return the parcels of an atlas.npz, or of two label files, first the left hemisphere's, GIFTI or annot.

    Label files number the parcels of a hemisphere by ascending key of their tables; keys of no parcel are those
    below 0, 0 in GIFTI, and those named ???, unknown, medial wall or the like. Features count the right hemisphere's
    first, as the HCP archives do.

    Raises:
        DataError: a file that cannot be read or does not match fsaverage5, or 360 parcels in an npz file.
        ParameterError: other numbers or kinds of files.
        MissingPackageError: label files without nibabel.
    """
    if len(paths) == 1 and paths[0].suffix == ".npz":
        atlas = load_atlas(paths[0])
        return Parcels(atlas.left, atlas.right, PARCELS)
    kinds = {path.suffix for path in paths}
    if len(paths) != 2 or not kinds <= READERS.keys():
        raise ParameterError(
            f"an atlas is one .npz file, or two .gii or .annot files, left and right; got {', '.join(map(str, paths))}"
        )
    (left, of_left), (right, of_right) = (_numbered(path) for path in paths)
    return Parcels(np.where(left == UNASSIGNED, UNASSIGNED, left + of_right), right, of_left + of_right)


def sphere_parcels(spheres: Mapping[str, NDArray[np.floating]], count: int, seed: int) -> Parcels:
    """Return a parcellation of our own: about equal areas, by Lloyd's algorithm on the sphere of each hemisphere.

    A parcel is the vertices nearest to its centre, and a centre the mean of its vertices, pushed to the sphere. The
    first centres are farthest points, beginning at a vertex that the seed draws. It has no anatomical meaning.

    Args:
        spheres: "left" and "right", the vertices' coordinates (vertices, 3) on a sphere around 0.
        count: of parcels in both hemispheres; the right one has half of them, rounded up.
        seed: of the first centre.

    Raises:
        ParameterError: fewer than two parcels, or more than vertices.

    Source: S. P. Lloyd, Least squares quantization in PCM, IEEE Transactions on Information Theory 28(2), 1982;
    T. F. Gonzalez, Clustering to minimize the maximum intercluster distance, TCS 38, 1985.
    """
    on_right = (count + 1) // 2
    if count < 2 or on_right > len(spheres["right"]) or count - on_right > len(spheres["left"]):
        raise ParameterError(f"a parcellation needs at least 2 and at most one parcel a vertex, got {count}")
    right = _lloyd(spheres["right"], on_right, seed)
    return Parcels(_lloyd(spheres["left"], count - on_right, seed) + on_right, right, count)


def _lloyd(coordinates: NDArray[np.floating], count: int, seed: int) -> Labels:
    points = _unit(coordinates.astype(np.float64))
    centres = points[_farthest(points, count, seed)]
    nearest: Labels
    for _ in range(ITERATIONS):
        nearest = (points @ centres.T).argmax(axis=1)
        sums = np.stack([np.bincount(nearest, weights=axis, minlength=count) for axis in points.T], axis=1)
        filled = np.bincount(nearest, minlength=count) > 0
        centres[filled] = _unit(sums[filled])
    nearest = (points @ centres.T).argmax(axis=1)
    return nearest


def _farthest(points: NDArray[np.float64], count: int, seed: int) -> list[int]:
    chosen = [int(np.random.default_rng(seed).integers(len(points)))]
    closeness = points @ points[chosen[0]]
    while len(chosen) < count:
        chosen.append(int(closeness.argmin()))
        closeness = np.maximum(closeness, points @ points[chosen[-1]])
    return chosen


def _unit(vectors: NDArray[Any]) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / lengths


def _numbered(path: Path) -> tuple[Labels, int]:
    """Return each vertex's number among the parcels of a label file, −1 for none, and the number of parcels."""
    labels, table = _read(path)
    keys = np.array(sorted(key for key, name in table.items() if name.strip().lower() not in OUTSIDE))
    if labels.shape != (VERTICES,):
        raise DataError(f"atlas {path} does not match fsaverage5: expected labels ({VERTICES},), got {labels.shape}")
    if not len(keys):
        raise DataError(f"atlas {path} names no parcel in its label table; give a parcellation")
    place = np.searchsorted(keys, labels).clip(max=len(keys) - 1)
    return np.where(keys[place] == labels, place, UNASSIGNED), len(keys)


def _read(path: Path) -> tuple[Labels, dict[int, str]]:
    nibabel = nibabel_module()
    try:
        return READERS[path.suffix](nibabel, path)
    except FileNotFoundError as error:
        raise DataError(f"atlas {path} does not exist; check the path") from error
    except Exception as error:  # nibabel raises anything on a damaged file
        raise DataError(f"atlas {path} is no whole label file ({type(error).__name__}); get it anew") from error


def _read_gifti(nibabel: Any, path: Path) -> tuple[Labels, dict[int, str]]:
    image = nibabel.load(path)
    names = image.labeltable.get_labels_as_dict()
    return image.darrays[0].data.astype(np.int64), {key: name for key, name in names.items() if key > 0}


def _read_annot(nibabel: Any, path: Path) -> tuple[Labels, dict[int, str]]:
    labels, _, names = nibabel.freesurfer.read_annot(path)
    return labels.astype(np.int64), {key: name.decode() for key, name in enumerate(names)}


READERS: Mapping[str, Callable[[Any, Path], tuple[Labels, dict[int, str]]]] = {
    ".gii": _read_gifti,
    ".annot": _read_annot,
}
