"""What changed between two leaderboards beyond noise."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import pandas as pd
from scipy import stats

from ..leaderboards.columns import IDENTITY, metric_names
from ..leaderboards.results_folder import ResultsFolder
from ..leaderboards.score_columns import metric_of
from ..metrics.spec import MetricSpec
from ..statistics.block_ranks import ALPHA
from ..statistics.signed_rank import holm
from ..suites.registry import Registry
from ..suites.selection import select
from .change import Change, Rule, Verdict, direction, is_same
from .paired_samples import paired_differences
from .score_change import score_change

Identity = tuple[str, ...]
Rows = Mapping[Identity, Mapping[str, Any]]


def changes(
    before: ResultsFolder, after: ResultsFolder, metrics: Sequence[MetricSpec], tolerance: float
) -> pd.DataFrame:
    """Return a row for each thing compared, whether it changed or not; the columns are the attributes of `Change`.

    Args:
        before: the first leaderboard.
        after: the second.
        metrics: to compare, of those that both have.
        tolerance: the difference of two scores without bounds that counts as a change.
    """
    found = map(asdict, _changes(before, after, metrics, tolerance))
    table = pd.DataFrame(found, columns=[field.name for field in fields(Change)])
    table["p"] = holm(table.p.to_numpy(float))
    table.loc[table.p >= ALPHA, "verdict"] = Verdict.NOISE
    return table


def compared_metrics(
    before: ResultsFolder, after: ResultsFolder, patterns: Sequence[str], registry: Registry[MetricSpec]
) -> list[MetricSpec]:
    """Return the metrics that both leaderboards have and that match any pattern; all without patterns.

    Raises:
        UnknownNameError: a pattern that matches nothing, or a metric whose direction no entry says.
    """
    both = [name for name in metric_names(before.table) if name in metric_names(after.table)]
    return [
        metric_of(name, registry) for name in select("metric", patterns or ["*"] * bool(both), registry.tags_of(both))
    ]


def _changes(
    before: ResultsFolder, after: ResultsFolder, metrics: Sequence[MetricSpec], tolerance: float
) -> Iterator[Change]:
    first, second = _rows(before), _rows(after)
    yield from _presences(first, second)
    yield from _metrics_of_one(metric_names(before.table), metric_names(after.table))
    shared = [identity for identity in first if identity in second]
    yield from _accuracies(shared, first, second)
    paired = paired_differences(before, after, metrics)
    for identity in shared:
        old, new, named = first[identity], second[identity], _named(identity)
        if old["status"] != new["status"]:
            yield _status(named, old["status"], new["status"])
        elif old["status"] == "ok":
            compared = (
                score_change(named, metric, old, new, paired.get((identity, metric.name)), tolerance)
                for metric in metrics
            )
            yield from filter(None, compared)


def _rows(results: ResultsFolder) -> Rows:
    rows: Rows = results.table.set_index(IDENTITY).to_dict("index")
    return rows


def _named(identity: Iterable[str]) -> dict[str, Any]:
    return dict(zip(IDENTITY, identity, strict=True))


def _presences(first: Rows, second: Rows) -> Iterator[Change]:
    for identity in first:
        if identity not in second:
            yield Change(**_named(identity), rule=Rule.PRESENCE, verdict=Verdict.REMOVED)
    for identity in second:
        if identity not in first:
            yield Change(**_named(identity), rule=Rule.PRESENCE, verdict=Verdict.ADDED)


def _metrics_of_one(first: Sequence[str], second: Sequence[str]) -> Iterator[Change]:
    for names, others, verdict in ((first, second, Verdict.REMOVED), (second, first, Verdict.ADDED)):
        yield from (Change(metric=name, rule=Rule.PRESENCE, verdict=verdict) for name in names if name not in others)


def _status(named: dict[str, Any], old: str, new: str) -> Change:
    verdict = {(True, False): Verdict.WORSE, (False, True): Verdict.BETTER}.get(
        (old == "ok", new == "ok"), Verdict.OTHER
    )
    return Change(**named, metric="status", before=old, after=new, rule=Rule.STATUS, verdict=verdict)


def _accuracies(shared: Sequence[Identity], first: Rows, second: Rows) -> Iterator[Change]:
    # the methods of a block explain the same networks
    explained = [identity for identity in shared if identity[1] and _are_explained(identity, first, second)]
    blocks = {identity[:2]: identity for identity in reversed(explained)}
    for (task, architecture), identity in reversed(blocks.items()):
        old, new = first[identity], second[identity]
        before, after = old["accuracy"], new["accuracy"]
        facts = {"before": before, "after": after, "difference": after - before, "rule": Rule.ANSWERS}
        facts |= {"task": task, "architecture": architecture, "metric": "accuracy"}
        if is_same(before, after):
            yield Change(**facts, verdict=Verdict.SAME)
        else:
            answers = [_answers(row["accuracy"], row["samples"]) for row in (old, new)]
            p = float(stats.fisher_exact(answers).pvalue)
            yield Change(**facts, p=p, verdict=direction(after - before, higher_is_better=True))


def _are_explained(identity: Identity, *boards: Rows) -> bool:
    return all(rows[identity]["status"] == "ok" and rows[identity]["accuracy"] >= 0 for rows in boards)


def _answers(accuracy: float, samples: int) -> tuple[int, int]:
    # the table does not say how many were tested; at least those that were explained
    right = round(accuracy * samples)
    return right, samples - right
