"""What the contract of metrics gives them: drawn maps and truths, and a network whose numbers are the same anywhere."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...datasets.spec import Split, TaskData
from .needs import Series

CLASSES = 3


@dataclass(frozen=True, eq=False)
class Scene:
    """Samples with their maps, and what may be asked about them.

    The network looks at each class's stretch of the entries, so that the score of a sample does not depend on others.

    Attributes:
        attributions: (batch, time, features).
        truth: (batch, time, features) in [0, 1].
        output_difference: (batch,).
        inputs: (batch, time, features).
        labels: (batch,), a class.
        target: (batch,), a class.
        seeds: one a sample.
    """

    attributions: NDArray[Any]
    truth: NDArray[Any]
    output_difference: NDArray[Any]
    inputs: NDArray[Any]
    labels: NDArray[np.int64]
    target: NDArray[np.int64]
    seeds: Sequence[int]

    @staticmethod
    def drawn(shape: tuple[int, int, int], dtype: Any = np.float64) -> "Scene":
        """Return samples of a shape (batch, time, features), the same ones every time."""
        rng = np.random.default_rng(4)
        attributions, truth = rng.standard_normal(shape).astype(dtype), rng.random(shape).astype(dtype)
        difference, inputs = rng.standard_normal(shape[0]).astype(dtype), rng.standard_normal(shape).astype(dtype)
        target = np.arange(shape[0]) % CLASSES
        return Scene(attributions, truth, difference, inputs, target[::-1].copy(), target, range(shape[0]))

    def rows(self, samples: Sequence[int]) -> "Scene":
        """Return some of the samples."""
        rows = list(samples)
        return Scene(
            self.attributions[rows],
            self.truth[rows],
            self.output_difference[rows],
            self.inputs[rows],
            self.labels[rows],
            self.target[rows],
            [self.seeds[sample] for sample in rows],
        )

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All that a metric could change."""
        return self.attributions, self.truth, self.output_difference, self.inputs, self.labels, self.target

    def asked(self, names: Sequence[str]) -> dict[str, Any]:
        """Return what a metric asks for by these names."""
        return {name: getattr(self, f"_{name}")() for name in names}

    def _model(self) -> "_Model":
        return _Model(self.inputs, self.labels, self.target, self.seeds)

    def _explainer(self) -> "_Explainer":
        return _Explainer(self.inputs, self.labels, self.target, self.seeds)

    def _trainer(self) -> "_Trainer":
        return _Trainer()

    def _data(self) -> TaskData:
        shape = (6, *self.inputs.shape[1:])
        rng = np.random.default_rng(5)
        inputs, truth = rng.standard_normal(shape).astype(np.float32), rng.random(shape).astype(np.float32)
        split = Split(inputs, np.arange(len(inputs)) % CLASSES, truth)
        return TaskData(split, split, split, CLASSES)


@dataclass(frozen=True, eq=False)
class _Model:
    inputs: Series
    labels: NDArray[np.int64]
    target: NDArray[np.int64]
    seeds: Sequence[int]

    def logits(self, inputs: Series) -> NDArray[np.float64]:
        entries = inputs.astype(np.float64).reshape(len(inputs), -1)
        # one series after the other: an array's sums may round otherwise beside more of them
        sums = [[np.tanh(series[start::CLASSES]).sum() for start in range(CLASSES)] for series in entries]
        return np.array(sums).reshape(len(inputs), CLASSES)

    def probabilities(self, inputs: Series) -> NDArray[np.float64]:
        logits = self.logits(inputs)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
        return probabilities


@dataclass(frozen=True, eq=False)
class _Explainer:
    inputs: Series
    labels: NDArray[np.int64]
    target: NDArray[np.int64]
    seeds: Sequence[int]

    def __call__(self, inputs: Series, target: NDArray[np.int64] | None = None) -> Series:
        classes = self.target if target is None else target
        return inputs * np.abs(inputs) + 0.1 * np.asarray(classes)[:, None, None]

    def cascade(self) -> "Iterator[_Explainer]":
        for _ in range(2):
            yield self


class _Trainer:
    """Explains by the inputs, and trains a network that compares with the first training samples."""

    def explain(self, inputs: Series, target: NDArray[np.int64]) -> Series:
        return inputs * np.abs(inputs) + 0.1 * target[:, None, None]

    def train(self, data: TaskData) -> "Callable[[Series], NDArray[np.float64]]":
        pattern = data.train.inputs[:CLASSES].astype(np.float64)

        def answer(inputs: Series) -> NDArray[np.float64]:
            # one series after the other: an array's sums may round otherwise beside more of them
            return np.array([[(one * series).sum() for one in pattern] for series in inputs.astype(np.float64)])

        return answer
