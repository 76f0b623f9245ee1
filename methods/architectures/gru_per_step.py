"""A GRU that classifies every time step of a series from the steps up to it."""

from torch import Tensor, nn

from .checks import check_series
from .parameter_checks import check_dropout, check_sizes


class StepClassifier(nn.Module):
    """One GRU layer and, at each of its outputs, normalisation over batch and time, ReLU, dropout, a linear layer."""

    def __init__(self, features: int, classes: int, hidden: int, dropout: float) -> None:
        super().__init__()
        check_sizes(features=features, classes=classes, hidden=hidden)
        check_dropout(dropout)
        self.features = features
        self.recurrent = nn.GRU(features, hidden, batch_first=True)
        self.norm = nn.BatchNorm1d(hidden)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(hidden, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (batch, time, classes) of a series (batch, time, features).

        Raises:
            ShapeError: the input has another shape.
        """
        check_series(inputs, self.features)
        states = self.recurrent(inputs)[0]
        normal = self.norm(states.flatten(0, 1)).relu()
        logits: Tensor = self.classifier(self.dropout(normal)).unflatten(0, states.shape[:2])
        return logits


def gru_per_step(*, features: int, classes: int, hidden: int = 50, dropout: float = 0.5) -> StepClassifier:
    """Return a GRU (Cho et al. 2014), (batch, time, features) to logits at every step (batch, time, classes).

    The sources have 200 hidden units.

    Raises:
        ParameterError: a size below 1, or dropout outside [0, 1).

    Source: Tonekaboni et al. (FIT), NeurIPS 2020; Crabbé, van der Schaar, Dynamask, ICML 2021; Enguehard,
    time_interpret, 2023: the classifier of State.
    """
    return StepClassifier(features, classes, hidden, dropout)
