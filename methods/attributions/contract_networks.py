"""Small recurrent, attention and convolutional networks on which the contract runs methods."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..operations import composite
from ..seeding import seeded

TIME, FEATURES, CLASSES = 6, 4, 3


class Recurrent(nn.Module):
    """Dropout, a recurrent layer, and a linear classifier of the last step or of structured self-attention."""

    def __init__(self, layer: nn.RNNBase, attention: bool = False, hops: int = 2) -> None:
        super().__init__()
        self.layer = layer
        self.dropout = nn.Dropout(0.3)
        width = layer.hidden_size * (1 + layer.bidirectional)
        self.keys = nn.Linear(width, 5, bias=False) if attention else None
        self.scores = nn.Linear(5, hops, bias=False) if attention else None
        self.classifier = nn.Linear(hops * width if attention else width, CLASSES)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (batch, classes)."""
        inputs = self.dropout(inputs)
        if self.layer.batch_first:
            hidden, _ = self.layer(inputs)
        else:
            hidden = self.layer(inputs.transpose(0, 1))[0].transpose(0, 1)
        summary = hidden[:, -1]
        if self.keys is not None and self.scores is not None:
            weights = torch.softmax(self.scores(torch.tanh(self.keys(hidden))), dim=1)
            summary = (weights.transpose(1, 2) @ hidden).flatten(1)
        logits: Tensor = self.classifier(summary)
        return logits


def prefix_mean(scores: Tensor, values: Tensor) -> Tensor:
    """Mean over hops of softmax-weighted prefixes, masked with -inf: (batch, time, features)."""
    time = scores.shape[1]
    later = torch.ones(time, time, dtype=torch.bool, device=scores.device).triu(1)
    rows = scores.transpose(1, 2).unsqueeze(2).expand(-1, -1, time, time)
    weights = torch.softmax(rows.masked_fill(later, -torch.inf), dim=-1)
    return (weights @ values.unsqueeze(1)).mean(1)


@composite(prefix_mean)
def fused_prefix_mean(scores: Tensor, values: Tensor) -> Tensor:
    """The same by cumulative sums, shifted by each sample's maximum: (batch, time, width)."""
    keys = torch.exp(scores - scores.amax(1, keepdim=True))
    rows = (keys.unsqueeze(3) * values.unsqueeze(2)).cumsum(1) / keys.cumsum(1).unsqueeze(3)
    return rows.mean(2)


class InputCell(nn.Module):
    """An LSTM that reads an attention over the series so far."""

    def __init__(self, attend: Callable[[Tensor, Tensor], Tensor] = fused_prefix_mean) -> None:
        super().__init__()
        self.attend = attend
        self.scores = nn.Sequential(nn.Linear(FEATURES, 5, False), nn.Tanh(), nn.Linear(5, 2, False))
        self.layer = nn.LSTM(FEATURES, 4, batch_first=True)
        self.classifier = nn.Linear(4, CLASSES)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (batch, classes)."""
        logits: Tensor = self.classifier(self.layer(self.attend(self.scores(inputs), inputs))[0][:, -1])
        return logits


class Convolution(nn.Module):
    """A causal convolution over time with batch normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ConstantPad1d((2, 0), 0.0), nn.Conv1d(FEATURES, 5, 3), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(0.2)
        )
        self.classifier = nn.Linear(5, CLASSES)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (batch, classes)."""
        logits: Tensor = self.classifier(self.body(inputs.transpose(1, 2)).mean(-1))
        return logits


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "lstm": lambda: Recurrent(nn.LSTM(FEATURES, 4, batch_first=True)),
    "lstm-time-first-no-bias": lambda: Recurrent(nn.LSTM(FEATURES, 4, bias=False)),
    "bi-lstm": lambda: Recurrent(nn.LSTM(FEATURES, 4, batch_first=True, bidirectional=True)),
    "deep-bi-lstm": lambda: Recurrent(nn.LSTM(FEATURES, 4, 2, batch_first=True, bidirectional=True, dropout=0.2)),
    "lstm-self-attention": lambda: Recurrent(nn.LSTM(FEATURES, 4, batch_first=True), attention=True),
    "gru": lambda: Recurrent(nn.GRU(FEATURES, 4, 2, batch_first=True, bidirectional=True)),
    "rnn-tanh": lambda: Recurrent(nn.RNN(FEATURES, 4, batch_first=True)),
    "rnn-relu": lambda: Recurrent(nn.RNN(FEATURES, 4, batch_first=True, nonlinearity="relu")),
    "input-cell": InputCell,
    "input-cell-elementary": lambda: InputCell(prefix_mean),
    "convolution": Convolution,
}

KINKED = frozenset({"rnn-relu", "convolution"})  # functions of the input whose gradient jumps


def network(name: str, seed: int = 0) -> nn.Module:
    """Return one of NETWORKS in float64, large enough weights to leave the linear regime, in evaluation mode."""
    with seeded(seed):
        model = NETWORKS[name]().double()
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.8)
    return model.eval()


def series(batch: int = 5, seed: int = 1) -> Tensor:
    """Return normal noise (batch, time, features) in float64."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, TIME, FEATURES, generator=generator, dtype=torch.float64)


def classes(batch: int = 5, seed: int = 2) -> Tensor:
    """Return one class a sample, int64 (batch,)."""
    return torch.randint(CLASSES, (batch,), generator=torch.Generator().manual_seed(seed))
