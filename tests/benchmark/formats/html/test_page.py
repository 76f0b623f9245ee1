"""The page: what it embeds is what the folder holds, nothing in it runs that is not saltbench's, nothing is fetched."""

import base64
import fnmatch
import hashlib
import re
import shlex
from pathlib import Path

import pytest
from page_folders import HOSTILE, SMALL, write_leaderboard, write_provenance
from page_reader import Reader, embedded

from saltbench.benchmark.formats.html.page import page as page_of
from saltbench.benchmark.formats.html.rerun_commands import Commands
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.suites.provenance import read_provenance
from saltbench.benchmark.suites.registry import load_registries
from saltbench.errors import StoreError

METRICS = load_registries().metrics


def page(path: Path) -> str:
    return page_of(ResultsFolder(path), METRICS)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_leaderboard(tmp_path / "small", SMALL)


def test_every_row_is_embedded_with_its_scores(small: Path) -> None:
    data = embedded(page(small))
    assert [(row["task"], row["architecture"], row["method"]) for row in data["rows"]] == [row[:3] for row in SMALL]
    position = [metric["name"] for metric in data["metrics"]].index("average_precision")
    assert data["main"] == position
    assert [row["scores"][position][0] for row in data["rows"]] == [row[3] for row in SMALL]
    assert data["rows"][2]["scores"][position] == [0.31, 0.26, 0.36, 0.155]
    assert data["rows"][-1]["reason"] == "seed 0: it broke"
    assert [metric["higher"] for metric in data["metrics"]] == [True, False, True]


def test_axes_are_the_range_of_the_metric_or_of_the_scores_where_it_has_no_end(small: Path) -> None:
    scales = {metric["name"]: (metric["low"], metric["high"]) for metric in embedded(page(small))["metrics"]}
    assert scales == {"weighted_jaccard": (0, 1), "euclidean": (0, 2), "average_precision": (0, 1)}


def test_of_a_metric_that_nobody_knows_no_direction_is_guessed(small: Path) -> None:
    path = small / "leaderboard.csv"
    path.write_text(path.read_text().replace("euclidean", "strange"))
    strange = embedded(page(small))["metrics"][1]
    assert (strange["name"], strange["higher"], strange["low"], strange["high"]) == ("strange", None, 0.4, 2.0)


def test_the_bytes_are_the_same_for_the_same_folder(small: Path) -> None:
    write_provenance(small)
    assert page(small) == page(small)


def test_hostile_names_add_neither_elements_nor_attributes(tmp_path: Path) -> None:
    tame = page(write_leaderboard(tmp_path / "suite", [(f"t{i}", f"a{i}", f"m{i}", 0.5) for i in range(5)]))
    folder = write_leaderboard(tmp_path / "other" / "suite", [(name, name, name, 0.5) for name in HOSTILE])
    wild = page(folder)
    assert [(tag, sorted(attributes)) for tag, attributes in Reader(wild).found] == [
        (tag, sorted(attributes)) for tag, attributes in Reader(tame).found
    ]
    assert [row["method"] for row in embedded(wild)["rows"]] == list(HOSTILE)
    assert not re.search(r"[<>&\u2028\u2029]", Reader(wild).texts["script"][0])


def test_hostile_provenance_is_escaped(small: Path) -> None:
    choice = {"name": HOSTILE[0], "version": 1, "source": HOSTILE[1], "parameters": {HOSTILE[2]: HOSTILE[3]}}
    write_provenance(small, name=HOSTILE[1], description=HOSTILE[0], methods=[choice])
    reader = Reader(page(small))
    assert reader.of("img") == []
    assert len(reader.of("script")) == 2
    assert reader.texts["h1"] == [HOSTILE[1]]
    assert HOSTILE[0] in reader.texts["th"]
    assert f"{HOSTILE[2]} = {HOSTILE[3]}" in reader.texts["code"]


def test_nothing_is_fetched_and_nothing_runs_but_what_the_policy_names(small: Path) -> None:
    write_provenance(small)
    text = page(small)
    assert not re.search(r"https?:|//[a-z]|url\(|@import|\bimport\b", text.replace("// ", ""))
    reader = Reader(text)
    links = [value for _, attributes in reader.found for name, value in attributes.items() if name in ("href", "src")]
    assert all(link is not None and link.startswith(("#", "data:")) for link in links)
    assert not any(name.startswith("on") or name == "style" for _, attributes in reader.found for name in attributes)
    policy = next(meta["content"] for meta in reader.of("meta") if "http-equiv" in meta)
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    for directive, content in (("script-src", reader.texts["script"][1]), ("style-src", reader.texts["style"][0])):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules[directive] == f"'sha256-{digest}'"


