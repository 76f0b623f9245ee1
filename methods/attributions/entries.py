"""The attribution methods that ship with saltbench; reading this list imports no torch."""

from .deeplift.entries import DEEPLIFT
from .gradients.entries import GRADIENT
from .lrp.entries import LRP
from .masks.entries import MASKS
from .perturbation.entries import PERTURBATION
from .spec import MethodSpec
from .wrapper_entries import WRAPPERS

_REFERENCES = "saltbench.methods.attributions.references"


def _reference(name: str, description: str) -> MethodSpec:
    return MethodSpec(
        name=name,
        version=1,
        description=description,
        reference="reference row, a definition of saltbench",
        factory=f"{_REFERENCES}:{name.replace('-', '_')}",
        tags=("reference",),
        is_reference=True,
    )


ENTRIES: tuple[MethodSpec, ...] = (
    *GRADIENT,
    *DEEPLIFT,
    *LRP,
    *PERTURBATION,
    *MASKS,
    *WRAPPERS,
    _reference("oracle", "The ground truth itself."),
    _reference("random-uniform", "Uniform random numbers on [0, 1)."),
    _reference("random-normal", "Standard normal random numbers."),
    _reference("ones", "One everywhere."),
    _reference("zeros", "Zero everywhere."),
    _reference("abs-input", "Absolute value of the input."),
    _reference("last-step", "One at the last time step, zero before it."),
)
