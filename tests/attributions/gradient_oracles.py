"""Derivatives the slow way, and the settings under which a method is run twice."""

import functools

import numpy as np
import torch

from saltbench.methods.attributions.explain import attribute, sample_seeds
from saltbench.methods.attributions.passes.noise import add_noise

TIGHT = 2_000_000  # bytes: several small passes in place of one, of 16 rows at least


def slow_gradient(model, inputs, target):
    """Central differences, one entry at a time."""
    gradient = torch.zeros_like(inputs)
    for entry in np.ndindex(*inputs.shape):
        step = torch.zeros_like(inputs)
        step[entry] = 1e-6
        with torch.no_grad():
            change = model(inputs + step) - model(inputs - step)
        gradient[entry] = change[entry[0], target[entry[0]]] / 2e-6
    return gradient


def autograd_gradient(model, inputs, target):
    inputs = inputs.clone().requires_grad_()
    return torch.autograd.grad(model(inputs).gather(1, target[:, None]).sum(), inputs)[0]


def one_draw(write, draw, samples, like):
    """The rows (samples, time, features) that are written for one draw, of the type of (any, time, features)."""
    rows = torch.empty_like(like[:1]).repeat(samples.stop - (samples.start or 0), 1, 1)[:, None]
    write(samples, slice(draw, draw + 1), rows)
    return rows.squeeze(1)


def noisy_draw(inputs, level, seeds, draw):
    """The noisy copies (samples, time, features) of one draw."""
    return one_draw(add_noise(inputs, level, seeds), draw, slice(len(inputs)), inputs)


def explain(method, model, inputs, target, parameters=None, *, seed=3, **arguments):
    """The method's map with some parameters set and seeds drawn from one seed."""
    bound = functools.partial(method, **(parameters or {}))
    seeds = arguments.pop("seeds", sample_seeds(seed, len(inputs)))
    return attribute(bound, model, inputs, target, seeds=seeds, **arguments)
