"""`saltbench calibrate`: strengths tried, and the line for the suite."""

from pathlib import Path

import numpy as np
import pytest
from command_line import ended

SUITE = """
tasks = ["planted/mine.csv", "digits/rows"]
architectures = ["fixed", "lstm"]

[training]
epochs = 1
batch = 1000

[parameters."planted/mine.csv"]
id = "who"
window = [1, 3, 0, 1]
test_share = 0.5
"""
PLUGIN = """
import torch
from saltbench import ArchitectureSpec

class Fixed(torch.nn.Module):
    def __init__(self, features, classes):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(()))
    def forward(self, inputs):
        total = self.scale * inputs[:, 1:3, 0].sum(1)
        return torch.stack([-total, total], 1)

FIXED = ArchitectureSpec(name="fixed", version=1, description="", reference="", factory=Fixed)
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    values = np.random.default_rng(0).standard_normal((400, 4))
    rows = [f"{who},{time},{value}" for who, row in enumerate(values) for time, value in enumerate(row)]
    Path("mine.csv").write_text("\n".join(["who,time,x", *rows]))
    Path("own.toml").write_text(SUITE)
    Path("fixed.py").write_text(PLUGIN)


def calibrate(*arguments: str) -> object:
    return ended("calibrate", "own.toml", "--plugin", "fixed.py", *arguments)


@pytest.mark.usefixtures("here")
def test_it_prints_what_goes_into_the_suite(capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate("--architectures", "fixed", "--accuracy", "0.8") in (None, 0)
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["planted/mine.csv, fixed", said[1]]
    assert said[1].startswith("  strength 2: accuracy ")
    assert said[-2:] == ['[parameters."planted/mine.csv"]', said[-1]]
    strength = float(said[-1].removeprefix("strength = "))
    assert said[-3].startswith(f"  strength {strength:g}, accuracy 0.8")
    assert said[-3].endswith(" of 0.800 wanted")
    assert 0.4 < strength < 0.9  # Φ(s √2) is .8 at .6


@pytest.mark.usefixtures("here")
def test_what_is_not_reached_goes_into_no_suite(capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate("--architectures", "lstm", "--accuracy", "1.0", "--tries", "1") in (None, 0)
    said = capsys.readouterr().out.splitlines()
    assert said[-1].endswith(" below the 1.000 wanted")
    assert not [line for line in said if line.startswith("[")]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--tasks", "digits/rows"),
            "saltbench: suite own has no task planted/<file>, whose signal has a strength; name",
        ),
        (("--architectures", "fixed"), "saltbench: calibration needs labels, or the accuracy that is to be"),
        (
            ("--accuracy", "0.5"),
            "saltbench: accuracy must be above 0.500, which guessing reaches, and at most 1, got 0.5",
        ),
        (
            ("--tasks", "planted/absent.csv", "--accuracy", "0.9"),
            "saltbench: suite own.toml, --tasks: absent.csv cannot",
        ),
    ],
)
def test_mistakes_are_one_line(arguments: tuple[str, ...], message: str) -> None:
    status = str(calibrate(*arguments))
    assert status.startswith(message)
    assert "\n" not in status
