"""The fixtures for authors, in tests of theirs."""

import dataclasses

import pytest

from saltbench import MethodSpec
from saltbench.benchmark.comparisons.golden import GoldenLeaderboard
from saltbench.benchmark.execution import evaluator as evaluation
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.training_recipe import Recipe
from saltbench.benchmark.testing.entry_evaluation import EntryEvaluation
from saltbench.errors import DuplicateNameError, ParameterError, UnknownNameError

BOX = {"layouts": [[[6, 10, 2, 8]]], "time": 10, "features": 12, "train": 60, "validation": 20, "test": 20}
SMALL = {
    "samples": 12,
    "training": Recipe(epochs=2),
    "parameters": {"box/latter": BOX},
    "metrics": ["average_precision"],
}


def method(factory, name="mine"):
    return MethodSpec(name=name, version=1, description="", reference="", factory=factory)


def inverted(inputs, truth):
    return 1 - truth


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    """One evaluation; all that it imports stays, which pytester's runs inside this process need."""
    return EntryEvaluation(tmp_path_factory.mktemp("warm"))(**SMALL)


def test_the_usual_entries_stand_in_for_what_is_not_given(warm):
    assert warm.subject == "saliency"
    assert set(warm.leaderboard.task) == {"box/latter"}
    assert set(warm.leaderboard.architecture) == {"", "lstm"}
    assert warm.leaderboard.method.tolist().count("saliency") == 1
    assert len(warm.scores) == 12 * 2 * len(warm.leaderboard)


def test_an_entry_of_each_kind_is_evaluated_beside_the_others(tmp_path):
    known = load_registries()
    evaluate = EntryEvaluation(tmp_path)
    mine = method(lambda inputs: inputs)
    found = evaluate(mine, methods=["input-x-gradient"], **SMALL)
    assert found.subject == "mine"
    assert found.leaderboard.method.tolist()[-2:] == ["mine", "input-x-gradient"]
    twin = dataclasses.replace(known.architectures.get("lstm"), name="twin")
    found = evaluate(twin, architectures=["lstm"], **SMALL)
    assert found.leaderboard.architecture.unique().tolist() == ["", "twin", "lstm"]
    task = dataclasses.replace(known.tasks.get("box/latter"), name="box", parameters=BOX)
    found = evaluate(task, **{**SMALL, "parameters": {}})
    assert found.leaderboard.task.unique().tolist() == ["box"]
    metric = dataclasses.replace(known.metrics.get("roc_auc"), name="area")
    found = evaluate(metric, **{**SMALL, "metrics": []})
    assert "area" in found.leaderboard
    assert evaluate("input-x-gradient", **SMALL).subject == "input-x-gradient"


def test_entries_are_chosen_by_pattern_and_tag(tmp_path):
    table = EntryEvaluation(tmp_path)("ones", **{**SMALL, "metrics": ["tag:paper", "roc_*"]}).leaderboard
    metrics = [name.removesuffix("_low") for name in table.columns if name.endswith("_low")]
    assert metrics == ["weighted_jaccard", "euclidean", "roc_auc"]
    with pytest.raises(UnknownNameError, match="unknown metric tag 'papper'; did you mean 'paper'"):
        EntryEvaluation(tmp_path)("ones", **{**SMALL, "metrics": ["tag:papper"]})


def test_two_entries_of_one_name_are_told_apart_and_the_same_is_computed_once(tmp_path, monkeypatch):
    evaluate = EntryEvaluation(tmp_path)
    first, second = method(lambda inputs: inputs), method(lambda inputs: inputs.abs() * 0 + 1)
    scores = [evaluate(each, **SMALL).leaderboard for each in (first, second)]
    means = [table[table.method == "mine"].average_precision.item() for table in scores]
    assert means[0] != means[1]
    for what in ("train", "make_map", "score"):
        monkeypatch.setattr(evaluation, what, None)
    assert evaluate(first, **SMALL).leaderboard.equals(scores[0])


def test_mistakes_of_the_author(tmp_path):
    evaluate = EntryEvaluation(tmp_path)
    with pytest.raises(UnknownNameError, match="unknown method 'salency'; did you mean 'saliency'"):
        evaluate("salency")
    with pytest.raises(UnknownNameError, match="unknown entry in parameters 'lstn'; did you mean 'lstm'"):
        evaluate(parameters={"lstn": {}})
    with pytest.raises(DuplicateNameError, match="method 'saliency' is registered twice"):
        evaluate(method(inverted, name="saliency"))
    with pytest.raises(ParameterError, match="seeds and samples must be whole numbers of at least 1, got 0 and 50"):
        evaluate(seeds=0)
    with pytest.raises(ParameterError, match="expected a task, an architecture, a method, a metric or a name, got 3"):
        evaluate(3)


