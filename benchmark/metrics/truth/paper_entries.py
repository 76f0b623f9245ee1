"""The areas under precision and recall that are computed as the code of a paper does, by the paper's name."""

import math
from typing import Any

from ..signs import check_sign
from ..spec import MetricSpec

TINT = "J. Enguehard, Time Interpret, arXiv 2306.02968, 2023: time_interpret 0.3.0"
DYNAMASK = "J. Crabbé, M. van der Schaar, Dynamask, ICML 2021"
CONTRALSP = "Z. Liu et al., ContraLSP, ICLR 2024"
TIMEX = "O. Queen et al., TimeX, NeurIPS 2023"
TIMEX_PLUS_PLUS = "Z. Liu et al., TimeX++, ICML 2024"
XAITIMESYNTH = "xaitimesynth 0.1.1, arXiv 2603.06781, 2026"

TAG = "compatibility"
SIGNED: dict[str, Any] = {"parameters": {"sign": "signed"}, "check": check_sign}
POOLED: dict[str, Any] = {"is_pooled": True, "tags": (TAG, "pooled")}
EACH: dict[str, Any] = {"is_pooled": False, "tags": (TAG,)}
UNBOUNDED: dict[str, Any] = {"high": math.inf, "is_best_at_truth": False}
CHANCE = "saltbench.benchmark.metrics.truth.chance"
PREVALENCE, HALF = f"{CHANCE}:pooled_prevalence", f"{CHANCE}:half"
FUNCTIONS = "saltbench.benchmark.metrics.truth.papers"

AUP: dict[str, Any] = {"description": "area under the precision over thresholds", "is_best_at_truth": False}
AUR: dict[str, Any] = {"description": "area under the recall over thresholds"}
AVERAGE: dict[str, Any] = {"description": "average precision"}
TRAPEZOID: dict[str, Any] = {"description": "area under precision over recall by the trapezoid rule"}
AUROC: dict[str, Any] = {"description": "probability that a salient entry outranks another"}


def paper_entry(
    name: str,
    of: dict[str, Any],
    reference: str,
    how: str,
    chance: str | None,
    module: str = FUNCTIONS,
    **more: Any,
) -> MetricSpec:
    """Return an entry whose description says what it is, and how the paper's code scales and pools.

    Args:
        name: area or other quantity, colon, paper.
        of: what is said of the quantity.
        reference: of the paper.
        how: the end of the description.
        chance: the function that gives the chance level.
        module: where the function of the name stands.
        more: what else an entry says.
    """
    said = {**of, **more}
    function = name.replace("++", "-plus-plus").replace(":", "_").replace("-", "_")
    options = {"higher_is_better": True, "low": 0.0, "high": 1.0, "chance": chance, "is_default": False, **said}
    description = f"{options.pop('description')}, {how}"
    return MetricSpec(
        name=name,
        version=1,
        description=description,
        reference=reference,
        factory=f"{module}:{function}",
        **options,
    )


_TINT = "of all samples' entries, min-max scaled per sample, as in time_interpret"
_RARE = "of all samples' entries as they are, a threshold ahead, as in Dynamask's rare experiments"
_STATE = "of all samples' entries, |a| min-max scaled per sample, as in Dynamask's state experiment"
_CONTRALSP = "of all samples' entries as they are, as in ContraLSP"
_TIMEX = "of each sample's entries, min-max scaled, as in TimeX"

AREAS: tuple[MetricSpec, ...] = (
    paper_entry("aup:tint", AUP, TINT, _TINT, PREVALENCE, **SIGNED, **POOLED),
    paper_entry("aur:tint", AUR, TINT, _TINT, HALF, **SIGNED, **POOLED),
    paper_entry("auprc:tint", AVERAGE, TINT, _TINT, PREVALENCE, **SIGNED, **POOLED),
    paper_entry("auroc:tint", AUROC, TINT, _TINT, HALF, **SIGNED, **POOLED),
    paper_entry("aup:dynamask-rare", AUP, DYNAMASK, _RARE, None, **SIGNED, **POOLED, high=math.inf),
    paper_entry("aur:dynamask-rare", AUR, DYNAMASK, _RARE, None, **SIGNED, **POOLED, **UNBOUNDED),
    paper_entry("aup:dynamask-state", AUP, DYNAMASK, _STATE, PREVALENCE, **POOLED),
    paper_entry("aur:dynamask-state", AUR, DYNAMASK, _STATE, HALF, **POOLED),
    paper_entry("auprc:dynamask-state", AVERAGE, DYNAMASK, _STATE, PREVALENCE, **POOLED),
    paper_entry("auroc:dynamask-state", AUROC, DYNAMASK, _STATE, HALF, **POOLED),
    paper_entry("aup:contralsp", AUP, CONTRALSP, _CONTRALSP, None, **SIGNED, **POOLED, high=math.inf),
    paper_entry("aur:contralsp", AUR, CONTRALSP, _CONTRALSP, None, **SIGNED, **POOLED, **UNBOUNDED),
    paper_entry("auprc:contralsp", TRAPEZOID, CONTRALSP, _CONTRALSP, PREVALENCE, **SIGNED, **POOLED),
    paper_entry("auroc:contralsp", AUROC, CONTRALSP, _CONTRALSP, HALF, **SIGNED, **POOLED),
    paper_entry("aup:timex", AUP, TIMEX, _TIMEX, f"{CHANCE}:relevance_mass", **SIGNED, **EACH),
    paper_entry("aur:timex", AUR, TIMEX, _TIMEX, f"{CHANCE}:half_of_each", **SIGNED, **EACH),
    paper_entry("auprc:timex", AVERAGE, TIMEX, _TIMEX, f"{CHANCE}:average_precision", **SIGNED, **EACH),
    paper_entry(
        "auprc:timex++",
        TRAPEZOID,
        TIMEX_PLUS_PLUS,
        "of each sample's entries, min-max scaled, as in TimeX++",
        f"{CHANCE}:relevance_mass",
        **SIGNED,
        **EACH,
    ),
    paper_entry(
        "auprc:xaitimesynth",
        TRAPEZOID,
        XAITIMESYNTH,
        "of each sample's entries by |a|, as in xaitimesynth",
        f"{CHANCE}:relevance_mass",
        **EACH,
    ),
)
