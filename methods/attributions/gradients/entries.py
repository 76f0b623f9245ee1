"""The entries of the gradient methods; reading this list imports no torch."""

from ..spec import MethodSpec

_CHECKS = "saltbench.methods.attributions.validation.parameter_checks"
_FOLDER = "saltbench.methods.attributions.gradients"
_COSTS = f"{_FOLDER}.costs"
_NOISE = {"noise_samples": 25, "noise_level": 0.15}
_EACH_DRAW = "one forward and backward for each of noise_samples"
_SMOOTH_NEARBY = "The noise is small enough that noisy inputs are still series of the same kind for the network."
_NOISY = "noise of {noise_level} times its range"
_ON_THE_WAY = "a point on the way from absence to it"

GRADIENT: tuple[MethodSpec, ...] = (
    MethodSpec(
        name="saliency",
        version=2,
        description="Absolute gradient of the explained output.",
        reference=(
            "Simonyan, Vedaldi, Zisserman. Deep Inside Convolutional Networks: Visualising Image "
            "Classification Models and Saliency Maps. ICLR Workshop 2014. arXiv:1312.6034"
        ),
        factory=f"{_FOLDER}.gradient:saliency",
        tags=("gradient",),
        assumptions="The output is close to linear around the input: no gate or unit that matters is saturated there.",
        passes="one forward and backward",
        cost=f"{_COSTS}:one_gradient",
    ),
    MethodSpec(
        name="input-x-gradient",
        version=2,
        description="Input times gradient of the explained output.",
        reference=(
            "Shrikumar, Greenside, Shcherbina, Kundaje. Not Just a Black Box: Learning Important Features "
            "Through Propagating Activation Differences. 2016. arXiv:1605.01713"
        ),
        factory=f"{_FOLDER}.gradient:input_x_gradient",
        tags=("gradient",),
        assumptions="The output is close to linear between zero and the input, and zero means absence.",
        passes="one forward and backward",
        cost=f"{_COSTS}:one_gradient",
    ),
    MethodSpec(
        name="integrated-gradients",
        version=3,
        description="Difference to the baseline times the gradient averaged along the straight path from it.",
        reference="Sundararajan, Taly, Yan. Axiomatic Attribution for Deep Networks. ICML 2017. arXiv:1703.01365",
        factory=f"{_FOLDER}.integrated_gradients:integrated_gradients",
        parameters={"steps": 50, "against": "baseline", "baseline_samples": 10},
        check=f"{_CHECKS}:check_path",
        tags=("gradient", "baseline", "quadrature", "path"),
        is_complete=True,
        assumptions="The baseline means absence, and the output is smooth enough along the path for the quadrature.",
        makes=_ON_THE_WAY,
        passes="one forward and backward for each of steps, times baseline_samples if baselines are sampled",
        cost=f"{_COSTS}:path_gradients",
    ),
    MethodSpec(
        name="smoothgrad",
        version=3,
        description="Absolute mean gradient over noisy copies of the input.",
        reference=(
            "Smilkov, Thorat, Kim, Viégas, Wattenberg. SmoothGrad: Removing Noise by Adding Noise. 2017. "
            "arXiv:1706.03825"
        ),
        factory=f"{_FOLDER}.smoothgrad:smoothgrad",
        parameters=_NOISE,
        check=f"{_CHECKS}:check_noise",
        tags=("gradient", "sampling"),
        assumptions=_SMOOTH_NEARBY,
        makes=_NOISY,
        passes=_EACH_DRAW,
        cost=f"{_COSTS}:noisy_gradients",
    ),
    MethodSpec(
        name="smoothgrad-squared",
        version=2,
        description="Mean squared gradient over noisy copies of the input.",
        reference=(
            "Hooker, Erhan, Kindermans, Kim. A Benchmark for Interpretability Methods in Deep Neural Networks. "
            "NeurIPS 2019. arXiv:1806.10758"
        ),
        factory=f"{_FOLDER}.smoothgrad:smoothgrad_squared",
        parameters=_NOISE,
        check=f"{_CHECKS}:check_noise",
        tags=("gradient", "sampling"),
        assumptions=_SMOOTH_NEARBY,
        makes=_NOISY,
        passes=_EACH_DRAW,
        cost=f"{_COSTS}:noisy_gradients",
    ),
    MethodSpec(
        name="vargrad",
        version=3,
        description="Variance of the gradient over noisy copies of the input.",
        reference=(
            "Adebayo, Gilmer, Goodfellow, Kim. Local Explanation Methods for Deep Neural Networks Lack Sensitivity "
            "to Parameter Values. ICLR Workshop 2018. arXiv:1810.03307"
        ),
        factory=f"{_FOLDER}.smoothgrad:vargrad",
        parameters=_NOISE,
        check=f"{_CHECKS}:check_noise",
        tags=("gradient", "sampling"),
        assumptions="The gradient changes most, as noise is added, where the input matters.",
        makes=_NOISY,
        passes=_EACH_DRAW,
        cost=f"{_COSTS}:noisy_gradients",
    ),
    MethodSpec(
        name="integrated-gradients-smoothgrad",
        version=2,
        description="Mean of integrated gradients over noisy copies of the input.",
        reference=(
            "Smilkov, Thorat, Kim, Viégas, Wattenberg. SmoothGrad: Removing Noise by Adding Noise. 2017. "
            "arXiv:1706.03825, section 3, on integrated gradients, arXiv:1703.01365"
        ),
        factory=f"{_FOLDER}.smoothgrad:integrated_gradients_smoothgrad",
        parameters={"steps": 20, "against": "baseline", "noise_samples": 10, "noise_level": 0.15},
        check=f"{_CHECKS}:check_noisy_path",
        tags=("gradient", "baseline", "sampling", "quadrature"),
        assumptions="Those of integrated-gradients, for noisy copies of the input.",
        makes=f"a point on the way to it with {_NOISY}",
        passes="one forward and backward for each of steps times noise_samples",
        cost=f"{_COSTS}:noisy_path_gradients",
    ),
    MethodSpec(
        name="gradient-shap",
        version=2,
        description="Difference to random series of a background times the gradient at a random place on the way.",
        reference=(
            "Erion, Janizek, Sturmfels, Lundberg, Lee. Improving Performance of Deep Learning Models with Axiomatic "
            "Attribution Priors and Expected Gradients. Nature Machine Intelligence 2021. arXiv:1906.10670; Lundberg, "
            "Lee. A Unified Approach to Interpreting Model Predictions. NeurIPS 2017. arXiv:1705.07874"
        ),
        factory=f"{_FOLDER}.gradient_shap:gradient_shap",
        parameters={"path_samples": 50, "noise_level": 0.0},
        check=f"{_CHECKS}:check_sampled_path",
        tags=("gradient", "background", "sampling"),
        assumptions="The series of the background say what inputs look like without the signal.",
        makes="a point on the way from a series of the background",
        passes="one forward and backward for each of path_samples",
        cost=f"{_COSTS}:sampled_path_gradients",
    ),
)
