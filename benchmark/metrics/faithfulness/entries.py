"""The metrics of faithfulness that are computed as the code of a paper or benchmark does, and two curves of our own."""

import math
from typing import Any

from ..spec import MetricSpec
from .asked_answers import (
    SHARES,
    check_entries,
    check_fidelity,
    check_retraining,
    check_share,
    check_steps,
)
from .correlation import check_infidelity, check_subsets
from .noise import check_gap
from .one_by_one import check_one_by_one

TINT = "J. Enguehard, Time Interpret, arXiv 2306.02968, 2023: time_interpret 0.3.0"
TIMING = "H. Jang et al., TIMING, ICML 2025"
QUANTUS = "A. Hedström et al., Quantus, JMLR 24, 2023: quantus 0.6.0"
OPENXAI = "C. Agarwal et al., OpenXAI, NeurIPS 2022"
TURBE = "H. Turbé et al., Nature Machine Intelligence 5, 2023: InterpretTime"
PETSIUK = "V. Petsiuk, A. Das, K. Saenko, RISE, BMVC 2018"
HOOKER = "S. Hooker et al., A Benchmark for Interpretability Methods in Deep Neural Networks, NeurIPS 2019"
YEH = "C.-K. Yeh et al., NeurIPS 2019: captum 0.9.0"

MASKED = "saltbench.benchmark.metrics.faithfulness.masked"
ONE_BY_ONE = "saltbench.benchmark.metrics.faithfulness.one_by_one"
CURVES = "saltbench.benchmark.metrics.faithfulness.curves"
NOISE = "saltbench.benchmark.metrics.faithfulness.noise"
RETRAINING = "saltbench.benchmark.metrics.faithfulness.retraining"
CORRELATION = "saltbench.benchmark.metrics.faithfulness.correlation"

AT_ONCE = {"share": 0.2, "replacement": "zero", "sign": "signed", "answer": "predicted"}
STEPS = {"steps": 20, "replacement": "zero", "sign": "absolute", "answer": "predicted"}
SIMPSON = {"steps": 10, "replacement": "noise", "answer": "predicted"}
SINGLY = {"entries": 50.0, "over": "mean", "replacement": "zero", "sign": "absolute"}
SETS = {"entries": 0.05, "replacement": "zero", "sign": "signed", "answer": "predicted"}
SUBSETS = {"share": 0.2, "subsets": 100, "replacement": "zero", "sign": "signed", "answer": "predicted"}
GAP = {"share": 0.25, "deviation": 0.1, "draws": 100, "column": 0}


def _entry(name: str, module: str, description: str, reference: str, *, higher: bool, **more: Any) -> MetricSpec:
    function = name.replace(":", "_").replace("-", "_")
    options: dict[str, Any] = {
        "low": 0.0,
        "high": 1.0,
        "needs": ("map", "model", "data"),
        "has_random_chance": True,
        "tags": ("faithfulness",) if ":" not in name else ("faithfulness", "compatibility"),
        **more,
    }
    return MetricSpec(
        name=name,
        version=1,
        description=description,
        reference=reference,
        factory=f"{module}:{function}",
        higher_is_better=higher,
        is_default=False,
        **options,
    )


def _masked(name: str, description: str, *, higher: bool, **more: Any) -> MetricSpec:
    chosen = {"parameters": AT_ONCE, "check": check_share, **more}
    return _entry(f"{name}:tint", MASKED, description, TINT, higher=higher, **chosen)


