"""A leaderboard as LaTeX with booktabs: a fragment for a paper, or a document that compiles as it is."""

import math
import textwrap
from collections.abc import Iterator

from ..leaderboards.results_folder import ResultsFolder
from ..style.numbers import number, one_line
from ..suites.registry import Registries
from .latex_escapes import latex_text
from .render import View
from .table_layout import Grid, Group, TableEntry, grid_of
from .table_text import bounds, caption

PACKAGES = ("booktabs", "longtable")
ONE_PAGE = 40  # lines that a table which floats may have; a longer one breaks across pages
PAPERS = {5: "a4paper", 8: "a4paper,landscape", math.inf: "a3paper,landscape"}  # by how many columns fit
HEADING = 14  # characters of a heading's line
STYLE = r"\footnotesize\setlength{\tabcolsep}{4pt}\renewcommand{\arraystretch}{1.2}"
AT_CHANCE = r"$^{\ast}$"
NEEDLESS = r"$^{\S}$"
_ARROWS = {True: r" $\uparrow$", False: r" $\downarrow$", None: ""}


def latex_of(results: ResultsFolder, view: View, registries: Registries) -> bytes:
    """Return the rows and scores that are shown as one table."""
    return latex_table(grid_of(results, view, registries), standalone=view.standalone).encode("ascii")


def latex_table(grid: Grid, *, standalone: bool = False) -> str:
    r"""Return the table as LaTeX of printable ASCII.

    Args:
        grid: the table.
        standalone: a whole document instead of a fragment, which needs \usepackage{booktabs,longtable}.
    """
    lines = sum(1 + len(group.rows) for group in grid.groups)
    table = "\n".join(_floating(grid) if lines <= ONE_PAGE else _breaking(grid))
    if not standalone:
        return f"% needs \\usepackage{{{','.join(PACKAGES)}}}\n{table}\n"
    paper = next(paper for columns, paper in PAPERS.items() if len(grid.headings) <= columns)
    return "\n".join(
        [
            r"\documentclass{article}",
            rf"\usepackage[{paper},margin=15mm]{{geometry}}",
            rf"\usepackage{{{','.join(PACKAGES)}}}",
            r"\begin{document}",
            table,
            r"\end{document}",
            "",
        ]
    )


def _floating(grid: Grid) -> Iterator[str]:
    yield r"\begin{table}[htbp]"
    yield rf"\centering{STYLE}\setlength{{\belowcaptionskip}}{{6pt}}"
    yield rf"\caption{{{_caption(grid)}}}"
    yield rf"\begin{{tabular}}{{{_alignment(grid)}}}"
    yield r"\toprule"
    yield _heading(grid)
    yield from _body(grid)
    yield r"\bottomrule"
    yield r"\end{tabular}"
    yield r"\end{table}"


def _breaking(grid: Grid) -> Iterator[str]:
    yield rf"\begingroup{STYLE}\setlength{{\LTcapwidth}}{{\textwidth}}"
    yield rf"\begin{{longtable}}{{{_alignment(grid)}}}"
    yield rf"\caption{{{_caption(grid)}}}\\"
    yield r"\toprule"
    yield _heading(grid)
    yield r"\endfirsthead"
    yield r"\toprule"
    yield _heading(grid)
    yield r"\endhead"
    yield r"\bottomrule"
    yield r"\endfoot"
    yield from _body(grid)
    yield r"\end{longtable}"
    yield r"\endgroup"


def _alignment(grid: Grid) -> str:
    return f"@{{}}l{'r' * len(grid.headings)}@{{}}"


def _heading(grid: Grid) -> str:
    columns = zip(grid.headings, grid.directions, strict=True)
    return " & ".join(["Method", *(_stacked(name) + _ARROWS[higher] for name, higher in columns)]) + r" \\"


def _stacked(heading: str) -> str:
    lines = textwrap.wrap(one_line(heading), HEADING, break_long_words=False, break_on_hyphens=False)
    if len(lines) < 2:
        return latex_text(heading)
    # braces: a line that begins with [ would be read as the space before it
    stacked = r" \\ ".join(f"{{{latex_text(line)}}}" for line in lines)
    return rf"\shortstack[r]{{{stacked}}}"


def _body(grid: Grid) -> Iterator[str]:
    width = 1 + len(grid.headings)
    for group in grid.groups:
        yield r"\midrule"
        yield from _rows(group, width)


def _rows(group: Group, width: int) -> Iterator[str]:
    # the star keeps a title from being parted from the rows under it
    yield rf"\multicolumn{{{width}}}{{@{{}}l@{{}}}}{{\textit{{{latex_text(group.title)}}}}} \\*"
    for method, entries in group.rows:
        # a brace first: a name that begins with [ would be read as the space after the last row's end
        yield " & ".join([f"{{{latex_text(method)}}}", *map(_entry, entries)]) + r" \\"


def _entry(entry: TableEntry) -> str:
    if entry.status:
        return rf"\textit{{{latex_text(entry.status)}}}"
    return _marked(entry) + _bounds(entry)


def _marked(entry: TableEntry) -> str:
    value = number(entry.value).replace("-", "$-$")
    if entry.best:
        return rf"\textbf{{{value}}}"
    if entry.tied:
        return rf"\underline{{{value}}}"
    return f"{value}{AT_CHANCE * entry.at_chance}{NEEDLESS * entry.needless}"


def _bounds(entry: TableEntry) -> str:
    below, above = bounds(entry)
    if not below:
        return ""
    if below == above:
        return rf"\,{{\scriptsize$\pm$\,{below}}}"
    return rf"\,$_{{-{below}}}^{{+{above}}}$"


def _caption(grid: Grid) -> str:
    title, *sentences = caption(
        grid, best=r"\textbf{Bold}", tied=r"\underline{Underlined}", at_chance=AT_CHANCE, needless=NEEDLESS
    )
    return " ".join([latex_text(title), *(sentence.replace("%", r"\%") for sentence in sentences)])
