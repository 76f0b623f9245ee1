"""Notebooks as pages: executed while the site is built, so that the outputs are true and none is stored."""

import base64
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

# warnings of the kernel itself, such as at its shutdown, are none of the notebook's
STRICT = "import warnings\nwarnings.simplefilter('error')\nwarnings.filterwarnings('ignore', module='ipykernel')"


WIDGET = "application/vnd.jupyter.widget-view+json"
DATA = Path(__file__).parents[1] / "notebooks" / "data"  # beside the notebooks that read it


@dataclass
class NotebookPage:
    """The Markdown of a notebook, and its images by their names beside the page."""

    text: str
    images: dict[str, bytes] = field(default_factory=dict)


def notebook_page(path: Path, *, execute: bool) -> NotebookPage:
    """Return a notebook as a page, with the outputs of running it from top to bottom if asked for."""
    notebook = nbformat.read(path, as_version=4)
    if execute:
        run(notebook)
    page = NotebookPage("")
    parts = [_cell(cell, page, f"{path.stem}-{number}") for number, cell in enumerate(notebook.cells)]
    page.text = "\n\n".join(parts) + "\n"
    return page


def run(notebook: NotebookNode) -> None:
    """Run a notebook in a folder of its own that has the data, with this interpreter; a warning is an error."""
    notebook.cells.insert(0, nbformat.v4.new_code_cell(STRICT))
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # where `saltbench` is
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / DATA.name).symlink_to(DATA, target_is_directory=True)
        client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}})
        client.execute(env={**os.environ, "PATH": programs})
    notebook.cells.pop(0)


def _cell(cell: NotebookNode, page: NotebookPage, name: str) -> str:
    if cell.cell_type != "code":
        return str(cell.source)
    outputs = cell.get("outputs", [])
    shown = [_output(output, page, f"{name}-{number}") for number, output in enumerate(outputs)]
    return "\n\n".join([_code(cell.source), *filter(None, shown)])


def _code(source: str) -> str:
    """Fence a cell; `%%sh` and `%%writefile NAME` become the block's language and title."""
    magic, _, rest = source.partition("\n")
    if magic == "%%sh":
        return f"```sh\n{rest}\n```"
    if magic.startswith("%%writefile "):
        name = magic.split()[1]
        return f'```{Path(name).suffix[1:].replace("py", "python")} title="{name}"\n{rest}\n```'
    return f"```python\n{source}\n```"


def _output(output: NotebookNode, page: NotebookPage, name: str) -> str:
    if output.output_type == "stream":
        return "" if output.name == "stderr" else f"```text\n{output.text.rstrip()}\n```"
    data = output.get("data", {})
    if WIDGET in data or not data.get("text/plain", "").strip():
        return ""  # a bar of progress, which is gone when all is done
    if "image/png" in data:
        page.images[f"{name}.png"] = base64.b64decode(data["image/png"])
        return f"![Figure]({name}.png)"
    if "text/html" in data:
        return "\n".join(_without_style(data["text/html"]))
    return f"```text\n{data.get('text/plain', '').rstrip()}\n```"


def _without_style(table: str) -> Iterator[str]:
    """Yield the lines of a pandas table without its own style, so that it looks like the site's."""
    table = re.sub(r"<style.*?</style>", "", table, flags=re.DOTALL)
    table = table.replace(' border="1" class="dataframe"', "").replace(' style="text-align: right;"', "")
    yield from (line for line in table.splitlines() if line.strip())
