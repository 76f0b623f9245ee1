"""What a reader sees in a notebook: results as tables, an explanation in a line, figures, and rich bars of progress."""

import importlib
from pathlib import Path

import nbformat
import pytest

HOOKS = Path(__file__).parents[2] / "docs" / "hooks"
WIDGET = "application/vnd.jupyter.widget-view+json"
CELLS = (
    """
import numpy as np, torch, saltbench
series = np.random.default_rng(0).normal(size=(60, 6, 2))
def make(features, classes):
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(6 * features, classes))
recipe = saltbench.Recipe(epochs=2)
data = saltbench.planted(series, strength=3.0)
""",
    "saltbench.evaluate(make, data, ['saliency'], metrics=['roc_auc'], training=recipe)",
    "saltbench.calibrate_strength(make, series, accuracy=0.6, tries=2, training=recipe)",
    "saltbench.explain(make(2, 2), torch.tensor(series[:2], dtype=torch.float32), method='saliency')",
    "saltbench.plot(series[:1], {'mine': series[:1]})",
    "saltbench.plot_methods(make(2, 2), torch.tensor(series[:1], dtype=torch.float32), ['saliency'], 1)",
    "figure = saltbench.plot(series[:1], {'mine': series[:1]})",
)


@pytest.mark.slow  # starts a kernel, which imports PyTorch
def test_a_notebook_shows_tables_lines_figures_and_bars(monkeypatch):
    monkeypatch.syspath_prepend(str(HOOKS))
    pages = importlib.import_module("notebook_pages")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    pages.run(notebook)
    setup, table, calibration, explanation, *figures, kept = [cell.outputs for cell in notebook.cells]
    assert setup == kept == []
    has_widgets = importlib.util.find_spec("ipywidgets") is not None
    for outputs in (table, calibration):
        assert (WIDGET in outputs[0].data) is has_widgets
        assert WIDGET not in outputs[-1].data
    assert "<table" in table[-1].data["text/html"]
    assert "&lt;NA&gt;" not in table[-1].data["text/html"]  # of reference methods, which have no network
    assert "bounds and reasons among them" in table[-1].data["text/html"]
    assert calibration[-1].data["text/plain"].startswith("Calibration: strength ")
    (said,) = explanation
    assert said.data["text/plain"].startswith("Explanation(saliency version ")
    assert "\n" not in said.data["text/plain"]
    for (figure,) in figures:
        assert figure.data["image/png"]
    page = pages.NotebookPage("")
    shown = pages._cell(notebook.cells[1], page, "n")
    assert "Output()" not in shown  # a bar that is gone leaves nothing on the page
    assert "<pre" not in shown
    assert "<table>" in shown
