"""What MkDocs calls while it builds the site: adds the pages that are made from the package and the repository."""

from collections.abc import Iterator
from pathlib import Path

import command_page
import notebook_pages
import operations_page
import python_page
import registry_pages
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
SHARED = ("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "results/README.md")  # they stand in the repository once
RESULTS = (".png", ".svg", ".csv", ".json")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the files of the repository that the site shows, and the generated pages."""
    for path in repository_files():
        files.append(File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)))
    for name, content in {**generated_pages(), **notebooks(execute=config.extra["execute_notebooks"])}.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Let the links of a shared page lead to the site's pages, which lie beside it here."""
    return markdown.replace("](docs/", "](") if page.file.src_uri in SHARED else markdown


def repository_files() -> Iterator[Path]:
    """Yield the shared pages, and the tables and figures beside the results' page."""
    yield from (ROOT / name for name in SHARED)
    yield from sorted(path for path in (ROOT / "results").glob("*/*") if path.suffix in RESULTS)


def generated_pages() -> dict[str, str]:
    """Return the Markdown of the reference by the page's name."""
    return {
        **registry_pages.pages(),
        "reference/command-line.md": command_page.page(),
        "reference/operations.md": operations_page.page(),
        "reference/python.md": python_page.page(),
    }


def notebooks(*, execute: bool) -> dict[str, str | bytes]:
    """Return the notebooks' pages and images by name."""
    made: dict[str, str | bytes] = {}
    for path in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        page = notebook_pages.notebook_page(path, execute=execute)
        made[f"notebooks/{path.stem}.md"] = page.text
        made |= {f"notebooks/{name}": image for name, image in page.images.items()}
    return made
