"""The command line: what it prints, and one line with exit status 1 for every mistake."""

import json
from pathlib import Path

import pytest
from command_line import call, ended, run

from saltbench import __version__
from saltbench.benchmark.commands import cli, reproduce
from saltbench.benchmark.storage.store import FORMAT
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import bundled_suites, load_suite


@pytest.mark.parametrize("kind", cli.KINDS)
def test_list_json_has_every_entry(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    code, out = call(capsys, "list", kind, "--format", "json")
    rows = json.loads(out)
    assert code is None
    entries = [entry.name for entry in getattr(load_registries(), kind)]
    assert [row["name"] for row in rows] == entries + ["planted/<file>"] * (kind == "tasks")
    assert all(isinstance(row["version"], int) and row["description"] for row in rows)


def test_list_csv_and_table(capsys: pytest.CaptureFixture[str]) -> None:
    _, out = call(capsys, "list", "tasks", "--format", "csv")
    assert out.splitlines()[0] == "name,version,description,reference"
    assert out.splitlines()[1].startswith("box/earlier,1,")
    _, out = call(capsys, "list", "tasks")
    assert "moving-box/t40" in out


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_list_shows_text_that_is_no_utf8_as_escapes(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, form: str
) -> None:
    plugin = tmp_path / "odd.py"
    plugin.write_text(
        "from saltbench import MethodSpec\n"
        "def same(inputs):\n    return inputs\n"
        'ODD = MethodSpec(name="odd", version=1, description="a \\udc80 b", reference="", factory=same)\n'
    )
    code, out = call(capsys, "list", "methods", "--format", form, "--plugin", str(plugin))
    assert code is None
    assert r"a \udc80 b" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "task"], "unknown kind 'task'; did you mean 'tasks'?"),
        (["list", "suite"], "unknown kind 'suite'; did you mean 'suites'?"),
        (["list", "tasks", "--format", "xml"], "--format must be table, csv or json, got 'xml'"),
        (["run", "quik"], "unknown suite 'quik'; did you mean 'quick'? (or give the path of a .toml file)"),
        (["run", "--tasks", "box/latte"], "unknown task 'box/latte'; did you mean"),
        (["run", "--tasks", "digits/rows", "nothing/*"], "unknown task 'nothing/*'; known: arma/*, box/*, "),
        (["run", "--methods", "salency"], "unknown method 'salency'; did you mean 'saliency'"),
        (["run", "--architectures", "lstmm"], "unknown architecture 'lstmm'; did you mean 'lstm'"),
        (["run", "--seeds", "0"], "Invalid value for '--seeds': Input should be greater than or equal to 1"),
        (["run", "--seeds", "100000000"], "Invalid value for '--seeds': Input should be less than or equal to 1000"),
        (["run", "--workers", "100000"], "Invalid value for '--workers': Input should be less than or equal to 1000"),
        (["metrics-check", "--samples", "100000000"], "Input should be less than or equal to 10000"),
        (["run", "...toml"], "got '..', which begins with '.'; rename ...toml"),
        (["run", "--seeds", "many"], "Invalid value for '--seeds': Input should be a valid integer"),
        (["run", "--device", "tpu"], "device must be auto, cpu or cuda, got 'tpu'"),
        (["run", "--target", "false"], "target must be one of true, predicted, got 'false'"),
        (["run", "--output", "softmax"], "output must be one of logit, probability, got 'softmax'"),
        (["run", "--target", ""], "target must be one of true, predicted, got ''"),
        (["run", "--memory", ""], "memory must be a positive number with KB, MB or GB, such as 2GB, got ''"),
        (["run", "--timeout", "0"], "timeout must be a positive number of seconds, got 0"),
        (["run", "--methods", "salency"], "suite quick, --methods: unknown method"),
        (["run", "--plugin", "absent.py"], "plugin absent.py cannot be read: No such file"),
        (["list"], "Missing argument 'kind'. (saltbench list --help lists what there is)"),
        (["run", "--nonsense"], "No such option: --nonsense (saltbench run --help lists what there is)"),
        (["run", "--tasks"], "Option '--tasks' requires an argument"),
        (["leaderboard", "absent"], "cannot read absent: No such file"),
        (["reproduce", "table2"], "unknown reproduction 'table2'; did you mean 'table1'?"),
        (["frobnicate"], "No such command 'frobnicate'. (saltbench --help lists what there is)"),
    ],
)
def test_mistakes_are_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _ = call(capsys, *arguments)
    assert isinstance(code, str)  # sys.exit(text) prints it to standard error with status 1
    assert code.startswith("saltbench: ")
    assert message in code
    assert "\n" not in code
    assert not list(tmp_path.iterdir())


