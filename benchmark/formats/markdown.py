"""A leaderboard as a table in Markdown, as GitHub and most others read it."""

import re

from ..leaderboards.results_folder import ResultsFolder
from ..storage.text_bytes import utf8
from ..style.numbers import number, one_line
from ..suites.registry import Registries
from .render import View
from .table_layout import Grid, TableEntry, grid_of
from .table_text import BETTER, bounds, caption

TIED = "†"
AT_CHANCE = "‡"
NEEDLESS = "§"
# what starts markup inside a table's entry, and the links that some readers make of bare addresses
_MARKUP = re.compile(r"[\\`*_\[\]|]|[&<>~$^]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_BY_BACKSLASH = "\\`*_[]|"


def markdown_of(results: ResultsFolder, view: View, registries: Registries) -> bytes:
    """Return the rows and scores that are shown as one table."""
    return utf8(markdown_table(grid_of(results, view, registries)))


def markdown_table(grid: Grid) -> str:
    """Return one table with a heading line for each group, and the caption under it."""
    titles = [
        f"{markdown_text(heading)} {BETTER[direction]}".strip()
        for heading, direction in zip(grid.headings, grid.directions, strict=True)
    ]
    lines = [["method", *titles], ["---", *("---:" for _ in titles)]]
    for group in grid.groups:
        lines.append([f"*{markdown_text(group.title)}*", *("" for _ in titles)])
        lines += [[markdown_text(method), *map(_entry, entries)] for method, entries in group.rows]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    sentences = caption(grid, best="**Bold**", tied=TIED, at_chance=AT_CHANCE, needless=NEEDLESS)
    return f"{table}\n{' '.join([markdown_text(sentences[0]), *sentences[1:]])}\n"


def markdown_text(text: str) -> str:
    """Return text that Markdown shows as it is: no markup, no HTML, no link, one line."""
    return _MARKUP.sub(_escaped, one_line(text))


def _escaped(found: re.Match[str]) -> str:
    character = found.group()
    # the backslash is read the same everywhere before few characters only, an entity before all
    return f"\\{character}" if character in _BY_BACKSLASH else f"&#{ord(character)};"


def _entry(entry: TableEntry) -> str:
    if entry.status:
        return f"*{markdown_text(entry.status)}*"
    value = number(entry.value)
    marks = TIED * entry.tied + AT_CHANCE * entry.at_chance + NEEDLESS * entry.needless
    marked = f"**{value}**" if entry.best else f"{value}{marks}"
    below, above = bounds(entry)
    if below == above:
        return f"{marked} ± {below}" if below else marked
    return f"{marked} (−{below}, +{above})"
