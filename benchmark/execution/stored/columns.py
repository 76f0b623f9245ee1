"""Columns of metrics, stored beside what they score: another metric adds columns, and touches none that are there.

Columns that are computed together are one stored result, whose key is that of what they score and the metrics with
versions and parameters. What is scored has a folder of its own with all such results, so that a column is found
whichever metrics were asked together with it.
"""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...storage.index import FOLDER_ITSELF, Index, now
from ...storage.index_file import Part
from ...storage.store import RECORD, Artifact, Store, address, canonical
from ...suites.choice import Choice

FILE = "scores.parquet"
POOLED_FILE = "pooled.parquet"
CHANCE = "_chance"  # ends the names of columns with what a random map scores, (batch,)
POOLED = "@pooled"  # ends the names of columns with a pooled score and its resamples' deviations, (1 + resamples,)

Columns = dict[str, NDArray[Any]]


class Found(NamedTuple):
    """Stored columns.

    Attributes:
        columns: (batch,) each; (1 + resamples,) those of pooled scores.
        facts: of all results that they are from.
        seals: the digests of these results.
    """

    columns: Columns
    facts: Sequence[Mapping[str, Any]]
    seals: Sequence[str]


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

    def get(self, metrics: Sequence[Choice]) -> Found | None:
        """Return the columns of metrics, the leading ones first, then those of the metrics in their order.

        Returns:
            None if some lack.

        Raises:
            StoreError: a result cannot be read.
        """
        found = self._found(metrics)
        if not metrics or len(found) < len(metrics):
            return None
        batches = _each_once(found)
        first = batches[0].columns
        columns = {name: first[name] for name in self.leading}
        for metric in metrics:
            table = found[metric.name].columns
            names = [f"{metric.name}{suffix}" for suffix in self.suffixes]
            columns |= {name: table[name] for name in names if name in table}
        return Found(columns, [batch.facts for batch in batches], [batch.seal for batch in batches])

    def seals(self, metrics: Sequence[Choice]) -> Sequence[str] | None:
        """Return the digests of all results that columns of metrics are from, no column being read; None if some lack.

        Raises:
            StoreError: a result cannot be read.
        """
        found = self._found(metrics)
        return [batch.seal for batch in _each_once(found)] if metrics and len(found) == len(metrics) else None

    def put(self, metrics: Sequence[Choice], columns: Columns, facts: Mapping[str, Any]) -> None:
        """Store the leading columns and those of metrics that were computed together.

        Raises:
            StoreError: the folder cannot be written.
        """
        key = {"of": self.key, "metrics": [metric.as_json() for metric in metrics]}
        of_samples, pooled = split_pooled(columns)
        files = {FILE: _parquet(of_samples, key)}
        if pooled:
            files[POOLED_FILE] = _parquet({f"{name}{POOLED}": values for name, values in pooled.items()}, key)
        self.store.put(self._folder, Artifact(key, facts, files))

    @cached_property
    def _folder(self) -> str:
        return f"{self.kind}/{address(self.key)}"

    def _found(self, metrics: Sequence[Choice]) -> "dict[str, Batch]":
        """Return the stored result of each metric that has one, by the metric's name."""
        wanted = _wanted(Same(metrics))
        found: dict[str, Batch] = {}
        for batch in self._batches():
            names = (wanted.get(metric) for metric in batch.metrics)
            found = {**dict.fromkeys(filter(None, names), batch), **found}
        return found

    def _batches(self) -> "Sequence[Batch]":
        index, began = self.store.index, now()
        if index is not None and (entry := index.find(self._folder)) is not None:
            return [Batch.remembered(part) for part in entry.parts]
        own = canonical(self.key)
        stored = list(self.store.all(self._folder))
        # nobody moved it here
        batches = [Batch.of(artifact) for artifact in stored if canonical(artifact.key["of"]) == own]
        if index is not None and batches:
            self._learn(index, began, stored, batches)
        return batches

    def _learn(self, index: Index, began: int, stored: Sequence[Artifact], batches: "Sequence[Batch]") -> None:
        names = [address(artifact.key) for artifact in stored]
        # what is damaged may be mended behind the folder's back
        if len(batches) == len(stored) and {*names} == {
            path.name for path in (self.store.root / self._folder).iterdir()
        }:
            held = zip(names, stored, strict=True)
            files = [FOLDER_ITSELF, *(f"{name}/{file}" for name, one in held for file in (RECORD, *one.files))]
            index.learn(self._folder, began, files, [batch.part() for batch in batches])


@dataclass(frozen=True, eq=False)
class Batch:
    """Columns that were stored together.

    Attributes:
        metrics: the canonical JSON of each.
        seal: the digest of the stored result.
    """

    metrics: Sequence[str]
    seal: str
    _facts: Callable[[], Mapping[str, Any]]
    _columns: Callable[[], Mapping[str, NDArray[Any]]]

    @staticmethod
    def of(artifact: Artifact) -> "Batch":
        """Return what an artifact holds."""
        metrics = [canonical(metric).decode() for metric in artifact.key["metrics"]]
        files = artifact.files
        read = partial(_joined_columns, [files[name] for name in (FILE, POOLED_FILE) if name in files])
        return Batch(metrics, artifact.seal, lambda: artifact.facts, read)

    @staticmethod
    def remembered(part: Part) -> "Batch":
        """Return what an index remembers of one."""
        return Batch(_metrics(part.about), part.seal, lambda: _facts(part.detail()), lambda: part.columns)

    def part(self) -> Part:
        """Return it for an index to remember."""
        detail = json.dumps(self.facts)  # not made later, which would keep all that the batch was read from
        return Part(_text(tuple(self.metrics)), self.columns, self.seal, lambda: detail)

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """What is known of the making."""
        return self._facts()

    @cached_property
    def columns(self) -> Mapping[str, NDArray[Any]]:
        """The numbers, (batch,) each."""
        return self._columns()


def split_pooled(columns: Mapping[str, NDArray[Any]]) -> tuple[Columns, Columns]:
    """Return the columns of samples, (batch,) each, and pooled scores by their metrics, (1 + resamples,) each."""
    pooled = {name.removesuffix(POOLED): values for name, values in columns.items() if name.endswith(POOLED)}
    return {name: values for name, values in columns.items() if not name.endswith(POOLED)}, pooled


def _each_once(found: Mapping[str, Batch]) -> Sequence[Batch]:
    return [*{id(batch): batch for batch in found.values()}.values()]


@dataclass(frozen=True)
class Same:
    """Metrics that are the same as others where they are the same object, whatever they hold."""

    metrics: Sequence[Choice]

    def __hash__(self) -> int:
        return id(self.metrics)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.metrics is other.metrics


@lru_cache(maxsize=64)
def _wanted(same: Same) -> Mapping[str, str]:
    return {canonical(metric.as_json()).decode(): metric.name for metric in same.metrics}


@lru_cache(maxsize=64)
def _metrics(text: str) -> Sequence[str]:
    metrics: Sequence[str] = json.loads(text)
    return metrics


@lru_cache(maxsize=64)
def _text(metrics: tuple[str, ...]) -> str:
    return json.dumps(metrics)


def _facts(text: str) -> Mapping[str, Any]:
    facts: Mapping[str, Any] = json.loads(text)
    return facts


def _joined_columns(contents: Sequence[bytes]) -> Columns:
    return {name: values for content in contents for name, values in _columns(content).items()}


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
