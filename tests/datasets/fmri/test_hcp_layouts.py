import os
import shutil

import numpy as np
import pytest
from hcp_trees import BOLD, TASKS, write_a, write_b

from saltbench.datasets.fmri.hcp_digest import digest
from saltbench.datasets.fmri.hcp_layouts import open_archive
from saltbench.datasets.fmri.paradigms import PARADIGMS
from saltbench.errors import DataError

WRITERS = {"A": write_a, "B": write_b}
FEW = ("MOTOR", "SOCIAL")


@pytest.fixture(params=WRITERS)
def tree(request, tmp_path):
    return request.param, WRITERS[request.param](tmp_path / "hcp_task", tasks=FEW)


def few():
    return [paradigm for paradigm in PARADIGMS if paradigm.name in FEW]


def test_the_layout_is_recognised(tree):
    layout, root = tree
    archive = open_archive(root)
    assert (archive.layout.name, archive.root) == (layout, root)
    assert archive.subjects == {"A": ("100307", "100408", "101915"), "B": ("0", "1", "10")}[layout]


def test_the_folder_around_the_archive_will_do(tree):
    assert open_archive(tree[1].parent).root == tree[1]


def test_every_file_of_every_run_is_found(tmp_path):
    for write, name in ((write_a, "a"), (write_b, "b")):
        runs = open_archive(write(tmp_path / name, subjects=("7",))).runs(PARADIGMS)
        assert len(runs) == 14
        assert all(run.series.is_file() and run.events.is_dir() for run in runs)
        assert len({run.series for run in runs}) == len({run.events for run in runs}) == 14
        assert [run.paradigm.name for run in runs[::2]] == list(TASKS)


def test_run_0_is_lr_in_a_and_rl_in_b(tree):
    layout, root = tree
    directions = {"A": ["LR", "RL"], "B": ["RL", "LR"]}[layout]
    runs = open_archive(root).runs(few())
    assert [run.direction for run in runs] == directions * 6
    for run in runs:
        assert run.events.as_posix().count(f"_{run.direction}") == 1
        if layout == "B":
            number = BOLD[run.paradigm.name, run.direction]
            assert run.series.name == f"bold{number}_Atlas_MSMAll_Glasser360Cortical.npy"
        else:
            assert run.series.parent.name == f"tfMRI_{run.paradigm.name}_{run.direction}"


def test_numbered_subjects_come_in_their_order(tmp_path):
    subjects = ("0", "2", "10", "100", "9")
    assert open_archive(write_b(tmp_path, subjects, tasks=FEW)).subjects == ("0", "2", "9", "10", "100")


def test_a_listed_subject_without_a_folder_is_expected(tmp_path):
    root = write_a(tmp_path, tasks=FEW)
    shutil.rmtree(root / "subjects" / "100408")
    assert open_archive(root).subjects == ("100307", "100408", "101915")


def test_the_list_of_subjects_is_not_needed(tmp_path):
    root = write_a(tmp_path, tasks=FEW)
    (root / "subjects_list.txt").unlink()
    assert open_archive(root).subjects == ("100307", "100408", "101915")


def test_hidden_folders_and_stray_files_are_no_subjects(tree):
    _, root = tree
    before = open_archive(root).subjects
    (root / "subjects" / ".cache").mkdir()
    (root / "subjects" / "README").write_text("of the archive")
    assert open_archive(root).subjects == before


def test_a_folder_that_is_not_the_archive(tmp_path):
    with pytest.raises(
        DataError, match=r"HCP folder .*absent does not exist; give the unpacked hcp_task archive \(osf"
    ):
        open_archive(tmp_path / "absent")
    with pytest.raises(DataError, match=r"HCP folder .* has no subjects/; give the unpacked hcp_task archive"):
        open_archive(tmp_path)
    (tmp_path / "subjects").mkdir()
    with pytest.raises(DataError, match=r"subjects holds no subject; unpack the hcp_task archive anew"):
        open_archive(tmp_path)
    (tmp_path / "subjects" / "5" / "rest").mkdir(parents=True)
    with pytest.raises(DataError, match=r"neither layout .*: expected <subject>/MOTOR/… or .*, subject 5 has neither"):
        open_archive(tmp_path)


def test_mixed_layouts(tmp_path):
    write_a(tmp_path, ("7",), FEW)
    write_b(tmp_path, ("8",), FEW)
    with pytest.raises(DataError, match=r"mixes both layouts of the HCP archive; unpack each into a folder of its own"):
        open_archive(tmp_path)


def test_a_list_of_subjects_that_is_no_text(tmp_path):
    (write_a(tmp_path, tasks=FEW) / "subjects_list.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"subjects_list.txt cannot be read as text: .*; restore it or remove it"):
        open_archive(tmp_path)


@pytest.mark.parametrize("name", ["..", "../7", "/etc", "7\0", "7/MOTOR", "a" * 65, ".", "é"])
def test_a_list_that_names_no_folder_of_a_subject(tmp_path, name):
    (write_a(tmp_path, tasks=FEW) / "subjects_list.txt").write_text(f"100307\n{name}\n", "utf-8")
    with pytest.raises(
        DataError, match=r"subjects_list\.txt: expected a subject's identifier of letters, digits, _ and -"
    ):
        open_archive(tmp_path)


def test_a_byte_order_mark_is_no_part_of_the_first_subject(tmp_path):
    root = write_a(tmp_path, tasks=FEW)
    before = open_archive(root).subjects
    (root / "subjects_list.txt").write_text("100307\n", "utf-8-sig")
    assert open_archive(root).subjects == before


def test_a_folder_whose_name_is_no_text_has_a_digest(tmp_path):
    root = write_a(tmp_path, tasks=FEW)
    before = digest(open_archive(root))
    (root / "subjects" / os.fsdecode(b"\xff")).mkdir()
    assert digest(open_archive(root)) != before


def test_the_digest_is_of_the_content_and_not_of_the_place(tree, tmp_path):
    _, root = tree
    before = digest(open_archive(root))
    shutil.copytree(root, tmp_path / "elsewhere")
    assert digest(open_archive(tmp_path / "elsewhere")) == before


def _remove_series(root):
    next(root.glob("**/*[aCl].npy")).unlink()


def _truncate_series(root):
    path = sorted(path for path in root.glob("subjects/**/*.npy"))[0]
    path.write_bytes(path.read_bytes()[:-8])


def _change_first_value(root):
    path = sorted(path for path in root.glob("subjects/**/*.npy"))[0]
    values = np.load(path)
    values[0, 0] += 1
    np.save(path, values)


def _change_last_value(root):
    path = sorted(path for path in root.glob("subjects/**/*.npy"))[0]
    values = np.load(path)
    values[-1, -1] += 1
    np.save(path, values)


def _add_subject(root):
    (root / "subjects" / "999999").mkdir()  # it changes which subjects a seed draws


def _change_event(root):
    path = sorted(root.glob("subjects/**/rh.txt"))[0]
    path.write_text(path.read_text().replace("11.026", "11.027"))


@pytest.mark.parametrize(
    "change",
    [_remove_series, _truncate_series, _change_first_value, _change_last_value, _add_subject, _change_event],
)
def test_the_digest_sees_a_change(tree, change):
    _, root = tree
    before = digest(open_archive(root))
    change(root)
    assert digest(open_archive(root)) != before


def test_the_digest_ignores_what_is_not_read(tree):
    _, root = tree
    before = digest(open_archive(root))
    next(root.glob("**/Stats.txt")).write_text("other")
    (root / "notes.txt").write_text("mine")
    assert digest(open_archive(root)) == before
