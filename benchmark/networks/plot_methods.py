"""Draw what several methods say of one network's answers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from torch import Tensor

from ...errors import UnsupportedOperationError, text_of
from ...kinds import require_instances
from ...methods.attributions.spec import MethodSpec
from ..figures.series_figure import plot
from ..style.figure_style import PAGE
from ..suites.installed_entries import installed_registries
from ..suites.registry import check_names
from .evaluate import GRADIENT_METHODS
from .explain import Model, explain


def plot_methods(
    network: Model,
    series: Any,
    methods: Sequence[str | MethodSpec] = GRADIENT_METHODS,
    target: Tensor | ArrayLike | int | None = None,
    *,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    truth: Any = None,
    times: Any = None,
    features: Sequence[str] | None = None,
    samples: Sequence[str] | None = None,
    kind: str = "auto",
    signed: bool | None = None,
    width: float = PAGE,
    **options: Any,
) -> Figure:
    """Explain a network by several methods, and return the figure of `plot`: a row for each method.

    A method that cannot be applied to the network has a row that says why.

    Args:
        network: (batch, time, features) to logits (batch, classes), or what else `explain` takes.
        series: (batch, time, features), (time, features) or (time,), as `plot` takes them.
        methods: entries, names, or patterns as in `evaluate`.
        target: the class that is explained, as in `explain`.
        parameters: of a method, by its name.
        truth: a row above the methods', as in `plot`.
        times: as in `plot`; further `features`, `samples`, `kind`, `signed` and `width`.
        features: names.
        samples: names.
        kind: how series are drawn.
        signed: draw both sides of 0.
        width: inches.
        **options: of `explain`, such as `baseline`, `background`, `hold`, `output` and `seed`.

    Raises:
        DuplicateNameError: a method is named twice.
        UnknownNameError: a pattern that matches no method.
        UnsupportedOperationError: no method can be applied to the network.
        SaltbenchError: as `explain` and `plot`.
    """
    require_instances(Mapping, parameters={} if parameters is None else parameters)
    registry = installed_registries().methods
    chosen = registry.choose(methods)
    check_names("method", chosen)
    rows = _batch(series)
    maps: dict[str, Any] = {}
    refusal = None
    for spec in chosen:
        own = {**options, **(parameters or {}).get(spec.name, {})}
        try:
            maps[spec.name] = explain(network, rows, target, method=spec, **own)
        except UnsupportedOperationError as error:
            maps[spec.name], refusal = text_of(error), error
    if refusal is not None and all(isinstance(own, str) for own in maps.values()):
        raise refusal
    return plot(
        series,
        maps,
        truth=truth,
        times=times,
        features=features,
        samples=samples,
        kind=kind,
        signed=signed,
        width=width,
    )


def _batch(series: Any) -> Any:
    """Return series (batch, time, features) of one or several samples."""
    rows = series if isinstance(series, Tensor) else np.asarray(series)
    if rows.ndim == 1:
        return rows[None, :, None]
    return rows[None] if rows.ndim == 2 else rows
