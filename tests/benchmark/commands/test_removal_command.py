"""`saltbench removal`: any suite, any replacement, any architecture."""

from pathlib import Path

import pandas as pd
import pytest
from command_line import ended
from matplotlib.figure import Figure
from tiny_suite import TINY

from saltbench.benchmark.commands.removal import removal_of_suite
from saltbench.benchmark.removal import charts as salient_figures
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.errors import ParameterError, UnknownNameError

PLUGIN = """
from torch import nn
from saltbench import ArchitectureSpec

class Flat(nn.Module):
    def __init__(self, features, classes):
        super().__init__()
        self.head = nn.Linear(features, classes)
    def forward(self, inputs):
        return self.head(inputs.mean(1))

FLAT = ArchitectureSpec(name="a-$flat", version=1, description="mean", reference="", factory=Flat)
"""


def command(*arguments: str) -> object:
    return ended("removal", *arguments)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tiny.toml").write_text(TINY)
    (tmp_path / "flat.py").write_text(PLUGIN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_a_suite_of_boxes_with_a_network_of_the_users(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn: list[Figure] = []
    real = salient_figures._write
    monkeypatch.setattr(salient_figures, "_write", lambda figure, stem: drawn.append(figure) or real(figure, stem))
    chosen = ["--architectures", "lstm", "a-$flat", "--methods", "input-x-gradient", "--plugin", "flat.py"]
    replaced = ["--replacements", "zero", "sampled"]
    assert command("tiny.toml", *chosen, *replaced, "--workers", "1") is None
    removal = pd.read_csv("results/tiny/removal.csv", keep_default_na=False)
    assert set(removal.replacement) == {"zero", "sampled"}
    assert set(removal.ranked_by) == {"lstm", "a-$flat", ""}
    assert set(removal.method) == {"input-x-gradient", "oracle", "random-uniform"}
    assert (removal[removal.removed == 0].accuracy_drop == 0).all()
    reported = pd.read_csv("results/tiny/reported.csv", keep_default_na=False)
    tasks = list(reported.task.unique())
    bars, lines = drawn
    assert [axis.get_title("left").split(",")[0] for axis in bars.axes] == [f"measured: {task}" for task in tasks]
    assert len(lines.axes) == 2 * len(tasks)
    labels = {text.get_text() for text in lines.legends[0].get_texts()}
    assert {
        "LSTM, by its own input-x-gradient",
        r"a-\$flat, by LSTM input-x-gradient",
        r"a-\$flat, at random",
    } <= labels
    ours = removal[
        (removal.task == tasks[0]) & (removal.replacement == "zero") & (removal.method == "input-x-gradient")
    ]
    own = ours[(ours.architecture == "a-$flat") & (ours.ranked_by == "a-$flat")]
    curve = next(
        line for line in lines.axes[0].get_lines() if line.get_label() == r"a-\$flat, by its own input-x-gradient"
    )
    assert list(curve.get_ydata()) == pytest.approx(list(own.accuracy_drop))
    out = capsys.readouterr().out
    for name in ("removal.csv", "removal.png", "reported.svg", "leaderboard.csv"):
        assert f"results/tiny/{name}" in out


def test_mistakes_are_one_line_each(here: Path) -> None:
    message = command("tiny.toml", "--replacements", "means", "--workers", "1")
    assert message == "saltbench: unknown replacement 'means'; did you mean 'mean'?"
    assert not (here / "results").exists()
    registries = load_registries()
    bare = load_suite("tiny.toml", registries, {"methods": ["oracle"]})
    with pytest.raises(ParameterError, match="removal needs at least one method besides the reference methods"):
        list(removal_of_suite(bare, registries, here, replacements=["mean"]))
    with pytest.raises(UnknownNameError, match="unknown replacement 'nothing'"):
        list(removal_of_suite(load_suite("tiny.toml", registries), registries, here, replacements=["nothing"]))
