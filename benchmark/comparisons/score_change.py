"""Decide whether a score changed beyond noise: by samples where both leaderboards have them, else by bounds or size."""

import math
from collections.abc import Mapping
from typing import Any

from ..metrics.spec import MetricSpec
from .change import Change, Rule, Verdict, direction, is_same
from .paired_samples import Paired

Row = Mapping[str, Any]


def score_change(
    identity: Row, metric: MetricSpec, old: Row, new: Row, paired: Paired | None, tolerance: float
) -> Change | None:
    """Return what became of one score; None where neither leaderboard has it.

    A verdict of the rule paired is what it is if the p of the test stays below 5 % when it is corrected.

    Args:
        identity: task, architecture and method, by name.
        metric: whose score it is.
        old: the row of the first leaderboard.
        new: that of the second.
        paired: the differences of the samples that both have; None without.
        tolerance: the difference of scores without bounds that counts.
    """
    before, after = old[metric.name], new[metric.name]
    facts = {**identity, "metric": metric.name, "before": before, "after": after}
    if math.isnan(before) and math.isnan(after):
        return None
    if math.isnan(before):
        return Change(**facts, rule=Rule.PRESENCE, verdict=Verdict.ADDED)
    if math.isnan(after):
        return Change(**facts, rule=Rule.PRESENCE, verdict=Verdict.WORSE)
    if paired is not None:
        return Change(**facts, **_by_samples(paired, metric))
    return Change(**facts, difference=after - before, **_by_table(old, new, metric, tolerance))


def _by_samples(paired: Paired, metric: MetricSpec) -> dict[str, Any]:
    mean, low, high = paired.interval
    facts = {"rule": Rule.PAIRED, "pairs": paired.pairs, "difference": mean, "low": low, "high": high, "p": paired.p}
    if math.isnan(paired.p):
        return {**facts, "verdict": Verdict.SAME}
    excludes_zero = low > 0 or high < 0
    return {**facts, "verdict": direction(mean, metric.higher_is_better) if excludes_zero else Verdict.NOISE}


def _by_table(old: Row, new: Row, metric: MetricSpec, tolerance: float) -> dict[str, Any]:
    before, after = old[metric.name], new[metric.name]
    lows, highs = ([row[f"{metric.name}_{end}"] for row in (old, new)] for end in ("low", "high"))
    bounded = not any(map(math.isnan, (*lows, *highs)))
    beyond = max(lows) > min(highs) if bounded else abs(after - before) > tolerance
    rule = Rule.INTERVALS if bounded else Rule.TOLERANCE
    if is_same(before, after):
        return {"rule": rule, "verdict": Verdict.SAME}
    return {"rule": rule, "verdict": direction(after - before, metric.higher_is_better) if beyond else Verdict.NOISE}
