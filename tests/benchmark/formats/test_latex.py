"""LaTeX that compiles whatever the names are, and shows them as they are."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from boards import HOSTILE, board_folder, ties
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saltbench.benchmark.formats.latex import latex_table
from saltbench.benchmark.formats.latex_escapes import latex_text
from saltbench.benchmark.formats.table_layout import Grid, Group, lay_out
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.leaderboards.score_columns import score_columns
from saltbench.benchmark.style.numbers import one_line
from saltbench.benchmark.suites.registry import load_registries

REGISTRY = load_registries().metrics
ENGINE = shutil.which("pdflatex")
needs_latex = pytest.mark.skipif(ENGINE is None, reason="no pdflatex; Debian has it in texlive-latex-recommended")
# what TeX may read: commands that take nothing, escaped characters, and letters that are themselves
READ = {
    r"\textbackslash{}": "\\",
    r"\textasciicircum{}": "^",
    r"\textasciitilde{}": "~",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\texttt{\char34}": '"',
    r"\`{}": "`",
    "{}": "",
    **{f"\\{one}": one for one in "{}$&#_%"},
    **{one: one for one in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;()[]+-*/='@?!"},
}
TOKEN = re.compile("|".join(re.escape(token) for token in sorted(READ, key=len, reverse=True)))


def read(latex: str) -> str:
    """Return the characters that TeX prints; fails where it would do something else."""
    position, shown = 0, ""
    while position < len(latex):
        token = TOKEN.match(latex, position)
        assert token, latex[position:]
        shown += READ[token.group()]
        position = token.end()
    return shown


def compiled(folder: Path, document: str, passes: int = 1) -> str:
    """Compile a document and return TeX's log, one line a message."""
    (folder / "table.tex").write_text(document, encoding="ascii")
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    environment = {**os.environ, "openin_any": "p", "openout_any": "p", "max_print_line": "10000"}
    for _ in range(passes):
        process = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, env=environment)
        log = (folder / "table.log").read_text(errors="replace")
        assert process.returncode == 0, log[-3000:]
    assert (folder / "table.pdf").stat().st_size > 1000
    return log


def in_article(fragment: str, *packages: str) -> str:
    used = "".join(f"\\usepackage{{{package}}}\n" for package in packages)
    return f"\\documentclass{{article}}\n{used}\\begin{{document}}\n{fragment}\\end{{document}}\n"


def repeated(grid: Grid, copies: int) -> Grid:
    """Return a table with its scores several times, under long headings."""
    groups = [
        Group(g.title, [(name, entries[:1] + entries[1:] * copies) for name, entries in g.rows]) for g in grid.groups
    ]
    headings = ["accuracy", *["feature average precision"] * 2 * copies]
    return Grid(grid.title, headings, [None, *[True] * 2 * copies], groups, ties_known=False)


def grid_with(*names: str) -> Grid:
    """Return a table in which each name is a title, a heading and a method."""
    groups = [Group(name, [(name, [])]) for name in names]
    return Grid(" ".join(names), [], [], groups, ties_known=True)


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_ascii_is_shown_as_it_is(text: str) -> None:
    assert read(latex_text(text)) == one_line(text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_only_printable_ascii_comes_out(text: str) -> None:
    latex = latex_text(text)
    assert latex.isascii()
    assert latex.isprintable() or not latex


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("é", r"\'{e}"),
        ("e\u0301", r"\'{e}"),
        ("Å ő ç ñ", r"\r{A} \H{o} \c{c} \~{n}"),
        ("ß Ø ł", r"\ss{} \O{} \l{}"),
        ("β-Ω λ", r"\ensuremath{\beta}-\ensuremath{\Omega} \ensuremath{\lambda}"),
        ("2×3−1", r"2\ensuremath{\times}3\ensuremath{-}1"),
        ("中🙂", "U+4E2DU+1F642"),
        ("a--b ''c", "a-{}-b '{}'c"),
        ("x\x00\ny", "xU+FFFD y"),
    ],
)
def test_characters_outside_ascii(text: str, latex: str) -> None:
    assert latex_text(text) == latex


