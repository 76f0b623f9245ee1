"""One method against another: differences, bounds and verdicts, by the scores of the same samples."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from boards import HOSTILE, board_folder
from command_line import ended
from scipy import stats

from saltbench.benchmark.comparisons.versus import versus
from saltbench.benchmark.formats.registry import VERSUS
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.suites.registry import load_registries
from saltbench.errors import ParameterError, StoreError, UnknownNameError

METRICS = [load_registries().metrics.get(name) for name in ("average_precision", "euclidean")]
DRAWS = np.random.default_rng(0)
BASE = DRAWS.uniform(0.3, 0.5, size=(2, 30))
GAIN = DRAWS.uniform(0.1, 0.2, size=(2, 30))
NOISE = DRAWS.normal(0, 0.01, size=(2, 30))
NOISE -= NOISE.mean()


def both(values: np.ndarray) -> dict[str, np.ndarray]:
    return {"average_precision": values, "euclidean": values}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return board_folder(
        tmp_path / "results",
        {
            ("task", "", "oracle"): both(np.ones((2, 30))),
            ("task", "net", "other"): both(BASE),
            ("task", "net", "mine"): both(BASE + GAIN),
            ("task", "flat", "mine"): both(BASE + NOISE),
            ("task", "flat", "other"): both(BASE),
            ("task", "alone", "other"): both(BASE),
        },
        rows={("task", "flat", "mine"): {"at_chance": "true"}},
    )


def found(folder: Path, method: str = "mine", other: str = "other") -> pd.DataFrame:
    return versus(ResultsFolder(folder), method, other, METRICS).set_index(["architecture", "metric"])


def test_differences_are_the_methods_minus_the_others_whichever_stands_first(folder: Path) -> None:
    table = found(folder)
    assert list(table.index) == [(net, metric.name) for net in ("net", "flat") for metric in METRICS]
    assert (table.method == "mine").all()
    assert (table.other == "other").all()
    for net, difference in (("net", GAIN), ("flat", NOISE)):
        row = table.loc[net, "average_precision"]
        assert row.difference == pytest.approx(difference.mean(), abs=1e-12)
        assert row.low <= row.difference <= row.high
        assert row.p == pytest.approx(stats.wilcoxon(difference.ravel()).pvalue, rel=1e-6)
        assert (row.samples, row.seeds) == (60, 2)


def test_a_gain_is_better_where_higher_is_better_and_worse_where_lower_is(folder: Path) -> None:
    table = found(folder)
    assert table.loc["net", "average_precision"].verdict == "better"
    assert table.loc["net", "euclidean"].verdict == "worse"
    assert set(table.loc["flat"].verdict) == {"within noise"}
    assert list(table.at_chance) == ["false", "false", "true", "true"]


def test_the_other_way_round_everything_changes_its_sign(folder: Path) -> None:
    one, other = found(folder), found(folder, "other", "mine")
    for column in ("difference", "effect"):
        np.testing.assert_array_equal(one[column], -other[column])
    np.testing.assert_array_equal(one.low, -other.high)
    np.testing.assert_array_equal(one.p_holm, other.p_holm)
    turned = {"better": "worse", "worse": "better", "within noise": "within noise"}
    assert list(one.verdict) == [turned[verdict] for verdict in other.verdict]


def test_p_is_adjusted_over_all_rows(folder: Path) -> None:
    table = found(folder)
    smallest = table.p.min()
    assert table.p_holm.min() == pytest.approx(len(table) * smallest)


def test_mistakes_are_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown method 'mime'; did you mean 'mine'"):
        found(folder, "mime")
    with pytest.raises(ParameterError, match="two methods are compared, got mine twice"):
        found(folder, "mine", "mine")
    with pytest.raises(ParameterError, match=r"no network of .* was explained by both mine and oracle"):
        found(folder, "mine", "oracle")
    lonely = board_folder(tmp_path / "lonely", {("t", "net", name): both(BASE) for name in ("a", "b")}, alone=True)
    with pytest.raises(StoreError, match=r"by the scores of their samples: .* holds no scores"):
        found(lonely, "a", "b")


def test_the_command_prints_the_table_and_a_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("versus", "mine", "other", folder, "--architectures", "net") in (None, 0)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == "task, net"
    assert lines[2].startswith("average precision +0.1")
    assert lines[2].endswith("< .001 better")
    text = " ".join(lines)
    assert "mine against other: better in 1, worse in 1 of 2 comparisons, 0 within noise." in text


def test_the_command_chooses_metrics_and_writes_files(folder: Path, tmp_path: Path) -> None:
    options = ("--metrics", "euclidean", "--format", "csv", "--output", tmp_path / "versus.csv")
    assert ended("versus", "mine", "other", folder, *options) in (None, 0)
    table = pd.read_csv(tmp_path / "versus.csv")
    assert list(table.metric) == ["euclidean", "euclidean"]


@pytest.mark.parametrize("form", list(VERSUS))
def test_hostile_names_are_text(tmp_path: Path, form: str) -> None:
    scores = {("[bold]t[/]", name, method): both(BASE) for name in HOSTILE for method in ("a", "b")}
    folder = board_folder(tmp_path / "results", scores)
    shown = VERSUS[form].write(versus(ResultsFolder(folder), "a", "b", METRICS)).decode()
    assert not {"\x1b", "\x07"} & set(shown) or form == "csv"
    assert ("[bold]t[/]" in shown) == (form != "markdown")
