"""What explaining costs is collected from the cells, and drawn against the score."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hand_made import METRIC, board
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from saltbench.benchmark.execution.collection import Collection
from saltbench.benchmark.figures.cost_figure import cost_figure, pareto
from saltbench.benchmark.leaderboards.cost import COLUMNS, cost
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite
from saltbench.errors import LackingDataError, StoreError

PRECISION = load_registries().metrics.get(METRIC)
EUCLIDEAN = load_registries().metrics.get("euclidean")
ARCHITECTURES, METHODS = ["lstm", "bi-lstm"], ["saliency", "lime", "smoothgrad"]


def cells(*seconds: float | None, architecture: str = "lstm") -> pd.DataFrame:
    identity = {"task": "t", "architecture": architecture, "method": "saliency", "status": "ok"}
    return pd.DataFrame([{**identity, "seed": seed, "seconds": value} for seed, value in enumerate(seconds)])


def collected(cells: pd.DataFrame, samples: list[int]) -> Collection:
    rows = [
        {**cell, "sample": n}
        for cell, count in zip(cells.to_dict("records"), samples, strict=True)
        for n in range(count)
    ]
    return Collection(pd.DataFrame(rows), cells, pd.DataFrame(), [])


def costs(table: pd.DataFrame, seconds: list[float]) -> pd.DataFrame:
    trained = table[table.architecture != ""]
    return trained[["task", "architecture", "method"]].assign(seconds_per_sample=seconds, samples=9, seeds=3)


def test_cost_is_the_mean_over_seeds_of_seconds_over_samples() -> None:
    table = cost(collected(cells(2.0, 9.0), [4, 6]))
    assert list(table.columns) == COLUMNS
    assert table.iloc[0].tolist() == ["t", "lstm", "saliency", pytest.approx((0.5 + 1.5) / 2), 10, 2]


def test_cost_is_empty_where_a_seed_has_none() -> None:
    table = cost(collected(cells(2.0, None), [4, 4]))
    assert np.isnan(table.seconds_per_sample[0])
    assert table.samples[0] == 8
    missing = cost(collected(cells(2.0, None), [4, 0]))
    assert np.isnan(missing.seconds_per_sample[0])
    assert (missing.samples[0], missing.seeds[0]) == (4, 2)


def test_reference_methods_cost_nothing_worth_a_row() -> None:
    assert cost(collected(cells(2.0, architecture=""), [4])).empty


def test_a_run_writes_what_its_cells_recorded(tiny: Suite, tmp_path: Path) -> None:
    folder = run_suite(tiny, tmp_path).folder
    table = ResultsFolder(folder).cost
    assert table is not None
    records = [json.loads(path.read_text()) for path in folder.glob("maps/*/record.json")]
    trained = [record for record in records if "model" in record["key"]]
    assert len(table) == 2 * 2 * 3 == len(trained) / 2
    assert set(table.samples) == {12}
    row = table.iloc[0]
    own = [
        record["facts"]["seconds"] / 6
        for record in trained
        if record["key"]["task"]["name"] == row.task
        and record["key"]["model"]["architecture"]["name"] == row.architecture
        and record["key"]["method"]["name"] == row.method
    ]
    assert row.seconds_per_sample == pytest.approx(np.mean(own))
    assert "seconds" not in pd.read_csv(folder / "leaderboard.csv").columns


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("task,method\na,b\n", "lacks the columns architecture, seconds_per_sample, samples, seeds"),
        (",".join(COLUMNS) + "\nt,lstm,saliency,fast,1,1\n", r"cost.csv needs numbers in seconds_per_sample.*'fast'"),
    ],
)
def test_a_damaged_cost_table_is_one_line(tmp_path: Path, content: str, message: str) -> None:
    assert ResultsFolder(tmp_path).cost is None
    (tmp_path / "cost.csv").write_text(content)
    with pytest.raises(StoreError, match=message) as caught:
        ResultsFolder(tmp_path).cost
    assert "\n" not in str(caught.value)


def marks(figure: Figure, panel: int) -> list[list[float]]:
    return sorted(mark.get_offsets()[0].tolist() for mark in figure.axes[panel].collections)


def test_a_mark_for_each_method_and_architecture() -> None:
    table = board(["one", "two"], ARCHITECTURES, METHODS)
    seconds = [0.01 * (n + 1) for n in range(12)]
    figure = cost_figure(table, costs(table, seconds), PRECISION)
    scores = table[table.architecture != ""][METRIC].tolist()
    np.testing.assert_allclose(marks(figure, 0), sorted(zip(seconds[:6], scores[:6], strict=True)))
    np.testing.assert_allclose(marks(figure, 1), sorted(zip(seconds[6:], scores[6:], strict=True)))
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["one", "two"]
    assert {axis.get_xscale() for axis in figure.axes} == {"log"}
    shapes = [len(mark.get_paths()[0].vertices) for mark in figure.axes[0].collections]
    assert shapes[:3] == 3 * [shapes[0]]
    assert shapes[3:] == 3 * [shapes[3]] != shapes[:3]


def test_the_front_is_drawn_numbered_and_named() -> None:
    table = board(["t"], ["lstm"], METHODS, lambda t, a, m: [0.3, 0.5, 0.4][m])
    (axis,) = cost_figure(table, costs(table, [0.001, 0.01, 0.1]), PRECISION).axes
    front = axis.lines[0]
    assert front.get_label() == "Pareto front"
    assert (list(front.get_xdata()), list(front.get_ydata())) == ([0.001, 0.01], [0.3, 0.5])
    assert [text.get_text() for text in axis.texts] == ["1", "2"]
    assert axis.get_xlabel().split("\n")[1:] == ["1  saliency, lstm", "2  lime, lstm"]


def test_missing_seconds_or_scores_have_no_mark() -> None:
    table = board(["t"], ["lstm"], METHODS)
    table.loc[table.method == "lime", METRIC] = np.nan
    figure = cost_figure(table, costs(table, [0.1, 0.2, np.nan]), PRECISION)
    assert marks(figure, 0) == [[0.1, 0.3]]
    with pytest.raises(LackingDataError, match=r"cost.csv has no seconds of a method that has a score"):
        cost_figure(table, costs(table, [np.nan] * 3), PRECISION)


def test_more_methods_than_colours_take_the_colour_of_their_architecture() -> None:
    table = board(["t"], ARCHITECTURES, [f"m{n}" for n in range(11)])
    (axis,) = cost_figure(table, costs(table, [0.1] * 22), PRECISION).axes
    assert len({tuple(mark.get_facecolor()[0]) for mark in axis.collections}) == 2


@pytest.mark.parametrize("metric", [PRECISION, EUCLIDEAN])
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 6)), min_size=1, max_size=12))
def test_the_front_is_what_no_other_point_beats(metric, points) -> None:
    sign = 1 if metric.higher_is_better else -1

    def beaten(point):
        return any(
            s <= point[0] and sign * q >= sign * point[1] and (s < point[0] or sign * q > sign * point[1])
            for s, q in points
        )

    front = pareto(pd.DataFrame(points, columns=["seconds_per_sample", metric.name], dtype=float), metric)
    expected = sorted({point for point in points if not beaten(point)})
    assert list(front[["seconds_per_sample", metric.name]].itertuples(index=False, name=None)) == expected
