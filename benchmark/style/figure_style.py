"""The look that figures share, and how they are written: the same bytes every time."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import seaborn as sns
from matplotlib import rc_context, rcdefaults, rcParams
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font

from ...errors import ParameterError
from ..storage.files import Write, write_atomically

DPI = 130
COLOURS = sns.color_palette("colorblind")
STYLES = {
    "lstm": ("LSTM", COLOURS[0], "-"),
    "bi-lstm": ("Bi-LSTM", COLOURS[1], "--"),
    "lstm-self-attention": ("LSTM + self-attention", COLOURS[2], "-"),
    "input-cell-lstm": ("input-cell attention", COLOURS[3], "-"),
}
FONTS = {"font.size": 11.5, "axes.titlesize": 12, "axes.labelsize": 11.5, "axes.titlelocation": "left"}

PAGE = 7.2  # inches, the text width of a two-column page: figures of a suite are printed at their own size
PRINT_DPI = 200
TALLEST = 60_000  # pixels; Agg draws at most 2**16
FONT = "DejaVu Sans"  # comes with matplotlib: the same glyphs everywhere
LONGEST = 34  # letters of a name
LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p")
FORMATS: dict[str, dict[str, str | None]] = {
    "png": {"Software": "saltbench"},
    "svg": {"Creator": "saltbench", "Date": None},
    "pdf": {"Creator": "saltbench", "CreationDate": None},
}


@dataclass(frozen=True)
class Look:
    """How an architecture is drawn; colour, line and marker all tell it from others."""

    colour: Any
    line: str
    marker: str

    def as_line(self) -> dict[str, Any]:
        """Return the look of a curve."""
        return {"color": self.colour, "linestyle": self.line, "marker": self.marker, "markersize": 3.5}


def looks(architectures: Sequence[str]) -> dict[str, Look]:
    """Return a look for each architecture; those that come with saltbench always have the same one."""
    others = [name for name in dict.fromkeys(architectures) if name not in STYLES]
    order = [*STYLES, *others]
    return {name: _look(order.index(name)) for name in dict.fromkeys(architectures)}


def _look(position: int) -> Look:
    return Look(
        COLOURS[position % len(COLOURS)], LINES[position % len(LINES)], MARKERS[position % len(MARKERS)]
    )  # fmt: skip


@contextmanager
def paper_style() -> Iterator[None]:
    """Let figures inside the block have the look of a suite's figures, whatever the user's settings."""
    with rc_context():
        rcdefaults()
        rcParams.update(sns.axes_style("ticks"))
        rcParams.update(
            {
                "font.family": FONT,
                "font.size": 7.5,
                "axes.titlesize": 7.5,
                "axes.labelsize": 7.5,
                "xtick.labelsize": 7,
                "ytick.labelsize": 7,
                "legend.fontsize": 7,
                "axes.linewidth": 0.7,
                "xtick.major.width": 0.7,
                "ytick.major.width": 0.7,
                "xtick.major.size": 3,
                "ytick.major.size": 3,
                "figure.dpi": PRINT_DPI,
                "text.parse_math": False,  # a dollar sign in a name is a dollar sign
                "svg.hashsalt": "saltbench",  # makes the identifiers in the SVG
                "pdf.fonttype": 42,  # TrueType: many publishers refuse matplotlib's default, Type 3
            }
        )
        yield


def check_formats(formats: Sequence[str]) -> None:
    """Raise if a format of figures is unknown, or there is none.

    Raises:
        ParameterError: one of these.
    """
    for form in formats or ("",):
        if form not in FORMATS:
            raise ParameterError(f"--format of figures must be out of {', '.join(FORMATS)}, got '{form}'")


def save(figure: Figure, stem: Path, formats: Sequence[str], write: Write = write_atomically) -> Iterator[Path]:
    """Write a figure in each format (png, svg, pdf) beside each other by a function, and yield the paths.

    Raises:
        StoreError: a file cannot be written.
    """
    dpi = min(figure.dpi, TALLEST / max(figure.get_size_inches()))
    for form in formats:
        sink = io.BytesIO()
        figure.savefig(sink, format=form, metadata=FORMATS[form], dpi=dpi)
        path = stem.with_name(f"{stem.name}.{form}")
        write(path, sink.getvalue())
        yield path


def label(name: str, longest: int = LONGEST) -> str:
    """Return a name as one printable line, without its middle where it is too long."""
    line = "".join(
        letter if _is_printable(letter) else "\N{REPLACEMENT CHARACTER}" for letter in " ".join(name.split())
    )
    if len(line) <= longest:
        return line
    head = longest // 2
    return f"{line[:head]}…{line[head + 1 - longest :]}"


def _is_printable(letter: str) -> bool:
    return letter.isprintable() and _font().get_char_index(ord(letter)) != 0


@cache
def _font() -> Any:
    return get_font(findfont(FONT))
