"""Series from files: the same numbers whatever the format, and one clear line for what is wrong."""

import datetime
import io
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saltbench.datasets.files.long_format import Columns, to_series
from saltbench.datasets.planted.planted_files import SUFFIXES, planted_task
from saltbench.datasets.planted.planting import planted
from saltbench.datasets.planted.series_files import read_array, read_table
from saltbench.errors import DataError, ParameterError, UnknownNameError

SAMPLES, TIME, FEATURES = 30, 6, 2
SERIES = np.random.default_rng(0).standard_normal((SAMPLES, TIME, FEATURES)).cumsum(axis=1)
LABELS = np.arange(SAMPLES) % 3


def long(series=SERIES, labels=None):
    """The series in long format, written with loops."""
    rows = []
    for sample, steps in enumerate(series):
        for time, values in enumerate(steps):
            row = {"id": sample, "time": time, **{f"x{k}": value for k, value in enumerate(values)}}
            rows.append(row if labels is None else {**row, "label": labels[sample]})
    return pd.DataFrame(rows)


def written(frame, suffix):
    sink = io.BytesIO()
    if suffix == ".csv":
        sink.write(frame.to_csv(index=False).encode())
    else:
        frame.to_parquet(sink, index=False)
    sink.seek(0)
    return sink


def read(frame, suffix=".csv", **columns):
    return read_table(written(frame, suffix), f"my{suffix}", Columns(**columns))


def read_text(text, **columns):
    return read_table(io.BytesIO(text.encode()), "my.csv", Columns(**columns))


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".PARQUET"])
@pytest.mark.parametrize("labels", [None, LABELS, LABELS.astype(str), LABELS == 1], ids=["none", "int", "text", "bool"])
def test_every_format_gives_the_same_numbers(suffix, labels):
    shuffled = long(labels=labels).sample(frac=1, random_state=0)
    found = read_table(written(shuffled, suffix.lower()), f"my{suffix}", Columns())
    np.testing.assert_array_equal(found.values, SERIES)
    if labels is None:
        assert found.labels is None
    else:
        np.testing.assert_array_equal(found.labels.astype(str), labels.astype(str))  # CSV knows no text "0"


@settings(max_examples=20)
@given(st.permutations(range(SAMPLES * TIME)))
def test_the_order_of_the_rows_does_not_matter(order):
    values, labels = to_series(long(labels=LABELS).iloc[list(order)], "my.csv", Columns())
    np.testing.assert_array_equal(values, SERIES)
    np.testing.assert_array_equal(labels, LABELS)


def test_columns_are_found_by_the_names_given():
    frame = long(labels=LABELS).rename(columns={"id": "who", "time": "when", "label": "kind"}).assign(note="text")
    found = read(frame, id="who", time="when", label="kind", features=["x1"])
    np.testing.assert_array_equal(found.values, SERIES[:, :, 1:])
    np.testing.assert_array_equal(found.labels, LABELS)


def test_features_keep_the_order_in_which_they_are_named():
    np.testing.assert_array_equal(read(long(), features=["x1", "x0"]).values, SERIES[:, :, ::-1])


def test_without_a_label_the_column_is_left_out_by_naming_the_features():
    found = read(long(labels=LABELS), label="", features=["x0", "x1"])
    assert found.labels is None
    np.testing.assert_array_equal(found.values, SERIES)


def test_ids_may_be_text_and_times_dates():
    frame = long()
    frame["id"] = frame["id"].map("patient {:03d}".format)
    for times in (pd.Timestamp("2024-01-31") + pd.to_timedelta(frame["time"], "D"), frame["time"] * 0.1 - 3):
        for suffix in (".csv", ".parquet"):
            np.testing.assert_array_equal(read(frame.assign(time=times), suffix).values, SERIES)
    days = frame["time"].map(lambda day: datetime.date(2024, 2, 27 + day) if day < 3 else datetime.date(2024, 3, day))
    np.testing.assert_array_equal(read(frame.assign(time=days), ".parquet").values, SERIES)


def test_ids_may_be_categories():
    frame = long().assign(id=lambda f: f["id"].map("{:03d}".format).astype("category"))
    np.testing.assert_array_equal(read(frame, ".parquet").values, SERIES)


def test_an_index_with_names_is_a_column_like_any_other():
    sink = io.BytesIO()
    long().set_index(["id", "time"]).to_parquet(sink)
    sink.seek(0)
    np.testing.assert_array_equal(read_table(sink, "my.parquet", Columns()).values, SERIES)


def test_a_byte_order_mark_is_no_part_of_the_first_name():
    text = "\ufeff" + long().to_csv(index=False)
    np.testing.assert_array_equal(read_text(text).values, SERIES)


