"""The leaderboard as one self-contained HTML page, which works from disk and asks nothing of a network."""

import base64
import dataclasses
import hashlib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from .... import __version__
from ...leaderboards.results_folder import Board, metric_names, read_board
from ...metrics.spec import MetricSpec
from ...statistics.method_ranks import overall
from ...style.numbers import harmless
from ...suites.provenance import KINDS, Recorded, recorded
from ...suites.registry import Registry, load_registries
from .gallery import Gallery, gallery
from .rank_diagram import Diagram, diagram
from .rerun_commands import Commands
from .table import table_data

SCRIPTS = ("data.js", "rows.js", "details.js", "table.js", "controls.js")
NO_RUN = "The maps need the stored cells of a run, which this folder does not hold."


def page(folder: Path) -> str:
    """Return a results folder's leaderboard as one HTML page, the same bytes for the same folder.

    It holds the table, the ranks over all blocks, one explained sample of each class and the provenance. What needs
    more than the leaderboard.csv that the folder has to hold is left out without it, and says so.

    Raises:
        StoreError: the leaderboard or a file beside it is damaged, or a newer saltbench wrote it.
    """
    board, record = read_board(folder), recorded(folder)
    suite = record.suite.name if record else _name(folder)
    metrics = load_registries().metrics
    commands = Commands(suite, record)
    return _render(
        suite=suite,
        description=record.suite.description if record else "",
        facts=_facts(board.table, record),
        data=table_data(board.table, metrics, commands),
        diagrams=_diagrams(board, metrics),
        no_ranks=f"Ranks need the score of every sample: {board.without_scores}.",
        gallery=_gallery(folder, record),
        no_maps=NO_RUN,
        commands=commands,
        **_provenance(record),
    )


def _name(folder: Path) -> str:
    return (folder if folder.is_dir() else folder.parent).resolve().name


def _facts(table: pd.DataFrame, record: Recorded | None) -> list[str]:
    networks = table[table.architecture != ""]
    counts = {
        "row": len(table),
        "task": table.task.nunique(),
        "architecture": networks.architecture.nunique(),
        "method": networks.method.nunique(),
        "seed": int(table.seeds.max()) if len(table) else 0,
    }
    device = [f"computed on {record.device}"] if record else []
    return [*(f"{count:,} {noun}{'s' * (count != 1)}" for noun, count in counts.items()), *device]


def _diagrams(board: Board, metrics: Registry[MetricSpec]) -> list[Diagram]:
    """Return a diagram of each known metric: without its direction a metric cannot be ranked."""
    scores = board.scores
    if scores is None:
        return []
    names = metric_names(board.table)
    ranked = [spec for spec in metrics if spec.name in names and spec.name in scores]
    return [diagram(overall(scores, spec)) for spec in ranked if (scores.architecture != "").any()]


def _gallery(folder: Path, record: Recorded | None) -> Gallery | None:
    return gallery(record, folder) if record else None


def _provenance(record: Recorded | None) -> dict[str, Any]:
    if record is None:
        return {"record": None}
    suite = record.suite
    return {
        "record": record,
        "seeds": _seeds(suite.seeds),
        "training": {key.replace("_", " "): value for key, value in dataclasses.asdict(suite.training).items()},
        "libraries": list(dict.fromkeys(name for each in record.environments for name in each)),
        "entries": [(kind.removesuffix("s"), choice) for kind in KINDS for choice in getattr(suite, kind)],
    }


def _seeds(seeds: int | Mapping[str, int]) -> str:
    if isinstance(seeds, int):
        return "0" if seeds == 1 else f"0 to {seeds - 1}, each with its own data, training and noise"
    return f"every combination of {', '.join(f'{count} of {factor}' for factor, count in seeds.items())}"


def _render(**context: Any) -> str:
    environment = Environment(
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        loader=FunctionLoader(_asset),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    style, script = _asset("page.css"), "\n".join(_asset(name) for name in SCRIPTS)
    return environment.get_template("page.html").render(
        **context,
        version=__version__,
        style=Markup(style),  # noqa: S704 - saltbench's own file
        script=Markup(script),  # noqa: S704 - saltbench's own files
        style_hash=_digest(style),
        script_hash=_digest(script),
    )


def _visible(value: Any) -> Any:
    return harmless(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _asset(name: str) -> str:
    return (resources.files(__package__) / "assets" / name).read_text("utf-8")


def _digest(text: str) -> str:
    """Return what a content security policy calls this text, so that nothing else on the page runs or is styled."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
