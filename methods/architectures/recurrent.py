"""LSTM and Bi-LSTM that classify from the last time step."""

from typing import Any

import torch
from torch import Tensor, nn

from .checks import check_series
from .dropout import SeriesDropout
from .parameter_checks import check_dropout, check_sizes


class LastStepClassifier(nn.Module):
    """One recurrent layer and a linear classifier of its output at the last time step.

    Dropout acts on the input and on the classified output.
    """

    def __init__(self, features: int, classes: int, hidden: int, dropout: float, bidirectional: bool) -> None:
        super().__init__()
        check_sizes(features=features, classes=classes, hidden=hidden)
        check_dropout(dropout)
        self.features = features
        self.input_dropout = SeriesDropout(dropout)
        self.recurrent = nn.LSTM(features, hidden, batch_first=True)
        # the backward direction begins at the last time step: its output there has read no other
        self.reverse = nn.LSTMCell(features, hidden) if bidirectional else None
        self.output_dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(hidden * (1 + bidirectional), classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (batch, classes) of a series (batch, time, features).

        Raises:
            ShapeError: the input has another shape.
        """
        check_series(inputs, self.features)
        series = self.input_dropout(inputs)
        output = self.recurrent(series)[0][:, -1]
        if self.reverse is not None:
            output = torch.cat([output, self.reverse(series[:, -1])[0]], dim=1)
        logits: Tensor = self.classifier(self.output_dropout(output))
        return logits

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        # version 1 of bi-lstm had both directions in one nn.LSTM
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            if (stored := f"{prefix}recurrent.{name}_l0_reverse") in state_dict:
                state_dict[f"{prefix}reverse.{name}"] = state_dict.pop(stored)
        super()._load_from_state_dict(state_dict, prefix, *rest)


def lstm(*, features: int, classes: int, hidden: int = 5, dropout: float = 0.1) -> LastStepClassifier:
    """Return an LSTM (Hochreiter and Schmidhuber 1997), (batch, time, features) to logits (batch, classes).

    Raises:
        ParameterError: a size below 1, or dropout outside [0, 1).
    """
    return LastStepClassifier(features, classes, hidden, dropout, bidirectional=False)


def bi_lstm(*, features: int, classes: int, hidden: int = 5, dropout: float = 0.1) -> LastStepClassifier:
    """Return a bidirectional LSTM, (batch, time, features) to logits (batch, classes).

    It classifies from both directions' output at the last time step, where the backward direction has read one
    step only. That is what the published numbers imply: an accuracy at chance and no saliency on early boxes.

    Raises:
        ParameterError: a size below 1, or dropout outside [0, 1).
    """
    return LastStepClassifier(features, classes, hidden, dropout, bidirectional=True)
