"""shard.json: which shards of a suite a results folder holds, and which of their cells failed."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from ....errors import StoreError
from ...suites import json_values as values
from ...suites.provenance import Provenance, provenance_of, read_record, write_record
from ..failures import Failure
from ..shards import Shard

FILE = "shard.json"


@dataclass(frozen=True)
class ShardRecord:
    """What a folder says of its shards.

    Attributes:
        provenance: suite and device.
        shards: those whose cells are stored here, or failed.
        failures: the cells that failed.
    """

    provenance: Provenance
    shards: tuple[Shard, ...]
    failures: tuple[Failure, ...]

    def write(self, folder: Path) -> None:
        """Write the record.

        Raises:
            StoreError: the file cannot be written.
        """
        record = self.provenance.as_json()
        record |= {"shards": [str(shard) for shard in self.shards], "failures": [[*astuple(f)] for f in self.failures]}
        write_record(folder / FILE, record)

    @staticmethod
    def read(folder: Path) -> "ShardRecord | None":
        """Return the record of a folder, None where it has none.

        Raises:
            StoreError: the file cannot be read, is damaged, or a newer saltbench wrote it.
        """
        record = read_record(folder, FILE)
        if record is None:
            return None
        path = folder / FILE
        with values.must_describe(path, "a shard; delete it and run the shard again"):
            shards = tuple(Shard.of(values.text(shard)) for shard in values.array(record["shards"]))
            failures = tuple(_failure(fields) for fields in values.array(record["failures"]))
        return ShardRecord(provenance_of(record, path), shards, failures)


def record_shard(folder: Path, provenance: Provenance, shard: Shard, failures: Sequence[Failure]) -> ShardRecord:
    """Write that a folder holds a shard, beside other shards of the same suite that it holds already.

    Raises:
        StoreError: the file cannot be read or written, or the folder holds shards of another suite.
    """
    before = ShardRecord.read(folder)
    if before is not None and before.provenance.suite != provenance.suite:
        raise StoreError(f"{folder} holds shards of another suite of that name; choose another --results")
    shards = {shard, *(before.shards if before else ())}
    own = {job.place for job in shard.jobs(provenance.suite, provenance.device)}
    others = [f for f in (before.failures if before else ()) if (f.task, f.architecture, f.repetition) not in own]
    record = ShardRecord(provenance, tuple(sorted(shards)), (*others, *failures))
    record.write(folder)
    return record


def _failure(fields: object) -> Failure:
    task, architecture, method, repetition, reason, status = values.array(fields)
    return Failure(
        values.text(task),
        values.text(architecture),
        values.text(method),
        values.whole(repetition),
        values.text(reason),
        values.text(status),
    )
