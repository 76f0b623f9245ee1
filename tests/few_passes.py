"""Parameters with which every method makes few passes, by its name."""

NOISY = {"noise_samples": 3}
SEGMENTS = {"time_segments": 4, "feature_segments": 2}
FEWER = {
    "integrated-gradients": {"steps": 20},
    "smoothgrad": NOISY,
    "smoothgrad-squared": NOISY,
    "vargrad": NOISY,
    "integrated-gradients-smoothgrad": {"steps": 4, **NOISY},
    "gradient-shap": {"path_samples": 4, "noise_level": 0.1},
    "deeplift-shap": {"baseline_samples": 2},
    "feature-ablation": SEGMENTS,
    "occlusion": {"time_window": 3, "feature_window": 2},
    "feature-permutation": {**SEGMENTS, "draws": 2},
    "shapley-sampling": {**SEGMENTS, "permutations": 5},
    "kernel-shap": {**SEGMENTS, "coalitions": 30},
    "lime": {**SEGMENTS, "perturbations": 32},
    "dynamask": {"epochs": 3},
    "extremal-mask": {"epochs": 2},
    "fit": {"noise_samples": 1, "epochs": 1},
    "tsr-integrated-gradients": {"steps": 2},
}
