"""LSTM whose classifier reads a structured self-attention over all time steps."""

import torch
from torch import Tensor, nn

from .checks import check_series
from .dropout import SeriesDropout
from .parameter_checks import check_dropout, check_sizes


class HopScores(nn.Module):
    """Scores W2 tanh(W1 x_t) of each time step, (batch, time, width) to (batch, time, hops), without biases.

    Source: Lin et al. 2017, "A Structured Self-attentive Sentence Embedding", equation 6.
    """

    def __init__(self, width: int, attention_hidden: int, hops: int) -> None:
        super().__init__()
        check_sizes(attention_hidden=attention_hidden, hops=hops)
        self.first = nn.Linear(width, attention_hidden, bias=False)
        self.second = nn.Linear(attention_hidden, hops, bias=False)

    def forward(self, series: Tensor) -> Tensor:
        """Return the scores (batch, time, hops)."""
        scores: Tensor = self.second(torch.tanh(self.first(series)))
        return scores


class SelfAttentionClassifier(nn.Module):
    """One LSTM layer and a linear classifier of A·H, A = softmax over time of W2 tanh(W1 Hᵀ), (hops, time)."""

    def __init__(
        self, features: int, classes: int, hidden: int, dropout: float, hops: int, attention_hidden: int
    ) -> None:
        super().__init__()
        check_sizes(features=features, classes=classes, hidden=hidden)
        check_dropout(dropout)
        self.features = features
        self.input_dropout = SeriesDropout(dropout)
        self.recurrent = nn.LSTM(features, hidden, batch_first=True)
        self.output_dropout = nn.Dropout(dropout)
        self.scores = HopScores(hidden, attention_hidden, hops)
        self.classifier = nn.Linear(hops * hidden, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (batch, classes) of a series (batch, time, features).

        Raises:
            ShapeError: the input has another shape.
        """
        output, attention = self._attend(inputs)
        logits: Tensor = self.classifier((attention.transpose(1, 2) @ output).flatten(1))
        return logits

    def attention(self, inputs: Tensor) -> Tensor:
        """Return the mean over hops of A, (batch, time), of which each row sums to 1.

        Raises:
            ShapeError: the input is no series (batch, time, features).
        """
        return self._attend(inputs)[1].mean(dim=2)

    def _attend(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return H (batch, time, hidden) and A (batch, time, hops)."""
        check_series(inputs, self.features)
        output, _ = self.recurrent(self.input_dropout(inputs))
        output = self.output_dropout(output)
        return output, torch.softmax(self.scores(output), dim=1)


def lstm_self_attention(
    *,
    features: int,
    classes: int,
    hidden: int = 5,
    dropout: float = 0.1,
    hops: int = 20,
    attention_hidden: int = 50,
) -> SelfAttentionClassifier:
    """Return an LSTM with structured self-attention, (batch, time, features) to logits (batch, classes).

    Source: Lin et al. 2017, "A Structured Self-attentive Sentence Embedding".

    Raises:
        ParameterError: a size below 1, or dropout outside [0, 1).
    """
    return SelfAttentionClassifier(features, classes, hidden, dropout, hops, attention_hidden)
