"""Coordinates of the parcels on the brain, from `atlas.npz` of the HCP archives."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import DataError, ShapeError
from ..files.npy import read_npy
from ..files.parser_failures import read_limited, translate_failures
from ..files.regular_files import open_regular
from .paradigms import PARCELS

VERTICES = 10_242  # of one hemisphere of fsaverage5
UNASSIGNED = -1
KEYS = ("coords", "labels_L", "labels_R")
NAMES = {key: f"{key}.npy" for key in KEYS}
MOST_BYTES = 2**20  # of an array when decompressed; the largest has 81,936 and a header
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what NumPy writes


@dataclass(frozen=True)
class Atlas:
    """Parcels on the fsaverage5 surface.

    Attributes:
        coordinates: (360, 3), the parcels' centres in millimetres.
        left: (10242,), the parcel of each vertex of the left hemisphere, −1 for none.
        right: (10242,), the same for the right hemisphere.
    """

    coordinates: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]

    def paint(self, values: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the values of the parcels (360,) at the vertices (10242,) of left and right, NaN outside parcels.

        Raises:
            ShapeError: values of another shape.
        """
        parcels = np.asarray(values, dtype=np.float64)
        if parcels.shape != (PARCELS,):
            raise ShapeError(f"the atlas paints one value a parcel, ({PARCELS},), got {parcels.shape}")
        # the last place is for vertices outside all parcels: an index of −1 picks it and not the last parcel
        padded = np.append(parcels, np.nan)
        return padded[self.left], padded[self.right]


def load_atlas(path: Path) -> Atlas:
    """Return the atlas of an npz file with coords (360, 3), and labels_L and labels_R (10242,).

    Labels are rows of the series: 0 to 359, or −1 where a vertex belongs to no parcel. A parcel lies in one
    hemisphere.

    Raises:
        DataError: a file that cannot be read, lacks an array, or does not match 360 parcels on fsaverage5.

    Source: osf.io/j5kuc, from M. F. Glasser et al., A multi-modal parcellation of human cerebral cortex,
    Nature 536, 2016, 171-178.
    """
    arrays = _read(path)
    missing = [key for key in KEYS if key not in arrays]
    if missing:
        raise DataError(f"atlas {path} lacks {', '.join(missing)}: expected {', '.join(KEYS)}; get it anew")
    left, right = (_labels(path, key, arrays[key]) for key in KEYS[1:])
    shared = np.setdiff1d(np.intersect1d(left, right), UNASSIGNED)
    if shared.size:
        raise DataError(
            f"atlas {path} has parcel {shared[0]} in both hemispheres ({shared.size} such parcels): expected rows of "
            f"the {PARCELS} parcels, each in one; number the hemispheres through"
        )
    return Atlas(_coordinates(path, arrays["coords"]), left, right)


def _read(path: Path) -> dict[str, NDArray[Any]]:
    if not path.exists():
        raise DataError(f"atlas {path} does not exist; give atlas.npz of the HCP archives (osf.io/j5kuc)")
    with (
        translate_failures(f"atlas {path} is no whole npz file of numbers; get it anew (osf.io/j5kuc): ", ""),
        open_regular(path) as opened,
        # from memory: of a file, the zip module allocates what a damaged directory claims to have
        zipfile.ZipFile(io.BytesIO(read_limited(opened, path))) as archive,
    ):
        return {key: _member(archive, name) for key, name in NAMES.items() if name in archive.namelist()}


def _member(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    info = archive.getinfo(name)
    if info.file_size > MOST_BYTES or info.compress_type not in COMPRESSIONS:
        raise ValueError(
            f"{name} must be stored or deflated and have at most {MOST_BYTES} bytes, got compression "
            f"{info.compress_type} and {info.file_size} bytes"
        )
    return read_npy(io.BytesIO(archive.read(info)))


def _labels(path: Path, key: str, labels: NDArray[Any]) -> NDArray[np.int64]:
    if labels.shape != (VERTICES,) or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"atlas {path} does not match fsaverage5: {key} must be whole numbers ({VERTICES},), got "
            f"{labels.dtype} {labels.shape}"
        )
    if labels.min() < UNASSIGNED or labels.max() >= PARCELS:
        raise DataError(
            f"atlas {path} does not match {PARCELS} parcels: {key} must lie in -1 to {PARCELS - 1}, got "
            f"{labels.min()} to {labels.max()}"
        )
    return labels.astype(np.int64)


def _coordinates(path: Path, coordinates: NDArray[Any]) -> NDArray[np.float64]:
    if coordinates.shape != (PARCELS, 3) or not np.issubdtype(coordinates.dtype, np.number):
        raise DataError(
            f"atlas {path} does not match {PARCELS} parcels: coords must be numbers ({PARCELS}, 3), got "
            f"{coordinates.dtype} {coordinates.shape}"
        )
    return coordinates.astype(np.float64)
