import fnmatch
import itertools
import re
import shutil
from pathlib import Path

import pytest
from hcp_trees import write_b

from saltbench.datasets.contract import SPLITS, task_bytes, task_contract
from saltbench.datasets.entries import ENTRIES
from saltbench.datasets.spec import TaskSpec
from saltbench.family import Family, members_of

TASKS = tuple(members_of(ENTRIES))
PAGE = Path(__file__).parents[2] / "docs" / "tasks.md"


def covering(family):
    """As few members of a family as have each variant of each part."""
    most = max(map(len, family.parts.values()))
    parts = [list(variants) for variants in family.parts.values()]
    names = {tuple(variants[number % len(variants)] for variants in parts) for number in range(most)}
    combinations = itertools.product(*parts)
    return [member for member, chosen in zip(family.members(), combinations, strict=True) if chosen in names]


FEW = tuple(
    task for entry in ENTRIES for task in (covering(entry) if isinstance(entry, Family) else members_of([entry]))
)
OTHERS = tuple(task for task in TASKS if task not in FEW)

# the source's table, (time from, time to, features from, features to); each inner list is one sample's layout
TABLE = {
    "box/earlier": [[(0, 30, 10, 90)]],
    "box/middle": [[(20, 80, 20, 80)]],
    "box/latter": [[(70, 100, 10, 90)]],
    "box/3-earlier": [[(0, 40, 0, 30), (0, 40, 35, 65), (0, 40, 70, 100)]],
    "box/3-middle": [[(25, 65, 0, 30), (25, 65, 35, 65), (25, 65, 70, 100)]],
    "box/mixed": [[(0, 30, 10, 90)], [(20, 80, 20, 80)], [(70, 100, 10, 90)]],
    "box/mixed-7": [
        [(5, 65, 5, 65)],
        [(35, 95, 5, 65)],
        [(5, 65, 35, 95)],
        [(35, 95, 35, 95)],
        [(5, 65, 20, 80)],
        [(35, 95, 20, 80)],
        [(20, 80, 20, 80)],
    ],
    "moving-box/t00": [[(0, 60, 20, 80)]],
    "moving-box/t10": [[(10, 70, 20, 80)]],
    "moving-box/t20": [[(20, 80, 20, 80)]],
    "moving-box/t30": [[(30, 90, 20, 80)]],
    "moving-box/t40": [[(40, 100, 20, 80)]],
}
BOXES = {entry.name: entry for entry in TASKS if "layouts" in entry.parameters}
SIZES = ("train", "validation", "test")


def test_the_box_tasks_are_those_of_the_source():
    assert set(BOXES) == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_boxes_and_sizes_match_the_source(name):
    parameters = BOXES[name].parameters
    layouts = [sorted(tuple(box) for box in layout) for layout in parameters["layouts"]]
    assert sorted(layouts) == sorted(sorted(layout) for layout in TABLE[name])
    rest = {key: value for key, value in parameters.items() if key not in ("layouts", "validation")}
    assert rest == {"time": 100, "features": 100, "train": 1000, "test": 300, "shift": 1.0, "noise": 1.0}


def test_table1_names_the_tasks_of_table_1():
    six = {"box/earlier", "box/middle", "box/latter", "box/mixed", "box/3-earlier", "box/3-middle"}
    assert {entry.name for entry in TASKS if "table1" in entry.tags} == six


def test_tasks_that_need_files_say_so():
    assert {"mnist/rows", "mnist/columns", "fmri/hcp"} == {
        entry.name for entry in TASKS if "external-data" in entry.tags
    }


@pytest.fixture
def hcp_copy(tmp_path, monkeypatch):
    """A small copy of the HCP archive of the tests' own; the user's copy is not read here."""
    monkeypatch.setenv("SALTBENCH_DATA", str(write_b(tmp_path / "hcp_task")))
    yield
    shutil.rmtree(tmp_path)


SMALL = {"train": 100, "validation": 20, "test": 25, "train_subjects": 2, "test_subjects": 1, "parcels": 40}
FEWER = {entry.name: {size: SMALL[size] for size in SMALL if size in entry.parameters} for entry in TASKS}


class TestShippedTasks(task_contract(*FEW, parameters=FEWER)):
    @pytest.fixture(autouse=True)
    def data_at_hand(self, request, spec):
        if spec.name.startswith("mnist/"):
            request.getfixturevalue("mnist_folder")  # skips where the files are not at hand
        if spec.name == "fmri/hcp":
            request.getfixturevalue("hcp_copy")

    def test_sizes_are_those_asked_for(self, spec):
        data = self._data(spec)
        for name in SPLITS:
            assert len(getattr(data, name)) == FEWER[spec.name].get(name, len(getattr(data, name)))

    def test_another_seed_gives_other_bytes(self, spec):
        assert task_bytes(self._data(spec)) != task_bytes(self._data(spec, seed=2))


@pytest.mark.slow
class TestOtherMembersOfFamilies(task_contract(*OTHERS, parameters=FEWER)):
    pass


def test_few_members_have_each_variant_of_each_part():
    for family in (entry for entry in ENTRIES if isinstance(entry, Family)):
        names = [task.name for task in covering(family)]
        assert len(names) == max(map(len, family.parts.values()))
        for variants in family.parts.values():
            assert all(any(variant in name for name in names) for variant in variants)


def test_every_task_stands_in_one_row_of_the_page():
    rows = [
        line.split("|")[1] for line in PAGE.read_text("utf-8").partition("\nSeconds")[0].splitlines() if "`" in line
    ]
    counts = {}
    for cell in rows:
        for pattern, count in re.findall(r"`([^`]+)`(?: \((\d+)\))?", cell):
            counts[pattern] = int(count or 1)
    del counts["planted/<file>"]
    matches = {pattern: {task.name for task in TASKS if fnmatch.fnmatchcase(task.name, pattern)} for pattern in counts}
    assert {pattern: len(names) for pattern, names in matches.items()} == counts
    assert sum(counts.values()) == len(set().union(*matches.values())) == len(TASKS)


@pytest.mark.parametrize("entry", TASKS, ids=lambda entry: entry.name)
def test_description_of_every_task(entry):
    assert isinstance(entry, TaskSpec)
    assert entry.description
    assert entry.reference
    assert entry.source == ""
