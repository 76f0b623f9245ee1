"""The settings of training; apart from the training itself, so that planning a suite imports no torch."""

from dataclasses import dataclass

from ...errors import ParameterError
from ...kinds import require_instances, require_numbers, require_whole

MOST = 1_000_000  # samples of a batch, epochs

# raised with every change of what training makes of a recipe; part of a network's key
TRAINING_VERSION = 2


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How networks are trained: Adam on cross-entropy.

    The weights kept are those of the epoch with the highest validation accuracy, the lowest validation loss among
    equals. Training ends when every training sample is classified rightly in evaluation mode; when for `patience`
    epochs none was better to keep, nor has the mean loss of an epoch's batches fallen by `tolerance` (relative); or
    after `epochs`. No rule looks at validation alone: an LSTM may memorise for 170 epochs before it learns.

    Raises:
        ParameterError: a setting out of its range.
    """

    learning_rate: float = 1e-3
    batch: int = 50
    epochs: int = 400
    patience: int = 50
    tolerance: float = 1e-3

    def __post_init__(self) -> None:
        require_numbers(learning_rate=self.learning_rate, tolerance=self.tolerance)
        require_whole(batch=self.batch, epochs=self.epochs, patience=self.patience)
        if not (self.learning_rate > 0 and self.tolerance >= 0):
            raise ParameterError(
                f"training needs learning_rate > 0 and tolerance >= 0, got {self.learning_rate} and {self.tolerance}"
            )
        for name in ("batch", "epochs", "patience"):
            if getattr(self, name) < 1:
                raise ParameterError(f"training needs {name} >= 1, got {getattr(self, name)}")
            if getattr(self, name) > MOST:
                raise ParameterError(f"training needs {name} <= {MOST}, got {getattr(self, name)}")


def recipe_of(training: Recipe | None) -> Recipe:
    """Return the recipe that is given, or the default one.

    Raises:
        ParameterError: something else.
    """
    chosen = Recipe() if training is None else training
    require_instances(Recipe, training=chosen)
    return chosen
