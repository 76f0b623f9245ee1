"""The contract of a metric."""

from dataclasses import dataclass

from ...entry import Entry, Factory
from ...errors import ParameterError

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
    """A metric; its factory is `(maps: Maps, **parameters) -> scores`, float64 (batch,), one score a sample.

    A score is NaN only where the metric is undefined for that sample, for a reason its docstring gives.

    Attributes:
        higher_is_better: direction.
        low: smallest possible score.
        high: largest possible score (may be infinite).
        chance: function truth (batch, time, features) -> (batch,), the expected score of a map that is
            uniform random on [0, 1]; None where chance has no meaning (then no chance-corrected column).
        needs_output: the metric reads `Maps.output_difference`; it is defined only for methods that promise
            completeness.

    Raises:
        ParameterError: a name that a column of the leaderboard has.
    """

    higher_is_better: bool
    low: float
    high: float
    chance: Factory | None = None
    needs_output: bool = False

    def __post_init__(self) -> None:
        if self.name in RESERVED:
            raise ParameterError(f"a metric cannot be called '{self.name}', a column has that name; rename it")