def test_best_is_bold_and_ties_are_underlined(tmp_path: Path) -> None:
    board = ResultsFolder(ties(tmp_path / "suite"))
    latex = latex_table(lay_out(board, score_columns(board.table, ["*"], (), REGISTRY)))
    rows = {line.split(" & ")[0]: line for line in latex.splitlines() if " & " in line}
    assert rows["Method"] == (
        r"Method & accuracy & \shortstack[r]{{average} \\ {precision}} $\uparrow$ & euclidean $\downarrow$ \\"
    )
    assert r"& \textbf{0.500}\,{\scriptsize$\pm$\,0.010} &" in rows["{best}"]
    assert r"& \underline{0.500}\,{\scriptsize$\pm$\,0.010} &" in rows["{near}"]
    assert r"& 0.300\," in rows["{far}"]
    assert r"\textbf{0.500}\,{\scriptsize$\pm$\,0.010} \\" in rows["{far}"]
    assert r"0.900$^{\ast}$" in rows["{lonely}"]
    assert rows["{broken}"].endswith(r"& \textit{failed} & \textit{failed} \\")
    (caption,) = (line for line in latex.splitlines() if line.startswith(r"\caption"))
    assert r"95 \% confidence bounds" in caption
    assert r"\underline{Underlined}: not significantly different from the best" in caption
    assert latex.startswith("% needs \\usepackage{booktabs,longtable}\n")


def test_uneven_bounds_and_negative_scores(tmp_path: Path) -> None:
    identity = ("t", "a", "m")
    row = {"average_precision_low": -0.6, "average_precision_high": -0.4}
    scores = {identity: {"average_precision": np.full((1, 2), -0.45)}}
    board = ResultsFolder(board_folder(tmp_path / "s", scores, rows={identity: row}))
    latex = latex_table(lay_out(board, score_columns(board.table, ["average_precision"], (), REGISTRY)))
    assert r"$-$0.450\,$_{-0.150}^{+0.050}$" in latex


@needs_latex
def test_the_fragment_compiles_in_a_paper(tmp_path: Path) -> None:
    board = ResultsFolder(ties(tmp_path / "suite"))
    columns = score_columns(board.table, ["*"], (), REGISTRY)
    compiled(tmp_path, in_article(latex_table(lay_out(board, columns)), "booktabs"))
    across = latex_table(lay_out(board, columns[:1], "architectures"))
    compiled(tmp_path, in_article(across, "booktabs"))


@needs_latex
def test_the_document_compiles_and_fits_its_pages(tmp_path: Path) -> None:
    wave = np.linspace(0.1, 0.9, 8).reshape(2, 4)
    scores = {
        ("fmri/simulated", architecture, f"integrated-gradients-smooth{number:04}"): {
            "average_precision": wave,
            "euclidean": wave,
        }
        for architecture in ("", "lstm-self-attention", "input-entry-lstm")
        for number in range(25)
    }
    board = ResultsFolder(board_folder(tmp_path / "suite", scores))
    grid = lay_out(board, score_columns(board.table, ["*"], (), REGISTRY))
    for copies, paper in ((2, "{geometry}"), (3, "landscape"), (5, "a3paper,landscape")):
        wide = repeated(grid, copies)
        document = latex_table(wide, standalone=True)
        assert paper in document
        assert r"\begin{longtable}" in document
        assert "Overfull" not in compiled(tmp_path, document, passes=3)


@needs_latex
def test_hostile_names_compile_and_read_no_file(tmp_path: Path) -> None:
    log = compiled(tmp_path, in_article(latex_table(grid_with(*HOSTILE)), "booktabs"))
    assert "(/etc/passwd" not in log
    assert "Missing character" not in log


SPECIAL = st.sampled_from("\\{}$&#^_~%-`'\"<>|[]*")


@needs_latex
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.text(SPECIAL | st.characters(exclude_categories=["Cs"])), min_size=30, max_size=60))
def test_any_names_compile(tmp_path: Path, names: list[str]) -> None:
    compiled(tmp_path, latex_table(grid_with(*names), standalone=True))
