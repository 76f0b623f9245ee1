"""Shards of a suite, computed apart and merged: the bytes of one run, or a refusal that names what differs."""

import dataclasses
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Said
from lasting_files import lasting
from tiny_suite import SMALLER

from saltbench.benchmark.execution.plan import jobs
from saltbench.benchmark.execution.shards import Shard
from saltbench.benchmark.execution.stored.run import MAPS, YARDSTICKS
from saltbench.benchmark.execution.stored.shard_record import FILE, ShardRecord
from saltbench.benchmark.runs.means import Means
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.runs.sharding import merge, run_shard
from saltbench.benchmark.storage.store import Artifact, Store
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite, load_suite
from saltbench.errors import ParameterError, StoreError

COUNT = 3
PLUGIN = """
from saltbench import MethodSpec, UnsupportedOperationError

def raising(inputs, model, *, skipped):
    raise (UnsupportedOperationError if skipped else ValueError)("not for this network")

REFUSING = MethodSpec(
    name="refusing", version=1, description="d", reference="r", factory=raising, parameters={"skipped": True}
)
FAILING = MethodSpec(
    name="failing", version=1, description="d", reference="r", factory=raising, parameters={"skipped": False}
)
"""
Folders = list[Path]


def suite_in(folder: Path) -> tuple[Suite, tuple[Path, ...]]:
    plugin, file = folder / "refusing.py", folder / "small.toml"
    plugin.write_text(PLUGIN)
    file.write_text(SMALLER)
    chosen = {"architectures": ["lstm"], "methods": ["saliency", "refusing", "failing", "abs-input"], "seeds": 2}
    return load_suite(str(file), load_registries([plugin]), chosen), (plugin,)


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """The folders of three shards."""
    folder = tmp_path_factory.mktemp("shards")
    suite, plugins = suite_in(folder)
    means = Means(plugins=plugins)
    return [
        run_shard(suite, folder / str(number), Shard(COUNT, number), means).folder for number in range(1, COUNT + 1)
    ]


@pytest.fixture
def shards(computed: Folders, tmp_path: Path) -> Folders:
    """Copies of them, to be damaged."""
    (tmp_path / "refusing.py").write_text(PLUGIN)
    return [shutil.copytree(folder, tmp_path / folder.parent.name / folder.name) for folder in computed]


def merged(folders: Folders, output: Path) -> Path:
    return merge(folders, output, [folders[0].parents[1] / "refusing.py"]).folder


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_each_job_is_in_one_shard_and_each_network_in_one(tiny: Suite, count: int) -> None:
    crossed = dataclasses.replace(tiny, seeds={"data": 2, "training": 2, "attribution": 2})
    parts = [Shard(count, number).jobs(crossed, "cpu") for number in range(1, count + 1)]
    dealt = Counter(job.place for part in parts for job in part)
    assert dealt == Counter(job.place for job in jobs(crossed, "cpu"))
    for part, other in ((part, other) for part in parts for other in parts if part is not other):
        networks = [str(job.model_key()) for job in part if job.architecture]
        assert not {*networks} & {str(job.model_key()) for job in other if job.architecture}
    networks_of = [len({str(job.model_key()) for job in part if job.architecture}) for part in parts]
    assert max(networks_of) - min(networks_of) <= 6 // count + 2


def test_merged_shards_are_one_run_byte_for_byte(computed: Folders, tmp_path: Path) -> None:
    suite, plugins = suite_in(tmp_path)
    alone = run_suite(suite, tmp_path / "alone", plugins=plugins)
    whole = merged(computed, tmp_path / "whole")
    assert lasting(whole) == lasting(alone.folder)
    assert not list(computed[0].glob("*.csv"))
    assert {failure.status for failure in alone.failures} == {"skipped", "failed"}


def test_shards_in_one_folder_become_a_whole_run(tmp_path: Path) -> None:
    suite, plugins = suite_in(tmp_path)
    means = Means(plugins=plugins)
    for number in (1, 2):
        folder = run_shard(suite, tmp_path / "results", Shard(2, number), means).folder
    record = ShardRecord.read(folder)
    assert record is not None
    assert [str(shard) for shard in record.shards] == ["1/2", "2/2"]
    assert len(record.failures) == 4
    trained = sorted(folder.glob("models/*/*.safetensors"), key=str)
    before = [path.stat().st_mtime_ns for path in trained]
    run_suite(suite, tmp_path / "results", plugins=plugins)
    assert [path.stat().st_mtime_ns for path in trained] == before
    assert not (folder / FILE).exists()
    with pytest.raises(StoreError, match="holds the tables of a whole run, which a shard would not fit; run without"):
        run_shard(suite, tmp_path / "results", Shard(2, 1), means)