FAITHFULNESS: tuple[MetricSpec, ...] = (
    _masked("comprehensiveness", "drop of the class's probability without the largest entries", higher=True, low=-1.0),
    _masked("sufficiency", "drop of the class's probability with the largest entries alone", higher=False, low=-1.0),
    _masked(
        "log_odds",
        "change of the class's log-probability without the largest entries",
        higher=False,
        low=-math.inf,
        high=math.inf,
    ),
    _masked("cross_entropy", "cross-entropy of the class without the largest entries", higher=True, high=math.inf),
    _masked("accuracy", "share of samples whose class keeps half of the probability", higher=False),
    _entry(
        "cpd:timing",
        ONE_BY_ONE,
        "sum of the answers' changes while the largest entries are removed one by one",
        TIMING,
        higher=True,
        high=math.inf,
        parameters=SINGLY,
        check=check_one_by_one,
    ),
    _entry(
        "cpp:timing",
        ONE_BY_ONE,
        "sum of the answers' changes while the smallest entries are removed one by one",
        TIMING,
        higher=False,
        high=math.inf,
        parameters=SINGLY,
        check=check_one_by_one,
    ),
    _entry(
        "deletion",
        CURVES,
        "area under the class's probability over the share of removed entries",
        PETSIUK,
        higher=False,
        parameters=STEPS,
        check=check_steps,
    ),
    _entry(
        "insertion",
        CURVES,
        "area under the class's probability over the share of entries that are kept alone",
        PETSIUK,
        higher=True,
        parameters=STEPS,
        check=check_steps,
    ),
    _entry(
        "pixel_flipping:quantus",
        CURVES,
        "area under the class's probability over steps that remove some entries each",
        QUANTUS,
        higher=False,
        high=math.inf,
        parameters=SETS,
        check=check_entries,
    ),
    _entry(
        "aucse_top:interpret-time",
        CURVES,
        "area under the relative drop of the class's probability without the largest positive entries",
        TURBE,
        higher=True,
        low=-math.inf,
        parameters=SIMPSON,
        check=check_steps,
    ),
    _entry(
        "aucse_f:interpret-time",
        CURVES,
        "harmonic combination of the drop without the largest positive entries and with them",
        TURBE,
        higher=True,
        low=-math.inf,
        high=math.inf,
        parameters=SIMPSON,
        check=check_steps,
    ),
    _entry(
        "tic:interpret-time",
        CURVES,
        "area under the share of the positive relevance in the largest entries",
        TURBE,
        higher=True,
        needs=("map",),
        has_random_chance=False,
    ),
    _entry(
        "pgi:openxai",
        NOISE,
        "change of a class's probability under noise on the largest entries",
        OPENXAI,
        higher=True,
        needs=("map", "model"),
        parameters=GAP,
        check=check_gap,
    ),
    _entry(
        "pgu:openxai",
        NOISE,
        "change of a class's probability under noise on all but the largest entries",
        OPENXAI,
        higher=False,
        needs=("map", "model"),
        parameters=GAP,
        check=check_gap,
    ),
    _entry(
        "faithfulness_estimate:quantus",
        CORRELATION,
        "correlation of the sums of sets of entries with the drop of the class's probability without them",
        QUANTUS,
        higher=True,
        low=-1.0,
        parameters=SETS,
        check=check_entries,
    ),
    _entry(
        "faithfulness_correlation:quantus",
        CORRELATION,
        "correlation of the sums of random sets of entries with the drop of the class's probability without them",
        QUANTUS,
        higher=True,
        low=-1.0,
        parameters=SUBSETS,
        check=check_subsets,
    ),
    _entry(
        "infidelity:captum",
        CORRELATION,
        "squared error of the logit's change under noise as the map tells it",
        YEH,
        higher=False,
        high=math.inf,
        needs=("map", "model"),
        has_random_chance=False,
        parameters={"draws": 10, "deviation": 0.1, "normalise": False},
        check=check_infidelity,
    ),
    *(
        _entry(
            name,
            RETRAINING,
            f"accuracy of networks trained again {words}, in the mean of 10 to 90 %",
            HOOKER,
            higher=higher,
            needs=("map", "model", "data", "trainer"),
            has_random_chance=False,
            parameters={"shares": list(SHARES), "replacement": "mean", "sign": "absolute"},
            check=check_retraining,
            tags=("faithfulness", "slow"),
        )
        for name, words, higher in (
            ("roar", "without the largest entries", False),
            ("kar", "on the largest entries alone", True),
        )
    ),
    *(
        _entry(
            f"f_fidelity_{kind}",
            RETRAINING,
            f"drop of the class's probability without the {which} entries, of a network that knows removed entries",
            "X. Zheng et al., F-Fidelity, ICLR 2025",
            higher=which == "largest",
            low=-1.0,
            needs=("map", "model", "data", "trainer"),
            has_random_chance=False,
            parameters={"share": 0.2, "trained": 0.5, "replacement": "zero", "sign": "absolute"},
            check=check_fidelity,
            tags=("faithfulness", "slow"),
        )
        for kind, which in (("plus", "largest"), ("minus", "smallest"))
    ),
)
