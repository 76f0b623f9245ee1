"""The golden comparison: what the papers' functions gave beside what the metrics of their names give.

    python tests/benchmark/golden_table.py

prints it as a table: values compared, equal, and different with the reason.
"""

import itertools
import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from golden_values import EMPTY, MAPS, TRUTH, VALUES, Network, maps_of

from saltbench.benchmark.metrics.entries import ENTRIES
from saltbench.benchmark.metrics.spec import MetricSpec

SPECS = {entry.name: entry for entry in ENTRIES}
TIED = "which of tied entries come first depends there on memory and processor"
NO_TRUTH = "a sample whose truth is empty has no score here, and a number there"
RAISED = "the paper's function raises"
TINT, TIMEX = "tint-0.3.0.white_box", "TimeX/ground_truth_xai_eval (per sample: auprc, aup, aur)"
CONTRALSP = "ContraLSP/utils.tools.print_results (raw map, pooled, [:-1]; AUPRC=auc(rec,prec))"
RARE, STATE = "raw map, pooled, auc(thr,{}[1:])", "|map|, per-sample min-max, pooled, {}[:-1]"


TSIB = "TSIB/createMasks+getPrecisionRecall+getFeatureTimePrecisionRecall+getAccuracyMetrics"
QUANTUS = {
    "pointing_game": "PointingGame",
    "relevance_mass": "RelevanceMassAccuracy",
    "relevance_rank": "RelevanceRankAccuracy",
    "top_k_intersection": "TopKIntersection(k=6)",
    "attribution_localisation": "AttributionLocalisation",
}
PLAIN = {"normalise=False, abs=False": "signed", "normalise=False, abs=True": "absolute"}
HOW = {name: {"class defaults": "signed", **PLAIN} for name in QUANTUS}
HOW["attribution_localisation"] = {"class defaults": "absolute", "normalise=False, abs=True": "absolute"}


@dataclass(frozen=True)
class Source:
    """Where the values of a metric stand.

    Attributes:
        metric: its name.
        values: the name of the paper's function in the file.
        key: of the value, where a function gave several for a map.
        parameters: of the metric.
        tolerance: absolute.
        group: of the file.
        breaks_ties: whether the paper's function lets one of entries that tie come first.
        is_mean: whether it gave the mean over samples.
        asked: what the metric asks for beside the maps.
    """

    metric: str
    values: str
    key: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float = 1e-10
    group: str = "truth"
    breaks_ties: bool = False
    is_mean: bool = False
    asked: Mapping[str, Any] = field(default_factory=dict)

    def expected(self) -> Iterator[tuple[str, Any]]:
        """Yield the paper's value of each map, or what its function raised."""
        path = f"{self.group}/{self.values}"
        for name in MAPS:
            found = VALUES[path].get(name) if path in VALUES else VALUES.get(f"{path}/{name}")
            if found is not None:
                yield name, found[self.key] if isinstance(found, dict) and self.key in found else found


@dataclass(frozen=True)
class Compared:
    source: Source
    map: str
    place: int
    expected: float
    found: float
    reason: str

    @property
    def is_equal(self) -> bool:
        if math.isnan(self.expected) or math.isnan(self.found):
            return math.isnan(self.expected) and math.isnan(self.found)
        return abs(self.expected - self.found) <= self.source.tolerance


def _removals() -> Iterator[Source]:
    """Yield the sources that ask the network about series without some entries."""
    everything = {"model": Network(), "data": None}
    baselines = {"zeros": "zero", "mean over time": "average"}
    for name in ("comprehensiveness", "sufficiency", "log_odds", "cross_entropy", "accuracy"):
        for share, baseline, target in itertools.product((0.1, 0.2, 0.5), baselines, (None, 1)):
            values = f"tint-0.3.0.metrics/{name}(topk={share}, baselines={baseline}, target={target})"
            answer = "explained" if target else "predicted"
            given = {"share": share, "replacement": baselines[baseline], "answer": answer}
            asked = {"model": Network(np.ones(4, int)) if target else Network(), "data": None}
            yield Source(f"{name}:tint", values, None, given, group="changes", is_mean=True, asked=asked)
    for kind, (how, entries), baseline in itertools.product(
        ("CPD", "CPP"), (("topk", 0.1), ("topk", 0.5), ("top", 7)), baselines
    ):
        values = f"TIMING/cumulative_difference({kind}, ('{how}', {entries}), baselines={baseline})"
        given = {"entries": float(entries), "replacement": baselines[baseline], "sign": "signed"}
        yield Source(f"{kind.lower()}:timing", values, "sum", given, group="changes", is_mean=True, asked=everything)
    for softmax, entries in itertools.product((True, False), (1, 8)):
        asked = {"model": Network(softmax=softmax), "data": None}
        of = f"features_in_step={entries}, perturb_baseline=0.0"
        how = f"[normalise=False, abs=False, softmax={softmax}]"
        # Quantus asks the network in single precision
        single = {"parameters": {"entries": float(entries)}, "group": "changes", "asked": asked, "tolerance": 1e-5}
        yield Source("faithfulness_estimate:quantus", f"quantus-0.6.0/FaithfulnessEstimate({of}) {how}", **single)
        flipping = f"quantus-0.6.0/PixelFlipping({of}, return_auc_per_sample) {how}"
        yield Source("pixel_flipping:quantus", flipping, **{**single, "tolerance": 1e-4})


