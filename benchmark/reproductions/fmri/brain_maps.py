"""Maps of parcels on the brain: the fsaverage5 surface at chosen time steps."""

import io
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ....errors import ParameterError
from .cortical_surface import HEMISPHERES, nilearn_module
from .parcels import Parcels

STEPS = (0, 20, 40)  # as in the source
PANEL = 1.6  # inches
DPI = 130
SILENT = 0.1  # smaller values leave the brain grey
RELIEF = (0.35, 0.2)  # grey of sulci and gyri, from white to black
CLOSE = 1.45  # how much larger than matplotlib's default the brain stands in its axes


def brain_maps(
    rows: Mapping[str, NDArray[np.floating]], parcels: Parcels, title: str, steps: Sequence[int] = STEPS
) -> bytes:
    """Return a PNG: one row a map, and for each time step the lateral views of the left and right hemisphere.

    The surface is nilearn's inflated fsaverage5, which needs no network. All panels share one scale from 0 to 1;
    parcels below a tenth are left grey.

    Args:
        rows: maps (time, parcels) in [0, 1] by their label.
        parcels: of the surface, as many as the maps have features.
        title: of the figure.
        steps: time steps, counted from 0.

    Raises:
        MissingPackageError: nilearn is not installed.
        ShapeError: the atlas has another number of parcels than the maps.
        ParameterError: a time step that a map does not have.
    """
    for label, series in rows.items():
        check_steps(label, len(series), steps)
    painted = {label: [parcels.paint(series[step]) for step in steps] for label, series in rows.items()}
    surface = _surface()
    figure = Figure(figsize=(PANEL * 2 * len(steps) + 1.4, PANEL * 0.8 * len(rows) + 1.0), dpi=DPI)
    margins = {"left": 0.13, "right": 0.92, "top": 0.84, "bottom": 0.02, "wspace": 0, "hspace": 0}
    grid = figure.add_gridspec(len(rows), 2 * len(steps), **margins)
    for row, (label, at_steps) in enumerate(painted.items()):
        figure.text(0.01, _middle(figure, grid, row), label.replace(" + ", " +\n"), va="center", fontsize=9)
        for column, (vertices, side) in enumerate(product(at_steps, HEMISPHERES)):
            _draw(figure.add_subplot(grid[row, column], projection="3d"), vertices[side], *surface[side], side)
    _head(figure, grid, steps, title)
    sink = io.BytesIO()
    FigureCanvasAgg(figure).print_png(sink, metadata={"Software": "saltbench"})
    return sink.getvalue()


def _surface() -> dict[str, tuple[Any, NDArray[np.float64]]]:
    """Return the mesh of each hemisphere and its relief in grey."""
    datasets = nilearn_module("datasets")
    mesh = datasets.load_fsaverage("fsaverage5")["inflated"]
    depth = datasets.load_fsaverage_data("fsaverage5", data_type="sulcal").data
    return {side: (mesh.parts[side], np.where(depth.parts[side] > 0, *RELIEF)) for side in HEMISPHERES}


def _draw(axis: Any, values: NDArray[np.float64], mesh: Any, relief: NDArray[np.float64], side: str) -> None:
    nilearn_module("plotting").plot_surf_stat_map(
        surf_mesh=mesh,
        stat_map=values,
        bg_map=relief,
        hemi=side,
        view="lateral",
        engine="matplotlib",
        avg_method="median",  # the mean would paint a border between two parcels in a third colour
        cmap=_palette(),
        threshold=SILENT,
        vmin=0.0,
        vmax=1.0,
        symmetric_cbar=False,
        colorbar=False,
        axes=axis,
        figure=axis.figure,
    )
    axis.set_box_aspect(None, zoom=CLOSE)


def check_steps(name: str, time: int, steps: Sequence[int]) -> None:
    """Raise unless all steps lie in series of a length.

    Args:
        name: what has the series, for the message.
        time: their length.
        steps: time steps, counted from 0.

    Raises:
        ParameterError: a step outside.
    """
    outside = [step for step in steps if not 0 <= step < time]
    if outside:
        raise ParameterError(
            f"brain maps at time step {outside[0]} need longer series: {name} has {time} steps; choose others"
        )


def _palette() -> Any:
    # light to dark without the palest end: it stands out from the grey of the brain, also to the colour-blind
    return sns.color_palette("blend:#fde725,#f8850f,#a8123e,#3b0f40", as_cmap=True)


def _middle(figure: Figure, grid: Any, row: int) -> float:
    box = grid[row, 0].get_position(figure)
    return float((box.y0 + box.y1) / 2)


def _head(figure: Figure, grid: Any, steps: Sequence[int], title: str) -> None:
    for number, step in enumerate(steps):
        left, right = (grid[0, 2 * number + side].get_position(figure) for side in (0, 1))
        figure.text((left.x0 + right.x1) / 2, 0.86, f"time step {step}, left and right", ha="center", fontsize=10)
    figure.text(0.01, 0.98, title, va="top", fontsize=10)
    bar = figure.add_axes((0.945, 0.15, 0.012, 0.55))
    figure.colorbar(ScalarMappable(Normalize(0, 1), _palette()), cax=bar).ax.tick_params(labelsize=8)
