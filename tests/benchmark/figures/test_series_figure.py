"""saltbench.plot: what a figure of series and maps shows, and that its words do not collide."""

from itertools import combinations

import matplotlib
import numpy as np
import pandas as pd
import pytest
import torch

import saltbench
from saltbench.benchmark.style.map_colours import ABSENT, MOST_STEPS, ColourScale
from saltbench.errors import NonFiniteError, ParameterError, ShapeError

GREY = matplotlib.colors.to_rgba(ABSENT)


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def panels(figure):
    """Return the panels; the last axes are the bar of colours."""
    return figure.axes[:-1]


def entries(axis):
    """Return the map that a panel shows, (time, features)."""
    return axis.collections[0].get_array().T


def titles(figure):
    return [axis.get_title(loc="left") for axis in panels(figure)]


def bar_of(figure):
    return figure.axes[-1].get_xlabel()


def test_a_map_is_shown_in_its_own_units_with_time_to_the_right():
    series, own = random(1, 30, 3), random(1, 30, 3, seed=1)
    figure = saltbench.plot(series, own)
    (axis,) = panels(figure)
    np.testing.assert_array_equal(entries(axis), own[0])
    norm = axis.collections[0].norm
    assert (norm.vmin, norm.vmax) == (-np.abs(own).max(), np.abs(own).max())
    assert bar_of(figure) == "attribution"
    assert axis.get_xlabel() == "time"
    assert (axis.get_xlim(), axis.get_ylim()) == ((-0.5, 29.5), (3, 0))  # the first feature at the top
    assert [text.get_text() for text in axis.get_yticklabels()] == ["feature 0", "feature 1", "feature 2"]


def test_curves_fill_their_bands_upwards():
    series = np.stack([np.arange(5.0), np.full(5, 7.0)], 1)
    (axis,) = panels(saltbench.plot(series, series))
    rising, constant = (line.get_ydata() for line in axis.lines)
    np.testing.assert_allclose(rising, [0.9, 0.7, 0.5, 0.3, 0.1])
    np.testing.assert_allclose(constant, 1.5)


def test_several_maps_are_shares_of_their_largest_and_the_truth_is_first():
    series, truth = random(2, 20, 2), np.zeros((2, 20, 2))
    truth[:, 5:9] = 1
    maps = {"mine": 50 * np.abs(random(2, 20, 2, seed=1)), "other": random(2, 20, 2, seed=2), "zeros": 0 * truth}
    figure = saltbench.plot(series, maps, truth=truth, samples=["a", "b"])
    assert titles(figure) == ["a\ntruth", "b\ntruth", "mine", "mine", "other", "other", "zeros", "zeros"]
    shown = [entries(axis) for axis in panels(figure)]
    for number in range(2):
        np.testing.assert_array_equal(shown[number], truth[number])
        np.testing.assert_allclose(shown[2 + number], maps["mine"][number] / maps["mine"].max())
        np.testing.assert_allclose(shown[4 + number], maps["other"][number] / np.abs(maps["other"]).max())
        assert not shown[6 + number].any()
    assert {(axis.collections[0].norm.vmin, axis.collections[0].norm.vmax) for axis in panels(figure)} == {(-1, 1)}
    assert bar_of(figure) == "share of each map's largest |attribution|"


def test_maps_without_negative_values_have_colours_from_0_on():
    own = np.abs(random(10, 1))
    norm = panels(saltbench.plot(random(10, 1), own))[0].collections[0].norm
    assert (norm.vmin, norm.vmax) == (0, own.max())


def test_magnitudes_are_drawn_when_asked_for():
    own = random(10, 2)
    figure = saltbench.plot(random(10, 2), own, signed=False)
    np.testing.assert_array_equal(entries(panels(figure)[0]), np.abs(own))
    assert bar_of(figure) == "|attribution|"
    norm = panels(saltbench.plot(random(10, 2), np.abs(own), signed=True))[0].collections[0].norm
    assert norm.vmin == -norm.vmax < 0


@pytest.mark.parametrize("features", [6, 7])
def test_many_features_are_a_heat_map(features):
    (axis,) = panels(saltbench.plot(random(12, features), random(12, features)))
    assert len(axis.lines) == (6 if features == 6 else 0)


