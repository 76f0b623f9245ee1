"""Names are shown as they are, and figures do not depend on the user's settings."""

from pathlib import Path

import matplotlib
import pytest
from matplotlib.figure import Figure

from saltbench.benchmark.style.figure_style import FORMATS, STYLES, check_formats, label, looks, paper_style, save
from saltbench.errors import ParameterError


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("smoothgrad", "smoothgrad"),
        ("two\nlines\t", "two lines"),
        ("nul\0", "nul�"),
        ("漢", "�"),  # not in the font
        ("x" * 20 + "y" * 20, "x" * 17 + "…" + "y" * 16),
    ],
)
def test_a_label_is_one_printable_line(name: str, shown: str) -> None:
    assert label(name) == shown
    assert len(label(name)) <= 34


def test_architectures_differ_in_colour_line_and_mark_and_keep_their_look() -> None:
    ours = looks(["mine", "input-cell-lstm", "lstm", "other", "mine"])
    assert list(ours) == ["mine", "input-cell-lstm", "lstm", "other"]
    assert len({look.colour for look in ours.values()}) == len({look.marker for look in ours.values()}) == 4
    assert looks(["lstm"])["lstm"] == ours["lstm"]
    assert [looks([name])[name].colour for name in STYLES] == [colour for _, colour, _ in STYLES.values()]


def test_the_users_settings_neither_show_nor_change(tmp_path: Path) -> None:
    def drawn(name: str) -> bytes:
        with paper_style():
            figure = Figure()
            figure.subplots().plot([1, 2], label="$x$")
            (path,) = save(figure, tmp_path / name, ["svg"])
        return path.read_bytes()

    plain = drawn("plain")
    settings = {"font.size": 30.0, "lines.linewidth": 9.0, "savefig.bbox": "tight", "svg.hashsalt": "mine"}
    with matplotlib.rc_context(settings):
        before = dict(matplotlib.rcParams)
        assert drawn("changed") == plain
        assert dict(matplotlib.rcParams) == before


def test_an_enormous_figure_is_drawn_with_fewer_pixels(tmp_path: Path) -> None:
    with paper_style():
        (path,) = save(Figure(figsize=(1, 700)), tmp_path / "tall", ["png"])
    assert int.from_bytes(path.read_bytes()[20:24], "big") == pytest.approx(60_000, abs=100)


@pytest.mark.parametrize("formats", [["png", "jpeg"], [""], []])
def test_an_unknown_format_is_one_line(formats: list[str]) -> None:
    given = "jpeg" if "jpeg" in formats else ""
    with pytest.raises(ParameterError, match=f"--format of figures must be out of png, svg, pdf, got '{given}'"):
        check_formats(formats)
    check_formats(list(FORMATS))