def test_a_mistake_in_a_real_process_is_status_1_and_no_traceback() -> None:
    process = run("run", "quik")
    assert process.returncode == 1
    assert process.stdout == ""
    assert process.stderr.count("\n") == 1


def test_list_suites(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = call(capsys, "list", "suites", "--format", "json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert code is None
    assert list(rows) == bundled_suites()
    assert all(row["version"] == __version__ and row["description"] for row in rows.values())
    assert rows["table1"]["architectures"] == ["lstm", "bi-lstm", "lstm-self-attention", "input-cell-lstm"]
    for form in ("table", "csv"):
        _, out = call(capsys, "list", "suites", "--format", form)
        assert [name for name in rows if name not in out] == []


@pytest.mark.parametrize("command", [[], ["run"], ["list"], ["leaderboard"]], ids=" ".join)
def test_short_help(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    long, short = (call(capsys, *command, option) for option in ("--help", "-h"))
    assert long == short
    assert long[0] in (None, 0)
    assert "Usage: " in long[1]


def test_help_and_version() -> None:
    assert run("--version").stdout == run("-V").stdout == f"{__version__}\n"
    process = run()
    assert process.returncode == 0
    assert all(command in process.stdout for command in ("list", "run", "leaderboard", "reproduce"))


def test_a_run_in_a_real_process(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tiny_file: Path, tmp_path: Path
) -> None:
    narrowed = ("--tasks", "box/latter", "--methods", "saliency", "--seeds", "1", "--results", "out")
    process = run("run", str(tiny_file), *narrowed, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert "[3/3]" in process.stderr
    assert "out/tiny/leaderboard.csv" in process.stdout
    assert (tmp_path / "out/tiny/maps.png").exists()
    monkeypatch.chdir(tmp_path)
    assert ended("leaderboard", "out/tiny", "--format", "markdown") is None
    shown = capfd.readouterr()
    assert shown.out.count("\n") == 2 + 3 + 2 + 7 + 2  # heading, blocks, methods, references, caption
    assert shown.err == ""  # the folder holds the scores of every sample
    assert ended("leaderboard", "out/tiny", "--output", "copy.csv") is None
    assert (tmp_path / "copy.csv").read_bytes() == (tmp_path / "out/tiny/leaderboard.csv").read_bytes()


def test_newer_results_are_left_alone(tiny_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "tiny"
    folder.mkdir(parents=True)
    (folder / "provenance.json").write_text('{"format": 99}')
    process = run("run", str(tiny_file), "--results", str(tmp_path / "out"))
    assert process.returncode == 1
    message = f"was written by a newer saltbench (format 99, this one reads up to {FORMAT}); upgrade saltbench"
    assert message in process.stderr
    assert process.stderr.count("\n") == 1
    assert [path.name for path in folder.iterdir()] == ["provenance.json"]


@pytest.mark.parametrize(
    ("given", "expanded"),
    [
        (["run", "--tasks", "a", "b", "--seeds", "2"], ["run", "--tasks", "a", "--tasks", "b", "--seeds", "2"]),
        (["run", "quick", "--methods", "a"], ["run", "quick", "--methods", "a"]),
        (["run", "--plugin", "a.py", "b.py"], ["run", "--plugin", "a.py", "--plugin", "b.py"]),
        (["run", "--tasks"], ["run", "--tasks"]),
        (["run", "--tasks=a", "b"], ["run", "--tasks=a", "b"]),
    ],
)
def test_options_take_several_values(given: list[str], expanded: list[str]) -> None:
    assert cli.expand(given) == expanded


@pytest.mark.slow
def test_reproduce_in_small(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The command as users type it, on the suite's grid with short series, few samples and two seeds."""
    small = {"time": 12, "features": 12, "train": 20, "validation": 10, "test": 10}
    tasks = load_suite("table1", load_registries()).tasks
    parameters = {task.name: {**small, "layouts": [[[2, 8, 2, 8]]]} for task in tasks}
    overrides = {"seeds": 2, "samples": 4, "training": {"epochs": 1}, "parameters": parameters}
    monkeypatch.setattr(reproduce, "load_suite", lambda name, registries: load_suite(name, registries, overrides))
    code, out = call(capsys, "reproduce", "table1", "--workers", "1", "--results", str(tmp_path))
    assert code is None
    lines = out.splitlines()
    assert lines[0].startswith("task")
    assert sum(line.endswith((" yes", " no")) for line in lines) == 72
    assert any(" of 72 published numbers agree; " in line for line in lines)
    written = {path.name for path in (tmp_path / "table1").iterdir() if path.is_file()}
    assert {"leaderboard.csv", "published_vs_measured.csv", "maps.png", "provenance.json"} <= written
