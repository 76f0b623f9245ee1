"""Which values the parameters of the attribution methods can have, a function a method; imports no torch.

The methods call them, and their entries name them, so that a suite is refused before anything trains.
"""

import math

from ....errors import ParameterError
from .parameters import check_count, check_least

AGAINST = ("baseline", "mean", "sampled")  # what a method compares with
PERTURBATIONS = ("fade-to-moving-average", "gaussian-blur", "fade-to-baseline")


def check_path(*, steps: int, against: str, baseline_samples: int) -> None:
    """Raise unless integrated gradients can follow a path.

    Raises:
        ParameterError: an impossible value.
    """
    check_count("steps", steps)
    check_against(against)
    check_count("baseline_samples", baseline_samples)


def check_noise(*, noise_samples: int, noise_level: float) -> None:
    """Raise unless SmoothGrad and its kin can draw their noise.

    Raises:
        ParameterError: an impossible value.
    """
    check_count("noise_samples", noise_samples)
    check_finite("noise_level", noise_level)


def check_noisy_path(*, steps: int, against: str, noise_samples: int, noise_level: float) -> None:
    """Raise unless integrated gradients can follow paths to noisy copies.

    Raises:
        ParameterError: an impossible value.
    """
    check_count("steps", steps)
    check_against(against)
    check_noise(noise_samples=noise_samples, noise_level=noise_level)


def check_sampled_path(*, path_samples: int, noise_level: float) -> None:
    """Raise unless gradient SHAP can draw its points.

    Raises:
        ParameterError: an impossible value.
    """
    check_count("path_samples", path_samples)
    check_finite("noise_level", noise_level)


def check_baselines(*, baseline_samples: int) -> None:
    """Raise unless DeepLIFT SHAP can draw its baselines.

    Raises:
        ParameterError: an impossible value.
    """
    check_count("baseline_samples", baseline_samples)


def check_epsilon(*, epsilon: float) -> None:
    """Raise unless LRP can add so much to what it divides by.

    Raises:
        ParameterError: an impossible value.
    """
    if not 0 <= epsilon < math.inf:
        raise ParameterError(f"epsilon must be a finite number of at least 0, got {epsilon}")


def check_segments(*, time_segments: int, feature_segments: int) -> None:
    """Raise unless series can be cut into so many segments.

    Raises:
        ParameterError: an impossible value.
    """
    check_count("time_segments", time_segments)
    check_count("feature_segments", feature_segments)


def check_windows(*, time_window: int, feature_window: int, time_stride: int, feature_stride: int) -> None:
    """Raise unless windows can slide over series that are long enough; 0 stands for a share.

    Raises:
        ParameterError: a negative number, or a stride longer than its window.
    """
    for axis, window, stride in (("time", time_window, time_stride), ("feature", feature_window, feature_stride)):
        check_least(f"{axis}_window", window, 0)
        check_least(f"{axis}_stride", stride, 0)
        if window and stride > window:
            raise ParameterError(
                f"{axis}_stride must lie in 1 … {window}, the window, so that no entry is left out, or be 0 for half "
                f"of it, got {stride}"
            )


def check_permuted_segments(*, draws: int, **segments: int) -> None:
    """Raise unless segments can be permuted so often.

    Raises:
        ParameterError: an impossible value.
    """
    check_segments(**segments)
    check_count("draws", draws)


def check_permutations(*, permutations: int, **segments: int) -> None:
    """Raise unless Shapley values can be estimated from so many permutations.

    Raises:
        ParameterError: an impossible value.
    """
    check_segments(**segments)
    check_count("permutations", permutations)


def check_coalitions(*, coalitions: int, **segments: int) -> None:
    """Raise unless Kernel SHAP can fit so many coalitions.

    Raises:
        ParameterError: an impossible value.
    """
    check_segments(**segments)
    check_count("coalitions", coalitions, 2)


def check_lime(*, perturbations: int, kernel_width: float, penalty: float, **segments: int) -> None:
    """Raise unless LIME can fit so many perturbations.

    Raises:
        ParameterError: an impossible value.
    """
    check_segments(**segments)
    check_count("perturbations", perturbations)
    check_positive("kernel_width", kernel_width)
    check_positive("penalty", penalty)