def test_a_folder_with_nothing_but_the_table_says_what_is_left_out(small: Path) -> None:
    text = page(small)
    assert "holds no scores.parquet" in text
    assert "The maps need the stored cells" in text
    assert "holds no <code>provenance.json</code>" in text
    assert Reader(text).texts["h1"] == ["small"]


def test_the_file_of_a_leaderboard_stands_for_its_folder_without_the_rest(small: Path) -> None:
    write_provenance(small)
    text = page(small / "leaderboard.csv")
    assert Reader(text).texts["h1"] == ["small"]
    assert "holds no <code>provenance.json</code>" in text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"format": 1}', "does not describe a run; delete it to let the run write it again"),
        ('{"format": 1, "suite": {"name": "x"}, "device": "cpu", "environments": []}', "does not describe a run"),
        ('{"format": 99}', "was written by a newer saltbench"),
        ("nonsense", "is unreadable or damaged"),
    ],
)
def test_damaged_provenance_is_one_line(small: Path, content: str, message: str) -> None:
    (small / "provenance.json").write_text(content)
    with pytest.raises(StoreError, match=message):
        page(small)


@pytest.mark.parametrize(
    "seeds", [0, 1_001, {"data": 11, "training": 10, "attribution": 10}, {"data": 2, "training": -1, "attribution": -1}]
)
def test_a_provenance_of_more_repetitions_than_a_suite_can_have_is_refused(small: Path, seeds: object) -> None:
    write_provenance(small, seeds=seeds)
    with pytest.raises(StoreError, match="does not describe a run"):
        read_provenance(small)


def test_damaged_scores_are_one_line(small: Path) -> None:
    (small / "scores.parquet").write_bytes(b"nonsense")
    with pytest.raises(StoreError, match=r"cannot read .*scores.parquet: .*; remove it or run the suite again"):
        page(small)


def test_the_command_of_a_row() -> None:
    commands = Commands("quick", None)
    assert commands.row("box/earlier", "lstm", "saliency", 3) == (
        "saltbench run quick --tasks box/earlier --architectures lstm --methods saliency --seeds 3 --results rerun"
    )
    assert commands.row("box/earlier", "", "oracle", 1) == (
        "saltbench run quick --tasks box/earlier --methods oracle --seeds 1 --results rerun"
    )
    assert Commands("mine", None).whole() == "saltbench run ./mine.toml --results rerun"


def test_the_command_holds_what_the_run_set(small: Path) -> None:
    plugged = {"name": "m", "version": 1, "source": "my file.py sha256:00", "parameters": {}}
    installed = {"name": "n", "version": 1, "source": "package.module:N 1.0", "parameters": {}}
    write_provenance(small, target="predicted", output="probability", methods=[plugged, installed])
    assert Commands("quick", read_provenance(small)).whole() == (
        "saltbench run quick --target predicted --output probability --plugin 'my file.py' --device cpu --results rerun"
    )


@pytest.mark.parametrize("name", [*HOSTILE, "-x", "box [1]*", "it's", "two\nlines"])
def test_a_name_stays_one_argument_that_matches_itself_alone(name: str) -> None:
    words = shlex.split(Commands("quick", None).row(name, name, name, 2))
    options = ["--tasks", "--architectures", "--methods"]
    patterns = [word.partition("=")[2] for word in words[3:6]] if name == "-x" else words[4:10:2]
    assert words[-4:] == ["--seeds", "2", "--results", "rerun"]
    assert [word.partition("=")[0] for word in words[3:-4] if word.startswith("--")][:3] == options
    for pattern in patterns:
        assert fnmatch.fnmatchcase(name, pattern)
        assert not any(fnmatch.fnmatchcase(other, pattern) for other in ("box/earlier", "box 1", name + "x"))


def test_what_a_terminal_would_obey_is_not_on_the_page(tmp_path: Path) -> None:
    name = "a\x1b[201~\x07b\u202ec"
    folder = write_leaderboard(tmp_path / "suite", [(name, name, name, 0.5)])
    write_provenance(folder, name=name, description=name)
    text = page(folder)
    assert all(letter.isprintable() or letter in "\n\t" for letter in text)
    (row,) = embedded(text)["rows"]
    assert row["method"] == "a\ufffd[201~\ufffdb\ufffdc"
    assert row["command"].isprintable()
