"""`saltbench new`: what it writes passes as it is, runs as a plugin, and fails its test once it is broken."""

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import call, run
from hypothesis import given, settings
from hypothesis import strategies as st

from saltbench.benchmark.commands.scaffold import COLUMN, LONGEST, NEXT, WORDS, next_commands, write_new
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.suites.registry import load_registries
from saltbench.errors import DuplicateNameError, ParameterError, UnknownNameError

NAMES = {"method": "my-method", "architecture": "mine/unit-2", "task": "mine/burst", "metric": "my_metric"}
ROOT = Path(__file__).parents[3]


def write_all(folder: Path) -> list[Path]:
    return [write_new(kind, name, folder)[0] for kind, name in NAMES.items()]


def test_the_tests_pass_as_they_are_written(tmp_path: Path) -> None:
    write_all(tmp_path)
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "."]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    assert " warning" not in done.stdout


def test_a_suite_runs_with_all_four_plugins(tiny_file: Path, tmp_path: Path) -> None:
    plugins = [str(path) for path in write_all(tmp_path / "own folder")]
    chosen = ("--tasks", NAMES["task"], "--architectures", NAMES["architecture"], "--methods", NAMES["method"])
    process = run("run", str(tiny_file), *chosen, "--seeds", "1", "--workers", "1", "--plugin", *plugins, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    table = ResultsFolder(tmp_path / "results/tiny").table
    assert set(table.status) == {"ok"}
    row = table.iloc[-1]
    assert (row.task, row.architecture, row.method) == (NAMES["task"], NAMES["architecture"], NAMES["method"])
    assert table.set_index("method").my_metric_chance_corrected["oracle"] == 1


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("method", "return gradient.abs() ** power", "return gradient[:, :-1].abs() ** power"),
        ("method", "return gradient.abs() ** power", "return gradient.abs() ** power / gradient.abs().max()"),
        ("method", "return gradient.abs() ** power", "return gradient**3"),
        ("method", 'parameters={"power": 2.0}', "parameters={}"),
        ("architecture", "self.classifier(states[:, -1])", "self.classifier(states)"),
        ("architecture", "self.classifier(states[:, -1])", "self.classifier(states[:, -1] - states.mean((0, 1)))"),
        ("architecture", "self.classifier(states[:, -1])", "self.classifier(inputs.new_zeros(len(inputs), 8))"),
        ("architecture", "states[:, -1]", "states[:, -2]"),
        ("task", "default_rng(seed)", "default_rng(0)"),
        ("task", "(steps < start + length)", "(steps < start)"),
        ("task", "np.float32(2)", "np.float32(1)"),
        ("task", "noise + shift[:, None, None] * truth", "(noise + shift[:, None, None] * truth).astype(float)"),
        ("metric", "return np.average(relevance, axis=1, weights=largest)", "return relevance[largest]"),
        ("metric", "return np.average(relevance, axis=1, weights=largest)", "return 2 * relevance.max(axis=1)"),
        ("metric", "higher_is_better=True", "higher_is_better=False"),
        ("metric", "return truth.mean(axis=(1, 2), dtype=np.float64)", "return 0 * truth.mean(axis=(1, 2))"),
        ("metric", "magnitude = maps.magnitude.", "magnitude = maps.attributions."),
    ],
)
def test_the_test_fails_once_the_entry_is_broken(pytester: pytest.Pytester, kind: str, right: str, wrong: str) -> None:
    plugin, test = write_new(kind, NAMES[kind], pytester.path)
    text = plugin.read_text("utf-8")
    assert text.count(right) == 1
    plugin.write_text(text.replace(right, wrong), "utf-8")
    result = pytester.runpytest_inprocess("-q", "-x", "-p", "no:cacheprovider", test.name)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize("name", ["a", "b" * LONGEST])
def test_ruff_finds_nothing(tmp_path: Path, name: str) -> None:
    for kind in NEXT:
        write_new(kind, name, tmp_path / kind)
    # its own settings, and those of this project, which sorts imports otherwise, as one who ships inside saltbench
    ours = ["--config", str(ROOT / "pyproject.toml")]
    for arguments in (
        ["check", "--isolated"],
        ["format", "--check", "--isolated"],
        ["check", *ours, "--ignore", "I001"],
        ["format", "--check", *ours],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."], capture_output=True, text=True, cwd=tmp_path
        )
        assert done.returncode == 0, done.stdout


