"""The white boxes of autoregressive moving averages."""

from ...family import Family, Variant
from ..spec import TaskSpec

SOURCE = (
    "Crabbé, van der Schaar: Explaining Time Series Predictions with Dynamic Masks (ICML 2021); sets that samples "
    "share: time_interpret (2023); groups: Liu et al., ContraLSP (ICLR 2024)"
)


def _family(function: str, words: str, sets: dict[str, tuple[str, int]]) -> Family[TaskSpec]:
    return Family(
        TaskSpec(
            name="arma/{sets}",
            version=1,
            description=f"white box: {words} of {{sets}}",
            reference=SOURCE,
            factory="saltbench.datasets.arma.rare:rare",
            parameters={
                "rare": "",
                "sets": "",
                "salient": 5,
                "time": 50,
                "features": 50,
                "train": 100,
                "validation": 10,
                "test": 10,
            },
            check="saltbench.datasets.arma.rare:check_rare",
            tags=("synthetic", "white-box"),
            function=f"saltbench.datasets.arma.functions:{function}",
        ),
        {
            "sets": {
                f"rare-{rare}{suffix}": Variant(
                    {"rare": rare, "sets": suffix.removeprefix("-") or "per-sample", "test": test},
                    way.format(few="features" if rare == "feature" else "time steps"),
                )
                for rare in ("feature", "time")
                for suffix, (way, test) in sets.items()
            }
        },
    )


FAMILIES = (
    _family(
        "sum_of_squares",
        "the sum of squares",
        {"": ("five {few} of each sample", 10), "-shared": ("five {few} that all samples share", 100)},
    ),
    _family(
        "square_of_sums_and_sum_of_squares",
        "squared sums, or the sum of squares,",
        {"-groups": ("five {few} of each of two groups", 100)},
    ),
)
