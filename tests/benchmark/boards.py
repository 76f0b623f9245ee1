"""Results folders with scores that are known numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from saltbench.benchmark.leaderboards.columns import LEADING
from saltbench.benchmark.storage.csv_tables import to_csv

Identity = tuple[str, str, str]
METRICS = ("average_precision", "euclidean")  # higher and lower is better

HOSTILE = [
    "\\input{/etc/passwd}",
    "$\\catcode`\\{=12",
    "a{b}c$d&e#f^g_h~i%j\\",
    "}}}\\end{document}",
    "%comment",
    "[1em]",
    "*",
    "two\nlines\tand\rmore\x85",
    "^^5cinput --- ''quoted'' ?` !` \"<|>\" ,,",
    "αβγ ΔΩ é ß ő Å × − ∞ 中文 🙂 \u202e \x07",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[link](javascript:alert(1)) **bold** _it_ `code` ~~no~~ &amp; |",
    "https://example.org www.example.org",
]


def not_verified(*tables: Path) -> str:
    """Return the line of standard error for tables made by hand, which no provenance.json vouches for."""
    names = ", ".join(map(str, tables))
    return f"saltbench: not verified, no provenance.json beside it has its digest: {names}\n"


def board_folder(
    folder: Path,
    scores: Mapping[Identity, Mapping[str, ArrayLike]],
    *,
    half: float = 0.01,
    rows: Mapping[Identity, Mapping[str, Any]] | None = None,
    labels: int = 0,
    alone: bool = False,
) -> Path:
    """Write leaderboard.csv and scores.parquet.

    Args:
        folder: to write.
        scores: of each row and metric, (seeds, samples); a metric that is left out is NaN.
        half: distance of the bounds from the mean; NaN for none.
        rows: columns of rows to overwrite.
        labels: of every sample.
        alone: write the CSV alone.
    """
    folder.mkdir(parents=True)
    table, samples = [], []
    for identity, of_metric in scores.items():
        values = {name: np.asarray(of_metric[name], float) for name in METRICS if name in of_metric}
        seeds, size = next(iter(values.values())).shape
        row = {**dict(zip(LEADING, (*identity, "ok", "", seeds, seeds * size), strict=False)), "accuracy": 0.9}
        row |= {"at_chance": "false"} if identity[1] else {"accuracy": None, "at_chance": ""}
        for name in METRICS:
            mean = float(np.nanmean(values[name], axis=1).mean()) if name in values else np.nan
            row |= {name: mean, f"{name}_low": mean - half, f"{name}_high": mean + half}
        table.append(row | (rows or {}).get(identity, {}))
        if table[-1]["status"] == "ok":
            samples += [_samples(identity, seed, size, values, labels) for seed in range(seeds)]
    (folder / "leaderboard.csv").write_bytes(to_csv(pd.DataFrame(table)))
    if not alone:
        pd.concat(samples).to_parquet(folder / "scores.parquet", index=False)
    return folder


def _samples(identity: Identity, seed: int, size: int, values: Mapping[str, Any], labels: int) -> pd.DataFrame:
    columns = {"seed": seed, "sample": range(size), "label": labels, "target": labels}
    scores = {name: values[name][seed] if name in values else np.nan for name in METRICS}
    return pd.DataFrame({**dict(zip(LEADING[:3], identity, strict=True)), **columns, **scores})


def ties(folder: Path, **options: Any) -> Path:
    """Write a block in which `near` ties with the best in average precision and `far` does not, and a reference."""
    wave = np.linspace(0.4, 0.6, 40).reshape(2, 20)
    swing = np.random.default_rng(0).normal(size=(2, 20)) / 100
    swing -= swing.mean() + 1e-4
    return board_folder(
        folder,
        {
            ("task", "", "oracle"): {"average_precision": np.ones((2, 20)), "euclidean": np.zeros((2, 20))},
            ("task", "net", "best"): {"average_precision": wave, "euclidean": wave + 0.3},
            ("task", "net", "near"): {"average_precision": wave + swing, "euclidean": wave + 0.2},
            ("task", "net", "far"): {"average_precision": wave - 0.2, "euclidean": wave},
            ("task", "other", "lonely"): {"average_precision": wave, "euclidean": wave},
            ("task", "other", "broken"): {"average_precision": wave},
        },
        rows={
            ("task", "other", "broken"): {
                "status": "failed",
                "reason": "NaN",
                "samples": 0,
                **{f"average_precision{end}": np.nan for end in ("", "_low", "_high")},
            },
            ("task", "other", "lonely"): {"at_chance": "true"},
        }
        | options.pop("rows", {}),
        **options,
    )
