"""Relevance of each time step to a network's output, beside what its LSTM's Jacobians predict."""

import copy
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ....errors import ParameterError
from .jacobian_products import log10_chain_rule, log10_diagonal_gains, log10_mean, log10_product_gains
from .jacobians import Trajectory, source_approximation, source_jacobian, state_jacobian, trace

SMALLEST = float(np.finfo(np.float64).tiny / np.finfo(np.float64).eps)  # below it parts of a norm lose digits
SMALLEST_FLOAT32 = float(np.finfo(np.float32).smallest_subnormal)  # half of it and less is zero in float32


@dataclass(frozen=True)
class Gradients:
    """One float64 pass through a network.

    Attributes:
        inputs: ∂S/∂x, (batch, time, features).
        read: what the network's LSTM read, (batch, time, its features).
        states: ∂S/∂h_t where h_t is what the network makes of it after the LSTM, (batch, time, hidden · directions).
    """

    inputs: Tensor
    read: Tensor
    states: Tensor


def relevance_profile(model: nn.Module, inputs: Tensor, labels: Tensor) -> pd.DataFrame:
    """Return relevance by distance to the last step, in float64: one row a distance, ascending from 0.

    Columns: distance; relevance, the mean over samples of R_T(x_t) = ‖∂S/∂x_t‖₂, S the logit of the label (NaN where
    float64 does not hold all its digits); underflow, the share of samples of which that is true; underflow_float32,
    that of samples whose relevance is zero in float32;
    log10_chain_rule, log10 of the same mean by the closed form, for networks that read the LSTM's last state alone;
    and, as log10 of mean gains (‖·‖_F / √n) of products over the steps in between: log10_state_product of the exact
    Jacobians of the state (h, c), log10_source_product of the source's closed form, log10_source_approximation of
    o ⊙ (1 − tanh² c) f, and log10_forget_gates of f.

    Args:
        model: holds exactly one nn.LSTM; of a bidirectional one the products take the forward direction.
        inputs: (batch, time, features).
        labels: (batch,).

    Raises:
        ParameterError: no nn.LSTM in the model, or several.
    """
    double = copy.deepcopy(model).cpu().double().eval().requires_grad_(False)
    lstm = only_lstm(double)
    gradients = _differentiate(double, lstm, inputs.cpu().double(), labels.cpu())
    steps = trace(lstm, gradients.read)
    per_sample = euclidean(gradients.inputs)
    columns = {
        "distance": np.arange(inputs.shape[1])[::-1],
        **_measured(per_sample),
        "log10_chain_rule": _predicted(double, steps, gradients),
        "log10_state_product": log10_mean(log10_product_gains(state_jacobian(steps))),
        "log10_source_product": log10_mean(log10_product_gains(source_jacobian(steps))),
        "log10_source_approximation": log10_mean(log10_diagonal_gains(source_approximation(steps))),
        "log10_forget_gates": log10_mean(log10_diagonal_gains(steps.forget_gate)),
    }
    return pd.DataFrame({name: values[::-1] for name, values in columns.items()})


def only_lstm(model: nn.Module) -> nn.LSTM:
    """Return the one nn.LSTM of a model.

    Raises:
        ParameterError: none, or several.
    """
    found = [module for module in model.modules() if isinstance(module, nn.LSTM)]
    if len(found) != 1:
        raise ParameterError(
            f"the products of Jacobians need a network with one nn.LSTM, {type(model).__name__} has {len(found)}; "
            "choose another architecture"
        )
    return found[0]


def euclidean(vectors: Tensor) -> Tensor:
    """Return the length of vectors (…, n), (…), though their squares may leave the range of float64."""
    largest = vectors.abs().amax(dim=-1, keepdim=True)
    # a quotient of two subnormal numbers is sound, the reciprocal of one is infinite
    scaled = torch.where(largest > 0, vectors / largest, 0.0)
    lengths: Tensor = torch.linalg.vector_norm(scaled, dim=-1)
    return lengths * largest[..., 0]


def _differentiate(model: nn.Module, lstm: nn.LSTM, inputs: Tensor, labels: Tensor) -> Gradients:
    seen: list[tuple[Tensor, Tensor]] = []
    handle = lstm.register_forward_hook(lambda _module, given, made: seen.append((given[0], made[0])))
    try:
        inputs = inputs.detach().requires_grad_()
        with torch.enable_grad():
            scores = model(inputs).gather(1, labels[:, None]).sum()
    finally:
        handle.remove()
    read, states = seen[-1]
    by_inputs, by_states = torch.autograd.grad(scores, (inputs, states))
    return Gradients(by_inputs, read.detach(), by_states)


def _measured(per_sample: Tensor) -> dict[str, NDArray[np.float64]]:
    mean = per_sample.mean(dim=0)
    return {
        "relevance": mean.where(mean >= SMALLEST, torch.nan).numpy(),
        "underflow": (per_sample < SMALLEST).double().mean(dim=0).numpy(),
        "underflow_float32": (per_sample <= SMALLEST_FLOAT32 / 2).double().mean(dim=0).numpy(),
    }


def _predicted(model: nn.Module, steps: Trajectory, gradients: Gradients) -> NDArray[np.float64]:
    """Return log10 of the mean relevance by the chain rule, NaN where it does not lead through the last state alone."""
    time = gradients.read.shape[1]
    attends = bool(gradients.states[:, :-1].any())
    transforms = gradients.inputs.shape != gradients.read.shape
    if attends or transforms:
        return np.full(time, np.nan)
    lstm = only_lstm(model)
    predicted = log10_mean(log10_chain_rule(steps, gradients.states[:, -1, : lstm.hidden_size]))
    if lstm.bidirectional or any(isinstance(module, nn.LSTMCell) for module in model.modules()):
        predicted[-1] = np.nan  # the backward direction reads the last step too
    return predicted
