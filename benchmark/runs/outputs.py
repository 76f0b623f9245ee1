"""The tables and figures of a run: those are made whose inputs, or whose own bytes, are others than they were."""

from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from ..execution.collection import GONE, Absent, collect, failures_of
from ..execution.failures import Failure
from ..execution.stored.run import StoredRun
from ..execution.stored.shard_record import FILE as SHARD
from ..leaderboards.finished_run import Result
from ..metrics.spec import MetricSpec
from ..suites.registry import Registries
from .code_version import code_version
from .output_record import OutputRecord, inputs_digest, provenance_digest


def write_outputs(
    run: StoredRun,
    registries: Registries,
    folder: Path,
    failures: Sequence[Failure],
    absent: Absent = GONE,
    seal: str = "",
) -> Result:
    """Write tables, provenance and figures of a run, and return all that it leaves.

    What was made of the same results by the same code, and is as it was written, stays.

    Args:
        run: what is stored.
        registries: of its entries.
        folder: of the results.
        failures: cells that are not stored, and why.
        absent: what is said of other cells that are not.
        seal: that of the run's census, where nothing is lacking; empty where it is not known.

    Raises:
        StoreError: a result cannot be read, or a file not be written.
    """
    gathered = None if seal else collect(run.suite, run.store, run.device, failures, absent)
    if run.store.index is not None:
        run.store.index.save()
    inputs = inputs_of(run, registries, failures, absent, gathered.seal if gathered else seal)
    before = OutputRecord.read(folder)
    known = before if before is not None and before.inputs == inputs else None
    table = None
    if known is not None and known.has_tables(folder):
        tables = known.tables
    else:
        from .tables import make_tables  # loads SciPy

        gathered = gathered or collect(run.suite, run.store, run.device, failures, absent)
        table, tables = make_tables(run.suite, run.device, gathered, registries, folder)
    (folder / SHARD).unlink(missing_ok=True)  # all is here now
    figures = _figures(folder, registries, known)
    record = OutputRecord(inputs, tables, provenance_digest(folder, tables), figures)
    if record != before:
        record.write(folder)
    drawn = [folder / name for name, digest in figures.items() if digest]
    fallen = failures_of(gathered) if gathered else []
    return Result(run.suite, run.device, table, gathered, folder, fallen, drawn)


def inputs_of(run: StoredRun, registries: Registries, failures: Sequence[Failure], absent: Absent, seal: str) -> str:
    """Return the digest of all that the outputs of a run are made from: its code, suite, entries and results."""
    return inputs_digest(
        code_version(),
        run.suite.as_json(),
        run.device,
        [_stated(registries.metrics.get(metric.name)) for metric in run.suite.metrics],
        [astuple(failure) for failure in failures],
        astuple(absent),
        seal,
    )


def _figures(folder: Path, registries: Registries, known: OutputRecord | None) -> dict[str, str]:
    """Return the digests of the figures by file name, and draw those that are not known, or others than they were."""
    changed = None if known is None else known.changed_figures(folder)
    before = {} if known is None else known.figures
    if changed == []:
        return {**before}
    from .drawing import draw_changed  # loads matplotlib

    return {**before, **draw_changed(folder, registries, changed)}


def _stated(metric: MetricSpec) -> list[Any]:
    """Return what a metric says of itself that tables and figures show."""
    return [
        *(metric.name, metric.version, metric.source, str(metric.low), str(metric.high)),
        *(metric.higher_is_better, metric.chance is None),
    ]
