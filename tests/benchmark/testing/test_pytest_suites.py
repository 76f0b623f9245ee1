"""`pytest --saltbench`: the cells of a suite are tests like others."""

import os
import signal
import subprocess
import sys
import time
from xml.etree import ElementTree

import pytest
from tiny_suite import TINY

from saltbench.benchmark.execution import evaluator as evaluation
from saltbench.benchmark.runs import runner
from saltbench.benchmark.storage.store import open_store
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite

SMALL = (
    TINY.replace('"box/earlier", "box/latter"]', '"box/earlier"]')
    .replace('"smoothgrad", "integrated-gradients"', '"broken", "choosy"')
    .replace("seeds = 2", "seeds = 1")
)
ENTRIES = """\
import time
from pathlib import Path

from saltbench import MethodSpec
from saltbench.errors import UnsupportedOperationError


def broken(inputs):
    raise ValueError("no map")


def choosy(model, inputs):
    if "Input" in type(model).__name__:
        raise UnsupportedOperationError("choosy has no rule for the input-cell; use another method")
    while Path("held").exists():
        time.sleep(0.01)
    return inputs


BROKEN = MethodSpec(name="broken", version=1, description="", reference="", factory=broken)
CHOOSY = MethodSpec(name="choosy", version=1, description="", reference="", factory=choosy)
"""
OPTIONS = ("--saltbench", "small.toml", "--saltbench-plugin", "entries.py")
PASSED, FAILED, SKIPPED = 7 + 2 + 1, 2, 1  # references, saliency on two networks, choosy on one


@pytest.fixture(scope="module")
def by_command_line(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The leaderboard that `saltbench run` makes of the small suite."""
    folder = tmp_path_factory.mktemp("command_line")
    (folder / "small.toml").write_text(SMALL)
    (folder / "entries.py").write_text(ENTRIES)
    plugins = [folder / "entries.py"]
    suite = load_suite(str(folder / "small.toml"), load_registries(plugins))
    return (runner.run_suite(suite, folder, plugins=plugins).folder / "leaderboard.csv").read_bytes()


@pytest.fixture
def here(by_command_line: bytes, pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with a small suite, whose methods pass, fail and are skipped, and a test of another kind.

    The suite has run before: pytester forgets what a run inside this process imports, and PyTorch and Arrow cannot be
    imported twice.
    """
    pytester.makefile(".toml", small=SMALL)
    pytester.makepyfile(entries=ENTRIES, test_other="def test_other(): pass")
    return pytester


def test_a_cell_passes_fails_or_is_skipped_with_one_readable_reason(here: pytest.Pytester) -> None:
    result = here.runpytest_inprocess(*OPTIONS, "-ra", "--leaderboard", "out/table.csv")
    result.assert_outcomes(passed=PASSED, failed=FAILED, skipped=SKIPPED)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "saltbench/small *",
            "*_ box/earlier/lstm/seed0/broken _*",
            "ValueError: no map (entries.py:9)",
            "to run it alone, add -k box/earlier/lstm/seed0/broken",
            "*= saltbench =*",
            "out/table.csv: leaderboard of small, 10 of 13 rows have scores",
            "SKIPPED [[]1] small.toml:1: choosy has no rule for the input-cell; use another method",
            "FAILED saltbench/small::box/earlier/lstm/seed0::broken - Failed: ValueError: *",
        ]
    )
    assert "Traceback" not in result.stdout.str()
    assert "evaluation.py" not in result.stdout.str()


def test_the_leaderboard_is_that_of_the_command_line_to_the_byte(here: pytest.Pytester, by_command_line: bytes) -> None:
    here.runpytest_inprocess(*OPTIONS, "--leaderboard", "table.csv")
    assert (here.path / "table.csv").read_bytes() == by_command_line


