"""The figure shows the maps that were stored, and says where one failed."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from safetensors.numpy import load

from saltbench.benchmark import figures
from saltbench.benchmark.evaluation import EXAMPLES
from saltbench.benchmark.figures import draw_maps
from saltbench.benchmark.plan import jobs
from saltbench.benchmark.registry import load_registries
from saltbench.benchmark.runner import run_suite
from saltbench.benchmark.store import Store
from saltbench.benchmark.suite import load_suite


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are drawn, to look at their axes."""
    kept: list[Figure] = []
    real = figures._png
    monkeypatch.setattr(figures, "_png", lambda figure: kept.append(figure) or real(figure))
    return kept


def test_rows_are_architectures_and_columns_methods(tiny_file: Path, tmp_path: Path, drawn: list[Figure]) -> None:
    suite = load_suite(str(tiny_file), load_registries(), {"seeds": 1})
    folder = run_suite(suite, tmp_path).folder
    path = draw_maps(suite, folder, "cpu")
    axes = np.array(drawn[0].axes).reshape(4, 4)
    assert [axis.get_title() for axis in axes[0]] == ["truth", "saliency", "smoothgrad", "integrated-gradients"]
    assert [row[0].get_ylabel() for row in axes] == [
        f"{task}\n{architecture}"
        for task in ("box/earlier", "box/latter")
        for architecture in ("lstm", "input-cell-lstm")
    ]
    job = next(job for job in jobs(suite, "cpu") if job.architecture is not None)
    cell = Store(folder).get("cells", job.cell_key(suite.methods[0]))
    assert cell is not None
    stored = np.abs(load(cell.files[EXAMPLES])["map"][0])
    expected = (stored - stored.min()) / (stored.max() - stored.min())
    np.testing.assert_allclose(axes[0][1].images[0].get_array(), expected, atol=1e-7)
    truth = axes[0][0].images[0].get_array()
    assert truth[:4, 2:8].min() == 1
    assert truth.sum() == 24
    assert imread(path).std() > 0.1


def test_one_method_puts_architectures_side_by_side(tiny_file: Path, tmp_path: Path, drawn: list[Figure]) -> None:
    suite = load_suite(str(tiny_file), load_registries(), {"seeds": 1, "methods": ["saliency"]})
    draw_maps(suite, run_suite(suite, tmp_path).folder, "cpu")
    axes = np.array(drawn[0].axes).reshape(2, 3)
    assert [axis.get_title() for axis in axes[0]] == ["truth", "lstm", "input-cell-lstm"]
    assert [row[0].get_ylabel() for row in axes] == ["box/earlier", "box/latter"]


def test_an_absent_map_is_blank_and_says_so(tiny_file: Path, tmp_path: Path, drawn: list[Figure]) -> None:
    suite = load_suite(str(tiny_file), load_registries(), {"seeds": 1})
    draw_maps(suite, tmp_path, "cpu")
    assert all(axis.texts[0].get_text() == "no map" for axis in drawn[0].axes)