def test_what_explain_returns_is_named_by_its_methods():
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(20, 2))
    series = torch.randn(1, 10, 2, generator=torch.Generator().manual_seed(0))
    saliency, product = (saltbench.explain(network, series, 1, method=m) for m in ("saliency", "input-x-gradient"))
    assert titles(saltbench.plot(series, saliency)) == ["saliency"]
    figure = saltbench.plot(series, [saliency, product, saliency])
    assert titles(figure) == ["saliency", "input-x-gradient", "saliency (2)"]
    np.testing.assert_allclose(entries(panels(figure)[1]), (product / product.abs().max())[0])


def test_one_map_of_several_samples_is_a_row_for_each_on_one_scale():
    own = random(3, 15, 1)
    figure = saltbench.plot(random(3, 15, 1), own)
    assert titles(figure) == ["sample 0", "sample 1", "sample 2"]
    assert len({axis.get_subplotspec().rowspan.start for axis in panels(figure)}) == 3
    assert {axis.collections[0].norm.vmax for axis in panels(figure)} == {np.abs(own).max()}


def test_where_entries_would_share_a_pixel_the_largest_is_shown():
    steps = 5000
    own = np.full((steps, 1), 1e-3)
    own[1234] = -2.0
    own[3210] = 1.0
    (axis,) = panels(saltbench.plot(random(steps, 1), own))
    shown, edges = entries(axis)[:, 0], axis.collections[0].get_coordinates()[0, :, 0]
    assert len(shown) == MOST_STEPS
    assert (shown.min(), shown.max()) == (-2.0, 1.0)
    (low,), (high,) = np.nonzero(shown == -2.0), np.nonzero(shown == 1.0)
    assert edges[low[0]] <= 1234.5
    assert edges[low[-1] + 1] >= 1233.5
    assert len(low) <= 2 >= len(high)


def test_missing_values_leave_a_gap_in_a_curve_and_grey_in_a_map():
    series, own = random(12, 2), random(12, 2, seed=1)
    series[3:6, 0] = np.nan
    series[:, 1] = np.nan
    own[8, 1] = np.nan
    (axis,) = panels(saltbench.plot(series, own))
    assert np.isnan(axis.lines[0].get_ydata()).tolist() == np.isnan(series[:, 0]).tolist()
    assert np.isnan(axis.lines[1].get_ydata()).all()
    (mesh,) = axis.collections
    assert mesh.get_array().mask.T.tolist() == np.isnan(own).tolist()
    assert mesh.cmap(np.ma.masked_invalid([np.nan]))[0] == pytest.approx(GREY)


def test_a_value_without_neighbours_is_a_dot():
    series = random(9, 1)
    series[1::2] = np.nan
    (axis,) = panels(saltbench.plot(series, random(9, 1)))
    assert axis.lines[1].get_xdata().tolist() == [0, 2, 4, 6, 8]
    assert axis.lines[1].get_marker() == "o"


@pytest.mark.parametrize(("value", "ends"), [(0.0, (0, 1)), (0.3, (0, 0.3)), (-3e-7, (-3e-7, 3e-7))])
def test_a_constant_map_is_one_colour(value, ends):
    figure = saltbench.plot(random(8, 2), np.full((8, 2), value))
    norm = panels(figure)[0].collections[0].norm
    assert (norm.vmin, norm.vmax) == ends
    assert bar_of(figure).endswith("10⁻⁷") == (value < 0)


def test_curves_along_which_colours_run_have_the_colour_of_each_step():
    series, own = random(7, 1), random(7, 1, seed=1)
    series[2] = np.nan
    (axis,) = panels(saltbench.plot(series, own, kind="along"))
    (pieces,) = axis.collections
    assert pieces.get_array().tolist() == own[~np.isnan(series)].tolist()
    assert [piece.vertices[1, 0] for piece in pieces.get_paths()] == [0, 1, 3, 4, 5, 6]


