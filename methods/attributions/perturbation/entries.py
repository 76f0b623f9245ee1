"""The entries of the perturbation methods; reading this list imports no torch.

The defaults keep a map of 100 × 100 entries affordable, from 360 to 1000 passes a sample: segments and windows are a
twentieth to a tenth of the series along either axis, and single entries where a series is shorter than that.
"""

from ..spec import MethodSpec

_CHECKS = "saltbench.methods.attributions.validation.parameter_checks"
_FOLDER = "saltbench.methods.attributions.perturbation"
_COSTS = f"{_FOLDER}.costs"
_TENTHS = {"time_segments": 10, "feature_segments": 10}
_ALONE = "What matters is lost with one part alone, not held twice; a part at the baseline is still a likely series."
_COALITION = "segments at the baseline"
_SEGMENTS = "Entries of a segment act together, and a mixture of the series and its baseline is still a likely series."

PERTURBATION: tuple[MethodSpec, ...] = (
    MethodSpec(
        name="feature-ablation",
        version=1,
        description="Loss of the explained output when a segment of the series is replaced by the baseline.",
        reference=(
            "Zeiler, Fergus. Visualizing and Understanding Convolutional Networks. ECCV 2014. arXiv:1311.2901; "
            "Suresh, Hunt, Johnson, Celi, Szolovits, Ghassemi. Clinical Intervention Prediction and Understanding "
            "with Deep Neural Networks. MLHC 2017. arXiv:1705.08498"
        ),
        factory=f"{_FOLDER}.ablation:feature_ablation",
        parameters={"time_segments": 20, "feature_segments": 20},
        check=f"{_CHECKS}:check_segments",
        tags=("perturbation", "baseline"),
        assumptions=_ALONE,
        makes="a segment at the baseline",
        passes="one forward, and one for each of time_segments × feature_segments",
        cost=f"{_COSTS}:one_a_segment",
    ),
    MethodSpec(
        name="occlusion",
        version=1,
        description="Mean loss of the explained output under windows that slide over time and features.",
        reference=("Zeiler, Fergus. Visualizing and Understanding Convolutional Networks. ECCV 2014. arXiv:1311.2901"),
        factory=f"{_FOLDER}.occlusion:occlusion",
        parameters={"time_window": 0, "feature_window": 0, "time_stride": 0, "feature_stride": 0},
        check=f"{_CHECKS}:check_windows",
        tags=("perturbation", "baseline"),
        assumptions=f"{_ALONE[:-1]}; neighbouring features belong together.",
        makes="a window at the baseline",
        passes="one forward, and one for each window",
        cost=f"{_COSTS}:one_a_window",
    ),
    MethodSpec(
        name="feature-permutation",
        version=1,
        description="Mean loss of the explained output when a segment comes from another series of the background.",
        reference=(
            "Fisher, Rudin, Dominici. All Models are Wrong, but Many are Useful: Learning a Variable's Importance "
            "by Studying an Entire Class of Prediction Models Simultaneously. JMLR 20, 2019. arXiv:1801.01489"
        ),
        factory=f"{_FOLDER}.permutation:feature_permutation",
        parameters={**_TENTHS, "draws": 10},
        check=f"{_CHECKS}:check_permuted_segments",
        tags=("perturbation", "background", "sampling"),
        assumptions="Segments are independent of each other, so that one of another series fits into this one.",
        makes="a segment from a series of the background",
        passes="one forward, and draws for each of time_segments × feature_segments",
        cost=f"{_COSTS}:one_a_segment",
    ),
    MethodSpec(
        name="shapley-sampling",
        version=1,
        description="Shapley values of segments, from random orders in which they replace the baseline.",
        reference=(
            "Castro, Gómez, Tejada. Polynomial calculation of the Shapley value based on sampling. Computers & "
            "Operations Research 36, 2009; Štrumbelj, Kononenko. An Efficient Explanation of Individual "
            "Classifications using Game Theory. JMLR 11, 2010"
        ),
        factory=f"{_FOLDER}.shapley_sampling:shapley_sampling",
        parameters={**_TENTHS, "permutations": 10},
        check=f"{_CHECKS}:check_permutations",
        tags=("perturbation", "baseline", "sampling"),
        is_complete=True,
        assumptions=_SEGMENTS,
        makes=_COALITION,
        passes="two forward, and permutations for each of time_segments × feature_segments but one",
        cost=f"{_COSTS}:one_a_place",
    ),
    MethodSpec(
        name="kernel-shap",
        version=2,
        description="Shapley values of segments, as the least-squares fit of a linear game to sampled coalitions.",
        reference="Lundberg, Lee. A Unified Approach to Interpreting Model Predictions. NeurIPS 2017. arXiv:1705.07874",
        factory=f"{_FOLDER}.kernel_shap:kernel_shap",
        parameters={**_TENTHS, "coalitions": 1000},
        check=f"{_CHECKS}:check_coalitions",
        tags=("perturbation", "baseline", "sampling"),
        is_complete=True,
        assumptions=_SEGMENTS,
        makes=_COALITION,
        passes="two forward, and one for each of coalitions, fewer if there are no more of them",
        cost=f"{_COSTS}:one_a_coalition",
    ),
    MethodSpec(
        name="lime",
        version=2,
        description="Weights of a ridge regression of the output on which segments are present, near the full series.",
        reference=(
            "Ribeiro, Singh, Guestrin. Why Should I Trust You?: Explaining the Predictions of Any Classifier. "
            "KDD 2016. arXiv:1602.04938"
        ),
        factory=f"{_FOLDER}.lime:lime",
        parameters={**_TENTHS, "perturbations": 1000, "kernel_width": 0.25, "penalty": 1.0},
        check=f"{_CHECKS}:check_lime",
        tags=("perturbation", "baseline", "sampling"),
        assumptions=f"{_SEGMENTS[:-1]}; the output is close to linear in what is present.",
        makes=_COALITION,
        passes="one forward for each of perturbations",
        cost=f"{_COSTS}:one_a_perturbation",
    ),
)
