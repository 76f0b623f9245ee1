"""What a metric may see beside the map and the truth: the network, the method, the task's data, and training."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...datasets.spec import TaskData
from ...entry import unknown
from ...errors import ParameterError

NEEDS = ("map", "truth", "model", "explainer", "data", "trainer")
ARGUMENTS = NEEDS[2:]  # which a factory takes by these names; map and truth are in its first
OF_NETWORKS = frozenset(["model", "explainer", "trainer"])  # what there is of a network alone

Series = NDArray[np.floating[Any]]


class Explained(Protocol):
    """The samples whose maps are scored."""

    @property
    def inputs(self) -> Series:
        """The series, (batch, time, features), in the network's type."""
        ...

    @property
    def labels(self) -> NDArray[np.int64]:
        """The true class of each sample, (batch,)."""
        ...

    @property
    def target(self) -> NDArray[np.int64]:
        """The explained class of each sample, (batch,)."""
        ...

    @property
    def seeds(self) -> Sequence[int]:
        """One a sample, for metrics that draw random numbers."""
        ...


class Model(Explained, Protocol):
    """A network that answers changed inputs, in evaluation mode and bounded memory."""

    def logits(self, inputs: Series) -> NDArray[np.float64]:
        """Return the logits of series (any, time, features), (any, classes)."""
        ...

    def probabilities(self, inputs: Series) -> NDArray[np.float64]:
        """Return the probabilities of the classes for series (any, time, features), (any, classes)."""
        ...


class Explainer(Explained, Protocol):
    """The method, with its parameters and seeds, that explains changed inputs as it explained the samples."""

    def __call__(self, inputs: Series, target: NDArray[np.int64] | None = None) -> Series:
        """Return attributions of other inputs of the samples, (batch, time, features) as they are.

        Args:
            inputs: one series a sample.
            target: classes to explain, (batch,); None for those that were.
        """
        ...

    def cascade(self) -> "Iterator[Explainer]":
        """Yield the method on a copy of the network with random layers, one more each time from output to input.

        It is one copy that changes: ask each before the next.
        """
        ...


class Trainer(Protocol):
    """The architecture with its recipe and seed, and the method, for metrics that train networks anew."""

    def explain(self, inputs: Series, target: NDArray[np.int64]) -> Series:
        """Return maps of any samples, (any, time, features), for classes (any,), of the network that was explained."""
        ...

    def train(self, data: TaskData) -> Callable[[Series], NDArray[np.float64]]:
        """Return what answers series (any, time, features) by logits (any, classes): a network trained on the data."""
        ...


def check_needs(metric: str, needs: Sequence[str]) -> tuple[str, ...]:
    """Return what a metric needs, in the order of `NEEDS`.

    Raises:
        ParameterError: nothing, text in place of a tuple, or another word.
    """
    expected = f"metric '{metric}' must need some of {', '.join(NEEDS)}"
    if isinstance(needs, str) or not needs:
        raise ParameterError(f'{expected}, got {needs!r}; write a tuple such as ("map", "truth")')
    for need in needs:
        if need not in NEEDS:
            raise ParameterError(f"{expected}: {unknown('need', str(need), NEEDS)}")
    return tuple(need for need in NEEDS if need in needs)
