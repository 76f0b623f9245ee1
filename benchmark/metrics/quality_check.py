"""Which metrics rank maps of known quality as they should: oracle, noisy oracle, informative, random, inverted."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...datasets.entries import EARLIER
from ...datasets.layouts import mask
from ...errors import ParameterError, described
from .arrays import Floats
from .maps import Maps
from .pooling import Pool, deviations
from .spec import MetricSpec

TIME = FEATURES = 100
NOISE = 0.2
SPIKE = 3.0  # time steps in which the spike at the end falls to 1/e
SEPARATION = 3.0  # standard errors by which the means of two maps have to differ

_CHUNK = 32  # maps scored at once, so that they stay in the cache
_RESAMPLES = 100  # for the standard error of a pooled score

Draw = Callable[[np.random.Generator, Floats], Floats]


def _noisy(rng: np.random.Generator, truth: Floats) -> Floats:
    noisy = truth + NOISE * rng.standard_normal(truth.shape)
    shifted: Floats = noisy - noisy.min(axis=(1, 2), keepdims=True)  # at least 0: metrics look at |a|
    return shifted


def _last_steps(_rng: np.random.Generator, truth: Floats) -> Floats:
    left = np.arange(truth.shape[1])[::-1]
    return np.broadcast_to(np.exp(-left / SPIKE)[None, :, None], truth.shape).copy()


# r is the truth, N standard normal and U uniform on [0, 1)
MAPS: dict[str, Draw] = {
    "oracle": lambda _rng, truth: truth,
    "noisy-oracle": _noisy,  # r + 0.2 N, shifted to a minimum of 0
    "informative": lambda rng, truth: np.abs(rng.standard_normal(truth.shape)) * (1 + truth),  # |N| (1 + r)
    "random-uniform": lambda rng, truth: rng.random(truth.shape),  # U
    "random-normal": lambda rng, truth: np.abs(rng.standard_normal(truth.shape)),  # |N|
    "inverted": lambda _rng, truth: 1 - truth,
    "zeros": lambda _rng, truth: np.zeros_like(truth),
    "ones": lambda _rng, truth: np.ones_like(truth),
    "last-steps": _last_steps,  # exp(-steps to the end / 3), at all features
}

# the first of each pair has to score better than the second; zeros, ones and last steps have no place in the order
PAIRS = (
    ("oracle", "noisy-oracle"),
    ("noisy-oracle", "informative"),
    ("informative", "random-uniform"),
    ("informative", "random-normal"),
    ("random-uniform", "inverted"),
    ("random-normal", "inverted"),
)
COLUMNS = ["metric", "direction", *MAPS, "order", "reason"]


def check_metrics(metrics: Iterable[MetricSpec], *, samples: int = 20, seed: int = 0) -> pd.DataFrame:
    """Return how metrics score maps of known quality, and whether they rank them as they should.

    The truth is the box of the task `box/earlier`, 30 × 80 entries of 100 × 100. A pair of maps is ranked if the means
    of their scores differ by more than 3 standard errors, and tied if they are equal and do not vary. A pooled score
    stands for the mean, and its standard error is that of the bootstrap.

    Args:
        metrics: entries, with their default parameters.
        samples: maps of each kind, at least 2; more of them begin with the same ones.
        seed: of the maps.

    Returns:
        a table, a row for each metric: metric, direction ("higher" or "lower" is better), the mean score of each of
        MAPS, order, and a reason. Order is "holds" if each of PAIRS is ranked; "fails" if one is reversed or tied;
        "undecided" if one differs by less than 3 standard errors; "not defined" if the metric is not for one of the
        ordered maps; "failed" if it raised an error. All but the first come with a reason.

    Raises:
        ParameterError: fewer than 2 samples or a negative seed.
    """
    if samples < 2 or seed < 0:
        raise ParameterError(
            f"check_metrics needs at least 2 samples and a seed of at least 0, got {samples} and {seed}"
        )
    rows = [_row(metric, samples, seed) for metric in metrics]
    return pd.DataFrame(rows, columns=COLUMNS)


def known_maps(samples: int, seed: int, kind: str) -> Iterator[Maps]:
    """Yield the maps of one kind of MAPS and their truth, a few dozen at a time.

    Args:
        samples: how many.
        seed: of all kinds, which draw from streams of their own.
        kind: a key of MAPS.
    """
    rng = np.random.default_rng([seed, list(MAPS).index(kind)])
    box = mask([EARLIER], TIME, FEATURES).astype(np.float64)
    for start in range(0, samples, _CHUNK):
        truth = np.repeat(box[None], min(_CHUNK, samples - start), axis=0)
        yield Maps(MAPS[kind](rng, truth), truth)


def _row(metric: MetricSpec, samples: int, seed: int) -> dict[str, Any]:
    row = {"metric": metric.name, "direction": "higher" if metric.higher_is_better else "lower"}
    if metric.asked:
        reason = f"it needs {' and '.join(metric.asked)}, which these maps do not have"
        return {**row, "order": "not defined", "reason": reason}
    if "truth" not in metric.needs:
        return {**row, "order": "not defined", "reason": "it does not compare maps with the truth"}
    try:
        scores = {kind: _scored(metric, samples, seed, kind) for kind in MAPS}
    except Exception as error:  # noqa: BLE001 - a third party's metric raises anything; the reason is shown
        return {**row, "order": "failed", "reason": described(error)}
    means = {kind: scored.mean for kind, scored in scores.items()}
    order, reason = _order(scores, 1 if metric.higher_is_better else -1)
    return {**row, **means, "order": order, "reason": reason}


@dataclass(frozen=True)
class Scored:
    """The score of some maps.

    Attributes:
        mean: over maps, or of all together.
        error: the standard error of it.
        undefined: how many of them have none.
    """

    mean: float
    error: float
    undefined: int

    @staticmethod
    def of_each(scores: Floats) -> "Scored":
        """Return the mean of scores, (batch,)."""
        return Scored(
            float(scores.mean()), float(scores.std(ddof=1) / np.sqrt(len(scores))), int((~np.isfinite(scores)).sum())
        )

    @staticmethod
    def of_all(pool: Pool, samples: int) -> "Scored":
        """Return the score of so many samples together."""
        is_undefined = not np.isfinite(pool.score)
        error = 0.0 if is_undefined else float(np.nanstd(deviations(pool, samples, resamples=_RESAMPLES)))
        return Scored(pool.score, error, samples * is_undefined)


def _scored(metric: MetricSpec, samples: int, seed: int, kind: str) -> Scored:
    function, parameters = metric.load(), metric.configure({})
    if metric.is_pooled:
        pool = function([*known_maps(samples, seed, kind)], **parameters)
        if not isinstance(pool, Pool):
            raise ParameterError(f"a pooled metric must return a Pool, got {type(pool).__name__}")
        return Scored.of_all(pool, samples)
    parts = []
    for maps in known_maps(samples, seed, kind):
        scores = np.asarray(function(maps, **parameters), dtype=np.float64)
        if scores.shape != (len(maps.truth),):
            raise ParameterError(f"a metric must return one score a sample, {(len(maps.truth),)}, got {scores.shape}")
        parts.append(scores)
    return Scored.of_each(np.concatenate(parts))


def _order(scores: dict[str, Scored], sign: int) -> tuple[str, str]:
    ordered = dict.fromkeys(kind for pair in PAIRS for kind in pair)
    undefined = [f"{scores[kind].undefined} {kind}" for kind in ordered if scores[kind].undefined]
    if undefined:
        return "not defined", f"NaN or infinite for maps: {', '.join(undefined)}"
    wrong, close = [], []
    for better, worse in PAIRS:
        difference = sign * (scores[better].mean - scores[worse].mean)
        error = np.hypot(scores[better].error, scores[worse].error)
        if difference < -SEPARATION * error:
            wrong.append(f"{worse} above {better}")
        elif difference == error == 0:
            wrong.append(f"{worse} tied with {better}")
        elif difference <= SEPARATION * error:
            close.append(f"{worse} within {SEPARATION:g} standard errors of {better}")
    return "fails" if wrong else "undecided" if close else "holds", "; ".join(wrong + close)