SOURCES = [
    *(
        Source(f"{name}:tint", f"{TINT}/{key}", group=group)
        for group in ("truth", "truth, none in sample 3")
        for name, key in {"aup": "aup", "aur": "aur", "auprc": "auprc", "auroc": "roc_auc"}.items()
    ),
    Source("aup:dynamask-rare", f"Dynamask/rare script AUP: {RARE.format('prec')}"),
    Source("aur:dynamask-rare", f"Dynamask/rare script AUR: {RARE.format('rec')}"),
    Source("aup:dynamask-state", f"Dynamask/state script AUP: {STATE.format('prec')}"),
    Source("aur:dynamask-state", f"Dynamask/state script AUR: {STATE.format('rec')}"),
    *(Source(f"{key.lower()}:contralsp", CONTRALSP, key) for key in ("AUP", "AUR", "AUPRC")),
    Source("auroc:contralsp", CONTRALSP, "AUROC"),
    *(Source(f"{key}:timex", TIMEX, key) for key in ("aup", "aur", "auprc")),
    *(
        Source(f"{key}:timex", "TimeX/ground_truth_xai_eval", key, group="truth, none in sample 3")
        for key in ("aup", "aur", "auprc")
    ),
    *(
        Source(f"{metric}:tsib{suffix}", TSIB, f"{key}_{what}", breaks_ties=True)
        for metric, key in {"aup": "AUP", "aur": "AUR", "auprc": "AUPR"}.items()
        for suffix, what in {"": "cell", "-time": "time", "-feature": "feature"}.items()
    ),
    *(
        Source(f"{metric}:tint", f"{TINT}/{metric}", group=group)
        for group in ("truth", "truth, none in sample 3")
        for metric in ("information", "entropy")
    ),
    *(Source(f"{metric}:tint", f"{TINT}/{metric}", is_mean=True) for metric in ("mae", "mse")),
    *(
        Source(f"{name}:dynamask", f"Dynamask/get_{name}_array (map min-max per sample, truth cells)")
        for name in ("information", "entropy")
    ),
    # TimeX compares in single precision
    *(
        Source(
            "iou:timex",
            f"TimeX/ground_truth_IoU(threshold={quantile})",
            parameters={"quantile": quantile},
            tolerance=1e-6,
        )
        for quantile in (0.9, 0.8)
    ),
    *(
        Source(
            f"{name}:quantus",
            f"quantus-0.6.0/{function} [{how}]",
            parameters={"sign": sign, **({"k": 6} if "k=6" in function else {})},
            group=group,
            breaks_ties=name in ("relevance_rank", "top_k_intersection"),
        )
        for name, function in QUANTUS.items()
        for how, sign in HOW[name].items()
        for group in (("changes", "truth, none in sample 3") if how == "class defaults" else ("changes",))
    ),
    *_removals(),
]


def compared() -> Iterator[Compared]:
    """Yield every value that is compared."""
    for source in SOURCES:
        truth = EMPTY if source.group == "truth, none in sample 3" else TRUTH
        for name, expected in source.expected():
            found = _found(SPECS[source.metric], source, name, truth)
            found = [np.mean(found)] if source.is_mean else found
            raised = isinstance(expected, str) and expected.startswith("ERROR")
            values = [math.nan] * len(found) if raised else np.atleast_1d(np.array(expected, float))
            for place, (one, other) in enumerate(zip(values, found, strict=True)):
                is_empty = len(found) > 1 and not truth[place].any()
                is_tied = source.breaks_ties and len(np.unique(MAPS[name])) < MAPS[name].size
                reason = RAISED if raised else NO_TRUTH if is_empty else TIED if is_tied else ""
                yield Compared(source, name, place, float(one), float(other), reason)


def _found(spec: MetricSpec, source: Source, name: str, truth: Any) -> Any:
    function, chosen = spec.load(), {**spec.configure(source.parameters), **source.asked}
    if spec.is_pooled:
        return [function([maps_of(name, truth)], **chosen).score]
    return function(maps_of(name, truth), **chosen)


def table() -> Iterator[str]:
    """Yield the lines of the comparison in Markdown."""
    yield "| metric | compared | equal | different | why |"
    yield "| --- | ---: | ---: | ---: | --- |"
    rows: dict[str, list[Compared]] = {}
    for one in compared():
        rows.setdefault(one.source.metric, []).append(one)
    for metric, of_metric in [*rows.items(), ("all", [one for each in rows.values() for one in each])]:
        equal = sum(one.is_equal for one in of_metric)
        reasons = Counter(one.reason for one in of_metric if not one.is_equal or one.reason == RAISED)
        why = "; ".join(f"{count}: {reason}" for reason, count in reasons.items())
        yield f"| {metric} | {len(of_metric)} | {equal} | {len(of_metric) - equal} | {why} |"


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in table()))
