"""Any text as LaTeX that shows it, in every engine and font encoding, and does nothing else."""

import re
import unicodedata

from ..style.numbers import one_line

_ASCII = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\texttt{\char34}",  # straight, which roman fonts lack
    "`": r"\`{}",
}
_LETTERS = {"ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}"}
_LETTERS |= {"ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}"}
_SYMBOLS = {"×": r"\times", "±": r"\pm", "−": "-", "·": r"\cdot", "→": r"\rightarrow", "∞": r"\infty", "≤": r"\leq"}
_SYMBOLS |= {"≥": r"\geq", "≠": r"\neq", "∂": r"\partial", "²": "^2", "³": "^3", "°": r"^\circ"}
_ACCENTS = {  # combining marks
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0327": "c",
}
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lamda mu nu xi pi rho sigma tau upsilon phi chi psi omega"
)
_GREEK_CAPITALS = "gamma delta theta lamda xi pi sigma upsilon phi psi omega"  # the others look like Latin letters


def latex_text(text: str) -> str:
    """Return LaTeX of printable ASCII that shows text on one line.

    Accented Latin letters, Greek letters and some symbols become commands; any other character outside ASCII is shown
    by its number, as in U+4E2D, since the fonts of pdfTeX lack it.
    """
    shown = "".join(_character(one) for one in unicodedata.normalize("NFC", one_line(text)))
    return re.sub(r"([-,'])(?=\1)", r"\1{}", shown)  # two of them would grow together into a dash or a quote


def _character(one: str) -> str:
    if one.isascii():
        return _ASCII.get(one, one)
    if one in _LETTERS:
        return _LETTERS[one]
    if command := _SYMBOLS.get(one) or _greek(one):
        return rf"\ensuremath{{{command}}}"
    return _accented(one) or f"U+{ord(one):04X}"


def _greek(one: str) -> str:
    words = unicodedata.name(one, "").lower().split(" letter ")
    if words[0] == "greek small" and words[1] in _GREEK.split():
        return f"\\{words[1].replace('lamda', 'lambda')}"
    if words[0] == "greek capital" and words[1] in _GREEK_CAPITALS.split():
        return f"\\{words[1].replace('lamda', 'lambda').capitalize()}"
    return ""


def _accented(one: str) -> str:
    parts = unicodedata.normalize("NFD", one)
    if len(parts) == 2 and parts[0].isascii() and parts[0].isalpha() and parts[1] in _ACCENTS:
        return f"\\{_ACCENTS[parts[1]]}{{{parts[0]}}}"
    return ""
