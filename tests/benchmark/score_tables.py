"""Tables of per-sample scores, made up."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

Block = tuple[str, str, str]  # task, architecture, method


def score_table(columns: Mapping[Block, np.ndarray], metric: str = "average_precision") -> pd.DataFrame:
    """One row a sample of scores given as (seeds, samples) for each (task, architecture, method)."""
    parts = []
    for (task, architecture, method), values in columns.items():
        seed, sample = np.indices(values.shape)
        parts.append(
            pd.DataFrame(
                {
                    "task": task,
                    "architecture": architecture,
                    "method": method,
                    "seed": seed.ravel(),
                    "sample": sample.ravel(),
                    "label": 0,
                    "target": 0,
                    metric: values.ravel(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
