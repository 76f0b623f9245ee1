"""Input-cell attention step by step, as the poster of Ismail et al. 2019 writes it; slow on purpose."""

import torch
from torch import Tensor
from torch.nn import functional as F

from saltbench.methods.architectures.input_cell import InputCellClassifier


def attended(model: InputCellClassifier, prefix: Tensor, variant: str) -> Tensor:
    """Return what the gates read after the steps of prefix (batch, t, features)."""
    first, second = model.scores.first.weight, model.scores.second.weight
    attention = torch.softmax(second @ torch.tanh(first @ prefix.transpose(1, 2)), dim=2)
    matrix = attention @ prefix
    if variant == "mean":
        return matrix.mean(dim=1)
    rows = matrix.flatten(1)
    return F.normalize(rows, dim=1) if variant == "flatten-l2" else rows


def logits(model: InputCellClassifier, inputs: Tensor, variant: str) -> Tensor:
    """Return the logits (batch, classes) of inputs (batch, time, features), without dropout."""
    cell = model.recurrent
    w_mi, w_mf, w_mc, w_mo = model.project.weight.chunk(4)
    w_hi, w_hf, w_hc, w_ho = cell.weight_hh_l0.chunk(4)
    b_i, b_f, b_c, b_o = (cell.bias_ih_l0 + cell.bias_hh_l0).chunk(4)
    h = c = inputs.new_zeros(len(inputs), cell.hidden_size)
    for t in range(1, inputs.shape[1] + 1):
        m = attended(model, inputs[:, :t], variant)
        i = torch.sigmoid(m @ w_mi.T + h @ w_hi.T + b_i)
        f = torch.sigmoid(m @ w_mf.T + h @ w_hf.T + b_f)
        o = torch.sigmoid(m @ w_mo.T + h @ w_ho.T + b_o)
        proposal = torch.tanh(m @ w_mc.T + h @ w_hc.T + b_c)
        c = f * c + i * proposal
        h = o * torch.tanh(c)
    return h @ model.classifier.weight.T + model.classifier.bias
