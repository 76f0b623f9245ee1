"""Whether a method is better than others on the same samples, by how much, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..metrics.spec import MetricSpec
from .bootstrap import hierarchical_interval
from .intervals import Interval
from .signed_rank import holm, signed_rank


@dataclass(frozen=True)
class Advantage:
    """A method against another on one task and architecture.

    Attributes:
        task, architecture, other: which comparison it is.
        score, other_score: means over seeds of the means over samples that both have.
        difference: of the two, with 95 % bounds; its sign has the sense of the metric.
        p: one-sided, Holm-adjusted over the comparisons made together; NaN without a sample that both have.
    """

    task: str
    architecture: str
    other: str
    score: float
    other_score: float
    difference: Interval
    p: float


def advantages(
    scores: pd.DataFrame,
    pairs: Sequence[tuple[str, str, str]],
    method: str,
    metric: MetricSpec,
    margin: float = 0.0,
) -> list[Advantage]:
    """Return a method's advantage over another for each (task, architecture, other).

    p is that of Wilcoxon's signed-rank test, one-sided, of gain + margin > 0, where gain is how much better the
    method's score of a sample is than the other's.

    Args:
        scores: one row a sample, as in scores.parquet.
        pairs: what to compare with; reference methods stand for every architecture.
        method: which has the advantage.
        metric: of the scores.
        margin: by how much the method may be worse, in the metric's unit.
    """
    both = [_paired(scores, pair, method, metric.name) for pair in pairs]
    sign = 1.0 if metric.higher_is_better else -1.0
    p = holm(np.array([_one_sided(sign * (table["mine"] - table["other"]).to_numpy() + margin) for table in both]))
    return [_advantage(pair, table, float(value)) for pair, table, value in zip(pairs, both, p, strict=True)]


def _paired(scores: pd.DataFrame, pair: tuple[str, str, str], method: str, metric: str) -> pd.DataFrame:
    task, architecture, other = pair
    of_block = scores[(scores.task == task) & scores.architecture.isin(("", architecture))]
    columns = {
        role: of_block[of_block.method == name].set_index(["seed", "sample"])[metric]
        for role, name in (("mine", method), ("other", other))
    }
    return pd.DataFrame(columns).dropna()


def _one_sided(gains: NDArray[np.float64]) -> float:
    if not len(gains):
        return float("nan")
    found = signed_rank(gains[:, None])
    half = float(found.p[0]) / 2
    return half if found.effect[0] > 0 else 1 - half


def _advantage(pair: tuple[str, str, str], table: pd.DataFrame, p: float) -> Advantage:
    means = table.groupby("seed").mean().mean()
    differences = (table["mine"] - table["other"]).groupby("seed")
    interval = hierarchical_interval([values.to_numpy() for _, values in differences])
    return Advantage(*pair, float(means["mine"]), float(means["other"]), interval, p)
