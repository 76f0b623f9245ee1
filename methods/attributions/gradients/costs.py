"""What gradient methods cost: rows through the network for each sample, forward and backward."""

from ..spec import Cost


def one_gradient(_time: int, _features: int) -> Cost:
    """Return one row forward and backward."""
    return Cost(1, 1)


def path_gradients(_time: int, _features: int, *, steps: int, against: str, baseline_samples: int) -> Cost:
    """Return the nodes of all paths, one path unless baselines are sampled."""
    rows = steps * (baseline_samples if against == "sampled" else 1)
    return Cost(rows, rows)


def noisy_gradients(_time: int, _features: int, *, noise_samples: int, **_: object) -> Cost:
    """Return one row for each draw of the noise."""
    return Cost(noise_samples, noise_samples)


def noisy_path_gradients(_time: int, _features: int, *, steps: int, noise_samples: int, **_: object) -> Cost:
    """Return the nodes of one path for each draw of the noise."""
    return Cost(steps * noise_samples, steps * noise_samples)


def sampled_path_gradients(_time: int, _features: int, *, path_samples: int, **_: object) -> Cost:
    """Return one row for each draw of a baseline and a place on the path from it."""
    return Cost(path_samples, path_samples)
