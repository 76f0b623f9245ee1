"""The attribution methods that ship with saltbench; reading this list imports no torch."""

from .gradient_entries import GRADIENT
from .spec import MethodSpec

_REFERENCES = "saltbench.methods.attributions.references"


def _reference(name: str, description: str) -> MethodSpec:
    return MethodSpec(
        name=name,
        version=1,
        description=description,
        reference="reference row, defined in saltbench.methods.attributions.references",
        factory=f"{_REFERENCES}:{name.replace('-', '_')}",
        tags=("reference",),
        is_reference=True,
    )


ENTRIES: tuple[MethodSpec, ...] = (
    *GRADIENT,
    MethodSpec(
        name="deeplift",
        version=1,
        description="Contributions by difference-from-baseline rules, exact through gates and softmax.",
        reference=(
            "Shrikumar, Greenside, Kundaje. Learning Important Features Through Propagating Activation "
            "Differences. ICML 2017. arXiv:1704.02685"
        ),
        factory="saltbench.methods.attributions.deeplift:deeplift",
        tags=("difference", "baseline"),
        is_complete=True,
    ),
    _reference("oracle", "The ground truth itself."),
    _reference("random-uniform", "Uniform random numbers on [0, 1)."),
    _reference("random-normal", "Standard normal random numbers."),
    _reference("ones", "One everywhere."),
    _reference("zeros", "Zero everywhere."),
    _reference("abs-input", "Absolute value of the input."),
    _reference("last-step", "One at the last time step, zero before it."),
)
