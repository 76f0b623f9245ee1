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

    The factory of a pooled metric is `(parts: Sequence[Maps], **parameters) -> Pool`: one score of all samples, which
    the bounds of the leaderboard compute again in every draw. Samples of one length make one part.

    A score is NaN only where the metric is undefined for that sample, for a reason its docstring gives. Of reference
    methods, which look at no network, a metric that needs the model or the explainer is undefined without being asked.

    Attributes:
        higher_is_better: direction.
        low: smallest possible score.
        high: largest possible score (may be infinite).
        needs: what it sees, of "map", "truth", "model", "explainer", "data" and "trainer".
        chance: function truth (batch, time, features) -> (batch,), the expected score of a map that is
            uniform random on [0, 1]; None where chance has no meaning (then no chance-corrected column).
        is_default: whether suites that name no metrics have it.
        is_pooled: whether it is one score of all samples together; it needs map and truth alone.
        has_random_chance: whether a column `<metric>_chance` says what a random map scores on the same network, drawn
            by the seeds of the samples; it needs the model, and no explainer.
        is_best_at_truth: whether no map scores better than the truth itself, which published definitions may not keep.

    Raises:
        ParameterError: a name that a column of the leaderboard has, other needs, or chance or pooling beside those
            that cannot have it.
    """

    higher_is_better: bool
    low: float
    high: float
    needs: tuple[str, ...] = ("map", "truth")
    chance: Factory | None = None
    is_default: bool = True
    is_pooled: bool = False
    has_random_chance: bool = False
    is_best_at_truth: bool = True

    def __post_init__(self) -> None:
        if self.name in RESERVED:
            raise ParameterError(f"a metric cannot be called '{self.name}', a column has that name; rename it")
        object.__setattr__(self, "needs", check_needs(self.name, self.needs))
        for is_so, what, remedy in (
            (self.chance is not None, "have a chance level", "leave chance out"),
            (self.is_pooled, "be pooled", "leave is_pooled out"),
        ):
            if is_so and self.needs != ("map", "truth"):
                raise ParameterError(
                    f"metric '{self.name}' must need map and truth alone to {what}, "
                    f"got needs {', '.join(self.needs)}; {remedy}"
                )

        if self.has_random_chance and ("model" not in self.needs or {"explainer", "trainer"} & {*self.needs}):
            raise ParameterError(
                f"metric '{self.name}' must need the model and no explainer to be compared with a random map, "
                f"got needs {', '.join(self.needs)}; leave has_random_chance out"
            )

    @property
    def asked(self) -> tuple[str, ...]:
        """The arguments that the factory takes beside the maps."""
        return tuple(need for need in self.needs if need in ARGUMENTS)
