"""The explained samples of a task as they are stored: all labels, and the first sample of each class for figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from ...storage.store import Artifact
from .maps import packed

FILE = "samples.safetensors"


@dataclass(frozen=True, eq=False)
class Examples:
    """The first explained sample of each class, in the order of the samples.

    Attributes:
        labels: int64 (classes,).
        inputs: (classes, time, features).
        truth: (classes, time, features) in [0, 1].
    """

    labels: NDArray[np.int64]
    inputs: NDArray[np.floating[Any]]
    truth: NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class StoredSamples:
    """The explained samples of a task.

    Attributes:
        labels: int64 (batch,).
        examples: the first of each class.
    """

    labels: NDArray[np.int64]
    examples: Examples

    def artifact(self, key: Mapping[str, Any]) -> Artifact:
        """Return what to store under a key."""
        arrays = {"labels": self.labels, "inputs": self.examples.inputs, "truth": self.examples.truth}
        return Artifact(key, {}, {FILE: packed(arrays)})

    @staticmethod
    def of(artifact: Artifact) -> "StoredSamples":
        """Return what an artifact holds."""
        arrays = load(artifact.files[FILE])
        labels = arrays["labels"]
        return StoredSamples(labels, Examples(labels[example_rows(labels)], arrays["inputs"], arrays["truth"]))


def example_rows(labels: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Return the place of the first sample of each class, (classes,), ascending.

    Args:
        labels: (batch,).
    """
    return np.sort(np.unique(labels, return_index=True)[1])
