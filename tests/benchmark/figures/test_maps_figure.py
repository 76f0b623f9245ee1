"""The figure of maps shows the maps that were stored, and says where one failed."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from saltbench.benchmark.execution.plan import jobs
from saltbench.benchmark.execution.stored.run import StoredRun
from saltbench.benchmark.figures.maps_figure import maps_figure
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.storage.store import Store
from saltbench.benchmark.style.figure_style import PAGE
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite, load_suite


def drawn(suite: Suite, folder: Path) -> Figure:
    return maps_figure(StoredRun(suite, Store(folder), "cpu"))


def test_rows_are_architectures_and_columns_methods(tiny_file: Path, tmp_path: Path) -> None:
    suite = load_suite(str(tiny_file), load_registries(), {"seeds": 1})
    folder = run_suite(suite, tmp_path).folder
    axes = np.array(drawn(suite, folder).axes).reshape(4, 4)
    assert [axis.get_title() for axis in axes[0]] == ["truth", "saliency", "smoothgrad", "integrated-gradients"]
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
    np.testing.assert_allclose(axes[0][1].images[0].get_array(), expected, atol=1e-7)
    truth = axes[0][0].images[0].get_array()
    assert truth[:4, 2:8].min() == 1
    assert truth.sum() == 24


def test_one_method_puts_architectures_side_by_side(tiny_file: Path, tmp_path: Path) -> None:
    suite = load_suite(str(tiny_file), load_registries(), {"seeds": 1, "methods": ["saliency"]})
    axes = np.array(drawn(suite, run_suite(suite, tmp_path).folder).axes).reshape(2, 3)
    assert [axis.get_title() for axis in axes[0]] == ["truth", "lstm", "input-cell-lstm"]
    assert [row[0].get_ylabel() for row in axes] == ["box/earlier", "box/latter"]


def test_an_absent_map_is_blank_and_says_so(tiny_file: Path, tmp_path: Path) -> None:
    suite = load_suite(str(tiny_file), load_registries(), {"seeds": 1})
    assert all(axis.texts[0].get_text() == "no map" for axis in drawn(suite, tmp_path).axes)


def test_more_methods_than_fit_a_page_become_rows(tmp_path: Path, tiny_file: Path) -> None:
    methods = [
        *("saliency", "smoothgrad", "input-x-gradient", "integrated-gradients", "vargrad", "lrp", "lime"),
        *("smoothgrad-squared", "feature-ablation", "occlusion"),
    ]
    suite = load_suite(str(tiny_file), load_registries(), {"seeds": 1, "methods": methods})
    figure = drawn(suite, tmp_path)
    axes = np.array(figure.axes).reshape(11, 4)
    assert [row[0].get_ylabel() for row in axes] == ["truth", *methods]
    assert axes[0][3].get_title().replace("-\n", "-") == "box/latter\ninput-cell-lstm"
    assert figure.get_size_inches()[0] <= PAGE
