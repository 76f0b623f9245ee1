"""The page results/README.md: what is committed is what the tables say, and nothing stands in it that was not run."""

import re
import shutil
from pathlib import Path
from string import Template

import pandas as pd
import pytest

from saltbench.benchmark.commands.reproduce import REPRODUCTIONS
from saltbench.benchmark.comparisons.published import FILE
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.reproductions.page_facts_fmri import BRAINS
from saltbench.benchmark.reproductions.results_page import SECTIONS, Section, compose_page, page_text, write_page
from saltbench.benchmark.storage.csv_tables import Layout
from saltbench.benchmark.style.numbers import markdown, percent, span, three
from saltbench.errors import StoreError

RESULTS = Path(__file__).parents[3] / "results"
ARCHITECTURES = ("lstm", "bi-lstm", "lstm-self-attention", "input-cell-lstm")
SCORES = ("weighted_jaccard", "euclidean", "average_precision", "roc_auc", "positional_bias")
Board = list[dict[str, object]]


def row(task: str, architecture: str, method: str, *scores: float, at_chance: str = "") -> dict[str, object]:
    known = dict(zip(SCORES, (*scores, *[0.5] * len(SCORES)), strict=False))
    about = {"status": "ok", "reason": "", "seeds": 2, "samples": 9, "accuracy": 0.75 if architecture else None}
    return {"task": task, "architecture": architecture, "method": method, **about, "at_chance": at_chance, **known}


def board(*tasks: str) -> Board:
    """Random .2, ones .3, zeros 0, |input| .22; networks .1, .1, .15, .25; the Euclidean distance is one less that."""
    scores = dict(zip(ARCHITECTURES, (0.1, 0.1, 0.15, 0.25), strict=True))
    references = {"random-uniform": 0.2, "ones": 0.3, "zeros": 0.0, "abs-input": 0.22}
    rows = []
    for task in tasks:
        rows += [row(task, "", name, score, 1 - score, score) for name, score in references.items()]
        for name, score in scores.items():
            chance = "true" if name == "lstm" else "false"
            rows.append(row(task, name, "saliency", score, 1 - score, score, at_chance=chance))
    return rows


def comparison(*tasks: str) -> Board:
    """Weighted Jaccard and Euclidean as on the board; published is .01 off for the first architecture alone."""
    rows = []
    for task in tasks:
        for name, score in zip(ARCHITECTURES, (0.1, 0.1, 0.15, 0.25), strict=True):
            for quantity, value in (("weighted_jaccard", score), ("euclidean", 1 - score)):
                off = 0.01 if name == "lstm" else 0.0
                bounds = {"low": value, "high": value, "run_low": value - 0.004, "run_high": value + 0.004}
                known = {"task": task, "architecture": name, "quantity": quantity, "published": value + off}
                verdict = {"agrees": "no" if off else "yes", "reason": "other data" if off else ""}
                rows.append({**known, "seeds": 2, "measured": value, **bounds, **verdict})
    return rows


def fmri_tables() -> dict[str, Board]:
    """Two shares of each chart for the LSTM alone, one of them right; removal at random costs .04 and .06 at most."""
    shared: dict[str, object] = {"task": "fmri/simulated", "architecture": "lstm", "ranked_by": "lstm"}
    compared: Board = []
    for quantity, replacement in (("on_task", ""), ("accuracy_drop", "mean"), ("accuracy_drop", "sampled")):
        for share, verdict in ((0.1, "yes"), (0.2, "no")):
            known = {"replacement": replacement, "share": share, "quantity": quantity, "published": share + 0.24}
            compared.append({**shared, **known, "measured": 0.5 if replacement else 0.25, "agrees": verdict})
    reported: Board = [{"architecture": "lstm", "method": "saliency", "reported": 0.1, "on_task": 0.3, "chance": 0.456}]
    removal: Board = [
        {
            **shared,
            "ranked_by": "",
            "method": "random-uniform",
            "replacement": name,
            "removed": share,
            "accuracy_drop": drop,
        }
        for name, share, drop in (("mean", 0.1, 0.9), ("mean", 0.2, 0.04), ("sampled", 0.2, 0.06))
    ]
    return {
        "leaderboard.csv": board("fmri/simulated"),
        FILE: compared,
        "reported.csv": reported,
        "removal.csv": removal,
    }


