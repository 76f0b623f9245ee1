"""Results folders of format 1, where a cell's key holds all metrics of its suite: their examples can still be shown.

Nothing is written in this format, and nothing is taken from it: a run in such a folder computes all of it anew.
"""

import io
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors.numpy import load

from ...storage.store import Artifact, Store
from ...suites.choice import Choice
from ..plan import Job
from .samples import Examples, example_rows

KIND = "cells"
EXAMPLES, SCORES = "examples.safetensors", "scores.parquet"


def example_maps(job: Job, method: Choice, store: Store) -> NDArray[np.floating[Any]] | None:
    """Return a cell's maps of the first sample of each class, (classes, time, features); None where there are none.

    Raises:
        StoreError: a result cannot be read.
    """
    found = _cell(job, method, store)
    return None if found is None else load(found.files[EXAMPLES])["map"]


def examples(job: Job, store: Store) -> Examples | None:
    """Return the first explained sample of each class, None where they are not stored.

    Raises:
        StoreError: a result cannot be read.
    """
    found, known = store.get("yardsticks", _yardstick_key(job)), labels(job, store)
    if found is None or known is None:
        return None
    arrays = load(found.files[EXAMPLES])
    return Examples(known[example_rows(known)], arrays["inputs"], arrays["truth"])


def labels(job: Job, store: Store) -> NDArray[np.int64] | None:
    """Return the labels of all explained samples, (batch,); None where no cell of the job is stored.

    Raises:
        StoreError: a result cannot be read.
    """
    cells = (_cell(job, method, store) for method in job.methods)
    found = next((cell for cell in cells if cell is not None), None)
    if found is None:
        return None
    table = pd.read_parquet(io.BytesIO(found.files[SCORES]), columns=["label"])
    return np.asarray(table.label.to_numpy(), dtype=np.int64)


def _cell(job: Job, method: Choice, store: Store) -> Artifact | None:
    return store.get(KIND, {**_yardstick_key(job), **job.map_key(method)})


def _yardstick_key(job: Job) -> dict[str, Any]:
    return {**job.data_key(), "metrics": [metric.as_json() for metric in job.protocol.metrics]}
