"""Dynamask as the paper writes it: one entry at a time."""

import torch


def slow_fade(series, mask, towards):
    """One entry at a time."""
    faded = series.clone()
    for t in range(series.shape[0]):
        for i in range(series.shape[1]):
            faded[t, i] = mask[t, i] * series[t, i] + (1 - mask[t, i]) * towards(t, i)
    return faded


def slow_blur(series, mask, width):
    blurred = series.clone()
    for t in range(series.shape[0]):
        for i in range(series.shape[1]):
            sigma = width * (1 + 1e-7 - mask[t, i])
            weights = [torch.exp(-((s - t) ** 2) / (2 * sigma**2)) for s in range(series.shape[0])]
            blurred[t, i] = sum(w * x for w, x in zip(weights, series[:, i], strict=True)) / sum(weights)
    return blurred


def slow_perturbed(series, mask, baseline, perturbation, window):
    def mean(t, i):
        steps = [s for s in range(series.shape[0]) if not window or abs(s - t) <= window]
        return sum(series[s, i] for s in steps) / len(steps)

    if perturbation == "gaussian-blur":
        return slow_blur(series, mask, 2.0)
    return slow_fade(series, mask, mean if perturbation == "fade-to-moving-average" else lambda t, i: baseline[t, i])


def slow_size_slope(mask, kept, t, i):
    """2 (m - r): r is how much of the kept places is left for those of the entry's value, shared evenly."""
    entries, own = mask.flatten().tolist(), mask[t, i].item()
    larger, equal = sum(m > own for m in entries), sum(m == own for m in entries)
    return 2 * (own - min(max((kept - larger) / equal, 0), 1))


def slow_jump_slope(mask, t, i):
    time = len(mask)
    before = torch.sign(mask[t, i] - mask[t - 1, i]) if t > 0 else 0
    after = torch.sign(mask[t + 1, i] - mask[t, i]) if t < time - 1 else 0
    return before - after


def slow_dynamask(model, series, label, baseline, *, kept, epochs, perturbation, window, deletion, **rates):
    """Algorithm of the paper for one series, (time, features), entry by entry, with momentum .9."""
    mask, velocity = torch.full_like(series, 0.5), torch.zeros_like(series)
    original = model(series[None])[0, label]
    for epoch in range(epochs):
        weight = rates["size_weight"] * rates["size_growth"] ** (epoch / epochs)
        tracked = mask.clone().requires_grad_()
        points = slow_perturbed(series, 1 - tracked if deletion else tracked, baseline, perturbation, window)
        error = (model(points[None])[0, label] - original) ** 2
        slopes = torch.autograd.grad(-error if deletion else error, tracked)[0]
        before = mask.clone()
        for t in range(series.shape[0]):
            for i in range(series.shape[1]):
                jump = rates["time_weight"] * slow_jump_slope(before, t, i)
                size = weight * slow_size_slope(before, kept, t, i)
                velocity[t, i] = 0.9 * velocity[t, i] + slopes[t, i] + size + jump
                mask[t, i] = min(max(mask[t, i] - rates["learning_rate"] * velocity[t, i], 0.0), 1.0)
    return mask
