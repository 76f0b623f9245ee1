"""LSTM and Bi-LSTM that classify from the last time step."""

from torch import Tensor, nn

from .checks import check_dropout, check_series, check_sizes
from .dropout import SeriesDropout


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
        self.recurrent = nn.LSTM(features, hidden, batch_first=True, bidirectional=bidirectional)
        self.output_dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(hidden * (1 + bidirectional), classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (batch, classes) of a series (batch, time, features).

        Raises:
            ShapeError: the input has another shape.
        """
        check_series(inputs, self.features)
        output, _ = self.recurrent(self.input_dropout(inputs))
        logits: Tensor = self.classifier(self.output_dropout(output[:, -1]))
        return logits


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
