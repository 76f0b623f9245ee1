"""What is drawn: series, maps by name, times and names, of what a user gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import NonFiniteError, ParameterError, ShapeError, text_of
from ...kinds import require_lists
from ..style.map_colours import ColourScale
from ..style.time_axis import Times, read_times

TRUTH = "truth"
SHARE = "share of each map's largest |attribution|"
AXES = "(batch, time, features), (time, features) or (time,)"


@dataclass(frozen=True)
class Pictured:
    """Series and their maps, each (batch, time, features).

    Attributes:
        series: NaN where a value is missing.
        maps: by name, or why there is none.
        times: of the steps.
        features: their names.
        samples: their names; empty for a single one that needs none.
    """

    series: NDArray[Any]
    maps: Mapping[str, NDArray[Any] | str]
    times: Times
    features: Sequence[str]
    samples: Sequence[str]

    def coloured(self, is_signed: bool | None) -> tuple["Pictured", ColourScale]:
        """Return the maps on one scale of colours, and that scale.

        A single map has its own units; several, of which each has other units, have shares of their largest entries.

        Args:
            is_signed: draw values to both sides of 0, or magnitudes alone; None for what the maps hold.
        """
        drawn = {name: own for name, own in self.maps.items() if not isinstance(own, str)}
        if is_signed is None:
            is_signed = any(bool((own < 0).any()) for own in drawn.values())
        if not is_signed:
            drawn = {name: np.abs(own) for name, own in drawn.items()}
        farthest = {name: _farthest(own) or 1.0 for name, own in drawn.items()}
        if len(drawn) == 1:
            words = "attribution" if is_signed else "|attribution|"
            return replace(self, maps={**self.maps, **drawn}), ColourScale(max(farthest.values()), is_signed, words)
        shares = {name: own / farthest[name] for name, own in drawn.items()}
        return replace(self, maps={**self.maps, **shares}), ColourScale(1.0, is_signed, SHARE)


def read_pictured(
    series: Any,
    attributions: Any,
    truth: Any,
    times: Any,
    features: Sequence[str] | None,
    samples: Sequence[str] | None,
) -> Pictured:
    """Return what is drawn of what a user gives; see `plot`.

    Raises:
        ParameterError, ShapeError, NonFiniteError: an argument is not as described there.
    """
    values = _batch("series", series)
    if np.isinf(values).any():
        raise NonFiniteError("series must be finite, or NaN where a value is missing, got infinity; replace it")
    if isinstance(series, pd.DataFrame):
        times = _times_of(series) if times is None else times
        features = list(map(str, series.columns)) if features is None else features
    maps: dict[str, NDArray[Any] | str] = {} if truth is None else {TRUTH: _map_of(TRUTH, truth, values)}
    for name, own in _named(attributions).items():
        if name in maps:
            raise ParameterError(f"each map must have a name of its own, got '{name}' for the truth too; rename it")
        maps[name] = "no map" if own is None else own if isinstance(own, str) else _map_of(name, own, values)
    batch, steps, count = values.shape
    return Pictured(
        values,
        maps,
        read_times(times, steps),
        _names("features", features, [f"feature {number}" for number in range(count)] if count > 1 else [""]),
        _names("samples", samples, [f"sample {number}" for number in range(batch)] if batch > 1 else [""]),
    )


def _named(attributions: Any) -> dict[str, Any]:
    """Return maps by name, of a dictionary, of one map, or of several that know their methods."""
    if isinstance(attributions, Mapping | list | tuple) and not attributions:
        raise ParameterError(f"attributions must hold a map at least, got {attributions!r}; add one")
    if isinstance(attributions, Mapping):
        return {str(name): own for name, own in attributions.items()}
    if not isinstance(attributions, (list, tuple)) or not all(hasattr(own, "method") for own in attributions):
        return {getattr(attributions, "method", ""): attributions}
    names = [own.method for own in attributions]
    again = [names[:place].count(name) for place, name in enumerate(names)]
    return {
        name + (f" ({count + 1})" if count else ""): own
        for name, count, own in zip(names, again, attributions, strict=True)
    }


def _batch(what: str, values: Any) -> NDArray[Any]:
    """Return values of one or several samples as float64, (batch, time, features), each at least 1."""
    given = values.detach().cpu().double() if hasattr(values, "detach") else values
    try:
        array = np.asarray(given, dtype=float)
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"{what} must be a tensor, an array or a table of numbers, got {type(values).__name__}: {text_of(error)}"
        ) from error
    if array.ndim not in (1, 2, 3) or not array.size:
        raise ShapeError(f"{what} must be {AXES}, each at least 1, got {array.shape}")
    return array[None, :, None] if array.ndim == 1 else array.reshape(-1, *array.shape[-2:])


def _map_of(name: str, values: Any, series: NDArray[Any]) -> NDArray[Any]:
    what = f"the map '{name}'" if name else "the map"
    own = _batch(what, values)
    if own.shape != series.shape:
        raise ShapeError(f"{what} must have the shape of the series, {series.shape}, got {own.shape}")
    if np.isinf(own).any():
        raise NonFiniteError(f"{what} must be finite, or NaN where it has no value, got infinity")
    return own


def _names(what: str, given: Sequence[str] | None, otherwise: Sequence[str]) -> list[str]:
    if given is not None:
        require_lists(**{what: given})
    names = list(otherwise) if given is None else list(map(str, given))
    if len(names) != len(otherwise):
        raise ShapeError(f"{what} must be one name for each of {len(otherwise)}, got {given!r}")
    return names


def _times_of(table: pd.DataFrame) -> pd.Index | None:
    """Return the index of a table where it says when its rows are."""
    index = table.index
    is_numbered = isinstance(index, pd.RangeIndex) and index.name is None
    return None if is_numbered or not (index.is_monotonic_increasing and index.is_unique) else index


def _farthest(values: NDArray[Any]) -> float:
    magnitudes = np.abs(values[np.isfinite(values)])
    return float(magnitudes.max(initial=0.0))
