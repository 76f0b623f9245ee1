"""A family of seventy tasks: a plugin of a few lines, listed, chosen and run like any other."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import Said

from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.errors import DuplicateNameError, ParameterError, PluginError

FAMILY = """
import numpy as np
from saltbench import Family, Split, TaskData, TaskSpec, Variant, mask

PROCESSES = ("gaussian", "uniform", "laplace", "logistic", "exponential", "gumbel", "wald", "rayleigh", "chi", "cauchy")

def noise(seed, *, process, box, time, features, samples):
    rng = np.random.default_rng([seed, PROCESSES.index(process)])
    truth = np.broadcast_to(mask([box], time, features), (samples, time, features))
    splits = []
    for _ in range(3):
        labels = rng.integers(2, size=samples)
        inputs = rng.standard_normal(truth.shape, dtype=np.float32) + truth * (2 * labels - 1)[:, None, None]
        splits.append(Split(inputs.astype(np.float32), labels, truth))
    return TaskData(*splits, classes=2)

NOISE = Family(
    TaskSpec(
        name="noise/{process}/{layout}", version=1, description="{process} noise with a box {layout}", reference="test",
        factory=noise, tags=("noise",),
        parameters={"process": "", "box": [0, 0, 0, 0], "time": 7, "features": 2, "samples": 20},
    ),
    {
        "process": {name: Variant({"process": name}, tags=(f"{name}-noise",)) for name in PROCESSES},
        "layout": {f"t{t}": Variant({"box": [t, t + 1, 0, 2]}, f"at time {t}") for t in range(7)},
    },
)
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    path = tmp_path / "noise.py"
    path.write_text(FAMILY)
    return path


def test_seventy_tasks_are_one_file(plugin: Path) -> None:
    tasks = load_registries([plugin]).tasks
    found = tasks.match(["noise/*"])
    assert len(found) == 70
    assert [task.name for task in tasks.match(["tag:cauchy-noise"])] == [f"noise/cauchy/t{t}" for t in range(7)]
    assert len(tasks.match(["noise/*/t3"])) == 10
    assert all(task.source.startswith("noise.py sha256:") for task in found)
    first, again = (found[0].load()(3, **found[0].parameters) for _ in range(2))
    np.testing.assert_array_equal(first.test.inputs, again.test.inputs)
    assert found[1].load()(3, **found[1].parameters).test.truth[0, 1].all()
    assert tasks.get("noise/gumbel/t6").description == "gumbel noise with a box at time 6"


def test_a_large_family_is_one_line_of_a_list_and_its_members_are_seen_when_asked_for(
    plugin: Path,
    said: Said,
) -> None:
    lines = said("list", "tasks", "--plugin", plugin)[1].splitlines()
    assert next(line.split()[0] for line in lines if "noise/" in line) == "noise/{process}/{layout}"
    assert sum("noise/gaussian" in line for line in lines) == 0
    assert "a family of 70" in " ".join(" ".join(lines).split())
    shown = said("list", "tasks", "noise/wald/*", "--plugin", plugin)[1]
    assert [line.split()[0] for line in shown.splitlines()[1:]] == [f"noise/wald/t{t}" for t in range(7)]
    rows = json.loads(said("list", "tasks", "--format", "json", "--plugin", plugin)[1])
    members = [row for row in rows if row["name"].startswith("noise/")]
    assert len(members) == 70
    assert members[0]["family"] == {"name": "noise/{process}/{layout}", "members": 70}
    assert len(said("list", "tasks", "tag:noise", "--format", "csv", "--plugin", plugin)[1].splitlines()) == 71


def test_members_run_by_tag_and_their_leaderboard_is_read_by_tag(
    plugin: Path,
    tmp_path: Path,
    said: Said,
) -> None:
    (tmp_path / "small.toml").write_text(
        'tasks = ["tag:wald-noise"]\narchitectures = ["lstm"]\nmethods = ["saliency"]\nseeds = 1\nsamples = 4\n'
        "[training]\nepochs = 1\n"
    )
    suite = load_suite(str(tmp_path / "small.toml"), load_registries([plugin]), {"tasks": ["noise/wald/t[01]"]})
    assert [task.name for task in suite.tasks] == ["noise/wald/t0", "noise/wald/t1"]
    run = ("run", tmp_path / "small.toml", "--tasks", "noise/wald/t[01]", "--workers", 1, "--results", tmp_path)
    assert said(*run, "--plugin", plugin)[0] is None
    chosen = ("--tasks", "tag:noise", "--methods", "saliency", "--plugin", plugin)
    code, out = said("leaderboard", tmp_path / "small", *chosen)
    assert code is None
    assert [line.split(",")[0] for line in out.splitlines()[1:]] == ["noise/wald/t0", "noise/wald/t1"]
    assert set(pd.read_csv(tmp_path / "small" / "leaderboard.csv").task) == {"noise/wald/t0", "noise/wald/t1"}


SECOND = """
LATTER = Family(
    TaskSpec(name="box/{x}", version=1, description="", reference="", factory=noise), {"x": {"latter": Variant()}}
)
NOISE = Family("""


@pytest.mark.parametrize(
    ("before", "after", "error", "message"),
    [
        ("noise/{process}/{layout}", "box/{process}/{layout}", None, ""),
        ("NOISE = Family", "NOISE = OTHER = Family", None, ""),  # one family under two names
        ("noise/{process}/{layout}", "noise/{process}", ParameterError, "each part must stand in braces in its name"),
        ("version=1", "version=0", ParameterError, "'noise/gaussian/t0' needs a whole number of at least 1 as version"),
        ("NOISE = Family(", SECOND, DuplicateNameError, "task 'box/latter' is registered twice"),
        (
            "    TaskSpec(\n",
            "    Entry(\n",
            PluginError,
            "is a plain Entry; use TaskSpec, ArchitectureSpec, MethodSpec",
        ),
    ],
)
def test_a_family_is_checked_as_its_members_are(
    plugin: Path, before: str, after: str, error: type[Exception] | None, message: str
) -> None:
    plugin.write_text("from saltbench.entry import Entry\n" + FAMILY.replace(before, after, 1))
    if error is None:
        assert len(load_registries([plugin]).tasks) == len(load_registries().tasks) + 70
    else:
        with pytest.raises(error, match=message):
            load_registries([plugin])


def test_the_families_that_ship_are_products_of_parts() -> None:
    tasks = load_registries().tasks
    families = {family.name: len(family) for family in tasks.families.values()}
    assert families.items() >= {"box/{layout}": 7, "moving-box/{start}": 5, "mnist/{axis}": 2}.items()
    for entry in tasks:
        assert "{" not in entry.name + entry.description + str(entry.factory)
