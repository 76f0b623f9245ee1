"""The page results/README.md: what each reproduction shows, its numbers inserted from the tables in results."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template

from ...errors import StoreError
from ..comparisons.published import FILE
from ..storage.files import write_atomically
from ..storage.text_bytes import utf8
from ..style.numbers import markdown
from .page_facts import collect_mnist_facts, collect_moving_box_facts, collect_table1_facts, collect_vanishing_facts
from .page_facts_arma import collect_arma_facts
from .page_facts_fmri import collect_fmri_facts
from .summary import summarise

Facts = Callable[[Path], Mapping[str, str]]  # from a reproduction's folder to what its text is filled with


@dataclass(frozen=True)
class Section:
    """A reproduction on the page, with the text page_texts/<name>.md.

    Attributes:
        name: of the reproduction and its folder.
        title: the heading.
        needs: the tables it is made from.
        facts: what the text is filled with.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    facts: Facts


BOARD = "leaderboard.csv"
SECTIONS: tuple[Section, ...] = (
    Section("table1", "Table 1: four architectures on six box tasks", (BOARD, FILE), collect_table1_facts),
    Section("moving-box", "The moving box: when the evidence stands", (BOARD, FILE), collect_moving_box_facts),
    Section("mnist", "MNIST as a time series", (BOARD,), collect_mnist_facts),
    Section("fmri", "Task fMRI", (BOARD, "reported.csv", "removal.csv", FILE), collect_fmri_facts),
    Section("vanishing", "Why saliency vanishes", ("summary.csv",), collect_vanishing_facts),
    Section("arma", "ARMA: white boxes with rare features or time steps", (BOARD, FILE), collect_arma_facts),
)


def write_page(results: Path) -> Path:
    """Write results/README.md from the tables in results, and return its path.

    Raises:
        StoreError: the page cannot be written.
    """
    path = results / "README.md"
    write_atomically(path, utf8(compose_page(results)))
    return path


def compose_page(results: Path, sections: Sequence[Section] = SECTIONS) -> str:
    """Return the page in Markdown.

    What has not been run says so, with the command; a table that is damaged or incomplete is named in its section, and
    leaves the other sections alone.

    Args:
        results: parent of the reproductions' folders.
        sections: what the page has, in order.
    """
    texts = "\n".join(f"## {section.title}\n\n{_text(section, results / section.name)}" for section in sections)
    return Template(page_text("page")).substitute(agreement=_agreement(results, sections), sections=texts)


def page_text(name: str) -> str:
    """Return a text of the folder page_texts/, with ${names} in place of its facts."""
    return (resources.files(__package__) / "page_texts" / f"{name}.md").read_text("utf-8")


def _text(section: Section, folder: Path) -> str:
    command = f"`saltbench reproduce {section.name}`"
    if not all((folder / name).is_file() for name in section.needs):
        return f"Not run yet: {command}.\n"
    try:
        facts = section.facts(folder)
    except StoreError as error:
        return f"Its tables cannot be used ({str(error).replace(f'{folder}/', '')}): run {command}.\n"
    return Template(page_text(section.name)).substitute(facts, command=command)


def _agreement(results: Path, sections: Sequence[Section]) -> str:
    compared = [section.name for section in sections if (results / section.name / FILE).is_file()]
    try:
        summary = summarise(results, compared, {})
    except StoreError as error:
        return f"It cannot be counted: {str(error).replace(f'{results}/', '')}.\n"
    return markdown(summary.drop(columns="reason")) if compared else "Nothing has been compared yet.\n"
