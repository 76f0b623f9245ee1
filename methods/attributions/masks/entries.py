"""The entries of learned masks; reading them imports no torch."""

from ..spec import MethodSpec

_CHECKS = "saltbench.methods.attributions.validation.parameter_checks"
MASKS: tuple[MethodSpec, ...] = (
    MethodSpec(
        name="dynamask",
        version=2,
        description="Mask of a given area, learned to keep the explained output when everything else is perturbed.",
        reference=(
            "Crabbé, van der Schaar. Explaining Time Series Predictions with Dynamic Masks. ICML 2021. arXiv:2106.05303"
        ),
        factory="saltbench.methods.attributions.masks.dynamask:dynamask",
        parameters={
            "perturbation": "fade-to-moving-average",
            "area": 0.1,
            "masks": 1,
            "epochs": 1000,
            "size_weight": 4e-4,
            "size_growth": 1000.0,
            "time_weight": 0.0,
            "learning_rate": 1.0,
            "momentum": 0.9,
            "window": 0,
            "blur_width": 2.0,
            "deletion": False,
        },
        check=f"{_CHECKS}:check_dynamask",
        tags=("mask", "gradient", "baseline"),
        assumptions=(
            "the perturbed series removes what matters and stays one that the network can judge, and about the share "
            "area of the entries matters"
        ),
        makes="entries perturbed by {perturbation}",
        passes="epochs · masks forward and backward, 1 forward, and masks forward if there are several",
        cost="saltbench.methods.attributions.masks.dynamask:dynamask_cost",
    ),
    MethodSpec(
        name="extremal-mask",
        version=2,
        description="Small mask learned with a perturbation network for each series (needs saltbench[masks]).",
        reference=("Enguehard. Learning Perturbations to Explain Time Series Predictions. ICML 2023. arXiv:2305.18840"),
        factory="saltbench.methods.attributions.masks.extremal_mask_and_fit:extremal_mask",
        parameters={
            "epochs": 500,
            "learning_rate": 0.01,
            "mask_weight": 1.0,
            "perturbation_weight": 1.0,
            "hidden": 32,
        },
        check=f"{_CHECKS}:check_extremal_mask",
        tags=("mask", "gradient", "baseline", "sampling", "extra"),
        assumptions="a small perturbation that leaves the output alone shows which entries do not matter",
        makes="entries perturbed by a learned network",
        passes="4 · epochs forward and epochs backward, of one series at a time",
        cost="saltbench.methods.attributions.masks.extremal_mask_and_fit:extremal_mask_cost",
    ),
    MethodSpec(
        name="fit",
        version=2,
        description="Share of the shift of the prediction that each observation explains (needs saltbench[masks]).",
        reference=(
            "Tonekaboni, Joshi, Campbell, Duvenaud, Goldenberg. What Went Wrong and When? Instance-wise Feature "
            "Importance for Time-series Black-box Models. NeurIPS 2020. arXiv:2003.02821"
        ),
        factory="saltbench.methods.attributions.masks.extremal_mask_and_fit:fit",
        parameters={"noise_samples": 10, "epochs": 300, "generator_seed": 0},
        check=f"{_CHECKS}:check_fit",
        tags=("perturbation", "background", "sampling", "extra"),
        assumptions="the network predicts from every prefix of the series, and the generator has learned its features",
        makes="steps cut off, or features drawn by its generator",
        passes="(time - 1)(2 + features · noise_samples) forward, of prefixes of one series at a time",
        cost="saltbench.methods.attributions.masks.extremal_mask_and_fit:fit_cost",
    ),
)
