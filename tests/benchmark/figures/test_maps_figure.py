"""The figure of maps shows the maps that were stored, and says where one failed."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from saltbench.benchmark.execution.plan import jobs
from saltbench.benchmark.execution.stored.run import StoredRun
from saltbench.benchmark.figures.figure_size import FigureSize
from saltbench.benchmark.figures.maps_figure import Panel, draw_panel, maps_figure, name_features
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.storage.store import Store
from saltbench.benchmark.style.figure_style import PAGE
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite, load_suite


def drawn(suite: Suite, folder: Path, size: FigureSize = FigureSize()) -> Figure:  # noqa: B008 - frozen
    return maps_figure(StoredRun(suite, Store(folder), "cpu"), size=size)


def panels(figure: Figure, rows: int, columns: int) -> NDArray[np.object_]:
    """Return the panels; the last axes are the bar of colours."""
    return np.array(figure.axes[:-1]).reshape(rows, columns)


def test_rows_are_architectures_and_columns_methods(tiny_file: Path, tmp_path: Path) -> None:
    suite = load_suite(str(tiny_file), load_registries(), {"seeds": 1})
    folder = run_suite(suite, tmp_path).folder
    axes = panels(drawn(suite, folder), 4, 5)
    titles = [axis.get_title().replace("-\n", "-") for axis in axes[0]]
    assert titles == ["input", "truth", "saliency", "smoothgrad", "integrated-gradients"]
    assert [row[0].get_ylabel() for row in axes] == [
        f"{task}\n{architecture}"
        for task in ("box/earlier", "box/latter")
        for architecture in ("lstm", "input-cell-lstm")
    ]
    job = next(job for job in jobs(suite, "cpu") if job.architecture is not None)
    found = StoredRun(suite, Store(folder), "cpu").map(job, suite.methods[0])
    assert found is not None
    stored = np.abs(found.attributions[0])
    expected = (stored - stored.min()) / (stored.max() - stored.min())
    np.testing.assert_allclose(axes[0][2].images[0].get_array(), expected, atol=1e-7)
    truth = axes[0][1].images[0].get_array()
    assert truth[:4, 2:8].min() == 1
    assert truth.sum() == 24
    table = ResultsFolder(folder).table
    of_one = table[(table.task == "box/latter") & (table.architecture == "lstm") & (table.method == "smoothgrad")]
    chosen = panels(maps_figure(StoredRun(suite, Store(folder), "cpu"), of_one), 1, 3)
    assert (chosen[0][0].get_ylabel(), chosen[0][2].get_title()) == ("box/latter", "lstm")
    examples = StoredRun(suite, Store(folder), "cpu").examples(job)
    assert examples is not None
    np.testing.assert_array_equal(axes[0][0].images[0].get_array(), examples.inputs[0])


def test_one_method_puts_architectures_side_by_side(tiny_file: Path, tmp_path: Path) -> None:
    suite = load_suite(str(tiny_file), load_registries(), {"seeds": 1, "methods": ["saliency"]})
    axes = panels(drawn(suite, run_suite(suite, tmp_path).folder), 2, 4)
    assert [axis.get_title() for axis in axes[0]] == ["input", "truth", "lstm", "input-cell-lstm"]
    assert [row[0].get_ylabel() for row in axes] == ["box/earlier", "box/latter"]


def test_an_absent_map_is_blank_and_says_so(tiny_file: Path, tmp_path: Path) -> None:
    suite = load_suite(str(tiny_file), load_registries(), {"seeds": 1})
    assert all(axis.texts[0].get_text() == "no map" for axis in drawn(suite, tmp_path).axes[:-1])


def test_more_methods_than_fit_a_page_become_rows(tmp_path: Path, tiny_file: Path) -> None:
    methods = [
        *("saliency", "smoothgrad", "input-x-gradient", "integrated-gradients", "vargrad", "lrp", "lime"),
        *("smoothgrad-squared", "feature-ablation", "occlusion"),
    ]
    suite = load_suite(str(tiny_file), load_registries(), {"seeds": 1, "methods": methods})
    figure = drawn(suite, tmp_path)
    axes = panels(figure, 12, 4)
    assert [row[0].get_ylabel() for row in axes] == ["input", "truth", *methods]
    assert axes[0][3].get_title().replace("-\n", "-") == "box/latter\ninput-cell-lstm"
    assert figure.get_size_inches()[0] <= PAGE


def test_panels_bear_their_scores_and_networks_at_chance_a_mark(tiny_file: Path, tmp_path: Path) -> None:
    registries = load_registries()
    suite = load_suite(str(tiny_file), registries, {"seeds": 1, "tasks": ["box/latter"]})
    folder = run_suite(suite, tmp_path).folder
    table = ResultsFolder(folder).table
    table.loc[:, "at_chance"] = ["true" if name == "lstm" else "false" for name in table.architecture]
    figure = maps_figure(StoredRun(suite, Store(folder), "cpu"), table, registries.metrics.get("average_precision"))
    axes = panels(figure, 2, 5)
    for row, (architecture, mark) in zip(axes, (("lstm", "*"), ("input-cell-lstm", "")), strict=True):
        own = table[table.architecture == architecture]
        words = [axis.texts[0].get_text() for axis in row[2:]]
        assert words == [f"{score:.2f}{mark}" for score in own.average_precision]
        assert not any(axis.texts for axis in row[:2])
    words = figure.get_supxlabel().replace("\n", " ")
    assert "numbers: average precision (higher is better), the mean over all samples" in words
    assert "* the network is at chance" in words


def test_time_may_run_to_the_right(tiny_file: Path, tmp_path: Path) -> None:
    suite = load_suite(
        str(tiny_file), load_registries(), {"seeds": 1, "tasks": ["box/latter"], "methods": ["saliency"]}
    )
    folder = run_suite(suite, tmp_path).folder
    down, right = (panels(drawn(suite, folder, FigureSize(time=time)), 1, 4)[0] for time in ("down", "right"))
    for one, other in zip(down, right, strict=True):
        np.testing.assert_array_equal(one.images[0].get_array().T, other.images[0].get_array())


def test_a_large_suite_stays_on_a_page_and_says_what_is_left_out(tmp_path: Path, tiny_file: Path) -> None:
    wider = {"tasks": ["box/*", "moving-box/*"], "architectures": ["*"], "methods": ["saliency", "deeplift"]}
    suite = load_suite(str(tiny_file), load_registries(), {"seeds": 1, **wider})
    figure = drawn(suite, tmp_path)
    assert figure.get_size_inches()[1] <= 10
    assert "more rows do not fit the page" in figure.get_supxlabel().replace("\n", " ")


def test_features_that_have_names_are_named(tmp_path: Path) -> None:
    panel = Panel(np.zeros((4, 2)), is_input=True, features=["wall", "air"])
    for time, names in (("down", Axes.get_xticklabels), ("right", Axes.get_yticklabels)):
        axis = Figure().subplots()
        draw_panel(axis, panel, 1.0, FigureSize(time=time))
        name_features(axis, panel, 1.0, 1.0, FigureSize(time=time))
        assert [text.get_text() for text in names(axis)] == ["wall", "air"]
