"""Results are listed, shown, compared and drawn where PyTorch and Captum cannot be imported."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from commands_without_torch import run_blocked
from recorded_folders import recorded_folder
from tiny_suite import SMALLER

from saltbench.benchmark.commands.cli import LISTED
from saltbench.benchmark.formats.registry import CHANGES, LEADERBOARD, LISTING, VERSUS
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.style.figure_style import FORMATS
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite

Ran = subprocess.CompletedProcess[str]


def reading(folder: str) -> list[str]:
    """Return every command that reads a results folder, in every format."""
    return [
        *(f"leaderboard {folder} --format {form} --output out/{folder}.{form}" for form in LEADERBOARD),
        f"leaderboard {folder} --format markdown --across tasks --output out/across",
        *(f"compare {folder} {folder} --format {form} --output out/{folder}.{form}" for form in CHANGES),
        f"status smaller.toml --results {folder}",
        f"figures {folder} --format {','.join(FORMATS)} --output out/{folder}",
    ]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders that hold a CSV file alone, tables with scores and provenance, and a whole run with maps."""
    place = tmp_path_factory.mktemp("place")
    (place / "smaller.toml").write_text(SMALLER)
    run_suite(load_suite(str(place / "smaller.toml"), load_registries()), place)
    recorded_folder(place / "recorded")
    (place / "alone").mkdir()
    shutil.copy(place / "recorded" / "leaderboard.csv", place / "alone")
    (place / "out").mkdir()
    return place


@pytest.mark.parametrize("folder", ["alone", pytest.param("recorded", marks=pytest.mark.slow), "smaller"])
def test_every_reader_of_results_works_without_torch(place: Path, folder: str) -> None:
    assert set(run_blocked(place, *reading(folder)).values()) == {"None"}
    assert (place / "out" / folder / "scores.svg").stat().st_size > 1000
    assert (place / "out" / f"{folder}.html").read_bytes().count(b"data:image/png") == (8 if folder == "smaller" else 0)
    assert (place / "out" / folder / "maps.png").exists() == (folder == "smaller")


def test_methods_are_compared_without_torch(place: Path) -> None:
    commands = [f"versus saliency smoothgrad smaller --format {form} --output out/versus.{form}" for form in VERSUS]
    assert run_blocked(place, *commands) == dict.fromkeys(commands, "None")


def test_everything_is_listed_without_torch(place: Path) -> None:
    commands = [f"list {kind} --format {form}" for kind in LISTED for form in LISTING]
    assert set(run_blocked(place, *commands).values()) == {"None"}


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (("list", "methods"), {"pandas", "scipy", "matplotlib", "pyarrow"}),
        (("leaderboard", "alone"), {"scipy", "matplotlib", "seaborn", "scikit_posthocs", "statsmodels", "sklearn"}),
        (("leaderboard", "alone", "--format", "html"), {"matplotlib", "scikit_posthocs", "statsmodels", "sklearn"}),
        (("leaderboard", "alone", "--format", "markdown"), {"scipy", "matplotlib", "scikit_posthocs", "sklearn"}),
    ],
)
def test_a_command_waits_for_no_library_that_it_does_not_use(
    place: Path, arguments: tuple[str, ...], absent: set[str], run_python: Callable[..., Ran]
) -> None:
    script = """
import sys
from saltbench.benchmark.commands import cli
try:
    cli.main()
finally:
    sys.stderr.write("loaded: " + " ".join(name for name in sys.modules if "." not in name))
"""
    words = [place / word if word == "alone" else word for word in arguments]
    done = run_python(script, *words)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stderr.rpartition("loaded: ")[2].split())
    assert "typer" in loaded
    assert not loaded & absent
