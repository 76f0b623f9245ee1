"""Run one shard of a suite, and merge the folders of all shards."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import StoreError
from ..execution.failures import Failure
from ..execution.plan import Job
from ..execution.shards import Shard
from ..execution.stored.parts import Part, parts_of
from ..execution.stored.run import StoredRun, is_complete, unfinished
from ..execution.stored.shard_record import FILE, ShardRecord, record_shard
from ..leaderboards.finished_run import Result
from ..leaderboards.leaderboard_file import FILE as LEADERBOARD
from ..storage.store import Store
from ..suites.provenance import Provenance, open_results
from ..suites.registry import load_registries
from ..suites.suite import Suite
from .computing import compute
from .means import Means
from .outputs import write_outputs


@dataclass(frozen=True)
class ShardResult:
    """What a run of a shard leaves.

    Attributes:
        shard: which was run.
        cells: how many it has.
        failures: those without scores.
        folder: where all results are.
    """

    shard: Shard
    cells: int
    failures: Sequence[Failure]
    folder: Path


def run_shard(suite: Suite, results: Path, shard: Shard, means: Means) -> ShardResult:
    """Run what a shard of a suite lacks under results/<suite name>/; no table is written.

    Raises:
        StoreError: the folder cannot be read or written, or holds the tables of a whole run.
        PluginError: a plugin does not load.
        WorkerError: worker processes do not start, or a cluster does not answer.
        MissingPackageError: Dask is not installed.
    """
    folder = results / suite.name
    with open_results(folder.absolute()) as store:
        if (folder / LEADERBOARD).exists():
            raise StoreError(
                f"{folder} holds the tables of a whole run, which a shard would not fit; "
                "run without --shard, or choose another --results"
            )
        own = shard.jobs(suite, means.device)
        lacking = [job for job in own if not is_complete(job, store)]
        failures = compute(suite, lacking, store, means)
        record_shard(folder, Provenance(suite, means.device, ()), shard, failures)
    return ShardResult(shard, sum(len(job.methods) for job in own), failures, folder)


def merge(folders: Sequence[Path], output: Path, plugins: Sequence[Path] = ()) -> Result:
    """Put the folders of all shards of a suite together, and write the tables and figures of the whole.

    Args:
        folders: of the shards; or their parents, and then output is the parent of the suite's folder, too.
        output: folder of the whole.
        plugins: files whose entries the suite uses.

    Raises:
        StoreError: a folder holds no shard, another suite's, or an unfinished one; two differ in a result, or in the
            versions with which they were computed; a shard is missing; the folder cannot be written.
        PluginError: a plugin does not load.
    """
    registries = load_registries(plugins)
    found = [_holder(folder) for folder in folders]
    sources = [Source.of(folder) for folder in found]
    first = sources[0].record.provenance
    _check_alike(sources)
    whole = output / first.suite.name if found[0] != folders[0] else output
    with open_results(whole.absolute()) as store:
        merging = Merging(store)
        for source in sources:
            merging.take(source)
        run = StoredRun(first.suite, store, first.device)
        return write_outputs(run, registries, whole, [f for source in sources for f in source.record.failures])


@dataclass(frozen=True)
class Source:
    """A folder to be merged, and what it says of itself."""

    folder: Path
    record: ShardRecord

    @staticmethod
    def of(folder: Path) -> "Source":
        """Return the source in a folder.

        Raises:
            StoreError: it holds no shard.
        """
        record = ShardRecord.read(folder)
        if record is None:
            raise StoreError(f"{folder} holds no {FILE}: merge takes folders that `run --shard` wrote, name those")
        return Source(folder, record)

    def jobs(self) -> Iterator[Job]:
        """Yield the jobs of its shards."""
        provenance = self.record.provenance
        for shard in self.record.shards:
            yield from shard.jobs(provenance.suite, provenance.device)

    def check_finished(self) -> None:
        """Raise unless each cell is stored, or failed.

        Raises:
            StoreError: cells are lacking.
        """
        failed = {(f.task, f.architecture, f.repetition, f.method) for f in self.record.failures}
        store = Store(self.folder)
        lacking = [
            f"{job.describe()} {method.name}"
            for job in self.jobs()
            for method in unfinished(job, store)
            if (*job.place, method.name) not in failed
        ]
        if lacking:
            raise StoreError(
                f"{self.folder} lacks {len(lacking)} cells of its shard or holds them damaged, the first is "
                f"{lacking[0]}; run that shard again, then merge"
            )


@dataclass
class Merging:
    """Results that are put into one store.

    Attributes:
        store: that takes them.
        origins: the folder that each result came from, by its place.
        versions: with which all were computed, and the folder that said so.
    """

    store: Store
    origins: dict[str, Path] = field(default_factory=dict)
    versions: tuple[dict[str, str], Path] | None = None

    def take(self, source: Source) -> None:
        """Copy what a folder holds of its shards.

        Raises:
            StoreError: it is unfinished, or differs from what is here.
        """
        source.check_finished()
        for job in source.jobs():
            for part in parts_of(job, job.methods, Store(source.folder)):
                self._check_versions(part, source.folder)
                self._put(part, job, source.folder)

    def _put(self, part: Part, job: Job, folder: Path) -> None:
        before = self.store.get(part.kind, part.artifact.key)
        if before is None:
            self.store.put(part.kind, part.artifact)
        elif before.files != part.artifact.files:
            other = self.origins.get(part.place, self.store.root)
            raise StoreError(
                f"{folder} and {other} hold different {part.place} of {job.describe()}; "
                "compute both on one kind of machine, or leave one of the folders out"
            )
        self.origins.setdefault(part.place, folder)

    def _check_versions(self, part: Part, folder: Path) -> None:
        found = part.artifact.facts.get("environment")
        if found is None:  # of samples and yardsticks, whose bytes are compared
            return
        known, other = self.versions = self.versions or (dict(found), folder)
        differing = [name for name in sorted({*known, *found}) if known.get(name) != found.get(name)]
        if differing:
            name = differing[0]
            raise StoreError(
                f"{folder} was computed with {name} {found.get(name)}, {other} with {known.get(name)}; "
                "compute all shards with the same versions"
            )


def _holder(folder: Path) -> Path:
    """Return the folder of a shard: the one that was named, or the only one inside it."""
    inside = [path.parent for path in folder.glob(f"*/{FILE}")]
    return inside[0] if not (folder / FILE).exists() and len(inside) == 1 else folder


def _check_alike(sources: Sequence[Source]) -> None:
    first, *others = sources
    for other in others:
        for what in ("suite", "device"):
            if getattr(first.record.provenance, what) != getattr(other.record.provenance, what):
                raise StoreError(f"{first.folder} and {other.folder} are of another {what}; name shards of one run")
    shards = {shard for source in sources for shard in source.record.shards}
    counts = sorted({shard.count for shard in shards})
    if len(counts) > 1:
        raise StoreError(f"these are shards of {counts[0]} and of {counts[1]}; name shards of one division")
    whole = {Shard(counts[0], number) for number in range(1, counts[0] + 1)}
    if missing := sorted(whole - shards):
        got = ", ".join(map(str, sorted(shards)))
        raise StoreError(f"shard {missing[0]} is missing, got {got}; name its folder, too")