def test_a_table_gives_names_and_dates():
    index = pd.date_range("2026-11-30 18:00", periods=24, freq="h", tz="Europe/Berlin", name="Berlin")
    table = pd.DataFrame(random(24, 2), columns=["wall", "air"], index=index)
    (axis,) = panels(saltbench.plot(table, random(24, 2)))
    assert [text.get_text() for text in axis.get_yticklabels()] == ["wall", "air"]
    assert axis.get_xlabel() == "Berlin"
    ticks = [text.get_text() for text in axis.get_xticklabels()]
    assert {"21:00", "Dec-01"} <= set(ticks)  # as the clocks of Berlin show it
    assert axis.get_xlim()[1] - axis.get_xlim()[0] == pytest.approx(1)  # 24 hours, in days


@pytest.mark.parametrize(
    ("times", "edges", "words"),
    [
        ([0.0, 1.0, 4.0], [-0.5, 0.5, 2.5, 5.5], "time"),
        (pd.Index([10, 20, 30], name="depth"), [5, 15, 25, 35], "depth"),
        (pd.to_timedelta([0, 2, 4], unit="min"), [-60, 60, 180, 300], "time in seconds"),
    ],
)
def test_entries_stand_where_their_times_are(times, edges, words):
    (axis,) = panels(saltbench.plot(random(3, 1), random(3, 1), times=times))
    assert axis.collections[0].get_coordinates()[0, :, 0].tolist() == edges
    assert axis.get_xlabel() == words


def test_periods_are_dates():
    times = pd.period_range("2026-01", periods=12, freq="M")
    (axis,) = panels(saltbench.plot(random(12, 1), random(12, 1), times=times))
    assert "2026" in [text.get_text() for text in axis.get_xticklabels()]


def test_a_row_without_a_map_says_so_or_why():
    figure = saltbench.plot(random(5, 1), {"a": random(5, 1), "b": None, "c": "it has no rule for fft"})
    assert [[text.get_text() for text in axis.texts] for axis in panels(figure)] == [
        [],
        ["no map"],
        ["it has no rule for fft"],
    ]


def words_of(figure):
    """Return the box of everything written, by its words."""
    figure.draw_without_rendering()
    renderer = figure._get_renderer()
    texts = []
    for axes in figure.axes:
        texts += [axes._left_title, axes.xaxis.label, axes.yaxis.label, *axes.texts]
        for axis in (axes.xaxis, axes.yaxis):
            texts += [tick.label1 for tick in axis._update_ticks()] + [axis.offsetText]
    shown = [text for text in texts if text.get_text() and text.get_visible()]
    return [(text.get_text(), text.get_window_extent(renderer)) for text in shown]


SIZES = [
    *((1, 1, 100), (1, 3, 5000), (1, 20, 100), (5, 1, 100), (5, 3, 100), (1, 200, 30)),
]


