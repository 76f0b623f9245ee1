"""Small pictures of maps, as data URIs."""

import base64
import io
from typing import Any

import numpy as np
import seaborn as sns
from numpy.typing import NDArray
from PIL import Image

from ...metrics.maps import Maps

LEVELS = 32  # colours: the eye tells no more apart in a picture of this size, and the file stays small
LARGEST = 128  # entries of a map along an axis

Panel = NDArray[np.floating[Any]]  # (time, features)


def magnitude_picture(panel: Panel) -> str:
    """Return |attributions| (time, features), min-max scaled as the scores see them, from black to bright."""
    batch = panel[None]
    return _picture(Maps(batch, np.zeros_like(batch)).scaled[0], "rocket")


def share_picture(panel: Panel) -> str:
    """Return values in [0, 1] (time, features) from black to bright."""
    return _picture(panel, "rocket")


def signed_picture(panel: Panel) -> str:
    """Return values (time, features) from blue over white, which is 0, to red."""
    largest = float(np.abs(panel).max()) or 1.0
    return _picture((panel / largest + 1) / 2, "vlag")


def is_averaged(panel: Panel) -> bool:
    """Return whether pictures of a panel, (time, features), show blocks of its entries."""
    return any(length > LARGEST for length in panel.shape)


def _picture(shares: Panel, palette: str) -> str:
    levels = np.rint(_reduced(shares) * (LEVELS - 1)).astype(np.uint8)
    image = Image.fromarray(levels).convert("P")
    colours = np.rint(np.array(sns.color_palette(palette, LEVELS)) * 255).astype(np.uint8)
    image.putpalette(colours.tobytes())
    sink = io.BytesIO()
    image.save(sink, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(sink.getvalue()).decode()


def _reduced(panel: Panel) -> Panel:
    """Return means over blocks of entries, so that no axis is longer than the largest."""
    for axis in (0, 1):
        width = -(-panel.shape[axis] // LARGEST)
        starts = np.arange(0, panel.shape[axis], width)
        sizes = np.diff([*starts, panel.shape[axis]])
        panel = np.add.reduceat(panel, starts, axis=axis) / np.expand_dims(sizes, 1 - axis)
    return panel
