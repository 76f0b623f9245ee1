import dataclasses
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saltbench.entry import Entry, resolve, unknown
from saltbench.errors import ParameterError, UnknownNameError

DEFAULTS = {"steps": 50, "level": 0.5, "variant": "mean", "centred": True, "boxes": [[0, 1]], "extra": {"a": 1}}


def entry(**changes):
    given = {"name": "some/entry", "version": 1, "description": "d", "reference": "r", "factory": len}
    return Entry(**{**given, "parameters": DEFAULTS, **changes})


def test_configure_without_overrides_gives_a_copy_of_the_defaults():
    configured = entry().configure({})
    assert configured == DEFAULTS
    configured["steps"] = 7
    assert entry().parameters["steps"] == 50


def test_configure_updates_the_named_parameters_only():
    assert entry().configure({"steps": 9, "variant": "flatten"}) == {**DEFAULTS, "steps": 9, "variant": "flatten"}


def test_an_int_stands_for_a_float():
    assert entry().configure({"level": 2})["level"] == 2


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("steps", 2.0, r"some/entry: parameter steps must be int \(default 50\), got 2\.0"),
        ("steps", "2", r"parameter steps must be int \(default 50\), got '2'"),
        ("steps", True, r"parameter steps must be int \(default 50\), got True"),
        ("steps", None, r"parameter steps must be int \(default 50\), got None"),
        ("level", True, r"parameter level must be float \(default 0\.5\), got True"),
        ("level", "0.5", r"parameter level must be float \(default 0\.5\), got '0\.5'"),
        ("centred", 1, r"parameter centred must be bool \(default True\), got 1"),
        ("variant", ["mean"], r"parameter variant must be str \(default 'mean'\), got \['mean'\]"),
        ("boxes", 3, r"parameter boxes must be list \(default \[\[0, 1\]\]\), got 3"),
        ("extra", [], r"parameter extra must be dict \(default \{'a': 1\}\), got \[\]"),
    ],
)
def test_a_value_of_another_type_is_refused(name, value, expected):
    with pytest.raises(ParameterError, match=expected):
        entry().configure({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("level", math.nan),
        ("level", math.inf),
        ("boxes", [[0, -math.inf]]),
        ("boxes", [b"bytes"]),
        ("extra", {"a": object()}),
    ],
)
def test_a_value_that_json_cannot_hold_is_refused(name, value):
    with pytest.raises(ParameterError, match=f"parameter {name} must be made of finite numbers, text, lists and"):
        entry().configure({name: value})


def test_an_unknown_parameter_is_refused_with_near_matches():
    with pytest.raises(UnknownNameError, match=r"^unknown parameter of some/entry 'step'; did you mean 'steps'\?$"):
        entry().configure({"step": 3})


def test_an_unknown_parameter_of_an_entry_without_parameters():
    with pytest.raises(UnknownNameError, match=r"^unknown parameter of some/entry 'steps'; known: none$"):
        entry(parameters={}).configure({"steps": 3})


@settings(max_examples=50)
@given(st.fixed_dictionaries({}, optional={"steps": st.integers(), "level": st.floats(allow_nan=False).map(abs)}))
def test_whatever_configure_accepts_is_json(overrides):
    if math.isinf(overrides.get("level", 0)):
        with pytest.raises(ParameterError, match="finite"):
            entry().configure(overrides)
    else:
        configured = entry().configure(overrides)
        assert json.loads(json.dumps(configured, allow_nan=False)) == {**DEFAULTS, **overrides}


def test_entries_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError, match="version"):
        entry().version = 2


def test_resolve_returns_a_function_as_it_is():
    assert resolve(len) is len


def test_resolve_imports_module_and_attribute():
    assert resolve("math:sqrt") is math.sqrt
    assert entry(factory="math:sqrt").load() is math.sqrt


def test_resolve_of_a_wrong_path_says_what_is_missing():
    with pytest.raises(AttributeError, match="no attribute 'root'"):
        resolve("math:root")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        resolve("no_such_module:sqrt")


@pytest.mark.parametrize(
    ("name", "known", "message"),
    [
        ("lsmt", ["gru", "lstm"], "unknown kind 'lsmt'; did you mean 'lstm'?"),
        ("box/late", ["box/latter", "box/later"], "unknown kind 'box/late'; did you mean 'box/later' or 'box/latter'?"),
        ("xyz", ["lstm", "gru"], "unknown kind 'xyz'; known: gru, lstm"),
        ("xyz", [], "unknown kind 'xyz'; known: none"),
    ],
)
def test_unknown_names_near_matches_or_all(name, known, message):
    assert unknown("kind", name, known) == message


def test_many_unknown_names_are_shown_by_family():
    many = [f"{family}/{number}" for family in ("box", "tsib") for number in range(40)]
    assert unknown("task", "-", [*many, "daphnet"]) == "unknown task '-'; known: box/*, daphnet, tsib/*"
