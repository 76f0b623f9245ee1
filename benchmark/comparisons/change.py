"""What `saltbench compare` says of one thing: how it changed, by which rule, and its verdict."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

ROUNDING = 1e-6  # relative and absolute: maps are float32, and machines round differently


class Verdict(StrEnum):
    """What became of a thing, in the order in which it is told."""

    WORSE = "worse"
    BETTER = "better"
    ADDED = "added"
    REMOVED = "removed"
    OTHER = "other"
    NOISE = "within noise"
    SAME = "same"


class Rule(StrEnum):
    """By what it is decided that a thing changed."""

    PAIRED = "paired"
    INTERVALS = "intervals"
    TOLERANCE = "tolerance"
    ANSWERS = "answers"
    STATUS = "status"
    PRESENCE = "presence"

    @property
    def meaning(self) -> str:
        """A sentence for readers."""
        return _MEANINGS[self]


_MEANINGS = {
    Rule.PAIRED: "scores of the same samples differ by Wilcoxon's signed-rank test (5 %, Holm over all tests here), "
    "and the 95 % bootstrap bounds of the difference exclude 0",
    Rule.INTERVALS: "the 95 % bounds of before and after do not overlap",
    Rule.TOLERANCE: "there are no bounds, and the scores differ by more than --tolerance",
    Rule.ANSWERS: "accuracies differ by Fisher's exact test, of as many answers as samples were explained (same Holm)",
    Rule.STATUS: "the status is another; worse where it was ok",
    Rule.PRESENCE: "only one of the two has it; worse where a score is lost, but not its row",
}


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing compared.

    Attributes:
        task, architecture, method: of the row; empty where the thing is not of one row.
        metric: or "accuracy", "status"; empty for a row as a whole.
        before, after: scores or statuses.
        difference: after minus before; of the samples that both have, where the rule is paired.
        low, high: 95 % bounds of the difference, where the rule is paired.
        pairs: samples that both have, where the rule is paired.
        p: of the test.
        rule: by which it counts as a change; see `Rule`.
        verdict: see `Verdict`.
    """

    task: str = ""
    architecture: str = ""
    method: str = ""
    metric: str = ""
    before: Any = None
    after: Any = None
    difference: float = math.nan
    low: float = math.nan
    high: float = math.nan
    pairs: int = 0
    p: float = math.nan
    rule: Rule
    verdict: Verdict


def is_same(before: float, after: float) -> bool:
    """Return whether two numbers differ by rounding at most."""
    return math.isclose(before, after, rel_tol=ROUNDING, abs_tol=ROUNDING)


def direction(difference: float, higher_is_better: bool) -> Verdict:
    """Return better or worse for a difference that is no noise."""
    return Verdict.BETTER if (difference > 0) == higher_is_better else Verdict.WORSE