def test_a_crossed_suite_too_has_the_leaderboard_of_the_command_line(here: pytest.Pytester) -> None:
    crossed = SMALL.replace("seeds = 1", "seeds = { data = 1, training = 2, attribution = 1 }")
    here.makefile(".toml", crossed=crossed.replace('"broken", "choosy"]', "]"))
    suite = load_suite(str(here.path / "crossed.toml"), load_registries())
    expected = runner.run_suite(suite, here.path / "command_line").folder / "leaderboard.csv"
    here.runpytest_inprocess("--saltbench", "crossed.toml", "--leaderboard", "table.csv")
    assert (here.path / "table.csv").read_bytes() == expected.read_bytes()


def test_what_is_kept_is_not_computed_again(here: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    first = here.runpytest_inprocess(*OPTIONS, "--leaderboard", "first.csv")
    monkeypatch.setattr(evaluation, "train", None)
    again = here.runpytest_inprocess(*OPTIONS, "--leaderboard", "again.csv")
    assert first.parseoutcomes() == again.parseoutcomes()
    assert (here.path / "first.csv").read_bytes() == (here.path / "again.csv").read_bytes()


def test_a_model_is_trained_once_for_its_cells_even_if_training_fails(
    here: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[int] = []

    def failing(*_arguments: object) -> None:
        trained.append(1)
        raise ValueError("no training today")

    monkeypatch.setattr(evaluation, "train", failing)
    result = here.runpytest_inprocess(*OPTIONS, "-k", "not reference")
    result.assert_outcomes(failed=6)
    result.stdout.fnmatch_lines(["ValueError: no training today (test_pytest_suites.py:*)"])
    assert len(trained) == 2


def test_cells_run_alone_unless_paths_are_given(here: pytest.Pytester) -> None:
    here.runpytest_inprocess(*OPTIONS, "-k", "oracle or other").assert_outcomes(passed=1)
    here.runpytest_inprocess("test_other.py", *OPTIONS, "-k", "oracle or other").assert_outcomes(passed=2)
    here.runpytest_inprocess().assert_outcomes(passed=1)


def test_cells_are_collected_by_name(here: pytest.Pytester) -> None:
    result = here.runpytest_inprocess(*OPTIONS, "--collect-only", "-q", "-k", "/lstm/ or input-cell-lstm/seed0/choosy")
    assert result.outlines[:4] == [
        "saltbench/small::box/earlier/lstm/seed0::saliency",
        "saltbench/small::box/earlier/lstm/seed0::broken",
        "saltbench/small::box/earlier/lstm/seed0::choosy",
        "saltbench/small::box/earlier/input-cell-lstm/seed0::choosy",
    ]
    assert not list(here.path.glob("**/cells"))


def test_exitfirst_stops_and_what_is_left_out_is_missing_in_the_leaderboard(here: pytest.Pytester) -> None:
    result = here.runpytest_inprocess(*OPTIONS, "-x", "--leaderboard", "table.csv")
    result.assert_outcomes(passed=7 + 1, failed=1)
    rows = (here.path / "table.csv").read_text().splitlines()[1:]
    assert [row.split(",")[3] for row in rows] == ["ok"] * 8 + ["failed"] + ["missing"] * 4
    assert "not computed; run the suite again" in rows[-1]


def test_last_failed_runs_those_that_failed(here: pytest.Pytester) -> None:
    here.runpytest_inprocess(*OPTIONS)
    here.runpytest_inprocess(*OPTIONS, "--lf").assert_outcomes(failed=FAILED)


def test_junit_xml_names_cells_and_reasons(here: pytest.Pytester) -> None:
    here.runpytest_inprocess(*OPTIONS, "--junitxml", "junit.xml")
    suite = ElementTree.parse(here.path / "junit.xml").getroot()[0]  # noqa: S314 - written by this test
    cells = {f"{case.get('classname')} {case.get('name')}": case for case in suite.iter("testcase")}
    assert len(cells) == PASSED + FAILED + SKIPPED
    assert len(cells["saltbench.small.box/earlier/lstm/seed0 saliency"]) == 0
    failure = cells["saltbench.small.box/earlier/lstm/seed0 broken"].find("failure")
    assert failure is not None
    assert (failure.get("message") or "").startswith("Failed: ValueError: no map (entries.py:9)")
    skipped = cells["saltbench.small.box/earlier/input-cell-lstm/seed0 choosy"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "choosy has no rule for the input-cell; use another method"


@pytest.mark.slow
@pytest.mark.parametrize("how", ["load", "loadscope"])
def test_workers_of_xdist_give_the_same_leaderboard(here: pytest.Pytester, by_command_line: bytes, how: str) -> None:
    pytest.importorskip("xdist", reason="needs pytest-xdist")
    result = here.runpytest_subprocess(
        *OPTIONS, "-n2", f"--dist={how}", "--leaderboard=two.csv", "--saltbench-results=two", "--junitxml=junit.xml"
    )
    result.assert_outcomes(passed=PASSED, failed=FAILED, skipped=SKIPPED)
    assert (here.path / "two.csv").read_bytes() == by_command_line
    assert len(list(here.path.glob("two/small/models/*"))) == 2
    assert (here.path / "junit.xml").read_text().count("no map (entries.py:9)") >= 2


@pytest.mark.slow
def test_an_interrupted_run_keeps_what_is_finished_and_goes_on(here: pytest.Pytester) -> None:
    results, held = here.path / "results", here.path / "held"
    held.touch()  # the run cannot end before it is interrupted
    command = [sys.executable, "-P", "-m", "pytest", *OPTIONS, "--saltbench-results", str(results)]
    command += ["--leaderboard", "table.csv"]
    with subprocess.Popen(command, cwd=here.path, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None and len(list(results.glob("small/scores/*/*/record.json"))) < 3:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGINT)
        output = process.communicate(timeout=120)[0]
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "interrupted, no leaderboard was written; run the same command again to finish the rest" in output
    assert not (here.path / "table.csv").exists()
    assert not list(results.glob("*/*/.tmp-*"))
    held.unlink()
    result = here.runpytest_inprocess(*OPTIONS, "--saltbench-results", str(results), "--leaderboard", "table.csv")
    result.assert_outcomes(passed=PASSED, failed=FAILED, skipped=SKIPPED)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--saltbench", "quik"], "saltbench: unknown suite 'quik'; did you mean 'quick'?*"),
        (
            ["--saltbench", "quick", "--saltbench-methods", "x"],
            "saltbench: suite quick, --saltbench-methods: unknown method 'x'; *",
        ),
        (["--saltbench", "quick", "--saltbench-memory", "many"], "saltbench: memory must be *, got 'many'"),
        (["--saltbench", "quick", "--saltbench-device", "gpu"], "saltbench: device must be auto, cpu or cuda, got *"),
        (["--saltbench", "quick", "--saltbench", "table1", "--leaderboard", "x.csv"], "--leaderboard writes the *"),
        (["--leaderboard", "x.csv"], "--leaderboard writes the table of a suite; name one with --saltbench SUITE"),
        (["--saltbench", "quick", "--saltbench", "quick.toml"], "two suites are called quick; rename the file of one"),
        (["--saltbench", "quick", "-p", "no:cacheprovider"], "* give --saltbench-results DIR"),
    ],
)
def test_a_mistake_is_one_line(here: pytest.Pytester, options: list[str], message: str) -> None:
    here.makefile(".toml", quick=SMALL.replace('"broken", "choosy"', '"smoothgrad"'))
    result = here.runpytest_inprocess(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])


def test_a_folder_that_another_run_holds_is_one_line(here: pytest.Pytester) -> None:
    with open_store(here.path / "results" / "small"):
        result = here.runpytest_inprocess(*OPTIONS, "--saltbench-results", "results")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    wait = "wait for it or choose another --saltbench-results"
    result.stderr.fnmatch_lines([f"ERROR: saltbench: another run is writing *results/small; {wait}"])


def test_a_leaderboard_that_cannot_be_written_is_one_line(here: pytest.Pytester) -> None:
    (here.path / "file").touch()
    result = here.runpytest_inprocess(*OPTIONS, "-k", "oracle", "--leaderboard", "file/table.csv")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: saltbench: cannot write *file/table.csv: *"])
