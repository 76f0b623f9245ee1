"""A metric at several shares of a map's entries, stored as columns beside its scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..execution.stored.columns import StoredColumns
from ..execution.stored.run import SCORES
from ..metrics.arrays import Floats
from ..storage.store import Store
from ..suites.choice import Choice
from ..suites.provenance import environment


@dataclass(frozen=True)
class StoredCurve:
    """The stored curve of one map.

    Attributes:
        store: where it is.
        of: all that determines the map, and the network that is asked about it where there is one.
        metric: the metric, whose parameter shares is where the curve has its points.
    """

    store: Store
    of: Mapping[str, Any]
    metric: Choice

    def is_lacking(self) -> bool:
        """Return whether it is not stored.

        Raises:
            StoreError: a result cannot be read.
        """
        return bool(self._columns.lacking([self.metric]))

    def put(self, values: Floats) -> None:
        """Store its values, (shares, batch).

        Raises:
            StoreError: the folder cannot be written.
        """
        columns = self._columns
        named = {f"{self.metric.name}{suffix}": row for suffix, row in zip(columns.suffixes, values, strict=True)}
        columns.put([self.metric], named, {"environment": environment()})

    def get(self) -> Floats:
        """Return its values, (shares, batch), once they are stored.

        Raises:
            StoreError: a result cannot be read.
        """
        found = self._columns.get([self.metric])
        assert found is not None
        return np.stack([*found.columns.values()]).astype(np.float64)

    @property
    def _columns(self) -> StoredColumns:
        suffixes = tuple(f"_{share}" for share in self.metric.parameters["shares"])
        return StoredColumns(self.store, SCORES, {"curve of": self.of}, suffixes=suffixes)
