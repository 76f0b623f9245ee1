"""The committed matrix of the zoo: whole, with nothing wrong in it, and cited as it is."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from cases import METHODS
from matrix import counts
from zoo import EXAMPLES, MATRIX

KEY = ("saliency", "deeplift", "lrp", "lrp-proportional", "lrp-half", "feature-ablation")
METHODS_PAGE = Path(__file__).resolve().parents[2] / "docs" / "methods.md"


@pytest.fixture(scope="module")
def rows():
    with MATRIX.open(encoding="utf-8", newline="") as file:
        return [[row[name] for name in ("network", "method", "outcome", "reason")] for row in csv.DictReader(file)]


def test_it_has_the_key_methods_on_every_network_and_all_methods_on_some(rows):
    asked = {}
    for network, method, *_ in rows:
        asked.setdefault(network, []).append(method)
    assert asked.keys() == EXAMPLES.keys()
    assert all(sorted(methods) in (sorted(KEY), sorted(METHODS)) for methods in asked.values())


def test_nothing_in_it_is_wrong_and_what_is_refused_is_in_one_line(rows):
    assert {outcome for _, _, outcome, _ in rows} == {"works", "refused"}
    assert all(bool(reason) == (outcome == "refused") and "\n" not in reason for _, _, outcome, reason in rows)


def test_the_documentation_cites_its_counts(rows):
    (cited,) = re.findall(r"## On networks of other packages\n(.*?)\n## ", METHODS_PAGE.read_text("utf-8"), re.DOTALL)
    found = counts(rows)
    table = {name: int(count) for name, count in re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", cited, re.MULTILINE)}
    assert table == {name: found[name] for name in KEY}
    packages = len({network.partition("/")[0] for network in EXAMPLES})
    asked = Counter(network for network, *_ in rows)
    whole = sum(count == len(METHODS) for count in asked.values())
    assert f"{len(EXAMPLES)} small networks of {packages} packages" in cited
    assert f"No method explains {found[None]} of them" in cited
    assert f"all {len(METHODS)} that train none on {whole}." in cited
