"""What third-party entries return, checked where it enters."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ...datasets.spec import TaskData
from ...errors import ContractError
from ...random_states import generators
from ..metrics.pooling import Pool
from ..metrics.spec import MetricSpec

ROUNDING = 1e-9  # by which a sum of float64 may miss the end of its range


def check_task(name: str, data: object, per_step: bool = False) -> TaskData:
    """Return data after checking that they are TaskData whose splits fit together; a split checks itself.

    Args:
        name: of the task.
        data: that it returned.
        per_step: whether it must have a label at every step, else one a sample.

    Raises:
        ContractError: something else, empty splits, series of several sizes, or labels that are no class.
    """
    if not isinstance(data, TaskData):
        raise ContractError(f"task '{name}' must return TaskData, got {type(data).__name__}")
    size = data.train.inputs.shape[1:]
    for part in ("train", "validation", "test"):
        split = getattr(data, part)
        if not len(split) or split.inputs.shape[1:] != size:
            raise ContractError(
                f"task '{name}' must have samples of one size (time, features) in every split, "
                f"got {size} in train and {len(split)} of {split.inputs.shape[1:]} in {part}"
            )
        if split.labels.ndim != 1 + per_step:
            raise ContractError(
                f"task '{name}' must have labels {'(batch, time)' if per_step else '(batch,)'}, got "
                f"{split.labels.shape} in {part}; its entry's per_step says which"
            )
        if split.labels.min() < 0 or split.labels.max() >= data.classes:
            raise ContractError(
                f"task '{name}' must have labels of 0 … {data.classes - 1} for its {data.classes} classes, "
                f"got {split.labels.min()} … {split.labels.max()} in {part}"
            )
    return data


def check_architecture(name: str, model: object) -> nn.Module:
    """Return model after checking that it is a module with parameters to train.

    Raises:
        ContractError: something else, or nothing to train.
    """
    if not isinstance(model, nn.Module):
        raise ContractError(f"architecture '{name}' must return a torch.nn.Module, got {type(model).__name__}")
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ContractError(f"architecture '{name}' must have parameters to train, got none that requires a gradient")
    return model


def checked_scores(metric: MetricSpec, compute: Callable[[], object], samples: int) -> NDArray[np.float64]:
    """Return what a metric computes, (batch,); computed again where it draws from a generator of the whole process.

    Raises:
        ContractError: as `check_scores`, or scores that are others under other random numbers.
    """
    before = [] if metric.is_shipped else [(generator, generator.state()) for generator in generators()]
    scores = check_scores(metric, compute(), samples)
    drawn = [generator.name for generator, state in before if not generator.is_at(state)]
    if drawn and not np.array_equal(scores, check_scores(metric, compute(), samples), equal_nan=True):
        raise ContractError(
            f"metric '{metric.name}' must give the same maps the same scores, got others under other random numbers of "
            f"{drawn[0]}; draw from numpy.random.default_rng(seed)"
        )
    return scores


def checked_pool(metric: MetricSpec, compute: Callable[[], object]) -> Pool:
    """Return the pool that a pooled metric computes.

    Raises:
        ContractError: something else, or a score outside of the metric's range.
    """
    pool = compute()
    if not isinstance(pool, Pool):
        raise ContractError(f"pooled metric '{metric.name}' must return a Pool, got {type(pool).__name__}")
    check_scores(metric, np.array([pool.score]), 1)
    return pool


def check_scores(metric: MetricSpec, scores: object, samples: int) -> NDArray[np.float64]:
    """Return a metric's scores, (batch,), after checking that there is one a sample and that its range holds.

    NaN is a metric's word for undefined.

    Raises:
        ContractError: something else, another number of scores, no real numbers, or one outside the metric's range.
    """
    expected = f"metric '{metric.name}' must return {samples} numbers, one a sample"
    if not isinstance(scores, np.ndarray) or scores.shape != (samples,):
        got = f"shape {scores.shape}" if isinstance(scores, np.ndarray) else type(scores).__name__
        raise ContractError(f"{expected}, got {got}")
    if scores.dtype.kind not in "fiu":
        raise ContractError(f"{expected}, got {scores.dtype}")
    values: NDArray[Any] = scores.astype(np.float64)
    outside = values[(values < metric.low - ROUNDING) | (values > metric.high + ROUNDING) | np.isinf(values)]
    if len(outside):
        raise ContractError(
            f"metric '{metric.name}' must score within its stated {metric.low:g} to {metric.high:g} and finite, "
            f"got {outside[0]:g}; correct the metric or its low and high"
        )
    return values