AUTHORS = """
    import pytest

    from saltbench import MethodSpec, Recipe

    BOX = {"layouts": [[[6, 10, 2, 8]]], "time": 10, "features": 12, "train": 60, "validation": 20, "test": 20}

    def last_half(inputs):
        maps = inputs * 0
        maps[:, 6:, 2:8] = 1
        return maps

    def first_half(inputs):
        return 1 - last_half(inputs)

    def spec(factory):
        return MethodSpec(name=factory.__name__, version=1, description="", reference="", factory=factory)

    @pytest.fixture(scope="session")
    def result(attribution_benchmark):
        return attribution_benchmark(
            spec(last_half),
            methods=[spec(first_half), "saliency"],
            samples=15,
            training=Recipe(epochs=1),
            parameters={"box/latter": BOX},
        )

    def test_better(result):
        result.assert_better_than("first_half", "saliency", "random-uniform")
        result.assert_at_least("average_precision", 1)

    def test_worse(result):
        result.assert_better_than("saliency", method="first_half", p=0.01)

    def test_golden(result, golden_leaderboard):
        golden_leaderboard(result, {"*": 1e-6})
"""


def test_assertions_in_a_test_of_the_authors_fail_in_one_readable_line(warm, pytester):
    pytester.makepyfile(AUTHORS)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-k", "better or worse")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            ">*assert_better_than(*",
            "E*: expected first_half to be better than saliency on box/latter (lstm), average precision, p < .01 *",
        ]
    )
    result.stdout.re_match_lines([r".*; got \.\d+ against \.\d+, difference -\.\d+ \[.*\], p = 1 \(the network did .*"])
    assert "verdicts.py" not in result.stdout.str()


@pytest.mark.slow
def test_a_golden_table_is_written_compared_and_written_anew(warm, pytester):
    path = pytester.makepyfile(AUTHORS).with_suffix("") / "test_golden.csv"
    run = ("-p", "no:cacheprovider", "-k", "test_golden")
    first = pytester.runpytest_inprocess(*run)
    first.assert_outcomes(failed=1)
    first.stdout.fnmatch_lines(["E*wrote the golden table *test_golden.csv since there was none; look at it, *"])
    pytester.runpytest_inprocess(*run).assert_outcomes(passed=1)
    written = path.read_text()
    path.write_text(written.replace("last_half", "last_third"))
    changed = pytester.runpytest_inprocess(*run)
    changed.assert_outcomes(failed=1)
    changed.stdout.fnmatch_lines(["E*row box/latter, lstm, last_third is missing", "E*last_half is new"])
    pytester.runpytest_inprocess(*run, "--force-regen").assert_outcomes(failed=1)
    assert path.read_text() == written
    pytester.runpytest_inprocess(*run).assert_outcomes(passed=1)


def test_a_golden_table_is_compared_with_leaderboards_only(tmp_path):
    with pytest.raises(ParameterError, match=r"expects a leaderboard or what attribution_benchmark .* got a dict$"):
        GoldenLeaderboard(tmp_path / "golden.csv")({"average_precision": 0.5})


@pytest.mark.parametrize("where", ["before", "after", "conftest"])
def test_force_regen_may_be_another_plugins(pytester, where, monkeypatch):
    name = "conftest" if where == "conftest" else "like_regressions"
    pytester.makepyfile(
        **{
            name: """
            def pytest_addoption(parser):
                parser.getgroup("regressions").addoption("--force-regen", action="store_true", help="theirs")
        """,
            "test_option": "def test_option(request): assert request.config.getoption('force_regen')",
        }
    )
    monkeypatch.setenv("PYTHONPATH", str(pytester.path))
    if where == "after":  # plugins that the environment names are loaded after those that are installed
        monkeypatch.setenv("PYTEST_PLUGINS", name)
    early = ("-p", name) if where == "before" else ()
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *early, "--force-regen")
    result.assert_outcomes(passed=1)


STARTED = """
    import sys

    def pytest_sessionfinish():
        heavy = {"torch", "numpy", "pandas", "scipy", "pyarrow", "sklearn", "typer", "rich", "saltbench.entry"}
        print("LOADED", sorted(heavy & set(sys.modules)), "saltbench.benchmark.testing.plugin" in sys.modules)
"""


def test_a_run_that_does_not_use_saltbench_imports_nothing_heavy(pytester):
    pytester.makepyfile(conftest=STARTED, test_other="def test_other(): pass")
    result = pytester.runpytest_subprocess("-p", "no:hypothesispytest", "-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*LOADED [[]] True"])


def test_options_are_those_of_the_command_line(pytester):
    from typer.main import get_command

    from saltbench.benchmark.commands.cli import app
    from saltbench.benchmark.suites import run_options as options

    offered = {parameter.name: parameter for parameter in get_command(app).commands["run"].params}
    result = pytester.runpytest_inprocess("--help")
    words = " ".join(" ".join(result.outlines).split())
    for option in (*options.IN_PLACE_OF_A_SUITES, *options.OF_A_RUN):
        # where results stand without the option is another place for each of the two
        same_words = str.startswith if option is options.RESULTS else str.__eq__
        assert same_words(offered[option.name].help, option.help)
        assert f"--saltbench-{option.name}={option.metavar or 'SALTBENCH_' + option.name.upper()}" in words
        assert option.help in words
        if option is not options.RESULTS:
            assert offered[option.name].default == option.default
    # workers are xdist's, and a timeout pytest-timeout's; a session is no job of a cluster, and no part of a run
    elsewhere = {"workers", "timeout", "executor", "scheduler", "jobs", "walltime", "queue", "shard", "dry_run"}
    assert set(offered) - {"suite", "help"} - elsewhere == {
        option.name for option in (*options.IN_PLACE_OF_A_SUITES, *options.OF_A_RUN)
    }
