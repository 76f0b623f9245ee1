"""Assertions about a leaderboard whose failures say what was expected and what was measured."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ...entry import unknown
from ...errors import ParameterError, UnknownNameError
from ..comparisons.golden import check_golden
from ..comparisons.versus import check_paired
from ..metrics.spec import MetricSpec
from ..statistics.superiority import Advantage, advantages

COMPLETENESS = "completeness_residual"


@dataclass(frozen=True, eq=False, repr=False)
class EvaluationResult:
    """The result of an evaluation in a test.

    Every assertion is about one method, the one that was given first unless told, on every task and architecture;
    a method without scores fails it with the reason.

    Attributes:
        leaderboard: with the columns of leaderboard.csv.
        scores: one row a sample, as in scores.parquet.
        metrics: those of the scores.
        subject: the method that was given first.
        regenerate: write golden tables anew.
    """

    leaderboard: pd.DataFrame
    scores: pd.DataFrame
    metrics: Sequence[MetricSpec]
    subject: str
    regenerate: bool = False

    def __repr__(self) -> str:  # pytest shows it beside a failing line
        return f"<EvaluationResult on {self.subject}, {len(self.leaderboard)} rows>"

    def assert_better_than(
        self, *others: str, metric: str = "average_precision", p: float = 0.05, method: str | None = None
    ) -> None:
        """Assert that a method's scores are better than those of each other method on the same samples.

        One-sided Wilcoxon signed-rank tests, Holm-adjusted over all tasks, architectures and others.

        Args:
            others: names of methods, reference methods too.
            metric: its direction decides what is better.
            p: the level.
            method: in place of the first.

        Raises:
            AssertionError: one is not shown to be better, or has no scores.
            ParameterError: no other method, or a pooled metric.
            UnknownNameError: a method or metric that was not evaluated.
        """
        __tracebackhide__ = True
        self._compare(others, metric, 0.0, p, method)

    def assert_not_worse_than(
        self, *others: str, margin: float, metric: str = "average_precision", p: float = 0.05, method: str | None = None
    ) -> None:
        """Assert that a method's scores are worse than those of each other method by less than a margin.

        As `assert_better_than`, of scores improved by the margin (a test of non-inferiority).

        Args:
            others: names of methods, reference methods too.
            margin: greater than 0, in the metric's unit.
            metric: its direction decides what is worse.
            p: the level.
            method: in place of the first.

        Raises:
            AssertionError: one is not shown to be worse by less, or has no scores.
            ParameterError: a margin that is not above 0, no other method, or a pooled metric.
            UnknownNameError: a method or metric that was not evaluated.
        """
        __tracebackhide__ = True
        if not margin > 0:
            raise ParameterError(f"margin must be greater than 0, got {margin}; assert_better_than needs none")
        self._compare(others, metric, margin, p, method)

    def assert_at_least(self, metric: str, value: float, method: str | None = None) -> None:
        """Assert that the mean of a metric is at least a value.

        Raises:
            AssertionError: it is not, or there are no scores.
            UnknownNameError: a method or metric that was not evaluated.
        """
        __tracebackhide__ = True
        _fail_with(self._beyond(metric, value, method, "at least", lambda score: score >= value))

    def assert_at_most(self, metric: str, value: float, method: str | None = None) -> None:
        """Assert that the mean of a metric is at most a value.

        Raises:
            AssertionError: it is not, or there are no scores.
            UnknownNameError: a method or metric that was not evaluated.
        """
        __tracebackhide__ = True
        _fail_with(self._beyond(metric, value, method, "at most", lambda score: score <= value))

    def assert_complete(self, residual: float = 1e-3, method: str | None = None) -> None:
        """Assert that a map sums to the difference of outputs but for a share, |Σa − d| / |d|, in the mean.

        Raises:
            AssertionError: it does not, or the method does not promise it.
            UnknownNameError: a method that was not evaluated.
        """
        __tracebackhide__ = True
        self.assert_at_most(COMPLETENESS, residual, method)

    def check_golden(self, path: Path | str, tolerances: Mapping[str, float] | None = None) -> None:
        """Assert that the leaderboard is the one in a file, numbers within tolerances by column or shell pattern.

        Raises:
            AssertionError: the tables differ, or the file was written, since there was none or --force-regen is set.
            ParameterError: a tolerance that fits no column or is not a number of at least 0.
            StoreError: the file cannot be read or written, or is not a leaderboard.
        """
        __tracebackhide__ = True
        check_golden(self.leaderboard, Path(path), tolerances or {}, regenerate=self.regenerate)

    def _compare(self, others: Sequence[str], metric: str, margin: float, p: float, method: str | None) -> None:
        __tracebackhide__ = True
        if not others:
            raise ParameterError("expected at least one method to compare with, got none; name it")
        name, spec = self._method(method), self._metric(metric)
        check_paired([spec])
        compared = list(map(self._method, others))
        blocks = [(row.task, row.architecture) for row in self._rows(name)]
        wanted = [(*block, other) for block in blocks for other in compared]
        lacking = [line for one in (name, *compared) for line in self._without_scores(one)]
        if lacking:
            _fail_with(lacking)
        found = advantages(self.scores, wanted, name, spec, margin)
        _fail_with([self._in_words(each, name, spec, margin, p) for each in found if not each.p < p])

    def _in_words(self, found: Advantage, method: str, metric: MetricSpec, margin: float, p: float) -> str:
        wished = f"not worse than {found.other} by {_short(margin)}" if margin else f"better than {found.other}"
        where = _where(found.task, found.architecture)
        return (
            f"expected {method} to be {wished} on {where}, {_words(metric)}, p < {_short(p)} after Holm; "
            f"got {_short(found.score)} against {_short(found.other_score)}, difference {_bounded(*found.difference)}, "
            f"p = {found.p:.2g}{self._remark(found.task, found.architecture)}"
        )

    def _remark(self, task: str, architecture: str) -> str:
        rows = self.leaderboard[(self.leaderboard.task == task) & (self.leaderboard.architecture == architecture)]
        if "true" not in set(rows.at_chance):
            return ""
        return f" (the network did not learn, accuracy {_short(rows.accuracy.max())})"

    def _beyond(
        self, metric: str, value: float, method: str | None, words: str, holds: Callable[[float], bool]
    ) -> list[str]:
        name, spec = self._method(method), self._metric(metric)
        lines = self._without_scores(name)
        for row in self._rows(name):
            score, low, high = (row[f"{metric}{suffix}"] for suffix in ("", "_low", "_high"))
            if row.status == "ok" and not holds(score):
                got = _undefined(spec) if math.isnan(score) else _bounded(score, low, high)
                lines.append(
                    f"expected {_words(spec)} of {name} on {_where(row.task, row.architecture)} to be {words} "
                    f"{_short(value)}, got {got}{self._remark(row.task, row.architecture)}"
                )
        return lines

    def _without_scores(self, method: str) -> list[str]:
        return [
            f"expected {method} to have scores on {_where(row.task, row.architecture)}, got {row.status}: {row.reason}"
            for row in self._rows(method)
            if row.status != "ok"
        ]

    def _rows(self, method: str) -> Iterator[pd.Series]:
        for _, row in self.leaderboard[self.leaderboard.method == method].iterrows():
            yield row

    def _method(self, name: str | None) -> str:
        __tracebackhide__ = True
        known = self.leaderboard.method.unique().tolist()
        if name is not None and name not in known:
            raise UnknownNameError(f"{unknown('method', name, known)} (of those evaluated here)")
        return name or self.subject

    def _metric(self, name: str) -> MetricSpec:
        __tracebackhide__ = True
        known = {metric.name: metric for metric in self.metrics}
        if name not in known:
            raise UnknownNameError(f"{unknown('metric', name, known)} (of those evaluated here)")
        return known[name]


def _fail_with(lines: Sequence[str]) -> None:
    __tracebackhide__ = True
    if lines:
        raise AssertionError("\n".join(lines))


def _where(task: str, architecture: str) -> str:
    return f"{task} ({architecture})" if architecture else task


def _bounded(value: float, low: float, high: float) -> str:
    return f"{_short(value)} [{_short(low)}, {_short(high)}]"


def _undefined(metric: MetricSpec) -> str:
    is_of_completeness = "completeness" in metric.tags
    return f"none{', it is defined for methods that promise completeness (is_complete)' if is_of_completeness else ''}"


def _words(metric: MetricSpec) -> str:
    return metric.name.replace("_", " ")


def _short(value: float) -> str:
    value = round(value, 12) + 0.0  # less is rounding alone, and so is the sign of zero
    text = f"{value:.3g}" if 0 < abs(value) < 0.001 else f"{value:.3f}".rstrip("0").rstrip(".")
    return re.sub(r"^(-?)0\.", r"\1.", text)
