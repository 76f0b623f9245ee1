"""A stored run is read by one class: its plan, and what of it is stored."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from saltbench.benchmark.execution.plan import jobs
from saltbench.benchmark.execution.stored.run import StoredRun
from saltbench.benchmark.storage.store import Store
from saltbench.benchmark.suites.suite import Suite


@pytest.mark.parametrize("seeds", [1, 3, {"data": 2, "training": 2, "attribution": 1}])
def test_the_plan_by_task_and_repetition(tiny: Suite, tmp_path: Path, seeds: object) -> None:
    suite = dataclasses.replace(tiny, seeds=seeds)
    run = StoredRun(suite, Store(tmp_path), "cpu")
    found = list(run.repetitions())
    assert [job for each in found for job in (each.references, *each.trained)] == list(jobs(suite, "cpu"))
    assert all(each.references.architecture is None and len(each.trained) == 2 for each in found)
    first = run.first_repetitions()
    assert list(first) == ["box/earlier", "box/latter"]
    assert [(each.references, each.trained) for each in first.values()] == [
        (each.references, each.trained) for each in found if each.references.repetition == 0
    ]


def test_what_is_not_stored_is_none(tiny: Suite, tmp_path: Path) -> None:
    run = StoredRun(tiny, Store(tmp_path / "absent"), "cpu")
    assert not run.keeps_maps()
    for job in run.jobs():
        assert (run.labels(job), run.examples(job), run.yardsticks(job)) == (None, None, None)
        for method in job.methods:
            assert (run.map(job, method), run.example_maps(job, method), run.scores(job, method)) == (None, None, None)
            assert not run.has(job, method)


def test_reading_imports_no_torch() -> None:
    code = "import sys, saltbench.benchmark.execution.stored.run; print({'torch', 'captum'} & {*sys.modules})"
    result = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
