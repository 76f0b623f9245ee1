"""The attribution methods that ship with saltbench; reading this list imports no torch."""

from .spec import MethodSpec

_GRADIENT = "saltbench.methods.attributions.gradient"
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
    MethodSpec(
        name="saliency",
        version=1,
        description="Absolute gradient of the explained output.",
        reference=(
            "Simonyan, Vedaldi, Zisserman. Deep Inside Convolutional Networks: Visualising Image "
            "Classification Models and Saliency Maps. ICLR Workshop 2014. arXiv:1312.6034"
        ),
        factory=f"{_GRADIENT}:saliency",
        tags=("gradient",),
    ),
    MethodSpec(
        name="input-x-gradient",
        version=1,
        description="Input times gradient of the explained output.",
        reference=(
            "Shrikumar, Greenside, Shcherbina, Kundaje. Not Just a Black Box: Learning Important Features "
            "Through Propagating Activation Differences. 2016. arXiv:1605.01713"
        ),
        factory=f"{_GRADIENT}:input_x_gradient",
        tags=("gradient",),
    ),
    MethodSpec(
        name="integrated-gradients",
        version=1,
        description="Difference to the baseline times the gradient averaged along the straight path from it.",
        reference=("Sundararajan, Taly, Yan. Axiomatic Attribution for Deep Networks. ICML 2017. arXiv:1703.01365"),
        factory=f"{_GRADIENT}:integrated_gradients",
        parameters={"steps": 50},
        tags=("gradient", "baseline"),
        is_complete=True,
    ),
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
    MethodSpec(
        name="smoothgrad",
        version=1,
        description="Absolute mean gradient over noisy copies of the input.",
        reference=(
            "Smilkov, Thorat, Kim, Viégas, Wattenberg. SmoothGrad: Removing Noise by Adding Noise. 2017. "
            "arXiv:1706.03825"
        ),
        factory=f"{_GRADIENT}:smoothgrad",
        parameters={"noise_samples": 25, "noise_level": 0.15},
        tags=("gradient", "sampling"),
    ),
    _reference("oracle", "The ground truth itself."),
    _reference("random-uniform", "Uniform random numbers on [0, 1)."),
    _reference("random-normal", "Standard normal random numbers."),
    _reference("ones", "One everywhere."),
    _reference("zeros", "Zero everywhere."),
    _reference("abs-input", "Absolute value of the input."),
    _reference("last-step", "One at the last time step, zero before it."),
)
