"""The leaderboard as one self-contained HTML page, which works from disk and asks nothing of a network."""

import base64
import dataclasses
import hashlib
from collections.abc import Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any

import pandas as pd
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from .... import __version__
from ...execution.stored.run import StoredRun
from ...leaderboards.columns import metric_names
from ...leaderboards.results_folder import ResultsFolder
from ...metrics.spec import MetricSpec
from ...storage.text_bytes import utf8
from ...style.numbers import harmless
from ...suites.provenance import KINDS, Provenance
from ...suites.registry import Registries, Registry
from ..render import View
from .rerun_commands import Commands
from .table import table_data

if TYPE_CHECKING:
    from .gallery import Gallery
    from .rank_diagram import Diagram

SCRIPTS = ("data.js", "rows.js", "details.js", "table.js", "controls.js")
NO_RUN = "The maps need the stored cells of a run, which this folder does not hold."


def html_of(results: ResultsFolder, _view: View, registries: Registries) -> bytes:
    """Return the page of a results folder."""
    return utf8(page(results, registries.metrics))


def page(results: ResultsFolder, metrics: Registry[MetricSpec]) -> str:
    """Return a results folder's leaderboard as one HTML page, the same bytes for the same folder.

    It holds the table, the ranks over all blocks, one explained sample of each class and the provenance. What needs
    more than the leaderboard.csv that the folder has to hold is left out without it, and says so.

    Args:
        results: the folder.
        metrics: those whose direction is known.

    Raises:
        StoreError: the leaderboard or a file beside it is damaged, or a newer saltbench wrote it.
    """
    table = results.table
    record, run = (results.provenance, results.run) if results.is_whole else (None, None)
    suite = record.suite.name if record else results.name
    commands = Commands(suite, record)
    return _render(
        suite=suite,
        description=record.suite.description if record else "",
        facts=_facts(table, record),
        data=table_data(table, metrics, commands),
        diagrams=_diagrams(results, metrics),
        no_ranks=f"Ranks need the score of every sample: {results.without_scores}.",
        gallery=_gallery(run) if run and run.keeps_maps() else None,
        no_maps=NO_RUN,
        commands=commands,
        **_provenance(record),
    )


def _facts(table: pd.DataFrame, record: Provenance | None) -> list[str]:
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


def _gallery(run: StoredRun) -> "Gallery":
    from .gallery import gallery  # loads Matplotlib and Seaborn

    return gallery(run)


def _diagrams(results: ResultsFolder, metrics: Registry[MetricSpec]) -> list["Diagram"]:
    """Return a diagram of each known metric: without its direction a metric cannot be ranked."""
    scores = results.scores
    if scores is None:
        return []
    from ...statistics.method_ranks import overall  # loads SciPy and Matplotlib
    from .rank_diagram import diagram

    names = metric_names(results.table)
    ranked = [spec for spec in metrics if spec.name in names and spec.name in scores]
    return [diagram(overall(scores, spec)) for spec in ranked if (scores.architecture != "").any()]


def _provenance(record: Provenance | None) -> dict[str, Any]:
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
