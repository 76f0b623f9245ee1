"""The settings of training; apart from the training itself, so that planning a suite imports no torch."""

from dataclasses import dataclass

from ...errors import ParameterError

MOST = 1_000_000  # samples of a batch, epochs


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How networks are trained: Adam on cross-entropy.

    Training ends when every training sample is classified rightly in evaluation mode, when the training loss has
    not fallen by `tolerance` (relative) for `patience` epochs, or after `epochs`. The weights kept are those of the
    epoch with the highest validation accuracy, the lowest validation loss among equals.

    Raises:
        ParameterError: a setting out of its range.
    """

    learning_rate: float = 1e-3
    batch: int = 50
    epochs: int = 400
    patience: int = 50
    tolerance: float = 1e-3

    def __post_init__(self) -> None:
        if not (self.learning_rate > 0 and self.tolerance >= 0):
            raise ParameterError(
                f"training needs learning_rate > 0 and tolerance >= 0, got {self.learning_rate} and {self.tolerance}"
            )
        for name in ("batch", "epochs", "patience"):
            if getattr(self, name) < 1:
                raise ParameterError(f"training needs {name} >= 1, got {getattr(self, name)}")
            if getattr(self, name) > MOST:
                raise ParameterError(f"training needs {name} <= {MOST}, got {getattr(self, name)}")
