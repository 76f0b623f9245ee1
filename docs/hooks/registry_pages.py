"""The reference of tasks, architectures, methods and metrics, from what the entries state about themselves."""

import dataclasses
import inspect
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import docstrings

from saltbench import ArchitectureSpec, MethodSpec, MetricSpec, TaskSpec, load_registries
from saltbench.benchmark.formats.listing import MOST
from saltbench.benchmark.suites.registry import Registry
from saltbench.entry import Entry, Factory, resolve

METHODS = """# Methods

A method gives every entry of the input a number, given a trained network. S<sub>c</sub> is the explained output: the
logit of class c, unless you ask for the probability. x are the inputs, x′ the baseline, which says what absence means.
`saltbench list methods --format json` prints the same facts.
"""
METRICS = """# Metrics

A metric gives one score a sample, or a pooled one a single score of all: most compare a map with the truth, others ask
the network. Suites have the first ten, and others where they name them: `metrics = ["tag:faithfulness", "aup:*"]`, or
`saltbench run --metrics`. A name with a colon is computed as the code of that paper does.

In every formula r is the truth, a the attributions, and s is |a| min-max scaled to [0, 1] per sample. A sample whose
truth is all zero has nothing to find: its score is NaN.

Chance is the expected score of a map of uniform random numbers. The leaderboard's column `<metric>_chance_corrected` is
(score − chance) / (oracle − chance). Of metrics that ask the network, `<metric>_chance` is what a random map scores on
the same network.
"""
TASKS = """# Tasks

A task gives seeded samples `(batch, time, features)` with labels and the truth: how salient each entry is, in [0, 1].
"""
ARCHITECTURES = """# Architectures

An architecture makes a network from `(batch, time, features)` to logits `(batch, classes)`.
"""


def pages() -> dict[str, str]:
    """Return the Markdown of the four pages by name."""
    registries = load_registries()
    references = [method for method in registries.methods if method.is_reference]
    methods = [method for method in registries.methods if not method.is_reference]
    return {
        "reference/methods.md": _page(
            METHODS, methods, "Reference methods", "Maps that need no network, scored beside the others.", references
        ),
        "reference/metrics.md": _page(METRICS, registries.metrics),
        "reference/tasks.md": _page(TASKS, _folded(registries.tasks)),
        "reference/architectures.md": _page(ARCHITECTURES, registries.architectures),
    }


def _folded(registry: Registry[Any]) -> Iterator[Entry]:
    """Yield entries, and of each large family one that stands for all."""
    seen: set[str] = set()
    for entry in registry:
        family = registry.families.get(entry.name)
        if family is None or len(family) <= MOST:
            yield entry
        elif family.name not in seen:
            seen.add(family.name)
            parts = "; ".join(f"{part}: {', '.join(variants)}" for part, variants in family.parts.items())
            words = f"{len(family)} tasks, of which `{entry.name}` stands below. {parts}"
            yield dataclasses.replace(entry, name=re.sub(r"[{}]", "", family.name), description=words)


def _page(heading: str, entries: Iterable[Entry], *rest: Any) -> str:
    entries = list(entries)
    parts = [heading, _overview(entries), *map(_section, entries)]
    if rest:
        title, sentence, others = rest
        parts += [f"## {title}\n", f"{sentence}\n", _overview(others), *(_section(entry, level=3) for entry in others)]
    return "\n".join(parts)


def _overview(entries: Iterable[Entry]) -> str:
    rows = [f"| [{entry.name}](#{_anchor(entry)}) | {_cell(_sentence(entry.description))} |" for entry in entries]
    return "\n".join(["| name | what it is |", "| --- | --- |", *rows, ""])


def _section(entry: Entry, level: int = 2) -> str:
    heading = f"{'#' * level} {entry.name} {{ #{_anchor(entry)} }}\n\n{_sentence(entry.description)}\n"
    facts = f'<div class="facts" markdown>\n\n{_facts(entry)}\n{_parameters(entry.parameters)}\n</div>\n'
    return f"{heading}\n{_definition(entry)}\n{facts}"


def _facts(entry: Entry) -> str:
    facts = {"version": str(entry.version), "source": entry.reference, "tags": ", ".join(entry.tags), **_special(entry)}
    rows = [f"| {name} | {_cell(value)} |" for name, value in facts.items() if value]
    return "\n".join(["| | |", "| --- | --- |", *rows, ""])


def _special(entry: Entry) -> dict[str, str]:
    match entry:
        case MethodSpec():
            return {
                "assumes": entry.assumptions,
                "cost": entry.passes,
                "complete": "the map sums to the change of the output" if entry.is_complete else "",
            }
        case MetricSpec():
            return {
                "range": f"{_number(entry.low)} to {_number(entry.high)}",
                "needs": ", ".join(entry.needs),
                "better": "higher" if entry.higher_is_better else "lower",
                "pooled": "one score of all samples" if entry.is_pooled else "",
                "chance": "" if entry.chance is None else _first_sentence(entry.chance),
                "beside it": "a random map on the same network" if entry.has_random_chance else "",
            }
        case TaskSpec() | ArchitectureSpec() | Entry():
            return {}


def _parameters(parameters: Mapping[str, Any]) -> str:
    if not parameters:
        return ""
    rows = [f"| `{name}` | `{json.dumps(value)}` |" for name, value in parameters.items()]
    return "\n".join(["| parameter | default |", "| --- | --- |", *rows, ""])


def _definition(entry: Entry) -> str:
    """Return the factory's docstring, its first sentence as the formula that it mostly is."""
    formula, _, rest = (inspect.getdoc(entry.load()) or "").partition("\n")
    if not formula:
        return ""
    return f"{docstrings.mathematics(_capitalised(_result(formula)))}\n{{ .formula }}\n\n{docstrings.markdown(rest)}"


def _result(sentence: str) -> str:
    return sentence.removeprefix("Return ").removeprefix("the ").removesuffix(".")


def _first_sentence(factory: Factory) -> str:
    return docstrings.mathematics(_result((resolve(factory).__doc__ or "").split("\n")[0]))


def _anchor(entry: Entry) -> str:
    return entry.name.replace("/", "-")


def _number(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:g}"


def _sentence(text: str) -> str:
    return docstrings.mathematics(f"{_capitalised(text).removesuffix('.')}.")


def _capitalised(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