HEAD = "id,time,x\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "my.csv cannot be read as a table: Empty CSV file; write it anew"),
        (HEAD, "my.csv has no rows; add the series"),
        ("name;time;x\na;0;1\n", "my.csv: unknown column 'id'; known: name, time, x"),
        ("name,time,x\na,0,1\n", "my.csv: unknown column 'id'; known: name, time, x"),
        ("id,times,x\na,0,1\n", "my.csv: unknown column 'time'; did you mean 'times'?"),
        ("id,time\na,0\n", "my.csv has no column of features beside id, time; add at least one"),
        (
            f"{HEAD}a,0,1,2\n",
            "my.csv cannot be read as a table: CSV parse error: Row #2: Expected 3 columns, got 4: a",
        ),
        (f"{HEAD}a,0,1\nb,0\n", "my.csv cannot be read as a table: CSV parse error: Row #3: Expected 3 columns, got 2"),
        ("id,time,x,x\na,0,1,1\n", "my.csv: 2 columns are called 'x'; rename all but one"),
        (",id,time,x\n0,a,0,1\n", "my.csv: column 1 has no name, as an index that pandas wrote; write it with index="),
        (
            f"{HEAD}a,0,1\na,1,\n",
            "my.csv: column 'x' is missing or infinite in row 2 (id a, time 1), 1 in all; fill or",
        ),
        (f"{HEAD}a,0,1\na,1,inf\n", "my.csv: column 'x' is missing or infinite in row 2 (id a, time 1)"),
        (f"{HEAD}a,0,\na,1,\n", "my.csv: column 'x' must hold numbers, got 'nothing'"),
        (
            f"{HEAD}a,0,1\na,1,high\n",
            "my.csv: column 'x' must hold numbers, got 'high' in row 2 (id a, time 1); c",
        ),
        (f"{HEAD}a,0,2024-01-01\n", "my.csv: column 'x' must hold numbers, got '2024-01-01"),
        (f"{HEAD}a,0,1\n,1,1\n", "my.csv: column 'id' has no value in row 2 (id nan, time 1); fill or drop it"),
        (f"{HEAD}a,0,1\na,,1\n", "my.csv: column 'time' has no value in row 2 (id a, time nan); fill or drop it"),
        (f"{HEAD}a,t0,1\n", "my.csv: column 'time' must hold numbers or dates, got 't0'; convert them, or set the pa"),
        (f"{HEAD}a,0,1\na,1,1\na,0,2\n", "my.csv: id a has time 0 more than once; keep one row for each"),
        (f"{HEAD}a,0,1\na,1,1\nb,0,2\nc,0,1\nc,1,1\n", "my.csv: id b has 1 time steps, others have 2; cut or resamp"),
        ("id,time,x,label\na,0,1,u\na,1,1,v\n", "my.csv: id a has 2 different values in column 'label'; a series has"),
        ("id,time,x,label\na,0,1,u\na,1,1,\n", "my.csv: column 'label' has no value in row 2 (id a, time 1); fill or"),
    ],
)
def test_tables_that_are_not_series(text, message):
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        read_text(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"label": "class"}, "my.csv: unknown column 'class'; known: id, time, x0, x1"),
        ({"features": ["x0", "y"]}, "my.csv: unknown column 'y'"),
        ({"features": [3]}, "my.csv: unknown column '3'"),
        ({"features": ["x0", "x0"]}, "my.csv: column 'x0' cannot be two things; name each column once"),
        ({"features": ["x0", "time"]}, "my.csv: column 'time' cannot be two things"),
    ],
)
def test_columns_that_do_not_fit(columns, message):
    with pytest.raises(DataError, match=re.escape(message)):
        read(long(), **columns)


def test_a_parquet_file_that_is_none():
    with pytest.raises(
        DataError, match=r"my\.parquet cannot be read as a table: .*Parquet magic bytes not found.*anew$"
    ):
        read_table(io.BytesIO(b"id,time,x\n" * 10), "my.parquet", Columns())
    half = written(long(), ".parquet").getvalue()[:-30]
    with pytest.raises(DataError, match=r"my\.parquet cannot be read as a table"):
        read_table(io.BytesIO(half), "my.parquet", Columns())


def test_an_index_without_a_name_in_parquet_is_refused():
    sink = io.BytesIO()
    frame = long()
    frame.index = frame.index.to_numpy()[::-1].tolist()
    frame.to_parquet(sink)
    sink.seek(0)
    with pytest.raises(DataError, match=r"my\.parquet: column 5 has no name, as an index that pandas wrote"):
        read_table(sink, "my.parquet", Columns())


def npy(array):
    sink = io.BytesIO()
    np.save(sink, array)
    sink.seek(0)
    return sink


def header(descr):
    sink = io.BytesIO()
    np.lib.format.write_array_header_1_0(sink, {"descr": descr, "fortran_order": False, "shape": (1,)})
    return sink.getvalue()


def test_an_array_is_read_as_it_is():
    found = read_array(npy(SERIES), npy(LABELS), "my.npy")
    np.testing.assert_array_equal(found.values, SERIES)
    np.testing.assert_array_equal(found.labels, LABELS)
    assert read_array(npy(SERIES), None, "my.npy").labels is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"id,time,x\n",
        npy(SERIES).getvalue()[:-100],
        header("|O") + b"\x80\x04N.",  # None, as an array of objects has it behind its header
        b"\x80\x04N.",  # None alone
    ],
    ids=["empty", "text", "cut", "objects", "pickle"],
)
def test_files_that_are_no_arrays(content):
    for files in ((io.BytesIO(content), None), (npy(SERIES), io.BytesIO(content))):
        with pytest.raises(DataError, match=r"my\.npy is not a NumPy array of numbers: .*; write it with numpy\.save$"):
            read_array(*files, "my.npy")


