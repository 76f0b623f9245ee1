"""The entries of learned masks; reading them imports no torch."""

from .spec import MethodSpec

MASKS: tuple[MethodSpec, ...] = (
    MethodSpec(
        name="dynamask",
        version=1,
        description="Mask of a given area, learned to keep the explained output when everything else is perturbed.",
        reference=(
            "Crabbé, van der Schaar. Explaining Time Series Predictions with Dynamic Masks. ICML 2021. arXiv:2106.05303"
        ),
        factory="saltbench.methods.attributions.dynamask:dynamask",
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
        tags=("mask", "gradient", "baseline"),
        assumptions=(
            "the perturbed series removes what matters and stays one that the network can judge, and about the share "
            "area of the cells matters"
        ),
        passes="epochs · masks forward and backward, 1 forward, and masks forward if there are several",
        cost="saltbench.methods.attributions.dynamask:dynamask_cost",
    ),
)