# words have less room in the narrow one
@pytest.mark.parametrize("width", [3.5, pytest.param(7.2, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("samples", "features", "steps"), SIZES)
def test_words_neither_collide_nor_leave_the_figure(samples, features, steps, width):
    shape = samples, steps, features
    names = [f"a feature with a long name, {number}" for number in range(features)]
    maps = {"integrated-gradients": random(*shape), "a-method-of-ones-own-with-a-long-name": random(*shape)}
    figure = saltbench.plot(
        1e4 * random(*shape), maps, truth=np.abs(random(*shape)) > 1, features=names, width=width
    )  # fmt: skip
    inches = figure.get_size_inches()
    assert inches[0] == width
    assert inches[1] <= 10
    boxes = words_of(figure)
    assert len(boxes) > 10
    for (first, box), (second, other) in combinations(boxes, 2):
        assert not _overlap(box, other), (first, second)
    for words, box in boxes:
        assert box.x0 >= -1, words
        assert box.x1 <= figure.bbox.x1 + 1, words


def _overlap(box, other):
    width = min(box.x1, other.x1) - max(box.x0, other.x0)
    height = min(box.y1, other.y1) - max(box.y0, other.y0)
    return width > 1 and height > 2


def test_dates_do_not_collide_in_a_column():
    times = pd.date_range("2026-11-30 18:00:00.123", periods=50, freq="37min")
    boxes = words_of(saltbench.plot(random(50, 1), random(50, 1), times=times, width=3.5))
    assert not any(_overlap(box, other) for (_, box), (_, other) in combinations(boxes, 2))


def test_colours_differ_in_lightness_to_both_sides_of_0():
    for is_signed in (False, True):
        colours = ColourScale(1.0, is_signed, "").colours(np.linspace(0.5 if is_signed else 0, 1, 20))
        light = colours[:, :3] @ (0.2126, 0.7152, 0.0722)
        assert (np.diff(light) < 0).all()  # told apart in grey, too
    signed = ColourScale(1.0, True, "").colours([0.0, 1.0])
    assert signed[0, 2] - signed[0, 0] > 0.4 < signed[1, 0] - signed[1, 2]  # blue below 0, red above


def test_a_notebook_shows_the_figure_and_the_users_settings_do_not():
    plain = saltbench.plot(random(6, 1), random(6, 1))._repr_png_()
    assert plain.startswith(b"\x89PNG")
    with matplotlib.rc_context({"font.size": 30, "axes.titlesize": 30, "savefig.bbox": "tight"}):
        before = dict(matplotlib.rcParams)
        assert saltbench.plot(random(6, 1), random(6, 1))._repr_png_() == plain
        assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("kind", ["series", "map"])
@pytest.mark.parametrize("make", [torch.tensor, lambda v: torch.tensor(v, requires_grad=True).bfloat16(), np.float32])
def test_tensors_of_any_kind_are_taken(kind, make):
    own = np.array([[0.5, -1.0], [2.0, 0.25]])
    given = (make(own), own) if kind == "series" else (own, make(own))
    np.testing.assert_array_equal(entries(panels(saltbench.plot(*given))[0]), own)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"series": np.zeros((2, 2, 2, 2))}, ShapeError, r"series must be .*, got \(2, 2, 2, 2\)"),
        ({"series": np.zeros((0, 5, 2))}, ShapeError, r"series must be .* each at least 1, got \(0, 5, 2\)"),
        ({"series": "abc"}, ParameterError, "series must be a tensor, an array or a table of numbers, got str"),
        ({"series": np.full((4, 2), np.inf)}, NonFiniteError, "series must be finite, or NaN"),
        ({"attributions": np.zeros((2, 4))}, ShapeError, r"the map must have the shape of the series, \(1, 4, 2\)"),
        ({"attributions": {"a": np.zeros(4)}}, ShapeError, r"the map 'a' must have the shape"),
        ({"attributions": {}}, ParameterError, "attributions must hold a map at least"),
        ({"attributions": np.full((4, 2), np.inf)}, NonFiniteError, "the map must be finite"),
        ({"truth": np.zeros((4, 1))}, ShapeError, "the map 'truth' must have the shape"),
        ({"attributions": {"truth": np.zeros((4, 2))}, "truth": np.zeros((4, 2))}, ParameterError, "a name of its own"),
        ({"times": [1, 2, 3]}, ShapeError, "times must be one for each of the 4 steps, got 3"),
        ({"times": [1, 2, 2, 3]}, ParameterError, "times must rise from step to step"),
        ({"times": ["a", "b", "c", "d"]}, ParameterError, "times must be numbers, dates or durations"),
        ({"times": 3}, ParameterError, "times must be one number, date or duration a step"),
        ({"features": ["a"]}, ShapeError, r"features must be one name for each of 2, got \['a'\]"),
        ({"features": "ab"}, ParameterError, "features must be a list, got 'ab'"),
        ({"samples": ["a", "b"]}, ShapeError, "samples must be one name for each of 1"),
        ({"kind": "lines"}, ParameterError, "kind must be one of auto, behind, along, heat, got 'lines'"),
        ({"width": 1}, ParameterError, "width must be inches, 2 to 100, got 1"),
        ({"width": float("inf")}, ParameterError, "width must be inches"),
    ],
)
def test_a_mistake_is_one_line(given, error, message):
    arguments = {"series": np.zeros((4, 2)), "attributions": np.zeros((4, 2)), **given}
    with pytest.raises(error, match=message) as told:
        saltbench.plot(**arguments)
    assert "\n" not in str(told.value)


def test_more_samples_than_a_figure_holds_are_refused():
    with pytest.raises(ParameterError, match=r"a figure holds at most 80 panels, .*, got 81; give fewer samples"):
        saltbench.plot(np.zeros((81, 3, 1)), np.zeros((81, 3, 1)))
