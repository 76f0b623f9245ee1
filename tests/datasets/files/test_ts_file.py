"""Files of the UEA and UCR archives: the numbers that stand there, of any length, or one line on what is wrong."""

import io
import re
from pathlib import Path

import numpy as np
import pytest

import saltbench
from saltbench.datasets.planted.series_files import read_cases
from saltbench.errors import DataError

HEAD = """# of nothing
@problemName Mine
@timeStamps false
@univariate false
@equalLength false
@classLabel true Up Down

"""
TWO = "1,2,3:4,5,6:Up\n7,8:9,1e1:Down\n"


def read(text, name="mine.ts"):
    return read_cases(io.BytesIO(text.encode()), name)


def test_a_line_is_a_series_with_a_part_for_each_dimension_and_its_label():
    found = read(f"{HEAD}@data\n{TWO}")
    assert found.values.tolist() == [[[1, 4], [2, 5], [3, 6]], [[7, 9], [8, 10], [0, 0]]]
    assert found.lengths.tolist() == [3, 2]
    assert found.labels.tolist() == ["Up", "Down"]


@pytest.mark.parametrize("missing", ["NaN", "?", "nan", ""])
def test_a_series_ends_with_its_last_number(missing):
    found = read(f"{HEAD}@data\n1,2,{missing}:4,5,{missing}:up\n7,8,9:1,2,3:Down\n")
    assert found.lengths.tolist() == [2, 3]


@pytest.mark.parametrize("line", ["\r\n", "\r", "\n\n"])
def test_the_same_whatever_ends_a_line_and_whatever_the_case_of_the_tags(line):
    expected = read(f"{HEAD}@data\n{TWO}")
    text = f"{HEAD}@data\n{TWO}".replace("@classLabel", "@CLASSLABEL").replace("@data", " @Data ").replace("\n", line)
    found = read("\ufeff" + text)
    np.testing.assert_array_equal(found.values, expected.values)
    assert found.labels.tolist() == expected.labels.tolist()


@pytest.mark.parametrize(("stated", "expected"), [("Up Down", ["Up", "Up"]), ("up Up", ["up", "Up"])])
def test_the_case_of_a_label_makes_a_class_only_if_stated(stated, expected):
    assert list(read(f"@classLabel true {stated}\n@data\n1,2:up\n5,6:Up\n").labels) == expected


@pytest.mark.parametrize("head", ["@targetLabel true\n", "@classLabel false\n@targetLabel true\n"])
def test_targets_of_regression_are_no_labels(head):
    found = read(f"{head}@data\n1,2:3,4:0.5\n5,6:7,8:-1\n")
    assert (found.labels, found.lengths, found.values.shape) == (None, None, (2, 2, 2))


def test_without_labels_every_part_is_a_dimension():
    found = read("@classLabel false\n@data\n1,2:3,4\n5,6:7,8\n")
    assert (found.labels, found.values.shape) == (None, (2, 2, 2))


def test_labels_are_numbers_where_all_are():
    head = "@classLabel true 1 2\n@data\n"
    assert read(f"{head}1,2:1\n1,3: 2 \n").labels.tolist() == [1, 2]
    assert read(f"{head.replace('1 2', '01 1')}1,2:01\n1,3:1\n").labels.tolist() == ["01", "1"]


