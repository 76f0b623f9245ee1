"""LSTM with input-cell attention: each gate reads an attention over the series so far instead of one step."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .attention import HopScores
from .checks import check_series
from .dropout import SeriesDropout
from .parameter_checks import check_input_cell, check_sizes
from .prefix_attention import prefix_attention, prefix_attention_per_hop

# the square of the smallest length that torch.nn.functional.normalize divides by
_TINY = 1e-24

Projection = Callable[[Tensor], Tensor]


def _mean(scores: Tensor, series: Tensor, project: Projection) -> Tensor:
    # W (A X) = A (W X): the attention has 4·hidden columns to carry instead of all features
    return prefix_attention(scores, project(series))


def _flatten(scores: Tensor, series: Tensor, project: Projection) -> Tensor:
    return project(prefix_attention_per_hop(scores, series).flatten(2))


def _flatten_l2(scores: Tensor, series: Tensor, project: Projection) -> Tensor:
    return project(unit_length(prefix_attention_per_hop(scores, series).flatten(2)))


def unit_length(rows: Tensor) -> Tensor:
    """Return rows / sqrt(|rows|² + 1e-24) over the last axis of (batch, time, width); zero stays zero.

    It differs from rows / max(|rows|, 1e-12) by less than 1e-10 where |rows| > 1e-7, and is made of operations
    that difference rules know.
    """
    return rows / (rows.square().sum(dim=2, keepdim=True) + _TINY).sqrt()


# by the names of `parameter_checks.VARIANTS`
_VARIANTS: dict[str, Callable[[Tensor, Tensor, Projection], Tensor]] = {
    "mean": _mean,
    "flatten": _flatten,
    "flatten-l2": _flatten_l2,
}


def _recurrence_of_gates(hidden: int) -> nn.LSTM:
    """Return an LSTM whose input is what the gates read from outside: its input weights are a frozen identity."""
    recurrent = nn.LSTM(4 * hidden, hidden, batch_first=True)
    recurrent.weight_ih_l0 = nn.Parameter(torch.eye(4 * hidden), requires_grad=False)
    return recurrent


class InputCellClassifier(nn.Module):
    """An LSTM whose gates read W M_t, M_t = A_t X_t, in place of W x_t, and a linear classifier of the last step.

    Raises:
        UnknownNameError: a variant that there is not.
        ParameterError: a size below 1, or dropout outside [0, 1).
    """

    def __init__(
        self,
        features: int,
        classes: int,
        hidden: int,
        dropout: float,
        hops: int,
        attention_hidden: int,
        variant: str,
    ) -> None:
        super().__init__()
        check_sizes(features=features, classes=classes)
        check_input_cell(variant=variant, dropout=dropout, hidden=hidden, hops=hops, attention_hidden=attention_hidden)
        self.features = features
        self.attend = _VARIANTS[variant]
        self.input_dropout = SeriesDropout(dropout)
        self.scores = HopScores(features, attention_hidden, hops)
        self.project = nn.Linear(features if variant == "mean" else hops * features, 4 * hidden, bias=False)
        nn.init.uniform_(self.project.weight, -(hidden**-0.5), hidden**-0.5)  # as nn.LSTM draws its input weights
        self.recurrent = _recurrence_of_gates(hidden)
        self.output_dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(hidden, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (batch, classes) of a series (batch, time, features).

        Raises:
            ShapeError: the input has another shape.
        """
        check_series(inputs, self.features)
        series = self.input_dropout(inputs)
        output, _ = self.recurrent(self.attend(self.scores(series), series, self.project))
        logits: Tensor = self.classifier(self.output_dropout(output[:, -1]))
        return logits

    def attention(self, inputs: Tensor) -> Tensor:
        """Return the mean over hops of A_T, the attention of the last step, (batch, time); each row sums to 1.

        A_t of every earlier step is the same numbers cut off after t and scaled to sum to 1, so that A_T says all
        there is; the mean over all steps would favour early time steps, which more prefixes hold.

        Raises:
            ShapeError: the input is no series (batch, time, features).
        """
        check_series(inputs, self.features)
        return torch.softmax(self.scores(self.input_dropout(inputs)), dim=1).mean(dim=2)


def input_cell_lstm(
    *,
    features: int,
    classes: int,
    hidden: int = 5,
    dropout: float = 0.1,
    hops: int = 20,
    attention_hidden: int = 50,
    variant: str = "mean",
) -> InputCellClassifier:
    """Return an LSTM with input-cell attention, (batch, time, features) to logits (batch, classes).

    With X_t = [x_1 … x_t], A_t = softmax over time of W2 tanh(W1 X_tᵀ), (hops, t), and M_t = A_t X_t,
    (hops, features), every gate reads M_t in place of x_t: the `mean` of its rows (the source's final code),
    its `flatten`ed rows (the source's equations), or `flatten-l2`, these divided by their Euclidean length at
    each time step (the code that trained the published weights).

    Source: Ismail et al. 2019, "Input-Cell Attention Reduces Vanishing Saliency of Recurrent Neural Networks".

    Raises:
        ParameterError: a size below 1, or dropout outside [0, 1).
        UnknownNameError: a variant other than the three.
    """
    return InputCellClassifier(features, classes, hidden, dropout, hops, attention_hidden, variant)
