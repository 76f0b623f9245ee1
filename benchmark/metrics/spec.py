"""The contract of a metric."""

from dataclasses import dataclass

from ...entry import Entry, Factory
from ...errors import ParameterError
from .needs import ARGUMENTS, check_needs

# columns that tables of scores have already
RESERVED = frozenset(
    [
        "task",
        "architecture",
        "method",
        "seed",
        "sample",
        "label",
        "target",
        "status",
        "reason",
        "seeds",
        "samples",
        "accuracy",
        "at_chance",
    ]
)


@dataclass(frozen=True, kw_only=True)
class MetricSpec(Entry):
    """A metric; its factory is `(maps: Maps, **asked, **parameters) -> scores`, float64 (batch,), one score a sample.

    `maps` has the map and the truth. What else the metric needs it takes as arguments of these names, see `needs`:
    `model`, which answers changed inputs; `explainer`, which explains them; `data`, the task's `TaskData`. So a metric
    of faithfulness needs ("map", "model"), one of robustness ("map", "explainer"), one of the map alone ("map",).

    A score is NaN only where the metric is undefined for that sample, for a reason its docstring gives. Of reference
    methods, which look at no network, a metric that needs the model or the explainer is undefined without being asked.

    Attributes:
        higher_is_better: direction.
        low: smallest possible score.
        high: largest possible score (may be infinite).
        needs: what it sees, of "map", "truth", "model", "explainer" and "data".
        chance: function truth (batch, time, features) -> (batch,), the expected score of a map that is
            uniform random on [0, 1]; None where chance has no meaning (then no chance-corrected column).
        is_default: whether suites that name no metrics have it.

    Raises:
        ParameterError: a name that a column of the leaderboard has, other needs, or chance beside such.
    """

    higher_is_better: bool
    low: float
    high: float
    needs: tuple[str, ...] = ("map", "truth")
    chance: Factory | None = None
    is_default: bool = True

    def __post_init__(self) -> None:
        if self.name in RESERVED:
            raise ParameterError(f"a metric cannot be called '{self.name}', a column has that name; rename it")
        object.__setattr__(self, "needs", check_needs(self.name, self.needs))
        if self.chance is not None and self.needs != ("map", "truth"):
            raise ParameterError(
                f"metric '{self.name}' must need map and truth alone to have a chance level, "
                f"got needs {', '.join(self.needs)}; leave chance out"
            )

    @property
    def asked(self) -> tuple[str, ...]:
        """The arguments that the factory takes beside the maps."""
        return tuple(need for need in self.needs if need in ARGUMENTS)
