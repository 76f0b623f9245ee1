"""Further metrics of the truth that are computed as the code of a paper or benchmark does, by its name."""

import math
from typing import Any

from ..spec import MetricSpec
from .paper_entries import AUP, AUR, CHANCE, DYNAMASK, EACH, POOLED, SIGNED, TIMEX, TINT, TRAPEZOID, paper_entry
from .settings import check_mean_rank, check_quantile, check_share, check_top_k

TSIB = "A. A. Ismail et al., Benchmarking Deep Learning Interpretability in Time Series Predictions, NeurIPS 2020"
QUANTUS = "A. Hedström et al., Quantus, JMLR 24, 2023: quantus 0.6.0"
WINIT = "K. K. Leung et al., WinIT, ICLR 2023"
OPENXAI = "C. Agarwal et al., OpenXAI, NeurIPS 2022"

MASS = "saltbench.benchmark.metrics.truth.mass_levels"
INFORMATION = "saltbench.benchmark.metrics.truth.information"
LARGEST = "saltbench.benchmark.metrics.truth.largest"
AGREEMENT = "saltbench.benchmark.metrics.truth.agreement"
PREVALENCE = f"{CHANCE}:relevance_mass"
BEYOND: dict[str, Any] = {"is_best_at_truth": False}
SUM: dict[str, Any] = {"high": math.inf, **BEYOND}
UNCERTAIN: dict[str, Any] = {"higher_is_better": False, "is_best_at_truth": False}

_LEVELS = "at 10 to 90 % of a map's mass, mean over samples, as in TSIB"
_TINT = "of all samples, as in time_interpret"
_QUANTUS = "as in Quantus"
_OPENXAI = "as in OpenXAI"


def _tsib(words: str, suffix: str) -> tuple[MetricSpec, ...]:
    how = f"{_LEVELS}{words}"
    most: dict[str, Any] = {"high": 0.8 + 1e-12, **BEYOND}
    return (
        paper_entry(f"aup:tsib{suffix}", AUP, TSIB, how, None, MASS, **POOLED, **{**most, "is_best_at_truth": False}),
        paper_entry(f"aur:tsib{suffix}", AUR, TSIB, how, None, MASS, **POOLED, **most),
        paper_entry(f"auprc:tsib{suffix}", TRAPEZOID, TSIB, how, None, MASS, **POOLED, **BEYOND),
    )


def _information(name: str, what: str, reference: str, how: str, **more: Any) -> MetricSpec:
    return paper_entry(name, {"description": what}, reference, how, None, INFORMATION, **SIGNED, **more)


def _largest(name: str, what: str, reference: str, how: str, chance: str | None = None, **more: Any) -> MetricSpec:
    return paper_entry(name, {"description": what}, reference, how, chance, LARGEST, **EACH, **more)


def _agreement(name: str, what: str, **more: Any) -> MetricSpec:
    options: dict[str, Any] = {"parameters": {"share": 0.25}, "check": check_share, **more}
    return paper_entry(name, {"description": what}, OPENXAI, _OPENXAI, None, AGREEMENT, **EACH, **BEYOND, **options)


FURTHER: tuple[MetricSpec, ...] = (
    *_tsib("", ""),
    *_tsib(", of time steps", "-time"),
    *_tsib(", of features", "-feature"),
    _information("information:tint", "Σ |log₂(1 - s + ε)| of salient entries", TINT, _TINT, **POOLED, **SUM),
    _information(
        "information-share:tint", "share of the information on salient entries", TINT, _TINT, **POOLED, **BEYOND
    ),
    _information("entropy:tint", "entropy of salient entries", TINT, _TINT, **POOLED, **SUM, higher_is_better=False),
    _information("entropy-share:tint", "share of the entropy on salient entries", TINT, _TINT, **POOLED, **UNCERTAIN),
    _information(
        "information:dynamask",
        "Σ |log₂(1 - s + ε)| of salient entries",
        DYNAMASK,
        "of all samples, as in Dynamask",
        **POOLED,
        **SUM,
    ),
    _information(
        "entropy:dynamask",
        "entropy of salient entries",
        DYNAMASK,
        "of all samples, as in Dynamask",
        **POOLED,
        **SUM,
        higher_is_better=False,
    ),
    _information("mae:tint", "mean of |s - r|", TINT, "as in time_interpret", **EACH, higher_is_better=False),
    _information("mse:tint", "mean of (s - r)²", TINT, "as in time_interpret", **EACH, higher_is_better=False),
    _largest("pointing_game:quantus", "whether the largest entry is salient", QUANTUS, _QUANTUS, PREVALENCE, **SIGNED),
    _largest(
        "relevance_mass:quantus",
        "share of the sum of a map, signed as it is, on salient entries",
        QUANTUS,
        _QUANTUS,
        PREVALENCE,
        **SIGNED,
        low=-math.inf,
        **SUM,
    ),
    _largest(
        "relevance_rank:quantus",
        "share of the Σ r largest entries that are salient",
        QUANTUS,
        _QUANTUS,
        PREVALENCE,
        **SIGNED,
    ),
    _largest(
        "top_k_intersection:quantus",
        "share of the k largest entries that are salient",
        QUANTUS,
        _QUANTUS,
        PREVALENCE,
        parameters={"sign": "signed", "k": 1000},
        check=check_top_k,
    ),
    _largest(
        "attribution_localisation:quantus",
        "share of the positive sum of a map on salient entries",
        QUANTUS,
        _QUANTUS,
        PREVALENCE,
        **{**SIGNED, "parameters": {"sign": "absolute"}},
    ),
    _largest(
        "iou:timex",
        "intersection over union of the truth and the entries above a quantile",
        TIMEX,
        "as in TimeX",
        parameters={"sign": "signed", "quantile": 0.9},
        check=check_quantile,
        **BEYOND,
    ),
    _largest(
        "mean_rank:winit",
        "mean rank of the salient entries",
        WINIT,
        "as in WinIT",
        f"{CHANCE}:mean_rank",
        parameters={"sign": "signed", "ties": "average"},
        check=check_mean_rank,
        higher_is_better=False,
        low=1.0,
        high=math.inf,
    ),
    _agreement("feature_agreement:openxai", "share of the k largest entries that are among the k most relevant"),
    _agreement("rank_agreement:openxai", "share of the k largest entries at the same place by relevance"),
    _agreement("sign_agreement:openxai", "share of the k largest entries, of the same sign, among the k most relevant"),
    _agreement("signed_rank_agreement:openxai", "share of the k largest entries, of the same sign, at the same place"),
    _agreement(
        "rank_correlation:openxai", "correlation of the ranks of entries and truth", parameters={}, check=None, low=-1.0
    ),
    _agreement(
        "pairwise_rank_agreement:openxai", "share of pairs of entries in the same order", parameters={}, check=None
    ),
)
