"""Results folders for the tests of the page, written by hand."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

METRICS = ("weighted_jaccard", "euclidean", "average_precision")
HEADER = [
    *("task", "architecture", "method", "status", "reason", "seeds", "samples", "accuracy", "at_chance"),
    *(f"{metric}{suffix}" for metric in METRICS for suffix in ("", "_low", "_high")),
    *(f"{metric}_chance_corrected" for metric in METRICS),
]
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>document.title='owned'</script>",
    "\"'><svg onload=alert(2)>&amp;",
    "{{ 7 * 7 }}$(touch owned)`id`;--results=x",
    "a\u2028b\u2029c",
)


def write_leaderboard(folder: Path, rows: Iterable[Sequence[Any]]) -> Path:
    """Write leaderboard.csv of (task, architecture, method, average precision), and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [HEADER, *(_line(*row) for row in rows)]
    (folder / "leaderboard.csv").write_text("".join(f"{','.join(map(_quoted, line))}\n" for line in lines), "utf-8")
    return folder


def _line(task: str, architecture: str, method: str, score: float | None) -> list[Any]:
    if score is None:
        return [task, architecture, method, "failed", "seed 0: it broke", 2, 0, *[""] * (len(HEADER) - 7)]
    accuracy = [0.5, "true"] if architecture else ["", ""]
    # the metrics disagree about the order, so that a test sees which one sorted
    scores = [1 - score, 1 - score - 0.1, 1 - score + 0.1, score * 2, "", "", score, score - 0.05, score + 0.05]
    return [task, architecture, method, "ok", "", 2, 12, *accuracy, *scores, "", "", score / 2]


def _quoted(value: Any) -> str:
    return '"{}"'.format(str(value).replace('"', '""')) if isinstance(value, str) else str(value)


SMALL = (
    ("box/earlier", "", "oracle", 1.0),
    ("box/earlier", "", "random-uniform", 0.24),
    ("box/earlier", "lstm", "saliency", 0.31),
    ("box/earlier", "lstm", "deeplift", 0.62),
    ("box/earlier", "input-cell-lstm", "deeplift", 0.45),
    ("box/latter", "", "oracle", 0.99),
    ("box/latter", "", "random-uniform", 0.2),
    ("box/latter", "lstm", "saliency", 0.7),
    ("box/latter", "lstm", "deeplift", None),
)


def write_provenance(folder: Path, **changes: Any) -> None:
    """Write a provenance.json of the suite quick, with some of the suite's values changed."""
    suite = {
        "name": "quick",
        "description": "two boxes",
        **{kind: [] for kind in ("tasks", "architectures", "methods", "references", "metrics")},
        "seeds": 2,
        "samples": 6,
        "target": "true",
        "output": "logit",
        "training": {"learning_rate": 0.001, "batch": 50, "epochs": 3, "patience": 50, "tolerance": 0.001},
        **changes,
    }
    record = {"format": 1, "suite": suite, "device": "cpu", "environments": [{"python": "3.11", "torch": "2.13"}]}
    (folder / "provenance.json").write_text(json.dumps(record))
