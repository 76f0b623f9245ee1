"""The notebooks run from top to bottom without a warning, and are stored without outputs."""

import importlib
from pathlib import Path

import nbformat
import pytest

DOCS = Path(__file__).parents[2] / "docs"
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))


@pytest.fixture
def notebook_pages(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS / "hooks"))
    return importlib.import_module("notebook_pages")


def test_there_are_notebooks():
    assert [path.stem for path in NOTEBOOKS] == ["method_author", "practitioner", "which_map"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)


@pytest.mark.slow  # half a minute each; the continuous integration runs them as it builds the site
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_and_its_page_shows_what_it_printed(path, notebook_pages):
    page = notebook_pages.notebook_page(path, execute=True)
    assert "<table>" in page.text
    assert page.images
    assert all(f"({name})" in page.text for name in page.images)


def test_a_warning_fails_the_notebook(notebook_pages):
    warn = nbformat.v4.new_code_cell("import warnings\nwarnings.warn('old')")
    with pytest.raises(Exception, match="UserWarning"):
        notebook_pages.run(nbformat.v4.new_notebook(cells=[warn]))