def test_the_command_says_what_to_type_next(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out = call(capsys, "new", "method", "my-method")
    assert code is None
    assert out.splitlines() == [
        "wrote my_method.py and test_my_method.py; next:",
        "  pytest test_my_method.py",
        "  saltbench run --methods my-method saliency --plugin my_method.py --results mine",
    ]
    assert {path.name for path in tmp_path.iterdir()} == {"my_method.py", "test_my_method.py"}


@pytest.mark.parametrize(("kind", "name"), NAMES.items())
def test_the_entry_has_the_name_that_was_given(tmp_path: Path, kind: str, name: str) -> None:
    plugin, _ = write_new(kind, name, tmp_path)
    found = getattr(load_registries([plugin]), f"{kind}s").get(name)
    assert found.source.startswith(plugin.name)


def test_commands_quote_folders_with_spaces(tmp_path: Path) -> None:
    commands = next_commands("task", "mine/burst", Path("own folder/mine_burst.py"), Path("own folder/test_x.py"))
    assert commands == (
        "pytest 'own folder/test_x.py'",
        "saltbench run --tasks mine/burst --plugin 'own folder/mine_burst.py' --results mine",
    )


@pytest.mark.parametrize("existing", ["my_method.py", "test_my_method.py"])
def test_files_are_never_overwritten(tmp_path: Path, existing: str) -> None:
    (tmp_path / existing).write_text("mine")
    with pytest.raises(
        DuplicateNameError, match=rf"{existing} exists and is left as it is; choose another name or --f"
    ):
        write_new("method", "my-method", tmp_path)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(existing, "mine")]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("method", "My-method"),
        ("method", "my_method"),
        ("method", "my--method"),
        ("method", "-method"),
        ("method", "2nd"),
        ("method", "my method"),
        ("method", "../mine"),
        ("method", "/mine"),
        ("method", "mine/"),
        ("method", ""),
        ("method", "né"),
        ("method", "mine\n"),
        ("method", "a" * (LONGEST + 1)),
        ("metric", "my-metric"),
        ("metric", "mine/metric"),
        ("metric", "my__metric"),
    ],
)
def test_names_are_words(tmp_path: Path, kind: str, name: str) -> None:
    form = "underscores" if kind == "metric" else "dashes, families separated by a slash"
    with pytest.raises(
        ParameterError, match=f"^a {kind} is named with lower-case words with {form}, at most 40 charac"
    ):
        write_new(kind, name, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("method", "saliency"),
        ("task", "box/latter"),
        ("task", "planted/mine"),
        ("architecture", "lstm"),
        ("metric", "roc_auc"),
        ("metric", "accuracy"),
    ],
)
def test_names_that_are_taken(tmp_path: Path, kind: str, name: str) -> None:
    with pytest.raises(DuplicateNameError, match=f"^{kind} '{name}' exists in saltbench; choose another name$"):
        write_new(kind, name, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["random", "numpy", "torch", "conftest", "unittest"])
def test_names_of_modules_that_the_file_would_hide(tmp_path: Path, name: str) -> None:
    with pytest.raises(ParameterError, match=rf"^{name}\.py would hide the Python module {name}; choose another name$"):
        write_new("method", name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_another_kind(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"^unknown kind 'methods'; did you mean 'method'\?$"):
        write_new("methods", "mine", tmp_path)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ParameterError, match=r"mine\.py cannot be written: .*; choose another --folder$"):
        write_new("method", "mine", tmp_path / "file")


@settings(max_examples=30)
@given(st.from_regex(WORDS, fullmatch=True))
def test_every_name_of_words_is_one_path_component_of_a_module(name: str) -> None:
    assert name.replace("-", "_").replace("/", "_").isidentifier()


@pytest.mark.parametrize("kind", ["task", "architecture", "method", "metric"])
def test_every_shipped_name_would_be_allowed(kind: str) -> None:
    pattern = COLUMN if kind == "metric" else WORDS
    names = [entry.name for entry in getattr(load_registries(), f"{kind}s")]
    own = [name for name in names if ":" not in name]  # behind which a metric has the paper's name
    assert [name for name in own if not pattern.fullmatch(name)] == []
