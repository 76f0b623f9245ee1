"""Networks whose parameters are randomised, and the layers that each should be found to have."""

import pytest
import torch
from torch import nn

from saltbench.benchmark.execution.network_checks.randomisation import layers
from saltbench.methods.architectures.attention import lstm_self_attention
from saltbench.methods.architectures.input_cell import input_cell_lstm
from saltbench.methods.seeding import seeded

FEATURES = 4


def series(batch=6):
    return torch.randn(batch, 7, FEATURES, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


class Network(nn.Module):
    """A body on (batch, time, features), and a classifier of its last step."""

    def __init__(self, body, width):
        super().__init__()
        self.classifier = nn.Linear(width, 3)  # registered before what it reads
        self.body = body

    def forward(self, inputs):
        hidden = self.body(inputs)
        return self.classifier((hidden[0] if isinstance(hidden, tuple) else hidden)[:, -1])


class Cell(nn.Module):
    """A recurrent cell with parameters of its own, as third parties write them."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Parameter(torch.randn(5, 5) / 2)
        self.outer = nn.Parameter(torch.randn(FEATURES, 5))
        self.gains = nn.ParameterList([nn.Parameter(torch.ones(5)), nn.Parameter(torch.full((1,), 0.5))])

    def forward(self, inputs):
        hidden = inputs.new_zeros(len(inputs), 5)
        steps = []
        for step in inputs.unbind(1):
            hidden = torch.tanh(step @ self.outer + hidden @ self.inner) * self.gains[0] + self.gains[1]
            steps.append(hidden)
        return torch.stack(steps, 1)


class Convolution(nn.Module):
    """A convolution with batch normalisation, whose buffers are learned statistics."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv1d(FEATURES, 5, 3, padding=1)
        self.norm = nn.BatchNorm1d(5)
        nn.init.uniform_(self.norm.bias)
        self.norm.running_mean.uniform_()

    def forward(self, inputs):
        return self.norm(self.convolution(inputs.transpose(1, 2))).relu().transpose(1, 2)


NETWORKS = {
    "deep-bi-gru": (
        lambda: Network(nn.GRU(FEATURES, 3, 2, batch_first=True, bidirectional=True), 6),
        ["classifier", "body.l1_reverse", "body.l1", "body.l0_reverse", "body.l0"],
    ),
    "projected-lstm": (
        lambda: Network(nn.LSTM(FEATURES, 5, proj_size=3, batch_first=True), 3),
        ["classifier", "body.l0"],
    ),
    "cell": (lambda: Network(Cell(), 5), ["classifier", "body.gains", "body"]),
    "convolution": (lambda: Network(Convolution(), 5), ["classifier", "body.norm", "body.convolution"]),
    "lstm-self-attention": (
        lambda: lstm_self_attention(features=FEATURES, classes=3),
        ["classifier", "scores.second", "scores.first", "recurrent.l0"],
    ),
    "input-cell-lstm": (
        lambda: input_cell_lstm(features=FEATURES, classes=3),
        ["classifier", "recurrent.l0", "project", "scores.second", "scores.first"],
    ),
}
EVERY = pytest.mark.parametrize("name", NETWORKS)


def build(name):
    with seeded(2):
        return NETWORKS[name][0]().double().eval()


def found(model):
    return layers(model, series())


def everything(model):
    return {name: value.clone() for name, value in model.state_dict().items()}
