"""Maps as they are stored: attributions of the explained samples, and what the method was asked about each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from ...storage.store import Artifact

FILE = "map.safetensors"

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class StoredMap:
    """A method's maps of samples, and what is known of them.

    Attributes:
        attributions: (batch, time, features), in the network's type; float32 for bfloat16, which NumPy lacks.
        target: int64 (batch,), the class that is explained.
        output_difference: float64 (batch,), what maps of a complete method sum to; None of other methods.
        facts: seconds of explaining, the environment, and the facts of the network's training.
    """

    attributions: NDArray[np.floating[Any]]
    target: NDArray[np.int64]
    output_difference: NDArray[np.float64] | None
    facts: Mapping[str, Any]

    def artifact(self, key: Mapping[str, Any]) -> Artifact:
        """Return what to store under a key."""
        arrays: Arrays = {"map": self.attributions, "target": self.target}
        if self.output_difference is not None:
            arrays["output_difference"] = self.output_difference
        return Artifact(key, self.facts, {FILE: packed(arrays)})

    @staticmethod
    def of(artifact: Artifact) -> "StoredMap":
        """Return what an artifact holds."""
        arrays = load(artifact.files[FILE])
        return StoredMap(arrays["map"], arrays["target"], arrays.get("output_difference"), artifact.facts)

    def rows(self, samples: NDArray[np.int64]) -> "StoredMap":
        """Return the maps of some of the samples."""
        difference = None if self.output_difference is None else self.output_difference[samples]
        return StoredMap(self.attributions[samples], self.target[samples], difference, self.facts)


def packed(arrays: Arrays) -> bytes:
    """Return arrays as safetensors."""
    return save({name: np.ascontiguousarray(values) for name, values in arrays.items()})
