"""The metrics of robustness and randomisation."""

import math
from typing import Any

from ..spec import MetricSpec
from .neighbours import check_neighbours, check_smooth

YEH = "C.-K. Yeh et al., On the (In)fidelity and Sensitivity of Explanations, NeurIPS 2019: captum 0.9.0"
ALVAREZ = "D. Alvarez-Melis, T. Jaakkola, On the Robustness of Interpretability Methods, WHI 2018"
STABILITY = "C. Agarwal et al., Rethinking Stability for Attribution-based Explanations, 2022"
SIXT = "L. Sixt, M. Granz, T. Landgraf, When Explanations Lie, ICML 2020"
ADEBAYO = "J. Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018"
FRESH = "A. Hedström et al., A Fresh Look at Sanity Checks for Saliency Maps, xAI 2024"

NEIGHBOURS = "saltbench.benchmark.metrics.robustness.neighbours"
SANITY = "saltbench.benchmark.metrics.robustness.sanity"

NEAR: dict[str, Any] = {"parameters": {"neighbours": 10, "radius": 0.02}, "check": check_neighbours, "high": math.inf}


def _entry(name: str, module: str, description: str, reference: str, **more: Any) -> MetricSpec:
    options: dict[str, Any] = {"higher_is_better": False, "low": 0.0, "needs": ("map", "explainer"), **more}
    return MetricSpec(
        name=name,
        version=1,
        description=description,
        reference=reference,
        factory=f"{module}:{name.replace(':', '_')}",
        is_default=False,
        tags=("robustness",) if module == NEIGHBOURS else ("robustness", "randomisation"),
        **options,
    )


ROBUSTNESS: tuple[MetricSpec, ...] = (
    _entry(
        "max_sensitivity:captum", NEIGHBOURS, "largest relative change of the map among inputs close by", YEH, **NEAR
    ),
    _entry(
        "lipschitz",
        NEIGHBOURS,
        "largest change of the map per change of inputs close by",
        ALVAREZ,
        **NEAR,
    ),
    _entry(
        "relative_input_stability",
        NEIGHBOURS,
        "largest relative change of the map per relative change of the inputs",
        STABILITY,
        needs=("map", "model", "explainer"),
        **NEAR,
    ),
    _entry(
        "relative_output_stability",
        NEIGHBOURS,
        "largest relative change of the map per change of the logits",
        STABILITY,
        needs=("map", "model", "explainer"),
        **NEAR,
    ),
    _entry(
        "random_logit",
        SANITY,
        "rank correlation of the map with that for another class",
        SIXT,
        needs=("map", "model", "explainer"),
        low=-1.0,
        high=1.0,
    ),
    _entry(
        "mprt",
        SANITY,
        "rank correlation of the map with those under random layers",
        ADEBAYO,
        low=-1.0,
        high=1.0,
    ),
    _entry(
        "smooth_mprt",
        SANITY,
        "rank correlation of maps averaged over noise with those of networks with random layers",
        FRESH,
        low=-1.0,
        high=1.0,
        parameters={"draws": 10, "radius": 0.02},
        check=check_smooth,
    ),
    _entry(
        "efficient_mprt",
        SANITY,
        "relative rise of the map's entropy when all layers are random",
        FRESH,
        higher_is_better=True,
        low=-1.0,
        high=math.inf,
    ),
)