class TestTask:
    """`planted/<file>` as a task."""

    def test_it_is_planted_of_the_series_in_the_file(self, tmp_path):
        np.save(tmp_path / "my.npy", SERIES)
        long().to_csv(tmp_path / "my.csv", index=False)
        long().to_parquet(tmp_path / "my.parquet", index=False)
        expected = planted(SERIES, seed=5, strength=1.0)
        for suffix in ("npy", "csv", "parquet"):
            task = planted_task(f"{tmp_path}/my.{suffix}")
            data = task.load()(5, **task.configure({"strength": 1.0}))
            assert data.classes == 2
            np.testing.assert_array_equal(data.train.inputs, expected.train.inputs)
            np.testing.assert_array_equal(data.test.truth, expected.test.truth)

    def test_labels_stand_in_a_column_or_beside_the_array(self, tmp_path):
        np.save(tmp_path / "my.npy", SERIES)
        np.save(tmp_path / "my.labels.npy", LABELS)
        long(labels=LABELS).to_csv(tmp_path / "my.csv", index=False)
        expected = planted(SERIES, LABELS, seed=5, test_share=0.3)
        for suffix in ("npy", "csv"):
            task = planted_task(f"{tmp_path}/my.{suffix}")
            data = task.load()(5, **task.configure({"test_share": 0.3}))
            assert data.classes == 3
            np.testing.assert_array_equal(data.test.labels, expected.test.labels)

    def test_the_source_changes_with_every_byte_of_the_file_and_of_its_labels(self, tmp_path):
        np.save(tmp_path / "my.npy", SERIES)
        sources = [planted_task(f"{tmp_path}/my.npy").source]
        for labels in (LABELS, LABELS[::-1]):
            np.save(tmp_path / "my.labels.npy", labels)
            sources.append(planted_task(f"{tmp_path}/my.npy").source)
        np.save(tmp_path / "my.npy", SERIES + 1)
        sources.append(planted_task(f"{tmp_path}/my.npy").source)
        assert len(set(sources)) == 4
        assert sources[0].startswith("my.npy sha256:")
        assert "; my.labels.npy sha256:" in sources[1]

    def test_a_file_that_changes_before_it_is_read_is_refused(self, tmp_path):
        np.save(tmp_path / "my.npy", SERIES)
        task = planted_task(f"{tmp_path}/my.npy")
        np.save(tmp_path / "my.npy", SERIES + 1)
        with pytest.raises(DataError, match=r"my\.npy or its labels changed during the run; run the same command"):
            task.load()(1, **task.parameters)
        (tmp_path / "my.npy").unlink()
        with pytest.raises(DataError, match=r"my\.npy cannot be read: No such file or directory; check the path"):
            task.load()(1, **task.parameters)

    def test_a_name_that_leaves_no_room_for_one_of_labels(self, tmp_path):
        path = tmp_path / f"{'n' * 251}.npy"
        np.save(path, SERIES)
        task = planted_task(str(path))
        assert task.load()(1, **task.parameters).classes == 2
        with pytest.raises(
            DataError, match=r"n\.npy cannot be read: File name too long; planted/<file> takes the path"
        ):
            planted_task(str(path.with_name(f"{'n' * 300}.npy")))

    def test_only_tables_have_columns(self, tmp_path):
        np.save(tmp_path / "my.npy", SERIES)
        with pytest.raises(UnknownNameError, match=r"unknown parameter of planted/.*my\.npy 'time'"):
            planted_task(f"{tmp_path}/my.npy").configure({"time": "t"})

    def test_a_mistake_names_the_file(self, tmp_path):
        np.save(tmp_path / "my.npy", SERIES)
        task = planted_task(f"{tmp_path}/my.npy")
        with pytest.raises(ParameterError, match=r"^my\.npy: length must be 1 to 6"):
            task.load()(1, **task.configure({"length": 9}))

    @pytest.mark.parametrize(
        ("place", "message"),
        [
            ("absent.csv", "absent.csv cannot be read: No such file or directory; planted/<file> takes the path of a"),
            ("folder.csv", "folder.csv cannot be read: Is a directory; planted/<file> takes the path of a file"),
            ("*.csv", "*.csv cannot be read: No such file or directory"),
            (
                "my.xlsx",
                f"planted/<file> needs a file with the suffix {', '.join(SUFFIXES)}, got 'my.xlsx'; convert it",
            ),
            ("", "planted/<file> needs a file with the suffix .npy, .csv, .parquet, .ts, .tsv, got ''; convert it"),
            ("my\n.csv", "planted/<file> needs a path of printable characters, got 'my\\n.csv'; rename the file"),
        ],
    )
    def test_places_where_there_is_no_file(self, tmp_path, monkeypatch, place, message):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "folder.csv").mkdir()
        with pytest.raises(DataError, match=f"^{re.escape(message)}"):
            planted_task(place)
