"""Series of the HCP archives: (360, frames) float64 files into windows (frames, 360) float32."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ..files.npy import MOST_HEADER, check_claims
from ..files.parser_failures import translate_failures
from ..files.regular_files import open_regular
from ..scaling import exponents, lost, scaled
from ..spec import Array
from .paradigms import PARCELS


def open_series(path: Path) -> NDArray[np.floating[Any]]:
    """Return the series (360, frames) of a file, still on disk.

    Raises:
        DataError: a file that is missing, damaged, or no array of real numbers of that shape.
    """
    if not path.exists():
        raise DataError(f"{path} is missing")
    with (
        translate_failures(f"{path} is no whole NumPy file of numbers (", "); get it anew"),
        open_regular(path) as file,
    ):
        check_claims(file)
        series: NDArray[Any] = np.lib.format.open_memmap(path, mode="r", max_header_size=MOST_HEADER)
    if series.ndim != 2 or not np.issubdtype(series.dtype, np.floating):
        raise DataError(
            f"{path} must hold floats ({PARCELS} parcels, frames), got {series.dtype} {series.shape}; get it anew"
        )
    if series.shape[0] != PARCELS:
        raise DataError(
            f"{path} must have shape ({PARCELS} parcels, frames), got {series.shape}; transpose or replace it"
        )
    return series


def normalise(series: NDArray[np.floating[Any]], part: slice, path: Path) -> Array:
    """Return float32 (frames, 360): the frames in part, each parcel with mean 0 and standard deviation 1 over them.

    BOLD has no unit and no zero, and both differ between runs. A parcel that is constant becomes 0.

    Raises:
        DataError: a value that is NaN or infinite, or beside which all others become one number; path is named.
    """
    with np.errstate(over="ignore"):  # a longer type than double precision: refused as infinite
        given = np.asarray(series[:, part], dtype=np.float64).T
    _refuse(path, "finite numbers", np.asarray(~np.isfinite(given).all(axis=0)), "NaN or infinity")
    values = scaled(given, exponents(given, 0))
    centred = values - values.mean(axis=0)
    spread = centred.std(axis=0)
    # rounding leaves a constant parcel of 10,000 with a deviation of about 1e-12
    constant = spread <= 1e-9 * np.abs(values).max(axis=0)
    result = np.where(constant, 0.0, centred / np.where(constant, 1.0, spread)).astype(np.float32)
    _refuse(path, "numbers of one unit", lost(values, result) & ~constant, "values that make one number of all others")
    return result


def _refuse(path: Path, expected: str, bad: NDArray[np.bool_], got: str) -> None:
    if bad.any():
        raise DataError(f"{path} must hold {expected}, parcel {bad.argmax()} has {got}; get it anew")
