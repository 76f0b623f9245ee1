"""Every method on every network that other packages bring: `tox run -e zoo`."""

import functools

import pytest
from cases import WORKS, WRONG, Case, groups
from zoo import EXAMPLES, committed

pytestmark = pytest.mark.zoo
GROUPS = groups()


@functools.lru_cache(1)
def case(name):
    return Case(EXAMPLES[name])


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_methods_are_right_or_refuse(name, group, record_property):
    try:
        explained = case(name)
    except ImportError as error:
        pytest.skip(f"cannot be imported: {error}")
    found = {method: explained.outcome(method) for method in GROUPS[group]}
    for method, (outcome, reason) in found.items():
        record_property("zoo", [name, method, outcome, reason])
    assert {method: reason for method, (outcome, reason) in found.items() if outcome == WRONG} == {}
    before = committed()
    lost = {method: reason for method, (_, reason) in found.items() if before.get((name, method)) == WORKS}
    assert {method: reason for method, reason in lost.items() if found[method].outcome != WORKS} == {}
