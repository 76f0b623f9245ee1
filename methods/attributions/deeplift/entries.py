"""The entries of DeepLIFT and what is built on it; reading this list imports no torch."""

from ..spec import MethodSpec

_CHECKS = "saltbench.methods.attributions.validation.parameter_checks"
_HERE = "saltbench.methods.attributions.deeplift"
_COST = f"{_HERE}.costs"

_SHRIKUMAR = (
    "Shrikumar, Greenside, Kundaje. Learning Important Features Through Propagating Activation Differences. ICML 2017. "
    "arXiv:1704.02685"
)

DEEPLIFT: tuple[MethodSpec, ...] = (
    MethodSpec(
        name="deeplift-shap",
        version=5,
        description="Mean of exact DeepLIFT's contributions over random series of a background.",
        reference=(
            "Lundberg, Lee. A Unified Approach to Interpreting Model Predictions. NeurIPS 2017. arXiv:1705.07874, on "
            "the rules of deeplift"
        ),
        factory=f"{_HERE}.deeplift_shap:deeplift_shap",
        parameters={"baseline_samples": 10},
        check=f"{_CHECKS}:check_baselines",
        tags=("difference", "background", "sampling", "paired"),
        is_complete=True,
        assumptions="The series of the background say what inputs look like without the signal.",
        makes="a series of the background",
        passes="input and baseline side by side forward, one backward, for each of baseline_samples",
        cost=f"{_COST}:of_drawn_pairs",
    ),
    MethodSpec(
        name="deeplift",
        version=6,
        description="Contributions by difference-from-baseline rules, exact through gates and softmax.",
        reference=_SHRIKUMAR,
        factory=f"{_HERE}.deeplift:deeplift",
        tags=("difference", "baseline", "paired"),
        assumptions="The baseline stands for absence, and every operation of the network has a rule or is refused.",
        makes="the baseline",
        passes="forward for input and baseline, 1 backward",
        cost=f"{_COST}:of_pairs",
        is_complete=True,
    ),
    MethodSpec(
        name="deeplift-captum",
        version=2,
        description="DeepLIFT as Captum computes it: gradient times difference in recurrent layers and functions.",
        reference=f"{_SHRIKUMAR}; as implemented in Kokhlikyan et al. Captum. 2020. arXiv:2009.07896",
        factory=f"{_HERE}.captum_deeplift:captum_deeplift",
        tags=("difference", "baseline", "as-it-is"),
        assumptions=(
            "The baseline stands for absence, and every nonlinearity is an activation module called once; "
            "what is not keeps its gradient without a warning, so that the map is not complete."
        ),
        makes="the baseline",
        passes="forward and backward for input and baseline",
        cost=f"{_COST}:of_hooked_pairs",
        is_complete=True,
    ),
)