def results(folder: Path, name: str, tables: dict[str, Board]) -> Path:
    (folder / name).mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        pd.DataFrame(rows).to_csv(folder / name / table, index=False)
    return folder


def section(page: str, title: str) -> str:
    (found,) = re.findall(rf"^## {title}[^\n]*\n\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    return " ".join(str(found).split())


def test_the_committed_page_is_what_the_tables_say() -> None:
    assert (RESULTS / "README.md").read_text("utf-8") == compose_page(RESULTS), "run a reproduction: it writes the page"


def test_links_of_the_committed_page_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", (RESULTS / "README.md").read_text("utf-8")):
        assert (RESULTS / target).is_file(), target


def test_every_reproduction_has_a_section() -> None:
    assert [one.name for one in SECTIONS if one.name in REPRODUCTIONS] == list(REPRODUCTIONS)


def test_the_numbers_of_the_committed_table_1_stand_in_the_page() -> None:
    found = section((RESULTS / "README.md").read_text("utf-8"), "Table 1")
    board = pd.read_csv(RESULTS / "table1" / "leaderboard.csv", keep_default_na=False)
    earlier = board[board.task == "box/earlier"].set_index(["architecture", "method"]).weighted_jaccard
    random, ones = float(earlier["", "random-uniform"]), float(earlier["", "ones"])
    assert f"random numbers has a weighted Jaccard of {random:.3f} and a map of ones {ones:.3f}" in found
    assert "The source's best there is 0.103" in found


def test_nothing_run_says_so_with_the_commands(tmp_path: Path) -> None:
    page = write_page(tmp_path).read_text("utf-8")
    assert "Nothing has been compared yet." in page
    for one in SECTIONS:
        assert section(page, re.escape(one.title)) == f"Not run yet: `saltbench reproduce {one.name}`."
    assert not re.search(r"\$\{|\bnan\b", page)


@pytest.mark.parametrize("one", SECTIONS, ids=lambda one: one.name)
def test_a_table_less_is_not_run(tmp_path: Path, one: Section) -> None:
    folder = tmp_path / one.name
    folder.mkdir()
    for name in one.needs[1:]:
        (folder / name).write_text("anything")
    assert f"Not run yet: `saltbench reproduce {one.name}`" in compose_page(tmp_path, [one])


@pytest.mark.parametrize("one", SECTIONS, ids=lambda one: one.name)
def test_a_damaged_table_is_named_and_hurts_its_section_alone(tmp_path: Path, one: Section) -> None:
    for other in SECTIONS:
        for name in (*other.needs, BRAINS):  # the page shows that figure where there is one
            source = RESULTS / other.name / name
            (tmp_path / other.name).mkdir(exist_ok=True)
            if other is not one and source.is_file():
                shutil.copy(source, tmp_path / other.name / name)
    for name in one.needs:
        (tmp_path / one.name / name).write_text("task,architecture\n")
    page = compose_page(tmp_path)
    damaged = section(page, re.escape(one.title))
    assert re.fullmatch(
        rf"Its tables cannot be used \(\S+\.csv lacks the columns .*\): run `saltbench reproduce {one.name}`.", damaged
    )
    committed = (RESULTS / "README.md").read_text("utf-8")
    for other in SECTIONS:
        if other is not one:
            title = re.escape(other.title)
            assert section(page, title) == section(committed, title)


def test_table_1_by_hand(tmp_path: Path) -> None:
    tasks = ("box/earlier", "box/latter")
    tables = {"leaderboard.csv": board(*tasks), FILE: comparison(*tasks)}
    page = compose_page(results(tmp_path, "table1", tables))
    found = section(page, "Table 1")
    assert "12 of 16 published numbers agree; 12 lie even in" in found
    assert "a weighted Jaccard of 0.200 and a map of ones 0.300. The source's best there is 0.250, ours 0.250." in found
    assert "Of the 8 rows of trained networks, 2 score above the random map" in found
    assert "a Euclidean distance of 1.000; 0 of the 8 are farther" in found
    assert (
        "the random map has 0.200 on the earlier box, the best network has 0.250. 2 of the 8 answer no better" in found
    )
    assert "| box/latter | lstm | euclidean | 0.910 | 0.900 | no | other data |" in found
    assert "| table1 | weighted_jaccard | 8 | 6 | 2 |" in page


def test_the_moving_box_by_hand(tmp_path: Path) -> None:
    tasks = ("moving-box/t00", "moving-box/t40")
    ranked = comparison(*tasks)
    next(row for row in ranked if row["architecture"] == "bi-lstm")["measured"] = 0.2  # above self-attention
    tables = {"leaderboard.csv": board(*tasks), FILE: ranked}
    found = section(compose_page(results(tmp_path, "moving-box", tables)), "The moving box")
    assert "12 of 16 published numbers agree" in found
    assert "ours does so in 3 of 4 such comparisons. With 2 seeds" in found
    assert "is ±0.004 around" in found
    assert "weighted Jaccard is 0.200. The source's best is 0.250, ours 0.250; 2 of the 8 rows" in found
    assert "2 of the 8 answer no better than chance" in found


def test_the_moving_box_where_all_agrees(tmp_path: Path) -> None:
    rows = [{**row, "agrees": "yes", "reason": ""} for row in comparison("moving-box/t00")]
    tables = {"leaderboard.csv": board("moving-box/t00"), FILE: rows}
    found = section(compose_page(results(tmp_path, "moving-box", tables)), "The moving box")
    assert "**What does not.** Nothing: all of them agree. **The reference rows.**" in found


def test_mnist_by_hand(tmp_path: Path) -> None:
    rows = board("mnist/rows", "mnist/columns")
    rows.append(row("mnist/columns", "lstm", "smoothgrad", 0.9, 0.1, 0.9, at_chance="true"))
    for one in rows:
        if one["task"] == "mnist/rows" and one["method"] == "saliency":
            one["positional_bias"] = 0.4 if one["architecture"] == "lstm" else 0.1
    found = section(compose_page(results(tmp_path, "mnist", {"leaderboard.csv": rows})), "MNIST")
    assert "it is 0.400 for the LSTM, 0.100 for the input-cell LSTM and 0.500 for a random map" in found
    assert "3 of the 9 rows of networks and methods have a higher weighted Jaccard" in found
    assert "and 3 a higher average precision. The highest average precision is 0.900, of smoothgrad in lstm on" in found
    assert "on mnist/columns; the random map has 0.200 there." in found
    assert "|input| alone has 0.220" in found
    assert "3 of the 9 rows have more than |input|. 3 of the 9 answer no better than chance." in found
    assert found.index("| mnist/rows | lstm | saliency | 0.750") < found.index(
        "| mnist/rows | | random-uniform | | 0.200"
    )
    assert found.index("random-uniform | | 0.200") < found.index("| mnist/columns | lstm | saliency")


def test_fmri_by_hand(tmp_path: Path) -> None:
    page = compose_page(results(tmp_path, "fmri", fmri_tables()))
    found = section(page, "Task fMRI")
    assert "a random map has 45.6 %." in found
    assert (
        "| architecture | numbers | 10% | 20% | | --- | --- | --- | --- | "
        "| lstm | published | 34.0 % | 44.0 % | | lstm | measured | 25.0 % | 25.0 % |"
    ) in found
    assert "1 of 2 published shares agree." in found
    assert "| lstm | lstm | sampled | measured | 50.0 % | 50.0 % |" in found
    assert "2 of 4 comparisons agree" in found
    assert "4.0 % to 6.0 % at 20.0 % removed" in found
    assert "weighted Jaccard of a random map is 0.200, the best network's 0.250; 1 of the 4 rows" in found
    assert "No brain maps were drawn" in found
    assert "brain_maps.png" not in found
    assert "| fmri | accuracy_drop | 4 | 2 | 2 |" in page
    (tmp_path / "fmri" / "brain_maps.png").write_bytes(b"")
    found = section(compose_page(tmp_path), "Task fMRI")
    assert "(fmri/brain_maps.png) **What it shows.** One sample of working memory" in found
    assert "No brain maps" not in found


def test_a_part_of_a_suite_is_named(tmp_path: Path) -> None:
    page = compose_page(results(tmp_path, "mnist", {"leaderboard.csv": board("mnist/columns")}))
    assert "cannot be used (mnist/leaderboard.csv has no row with task mnist/rows): run `saltbench rep" in page


@pytest.mark.parametrize("one", SECTIONS, ids=lambda one: one.name)
def test_texts_use_every_fact(one: Section, tmp_path: Path) -> None:
    tables = {
        "table1": {"leaderboard.csv": board("box/earlier"), FILE: comparison("box/earlier")},
        "moving-box": {"leaderboard.csv": board("moving-box/t00"), FILE: comparison("moving-box/t00")},
        "mnist": {"leaderboard.csv": board("mnist/rows")},
        "fmri": fmri_tables(),
    }
    folder = results(tmp_path, one.name, tables[one.name]) / one.name if one.name in tables else RESULTS / one.name
    used = set(Template(page_text(one.name)).get_identifiers())
    assert used - {"command"} == set(one.facts(folder))


def test_numbers_in_text() -> None:
    assert [three(value) for value in (0.1936, 0.0, float("nan"))] == ["0.194", "0.000", "–"]
    assert [percent(value) for value in (0.1936, 1.0, float("nan"))] == ["19.4 %", "100.0 %", "–"]
    assert markdown(pd.DataFrame({"a_b": [0.25], "c": ["x|y"]})) == "| a b | c |\n| --- | --- |\n| 0.250 | x\\|y |\n"


def test_no_zero_has_a_minus() -> None:
    assert (three(-1e-5), percent(-1e-5)) == ("0.000", "0.0 %")
    assert "| 0.000 |" in markdown(pd.DataFrame({"loss": [-1e-5]}))


@pytest.mark.parametrize(
    ("values", "words"),
    [([0.2, 0.3, 0.25], "20.0 % to 30.0 %"), ([0.2, 0.2], "20.0 %"), ([0.20001, 0.2], "20.0 %"), ([], "–")],
)
def test_a_span_is_written_once_where_it_has_no_width(values: list[float], words: str) -> None:
    assert span(pd.Series(values, dtype=float), percent) == words


def test_tables_read_back(tmp_path: Path) -> None:
    path = tmp_path / "suite" / "table.csv"
    path.parent.mkdir()
    path.write_text("name,value\n,1\nb,\n")
    table = ResultsFolder(path.parent).read(path.name, Layout(["name"]))
    assert table.name.tolist() == ["", "b"]
    assert table.value.isna().tolist() == [False, True]
    assert ResultsFolder(path.parent).rows(path.name, Layout(numbers=["value"])).where(name="").number("value") == 1
    with pytest.raises(StoreError, match=r"^suite/table\.csv has no row with name b, value 7$"):
        ResultsFolder(path.parent).rows(path.name, Layout()).where(name="b").where(value=7)
    with pytest.raises(StoreError, match=r"cannot read .*absent\.csv: No such file"):
        ResultsFolder(tmp_path).read("absent.csv", Layout())
    path.write_bytes(b"name\n\xff\n")
    with pytest.raises(StoreError, match=r"table.csv is not a CSV table: .*utf-8.*; restore or recompute it"):
        ResultsFolder(path.parent).read(path.name, Layout())
