"""The matrix of networks and methods, as CSV, a row for each pair, and as Markdown, a row for each network."""

import csv
import functools
import re
from collections import defaultdict
from importlib import metadata

COLUMNS = ("network", "version", "method", "outcome", "reason")
SIGNS = {"works": "✓", "refused": "–", "wrong": "✗"}
DISTRIBUTIONS = {"tint": "time_interpret"}


def write(folder, rows):
    """Write what was found, rows of network, method, outcome and reason in any order, to matrix.csv and matrix.md."""
    rows = sorted(rows)
    folder.mkdir(parents=True, exist_ok=True)
    ordered = [[network, version_of(network), *others] for network, *others in rows]
    with (folder / "matrix.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerows([COLUMNS, *ordered])
    (folder / "matrix.md").write_text(page(rows), encoding="utf-8")


@functools.cache
def version_of(network):
    """Of the package that a network comes from, or nothing."""
    package = network.partition("/")[0]
    try:
        return metadata.version(DISTRIBUTIONS.get(package, package))
    except metadata.PackageNotFoundError:
        return ""


def page(rows):
    """A table of signs, how many networks each method explains, and the reasons why it refuses others."""
    methods = list(dict.fromkeys(method for _, method, _, _ in rows))
    found = {(network, method): outcome for network, method, outcome, _ in rows}
    networks = sorted({network for network, _ in found})
    lines = ["| network | " + " | ".join(methods) + " |", "| --- |" + " :-: |" * len(methods)]
    for network in networks:
        signs = [SIGNS.get(found.get((network, method)), "") for method in methods]
        lines.append(f"| {network} | " + " | ".join(signs) + " |")
    explained = counts(rows)
    lines.append(f"| **{len(networks)} networks** | " + " | ".join(str(explained[method]) for method in methods) + " |")
    return "\n".join([*lines, "", *reasons(rows)]) + "\n"


def counts(rows):
    """How many networks each method explains, and how many no method does: by the method's name, and by None."""
    methods = list(dict.fromkeys(method for _, method, *_ in rows))
    explained = {(network, method) for network, method, outcome, _ in rows if outcome == "works"}
    networks = {network for network, *_ in rows}
    found = {method: sum((network, method) in explained for network in networks) for method in methods}
    return {**found, None: len(networks - {network for network, _ in explained})}


def reasons(rows):
    """The sentences of refusals, places and numbers left out, the most frequent first, with networks and methods."""
    networks, methods = defaultdict(dict), defaultdict(dict)
    for network, method, outcome, reason in rows:
        if outcome != "works":
            networks[general(reason)][network] = methods[general(reason)][method] = None
    yield from ("| networks | methods | reason | such as |", "| --: | --- | --- | --- |")
    for reason, found in sorted(networks.items(), key=lambda item: -len(item[1])):
        yield f"| {len(found)} | {', '.join(methods[reason])} | {reason} | {', '.join(list(found)[:3])} |"


def general(reason):
    """A refusal's sentence without its place in a package's source, numbers rounded away, as a cell of a table."""
    placeless = re.sub(r" \(\w[^()]*, \S+\.py line \d+\)|\(\S+\.py(?: line |:)\d+\)", "", reason)
    return re.sub(r"(?<![\w.])\d+(?:\.\d+)?(?:e[-+]\d+)?", "N", placeless).replace("|", "\\|")
