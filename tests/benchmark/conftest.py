"""A suite small enough to run many times."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Said, ended
from tiny_suite import TINY

from saltbench.benchmark.runs import outputs
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite, load_suite


@pytest.fixture
def tiny_file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


@pytest.fixture
def tiny(tiny_file: Path) -> Suite:
    return load_suite(str(tiny_file), load_registries())


@pytest.fixture(scope="module")
def undrawn() -> Iterator[None]:
    """Runs in this process draw no figure: that takes them longer than all they compute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outputs, "_figures", lambda *_: {})
        yield


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """A function that runs the command line in this process."""

    def run(*arguments: object) -> tuple[object, str]:
        return ended(*arguments), capsys.readouterr().out

    return run
