"""Columns of metrics, stored beside what they score: another metric adds columns, and touches none that are there.

Columns that are computed together are one stored result, whose key is that of what they score and the metrics with
versions and parameters. What is scored has a folder of its own with all such results, so that a column is found
whichever metrics were asked together with it.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...storage.store import Artifact, Store, address, canonical
from ...suites.suite import Choice

FILE = "scores.parquet"

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class StoredColumns:
    """The stored columns of one kind about one map, or about a task's samples.

    Attributes:
        store: where they are.
        kind: a folder of the store.
        key: all that determines what is scored.
        leading: columns that every stored result has before those of its metrics.
        suffixes: of a metric's columns behind its name.
    """

    store: Store
    kind: str
    key: Mapping[str, Any]
    leading: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ("",)

    def lacking(self, metrics: Sequence[Choice]) -> list[Choice]:
        """Return those of the metrics whose columns are not stored.

        Raises:
            StoreError: a result cannot be read.
        """
        found = self._found(metrics)
        return [metric for metric in metrics if metric.name not in found]

    def get(self, metrics: Sequence[Choice]) -> tuple[Columns, list[Mapping[str, Any]]] | None:
        """Return the columns of metrics, (batch,) each, and the facts of all results they are from; None if some lack.

        The leading columns come first, then those of the metrics in their order.

        Raises:
            StoreError: a result cannot be read.
        """
        found = self._found(metrics)
        if not metrics or len(found) < len(metrics):
            return None
        batches = {id(batch): batch for batch in found.values()}
        tables = {number: _columns(batch.files[FILE]) for number, batch in batches.items()}
        first = next(iter(tables.values()))
        columns = {name: first[name] for name in self.leading}
        for metric in metrics:
            table = tables[id(found[metric.name])]
            names = [f"{metric.name}{suffix}" for suffix in self.suffixes]
            columns |= {name: table[name] for name in names if name in table}
        return columns, [batch.facts for batch in batches.values()]

    def put(self, metrics: Sequence[Choice], columns: Columns, facts: Mapping[str, Any]) -> None:
        """Store the leading columns and those of metrics that were computed together.

        Raises:
            StoreError: the folder cannot be written.
        """
        key = {"of": self.key, "metrics": [metric.as_json() for metric in metrics]}
        self.store.put(self._folder, Artifact(key, facts, {FILE: _parquet(columns, key)}))

    @property
    def _folder(self) -> str:
        return f"{self.kind}/{address(self.key)}"

    def _found(self, metrics: Sequence[Choice]) -> dict[str, Artifact]:
        """Return the stored result of each metric that has one, by the metric's name."""
        wanted = {canonical(metric.as_json()): metric.name for metric in metrics}
        own = canonical(self.key)
        found: dict[str, Artifact] = {}
        for batch in self.store.all(self._folder):
            if canonical(batch.key["of"]) == own:  # nobody moved it here
                names = (wanted.get(canonical(metric)) for metric in batch.key["metrics"])
                found = {**dict.fromkeys(filter(None, names), batch), **found}
        return found


def _columns(content: bytes) -> Columns:
    # not by pandas or read_table, which look for folders of files and take thrice as long
    table = pq.ParquetFile(pa.BufferReader(content)).read()
    return {name: table.column(name).to_numpy() for name in table.column_names}


def _parquet(columns: Columns, key: Mapping[str, Any]) -> bytes:
    table = pa.Table.from_pandas(pd.DataFrame(columns), preserve_index=False)
    table = table.replace_schema_metadata({"saltbench.key": canonical(key)})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()
