"""saltbench.evaluate chooses tasks, methods and metrics by name, shell pattern and tag, as the command line does."""

import pytest
from evaluated_networks import SMALL, evaluated, lstm, method

import saltbench
from saltbench.benchmark.suites.suite import load_suite
from saltbench.errors import DuplicateNameError, ParameterError, UnknownNameError

SIZES = {"layouts": [[[6, 10, 1, 4]]], "time": 10, "features": 5, "train": 60, "validation": 20, "test": 30}


def test_names_may_come_from_a_generator():
    names = ["saliency", "input-x-gradient", "deeplift"]
    registry = saltbench.load_registries().methods
    assert registry.choose(name for name in names) == registry.choose(names)
    assert len(registry.choose(names)) == 3


def test_patterns_choose_what_they_choose_on_the_command_line():
    patterns = ["input-x-*", "tag:path", "saliency"]
    suite = load_suite("quick", saltbench.load_registries(), {"methods": patterns})
    chosen = [choice.name for choice in (*suite.methods, *suite.references)]
    table = evaluated(methods=patterns, parameters={**SMALL, "integrated-gradients": {"steps": 40}}, samples=3)
    assert table.method.tolist() == chosen
    assert chosen[:3] == ["input-x-gradient", "integrated-gradients", "tsr-integrated-gradients"]


def test_what_several_patterns_match_is_there_once():
    mine = method(lambda inputs: inputs)
    found = evaluated(methods=["saliency", "salienc?", mine, "tag:reference"], samples=3).method.tolist()
    assert found[:3] == ["saliency", "mine", "oracle"]
    assert len(found) == len(set(found))


def test_patterns_of_metrics():
    table = evaluated(metrics=["*_jaccard", "roc_auc"], samples=3)
    registered = [metric.name for metric in saltbench.load_registries().metrics]
    expected = [*(name for name in registered if name.endswith("_jaccard")), "roc_auc"]
    assert [name for name in table if name in registered] == expected


def test_tasks_of_a_pattern_stand_below_each_other_and_are_shown():
    tasks = ["box/earlier", "box/latter"]
    options = {"model": lstm(), "parameters": dict.fromkeys(tasks, SIZES), "samples": 3}
    table = evaluated(task="box/[el]a*", **options)
    assert list(dict.fromkeys(table.task)) == tasks
    assert "box/latter" in repr(table)
    for name in tasks:
        alone = evaluated(task=name, **{**options, "parameters": {name: SIZES}})
        assert "box/" not in repr(alone)
        assert table[table.task == name].reset_index(drop=True).equals(alone)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"methods": ["salience*"]}, UnknownNameError, r"unknown method 'salience\*'; did you mean 'saliency'"),
        ({"methods": ["tag:gradients"]}, UnknownNameError, "unknown method tag 'gradients'; did you mean 'gradient'"),
        ({"metrics": ["jaccard*"]}, UnknownNameError, r"unknown metric 'jaccard\*'"),
        ({"task": "box/later*"}, UnknownNameError, r"unknown task 'box/later\*'; did you mean 'box/latter'"),
        ({"methods": ["tag:path", "tag:path"]}, DuplicateNameError, "got 'tag:path' twice; leave one out"),
        (
            {"methods": [method(lambda inputs: inputs, "saliency"), "tag:gradient"]},
            DuplicateNameError,
            "each method must have a name of its own, got 'saliency' twice",
        ),
        ({"methods": [3]}, ParameterError, "a method must be an entry, a name or a pattern, got 3"),
        ({"task": 3}, ParameterError, "a task must be an entry, a name or a pattern, got 3"),
    ],
)
def test_patterns_that_choose_nothing_or_too_much(arguments, error, message):
    with pytest.raises(error, match=message):
        evaluated(**arguments)


def test_a_bare_name_is_no_list():
    with pytest.raises(ParameterError, match=r"^methods must be a list of names or patterns, got 'saliency'; write \["):
        saltbench.evaluate(lstm(), "box/latter", "saliency")
    with pytest.raises(ParameterError, match=r"^metrics must be a list of names or patterns, got 'roc_auc'; write \["):
        saltbench.evaluate(lstm(), "box/latter", ["saliency"], metrics="roc_auc")