def rewritten(folder: Path, kind: str, change: Callable[[Artifact], Artifact]) -> str:
    """Store another result in the place of the first of a kind, and return that place."""
    store = Store(folder)
    group = next(path for path in sorted((folder / kind).iterdir()))
    kind = kind if (group / "record.json").exists() else f"{kind}/{group.name}"
    before = next(iter(store.all(kind)))
    place = next(path for path in sorted((folder / kind).iterdir()))
    shutil.rmtree(place)
    store.put(kind, change(before))
    return f"{kind}/{place.name}"


def test_other_bytes_under_one_key_are_refused_by_name(shards: Folders, tmp_path: Path) -> None:
    first, *_ = shards
    twice = shutil.copytree(first, tmp_path / "again")
    place = rewritten(
        twice, YARDSTICKS, lambda found: dataclasses.replace(found, files=dict.fromkeys(found.files, b"other"))
    )
    expected = rf"{re.escape(str(twice))} and {re.escape(str(first))} hold different {place} of box/latter .* seed \d; "
    with pytest.raises(StoreError, match=expected):
        merged([*shards, twice], tmp_path / "whole")


def test_other_versions_are_refused_by_name(shards: Folders, tmp_path: Path) -> None:
    trained = next(folder for folder in shards if list(folder.glob("models/*")))

    def older(found: Artifact) -> Artifact:
        return dataclasses.replace(
            found, facts={**found.facts, "environment": {**found.facts["environment"], "torch": "1.0"}}
        )

    rewritten(trained, MAPS, older)
    with pytest.raises(StoreError, match=r"was computed with torch .*, .* with .*; compute all shards with the same"):
        merged(shards, tmp_path / "whole")


def test_what_is_not_a_finished_shard_is_refused(shards: Folders, tmp_path: Path) -> None:
    first, second, third = shards
    with pytest.raises(StoreError, match=r"^shard 2/3 is missing, got 1/3, 3/3; name its folder, too$"):
        merged([first, third], tmp_path / "whole")
    with pytest.raises(StoreError, match=r"holds no shard\.json: merge takes folders that `run --shard` wrote"):
        merged([first, tmp_path], tmp_path / "whole")
    victim = next((third / MAPS).iterdir())
    shutil.rmtree(victim)
    with pytest.raises(StoreError, match=rf"^{re.escape(str(third))} lacks 1 cells of its shard or holds them damaged"):
        merged(shards, tmp_path / "whole")
    record = ShardRecord.read(second)
    assert record is not None
    dataclasses.replace(record, shards=(Shard(4, 2),)).write(second)
    with pytest.raises(StoreError, match=r"^these are shards of 3 and of 4; name shards of one division$"):
        merged(shards, tmp_path / "whole")
    other = dataclasses.replace(record.provenance, suite=dataclasses.replace(record.provenance.suite, samples=5))
    dataclasses.replace(record, provenance=other).write(second)
    with pytest.raises(StoreError, match="are of another suite; name shards of one run"):
        merged(shards, tmp_path / "whole")
    (second / FILE).write_text("{}")
    with pytest.raises(StoreError, match=r"shard\.json is unreadable or damaged"):
        merged(shards, tmp_path / "whole")


@pytest.mark.parametrize("text", ["", "3", "0/3", "4/3", "1/0", "1/1001", "-1/3", "1/3/5", "one/three", " 1/3", "1/3 "])
def test_a_shard_is_one_of_its_count(text: str) -> None:
    with pytest.raises(ParameterError, match=rf"^a shard must be one of 1/N to N/N, .*, got '{re.escape(text)}'$"):
        Shard.of(text)


def test_the_commands(tmp_path: Path, said: Said) -> None:
    (tmp_path / "small.toml").write_text(SMALLER)
    given = ("run", tmp_path / "small.toml", "--architectures", "lstm", "--methods", "saliency", "--workers", 1)
    for number in (1, 2):
        status, out = said(*given, "--results", tmp_path / str(number), "--shard", f"{number}/2")
        assert not status
        assert out.endswith("put all 2 shards together with `saltbench merge DIR… --output DIR`\n")
    assert not said("merge", tmp_path / "1", tmp_path / "2", "--output", tmp_path / "whole")[0]
    assert not said(*given, "--results", tmp_path / "alone")[0]
    assert lasting(tmp_path / "whole" / "small") == lasting(tmp_path / "alone" / "small")
    message, _ = said(*given, "--results", tmp_path / "3", "--shard", "3/2")
    assert message == "saltbench: a shard must be one of 1/N to N/N, N at most 1000, such as 3/8, got '3/2'"