def test_a_line_of_a_ucr_table_is_a_label_and_a_series():
    found = read("2\t0.5\t1\tNaN\r\n-1\t2\t3\t4\r\n", "mine.tsv")
    assert found.values.tolist() == [[[0.5], [1], [0]], [[2], [3], [4]]]
    assert (found.lengths.tolist(), found.labels.tolist()) == ([2, 3], [2, -1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mine.ts has no line @data; put it between the tags and the series"),
        (HEAD, "mine.ts has no line @data"),
        (f"{HEAD}@data\n", "mine.ts has no series behind @data; add them, one a line"),
        (
            "1,2:Up\n@data\n",
            "mine.ts, line 1: expected a tag such as @classLabel before @data, got '1,2:Up'",
        ),
        ("@classLabel maybe\n@data\n", "mine.ts, line 1: @classlabel must be true or false, got 'maybe'; correct it"),
        ("@univariate\n@data\n", "mine.ts, line 1: @univariate must be true or false, got 'nothing'; correct it"),
        ("@seriesLength 0\n@data\n", "mine.ts, line 1: @serieslength must be a number from 1 on, got '0'; correct it"),
        (
            "@timeStamps true\n@classLabel false\n@data\n",
            "mine.ts has time stamps (@timeStamps true); write",
        ),
        ("@problemName x\n@data\n1,2\n", "mine.ts says neither @classLabel nor @targetLabel; add @classLabel true or"),
        (
            f"{HEAD}@data\n1,2:3:Up\n",
            "mine.ts, line 9: all dimensions of a series must have as many steps, got 2 in",
        ),
        (f"{HEAD}@data\n1:2:Up\n1:Up\n", "mine.ts, line 10: expected 2 dimensions, got 1; correct it or the tags"),
        (f"{HEAD}@data\n1:2:Left\n", "mine.ts, line 9: label 'Left' is not among those of @classLabel; correct one"),
        (f"{HEAD}@data\n1:2:\n", "mine.ts, line 9: expected a label behind the last ':', got nothing; add it"),
        (f"{HEAD}@data\n1,2,3\n", "mine.ts, line 9: expected a label behind the last ':', got the values '1,2,3'; add"),
        (f"{HEAD}@data\n1,2:3,4\n", "mine.ts, line 9: expected a label behind the last ':', got the values '3,4'; add"),
        ("@targetLabel true\n@data\n1,2\n", "mine.ts, line 3: expected a label behind the last ':', got the values"),
        (f"{HEAD}@data\nUp\n", "mine.ts, line 9: expected dimensions and a label with ':' between, got no dimension"),
        (f"{HEAD}@data\n1,x:2,3:Up\n", "mine.ts, line 9: expected numbers, got 'x'; correct it"),
        (f"{HEAD}@data\n1_0,1:2,3:Up\n", "mine.ts, line 9: expected numbers, got '1_0'; correct it"),
        (f"{HEAD}@data\n?:NaN:Up\n", "mine.ts, line 9: a series must have values, got none; drop it"),
        (
            f"{HEAD}@data\n1,?,3:1,2,3:Up\n",
            "mine.ts, line 9: the value of dimension 1 is missing at step 2 (counted from 1), 1 in all; fill or drop",
        ),
        (f"{HEAD}@data\n1,2:3,inf:Up\n", "mine.ts, line 9: the value of dimension 2 is infinite at step 2 (counted"),
        ("@dimensions 3\n@classLabel false\n@data\n1:2\n", "mine.ts, line 4: expected 3 dimensions, got 2; correct it"),
        ("@univariate true\n@classLabel false\n@data\n1:2\n", "mine.ts, line 4: expected 1 dimensions, got 2; correct"),
        (
            "@equalLength true\n@seriesLength 3\n@classLabel false\n@data\n1,2\n",
            "mine.ts, line 5: expected 3 steps, since @equalLength is true, got 2; correct it or the tags",
        ),
        (
            "@equalLength true\n@classLabel false\n@data\n1,2\n1,?\n",
            "mine.ts, line 5: the values of step 2 (counted from 1) are missing, and @equalLength is true; fill them",
        ),
        (
            "@equalLength true\n@classLabel false\n@data\n1,2\n1\n",
            "mine.ts, line 5: expected 2 steps, since @eq",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_a_line(text, message):
    with pytest.raises(DataError, match=f"^{re.escape(message)}") as caught:
        read(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mine.tsv has no series; write one a line, its label and its values with tabs between"),
        ("1 2 3\n", "mine.tsv, line 1: expected a label and numbers with tabs between, got '1 2 3'; write it anew"),
        ("1\t2\t3\n1\t2\n", "mine.tsv, line 2: expected 2 values behind the label as before, got 1; fill up with NaN"),
        ("id\ttime\tx\n1\t2\t3\n", "mine.tsv, line 1: expected numbers, got 'time'; correct it"),
        ("1\t2\n1\tNaN\n", "mine.tsv, line 2: a series must have values, got none; drop it"),
    ],
)
def test_a_ucr_table_that_cannot_be_read_is_told_in_a_line(text, message):
    with pytest.raises(DataError, match=f"^{re.escape(message)}"):
        read(text, "mine.tsv")


def test_few_bytes_do_not_claim_much_memory():
    text = "@classLabel false\n@data\n" + "1\n" * 3000 + ",".join(["1"] * 100_000)
    with pytest.raises(DataError, match="3001 series of up to 100000 steps and 1 features are more than 268435456"):
        read(text)


def test_the_files_of_the_documents_are_read_as_aeon_reads_them():
    loaders = pytest.importorskip("aeon.datasets")
    data = Path(__file__).parents[3] / "docs/notebooks/data"
    for path in sorted(data.glob("*.ts")):
        expected, labels = loaders.load_from_ts_file(str(path))
        found = saltbench.read_series(path)
        assert [label.lower() for label in found.labels.astype(str)] == labels.tolist()
        for number, series in enumerate(expected):
            np.testing.assert_array_equal(found.values[number, : series.shape[1]], series.T)


def test_read_series_reads_what_the_task_reads(tmp_path):
    path = tmp_path / "mine.ts"
    path.write_text(f"{HEAD}@data\n{TWO}")
    assert saltbench.read_series(path).lengths.tolist() == [3, 2]
    (tmp_path / "t.csv").write_text("who,time,x,y\na,0,1,2\nb,0,3,4\n")
    table = saltbench.read_series(str(tmp_path / "t.csv"), id="who", columns=["y"])
    assert (table.values.tolist(), table.labels, table.lengths) == ([[[2]], [[4]]], None, None)
    np.save(tmp_path / "array.npy", np.ones((2, 3, 1)))
    np.save(tmp_path / "array.labels.npy", [4, 5])
    assert saltbench.read_series(tmp_path / "array.npy").labels.tolist() == [4, 5]
    for name, message in (
        ("absent.ts", "cannot be read: No such file"),
        ("x.arff", "read_series needs a file with"),
    ):
        with pytest.raises(DataError, match=message):
            saltbench.read_series(tmp_path / name)