def check_descent(
    *,
    epochs: int,
    size_weight: float,
    size_growth: float,
    time_weight: float,
    learning_rate: float,
    momentum: float,
) -> None:
    """Raise unless Dynamask's masks can descend.

    Raises:
        ParameterError: an impossible value.
    """
    check_count("epochs", epochs)
    check_finite("size_weight", size_weight)
    check_positive("size_growth", size_growth)
    check_finite("time_weight", time_weight)
    check_positive("learning_rate", learning_rate)
    if not 0 <= momentum < 1:
        raise ParameterError(f"momentum must be at least 0 and below 1, got {momentum}")


def check_dynamask(
    *, perturbation: str, area: float, masks: int, window: int, blur_width: float, deletion: bool, **descent: float
) -> None:
    """Raise unless Dynamask can fit such masks.

    Raises:
        ParameterError: an impossible value.
    """
    del deletion  # may be either
    check_areas(area, masks)
    check_descent(**descent)  # type: ignore[arg-type]
    check_perturbation(perturbation, window, blur_width)


def check_areas(area: float, masks: int) -> None:
    """Raise unless masks can keep so much of a series, in so many steps.

    Raises:
        ParameterError: an impossible value.
    """
    if not 0 <= area <= 1:
        raise ParameterError(f"area must be a share of the entries in 0 … 1, got {area}")
    check_count("masks", masks)


def check_perturbation(name: str, window: int, blur_width: float) -> None:
    """Raise unless a name stands for a perturbation, and it can be so wide.

    Raises:
        ParameterError: an impossible value.
    """
    if name not in PERTURBATIONS:
        raise ParameterError(f"perturbation must be {', '.join(PERTURBATIONS)}, got '{name}'")
    check_positive("blur_width", blur_width)
    check_window(window)


def check_window(window: int) -> None:
    """Raise unless a moving average can reach over so many steps on either side.

    Raises:
        ParameterError: a negative number.
    """
    if window < 0:
        raise ParameterError(f"window must be at least 0 time steps, got {window}")


def check_extremal_mask(
    *, epochs: int, learning_rate: float, mask_weight: float, perturbation_weight: float, hidden: int
) -> None:
    """Raise unless ExtremalMask can learn so.

    Raises:
        ParameterError: an impossible value.
    """
    check_count("epochs", epochs)
    check_count("hidden", hidden)
    check_finite("mask_weight", mask_weight)
    check_finite("perturbation_weight", perturbation_weight)
    check_positive("learning_rate", learning_rate)


def check_fit(*, noise_samples: int, epochs: int, generator_seed: int) -> None:
    """Raise unless FIT can train its generator, and draw from it.

    Raises:
        ParameterError: an impossible value.
    """
    check_count("noise_samples", noise_samples)
    check_count("epochs", epochs)
    check_least("generator_seed", generator_seed, 0)


def check_threshold(threshold: float) -> None:
    """Raise unless a threshold is a quantile.

    Raises:
        ParameterError: it is none.
    """
    if not 0 <= threshold <= 1:
        raise ParameterError(f"threshold must be a quantile in [0, 1], got {threshold}")


def check_against(against: str) -> None:
    """Raise unless against names a kind of absence.

    Raises:
        ParameterError: another name.
    """
    if against not in AGAINST:
        raise ParameterError(f"against must be one of {', '.join(AGAINST)}, got '{against}'")


def check_finite(name: str, value: float) -> None:
    """Raise unless a value is at least 0 and finite.

    Raises:
        ParameterError: another value, with the parameter's name.
    """
    check_least(name, value, 0)
    if value == math.inf:
        raise ParameterError(f"{name} must be at least 0, got {value}; give a finite number")


def check_positive(name: str, value: float) -> None:
    """Raise unless a value is above 0 and finite.

    Raises:
        ParameterError: another value, with the parameter's name.
    """
    if not 0 < value < math.inf:
        raise ParameterError(f"{name} must be above 0, got {value}")
