"""`pytest --saltbench`: a cell that passed and whose result vanishes makes the session fail, with the reason."""

import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tiny_suite import TINY

from saltbench.benchmark.runs import runner
from saltbench.benchmark.storage.store import Artifact, Store
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite

SMALL = (
    TINY.replace('"box/earlier", "box/latter"]', '"box/earlier"]')
    .replace('"lstm", "input-cell-lstm"', '"lstm"')
    .replace('"saliency", "smoothgrad", "integrated-gradients"', '"saliency", "eraser"')
    .replace("seeds = 2", "seeds = 1")
)
ENTRIES = """\
import shutil
from pathlib import Path

from saltbench import MethodSpec


def eraser(inputs, kind):
    shutil.rmtree(Path("results/small") / kind, ignore_errors=True)
    return inputs


ERASER = MethodSpec(
    name="eraser", version=1, description="", reference="", factory=eraser, parameters={"kind": "scores"}
)
"""
OPTIONS = ("--saltbench", "small.toml", "--saltbench-plugin", "entries.py", "--saltbench-results", "results")
REASON = "its result is gone from the results folder since it was stored; let nothing but saltbench write there, "
CELLS = 7 + 2


@pytest.fixture(scope="module", autouse=True)
def _imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Run a suite: what pytester's runs import must stay, PyTorch and Arrow cannot be imported twice."""
    folder = tmp_path_factory.mktemp("imported")
    (folder / "one.toml").write_text(SMALL.replace('"saliency", "eraser"', '"saliency"'))
    runner.run_suite(load_suite(str(folder / "one.toml"), load_registries()), folder)


@pytest.fixture
def here(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with a suite whose last method erases what was stored before."""
    pytester.makefile(".toml", small=SMALL)
    pytester.makepyfile(entries=ENTRIES)
    return pytester


def statuses(table: Path) -> list[str]:
    return [row.split(",")[3] for row in table.read_text().splitlines()[1:]]


def test_cells_whose_results_vanish_after_they_passed_fail_with_the_reason(here: pytest.Pytester) -> None:
    result = here.runpytest_inprocess(*OPTIONS, "--leaderboard", "table.csv", "--junitxml", "junit.xml")
    result.assert_outcomes(passed=CELLS, errors=CELLS - 1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"{REASON}*", "ERROR saltbench/small::box/earlier/lstm/seed0::saliency*"])
    assert statuses(here.path / "table.csv") == ["failed"] * 8 + ["ok"]
    assert (here.path / "table.csv").read_text().count(REASON) == 8
    found = ElementTree.parse(here.path / "junit.xml").getroot()[0]  # noqa: S314 - written by this test
    assert (found.get("errors"), found.get("failures")) == ("8", "0")


def test_all_of_a_task_fails_whose_yardstick_vanishes(here: pytest.Pytester) -> None:
    here.makefile(".toml", small=f'{SMALL}\n[parameters.eraser]\nkind = "yardsticks"\n')
    result = here.runpytest_inprocess(*OPTIONS, "-k", "oracle or eraser")
    result.assert_outcomes(passed=1, failed=1, errors=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_cell_whose_result_is_gone_when_it_ends_fails_itself(
    here: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put_and_lose(store: Store, kind: str, artifact: Artifact) -> None:
        put(store, kind, artifact)
        if kind == "maps":
            shutil.rmtree(store.root / kind)

    put = Store.put
    monkeypatch.setattr(Store, "put", put_and_lose)
    result = here.runpytest_inprocess(*OPTIONS, "-k", "oracle")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"{REASON}*", "to run it alone, add -k box/earlier/reference/seed0/oracle"])


def test_cells_that_are_not_run_do_not_fail(here: pytest.Pytester) -> None:
    result = here.runpytest_inprocess(*OPTIONS, "-k", "oracle or ones")
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.slow
def test_results_that_vanish_are_noticed_with_workers_of_xdist(here: pytest.Pytester) -> None:
    pytest.importorskip("xdist", reason="needs pytest-xdist")
    result = here.runpytest_subprocess(*OPTIONS, "-n1", "--leaderboard", "table.csv")
    result.assert_outcomes(passed=CELLS, errors=CELLS - 1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert statuses(here.path / "table.csv") == ["failed"] * 8 + ["ok"]
