"""Whether the networks of a row need the truth, from the answers of all seeds together."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..statistics.intervals import is_at_chance
from .columns import TRUTH_USE

MEASURED = ("sufficiency", "necessity", "counted", "counted_accuracy", "counted_majority")
MOST_KEPT = 0.5  # of the accuracy above chance, by networks that need the truth
UNKNOWN: Mapping[str, Any] = dict(zip(TRUTH_USE, (None, None, ""), strict=True))


def truth_use_of(cells: Sequence[Mapping[Any, Any]]) -> Mapping[str, Any]:
    """Return truth_sufficiency and truth_necessity, means over seeds, and needs_truth of the cells of a row.

    Networks need the truth ("true") if they are right above chance with the truth alone, and keep without it at most
    half of what their accuracy is above chance: (necessity - chance) <= (accuracy - chance) / 2. Above chance is as in
    `is_at_chance`, the answers to the draws of a sample counting as one, their mean. All are empty where no cell says
    anything of it.
    """
    known = [values for cell in cells if (values := _known(cell))]
    if not known:
        return UNKNOWN
    sufficiency, necessity, counted, accuracy, majority = np.array(known, float).T
    chance = float(majority.mean())
    is_enough = not is_at_chance(round(float((sufficiency * counted).sum())), int(counted.sum()), chance)
    is_missed = float(necessity.mean()) - chance <= MOST_KEPT * (float(accuracy.mean()) - chance)
    needs = "true" if is_enough and is_missed else "false"
    return dict(zip(TRUTH_USE, (float(sufficiency.mean()), float(necessity.mean()), needs), strict=True))


def _known(cell: Mapping[Any, Any]) -> list[float]:
    values = [cell.get(name) for name in MEASURED]
    return [] if any(pd.isna(value) for value in values) else [float(value) for value in values if value is not None]
