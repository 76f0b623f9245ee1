"""Names chosen by pattern or tag, alike wherever names are chosen."""

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command_line import Said

from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.selection import select
from saltbench.benchmark.suites.suite import load_suite
from saltbench.errors import ParameterError, UnknownNameError

RESULTS = Path(__file__).parents[3] / "results"
MOVING = [f"moving-box/t{start:02d}" for start in (0, 10, 20, 30, 40)]
TAGS = {"box/a": ("still", "early"), "box/b": ("still",), "moving/a": ("moving",), "plain": ()}


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["tag:still"], ["box/a", "box/b"]),
        (["tag:moving", "box/a"], ["moving/a", "box/a"]),
        (["box/b", "tag:still"], ["box/b", "box/a"]),
        (["tag:*"], ["box/a", "box/b", "moving/a"]),
        (["tag:mov*", "tag:early"], ["moving/a", "box/a"]),
        ([], []),
    ],
)
def test_tags_choose_names_once_in_the_patterns_order(patterns: list[str], expected: list[str]) -> None:
    assert select("task", patterns, TAGS) == expected


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("tag:movin", r"^unknown task tag 'movin'; did you mean 'moving'\?$"),
        ("tag:zzz", r"^unknown task tag 'zzz'; known: early, moving, still$"),
        ("tag:", r"^unknown task tag ''; known: early, moving, still$"),
        ("moving", r"^unknown task 'moving'; did you mean 'moving/a'\?$"),  # a tag alone is no name
    ],
)
def test_a_tag_that_nothing_has_comes_with_near_matches(pattern: str, message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        select("task", ["box/a", pattern], TAGS)


def test_no_entry_is_called_like_a_tag() -> None:
    registries = load_registries()
    entry = registries.tasks.get("box/latter")
    with pytest.raises(ParameterError, match=r"^task 'tag:x': what begins with tag: stands for a tag; rename it$"):
        registries.tasks.register(type(entry)(**{**vars(entry), "name": "tag:x"}))


def test_a_suite_chooses_entries_of_every_kind_by_tag(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        'tasks = ["tag:moving", "digits/*"]\narchitectures = ["tag:attention"]\nmethods = ["tag:gradient"]\n'
        'metrics = ["tag:rank"]\n'
    )
    registries = load_registries()
    suite = load_suite(str(tmp_path / "mine.toml"), registries)
    assert [task.name for task in suite.tasks] == [*MOVING, "digits/rows"]
    for kind, tag in (("architectures", "attention"), ("methods", "gradient"), ("metrics", "rank")):
        tagged = [entry.name for entry in getattr(registries, kind) if tag in entry.tags]
        assert [choice.name for choice in getattr(suite, kind)] == tagged
        assert tagged
    narrowed = load_suite("quick", registries, {"tasks": ["tag:graded"]})
    assert [task.name for task in narrowed.tasks] == ["digits/rows", "mnist/rows", "mnist/columns"]


def test_an_unknown_tag_of_a_suite_names_its_line_or_option(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('seeds = 1\ntasks = ["tag:movin"]\n')
    with pytest.raises(
        UnknownNameError, match=r"mine\.toml, line 2: unknown task tag 'movin'; did you mean 'moving'\?"
    ):
        load_suite(str(tmp_path / "mine.toml"), load_registries())
    with pytest.raises(UnknownNameError, match=r"^suite quick, --methods: unknown method tag 'gradien'; did you mean"):
        load_suite("quick", load_registries(), {"methods": ["tag:gradien"]})


def test_lists_are_narrowed_by_pattern_and_tag(said: Said) -> None:
    for patterns in (["tag:moving"], ["moving-box/*"], ["moving-box/*", "tag:moving"]):
        rows = json.loads(said("list", "tasks", *patterns, "--format", "json")[1])
        assert [row["name"] for row in rows] == MOVING
    assert "saliency" in said("list", "methods", "tag:gradient")[1]
    assert said("list", "tasks", "tag:movin")[0] == "saltbench: unknown task tag 'movin'; did you mean 'moving'?"
    assert said("list", "tasks", "tag:planted", "--format", "csv")[1].splitlines()[1].startswith("planted/<file>,1,")
    assert said("list", "suites", "q*", "--format", "csv")[1].splitlines()[1].startswith("quick,")


def test_a_leaderboard_is_narrowed_by_tag(said: Said) -> None:
    chosen = ("--tasks", "tag:graded", "--architectures", "tag:attention", "--methods", "tag:gradient")
    table = pd.read_csv(io.StringIO(said("leaderboard", RESULTS / "quick", *chosen)[1]))
    assert set(table.task) == {"digits/rows"}
    assert set(table.architecture) == {"lstm-self-attention", "input-cell-lstm"}
    assert set(table.method) == {"saliency", "input-x-gradient", "integrated-gradients", "smoothgrad"}
    ranked = pd.read_csv(io.StringIO(said("leaderboard", RESULTS / "quick", "--metrics", "tag:mass")[1]))
    assert [name for name in ranked.columns[9:] if not name.endswith(("_low", "_high"))] == [
        "relevance_mass",
        "positional_bias",
    ]
    message = said("leaderboard", RESULTS / "quick", "--tasks", "tag:moving")[0]
    assert message == "saltbench: unknown task tag 'moving'; known: graded, real, synthetic, table1"


def test_a_comparison_is_narrowed_by_pattern_and_tag(said: Said) -> None:
    folder = RESULTS / "quick"
    chosen = ("--tasks", "box/*", "--methods", "tag:gradient", "--metrics", "tag:paper", "--format", "csv")
    code, out = said("compare", folder, folder, *chosen)
    table = pd.read_csv(io.StringIO(out), keep_default_na=False)
    assert code is None
    assert set(table.task) == {"box/earlier", "box/latter"}
    assert set(table.metric) == {"accuracy", "weighted_jaccard", "euclidean"}
    assert "deeplift" not in set(table.method)
    assert "saliency" in set(table.method)


def test_what_only_one_of_two_folders_has_is_added_or_removed(said: Said) -> None:
    quick, table1 = RESULTS / "quick", RESULTS / "table1"
    for pair, verdict in (((quick, table1), "removed"), ((table1, quick), "added")):
        chosen = ("--tasks", "box/*", "--methods", "deeplift", "--format", "csv")
        table = pd.read_csv(io.StringIO(said("compare", *pair, *chosen)[1]), keep_default_na=False)
        assert set(table[table.method != ""].verdict) == {verdict}
        assert set(table[table.method != ""].task) == {"box/earlier", "box/latter"}
    message = said("compare", quick, table1, "--tasks", "box/middle", "--methods", "deeplift")[0]
    assert (
        message == f"saltbench: no row of {quick} or {table1} matches all of the patterns together; widen one of them"
    )


def test_pytest_chooses_cells_by_tag(pytester: pytest.Pytester) -> None:
    options: dict[str, Any] = {"--saltbench-tasks": "tag:moving", "--saltbench-methods": "tag:attention"}
    given = [word for option in options.items() for word in option]
    result = pytester.runpytest_subprocess(
        "--saltbench", "quick", *given, "--saltbench-seeds", "1", "--collect-only", "-q"
    )
    cells = [line for line in result.outlines if "::" in line]
    assert {line.split("::")[1].rsplit("/", 2)[0] for line in cells} == set(MOVING)
    assert any(line.endswith("::attention") for line in cells)
    assert not any(line.endswith("::saliency") for line in cells)


def test_the_tag_of_an_open_family_names_no_task() -> None:
    expected = r"^task tag:planted stands for planted/<file>; name one of them$"
    with pytest.raises(UnknownNameError, match=expected):
        load_registries().tasks.match(["tag:planted"])
