"""Parquet: a column of any type is numbers, text or times, or refused by its name; claims are checked first."""

import datetime
import decimal
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from saltbench.datasets.files import parquet_table
from saltbench.datasets.files.long_format import Columns
from saltbench.datasets.planted.series_files import read_table
from saltbench.errors import DataError

VALUES = [0.5, -1.25, 3, 4]
ID = pa.array(["a", "a", "b", "b"])
TIME = pa.array([0, 1, 0, 1])


def read(columns=None, **arrays):
    sink = io.BytesIO()
    table = pa.table({"id": ID, "time": TIME, "x": pa.array(VALUES), **arrays})
    pyarrow.parquet.write_table(table, sink)
    sink.seek(0)
    return read_table(sink, "my.parquet", columns or Columns())


def flat(**arrays):
    return read(**arrays).values.ravel().tolist()


@pytest.mark.parametrize(
    "array",
    [
        pa.array(VALUES, pa.float32()),
        pa.array([decimal.Decimal(str(value)) for value in VALUES], pa.decimal128(20, 2)),
        pa.array([decimal.Decimal(str(value)) for value in VALUES], pa.decimal256(50, 2)),
        pa.array(VALUES).dictionary_encode(),
        pa.array(np.array(VALUES, dtype=np.float16)),
    ],
    ids=lambda array: str(array.type),
)
def test_numbers_of_every_type_are_numbers(array):
    assert flat(x=array) == VALUES


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint64(), pa.int64(), pa.bool_()])
def test_whole_numbers_and_truth_values_are_numbers(kind):
    assert flat(x=pa.array([0, 1, 1, 0]).cast(kind)) == [0, 1, 1, 0]
    assert flat(x=pa.array([0, 1, 1, 0]).cast(kind).dictionary_encode()) == [0, 1, 1, 0]


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.decimal128(20, 1), pa.bool_()])
def test_nulls_are_missing(kind):
    with pytest.raises(DataError, match=r"column 'x' is missing or infinite in row 3 \(id b"):
        read(x=pa.array([1, 0, None, 1]).cast(kind))


NOT_NUMBERS = [
    pa.array(["1", "2", "3", "4"]),
    pa.array(["1", "2", "3", "4"], pa.large_string()),
    pa.array(["1", "2", "3", "4"]).dictionary_encode(),
    pa.array([b"1"] * 4),
    pa.array([b"1"] * 4, pa.binary(1)),
    pa.array([[1.0]] * 4),
    pa.array([[1.0]] * 4, pa.list_(pa.float64(), 1)),
    pa.array([{"a": 1.0}] * 4),
    pa.array([{"a": 1.0}] * 4, pa.map_(pa.string(), pa.float64())),
    pa.array([datetime.date(2024, 2, 29)] * 4),
    pa.array([datetime.time(12, 30)] * 4),
    pa.array([datetime.datetime(2024, 2, 29)] * 4, pa.timestamp("us", "Europe/Berlin")),
    pa.array([datetime.timedelta(1)] * 4),
    pa.nulls(4),
]


@pytest.mark.parametrize("array", NOT_NUMBERS, ids=lambda array: str(array.type))
def test_what_is_no_number_is_refused_by_the_column(array):
    with pytest.raises(
        DataError, match=r"^my\.parquet: column 'x' must hold (numbers|one number, text or time a row), got"
    ):
        read(x=array)


@pytest.mark.parametrize(
    "array",
    [
        pa.array(["007", "007", "7", "7"]),
        pa.array(["007", "007", "7", "7"], pa.large_string()),
        pa.array(["007", "007", "7", "7"]).dictionary_encode(),
        pa.array([decimal.Decimal("1.0"), decimal.Decimal("1.0"), decimal.Decimal("1.5"), decimal.Decimal("1.5")]),
        pa.array([2**63, 2**63, 2**63 + 1, 2**63 + 1], pa.uint64()),
        pa.array([False, False, True, True]),
        pa.array([datetime.date(2024, 2, day) for day in (28, 28, 29, 29)]),
    ],
    ids=lambda array: str(array.type),
)
def test_ids_and_labels_of_every_type(array):
    found = read(id=array, label=array)
    np.testing.assert_array_equal(found.values[..., 0], np.reshape(VALUES, (2, 2)))
    assert len(set(found.labels.tolist())) == 2


@pytest.mark.parametrize(
    "times",
    [
        [10, 9, 8, 7],
        [2.5, 0.25, 1, -1],
        [decimal.Decimal(2), decimal.Decimal(1), decimal.Decimal(2), decimal.Decimal(1)],
        [datetime.date(2024, 3, 1), datetime.date(2024, 2, 29)] * 2,
        [datetime.timedelta(10), datetime.timedelta(9)] * 2,
        [datetime.time(12), datetime.time(9)] * 2,
        pd.to_datetime(["2024-10-27T02:30+01:00", "2024-10-27T02:45+02:00"] * 2, utc=True).tz_convert("Europe/Berlin"),
    ],
    ids=str,
)
@pytest.mark.parametrize("encoded", [False, True])
def test_times_of_every_type_are_sorted(times, encoded):
    array = pa.array(times)
    assert flat(time=array.dictionary_encode() if encoded else array) == [-1.25, 0.5, 4, 3]


@pytest.mark.parametrize(
    "array",
    [pa.array(["10", "9"] * 2), pa.array([b"10", b"9"] * 2), pa.array([[0], [1]] * 2)],
    ids=lambda a: str(a.type),
)
def test_times_without_an_order_are_refused(array):
    with pytest.raises(
        DataError, match=r"column 'time' must hold (numbers or dates|one number, text or time a row), got"
    ):
        read(time=array)


@pytest.mark.parametrize("role", ["id", "label"])
@pytest.mark.parametrize("array", [pa.array([[0], [1]] * 2), pa.array([{"a": 1}] * 4)], ids=lambda a: str(a.type))
def test_nested_ids_and_labels_are_refused(role, array):
    with pytest.raises(
        DataError, match=rf"column '{role}' must hold one number, text or time a row, got (list|struct)"
    ):
        read(**{role: array})


def test_a_name_with_a_line_break_is_refused():
    with pytest.raises(DataError, match=r"column 4 has a line break in its name 'a\\nb'; rename it") as caught:
        read(**{"a\nb": pa.array(VALUES)})
    assert "\n" not in str(caught.value)


def test_columns_that_are_not_needed_may_hold_anything():
    nested = pa.array([{"x": 1}] * 4)
    found = read(Columns(features=["x", "n.x"]), n=nested, **{"n.x": pa.array([1, 2, 3, 4])})
    np.testing.assert_array_equal(found.values[..., 1], [[1, 2], [3, 4]])


def test_more_values_than_a_table_in_memory_may_have_are_refused_before_they_are_read(monkeypatch):
    monkeypatch.setattr("saltbench.datasets.files.parquet_table.MOST_VALUES", 11)
    with pytest.raises(
        DataError, match=r"my\.parquet claims 4 rows of 3 columns: expected at most 11 values; split it"
    ):
        read()


def test_text_that_decompresses_to_a_lot_is_refused_before(monkeypatch):
    monkeypatch.setattr("saltbench.datasets.files.parquet_table.MOST_VALUES", 1000)
    with pytest.raises(
        DataError, match=r"my\.parquet claims \d+ bytes when decompressed: expected at most 8000; split"
    ):
        read(label=pa.array(["a" * 10_000] * 4))


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
@pytest.mark.parametrize("column", ["id", "label", "x"])
def test_one_text_of_many_rows_is_not_written_out_beyond_memory(column, kind, monkeypatch):
    monkeypatch.setattr("saltbench.datasets.files.categories.MOST_BYTES", 39_999)
    with pytest.raises(
        DataError,
        match=rf"my\.parquet: column '{column}' holds 40000 bytes of text when every row is written out: expected",
    ):
        read(**{column: pa.array(["a" * 10_000] * 4, kind)})


@pytest.mark.parametrize("column", ["label", "x"])
def test_one_category_of_many_rows_is_not_written_out_beyond_memory(column, monkeypatch):
    monkeypatch.setattr("saltbench.datasets.files.categories.MOST_BYTES", 39_999)
    with pytest.raises(DataError, match=rf"column '{column}' holds 40000 bytes of text"):
        read(**{column: pa.array(["a" * 10_000] * 4).dictionary_encode()})


@pytest.mark.parametrize("column", ["id", "label"])
def test_views_of_texts_are_texts(column):
    texts = pa.array(["u", "u", "v", "v"])
    try:
        found = read(**{column: texts.cast(pa.string_view())})
    except pa.ArrowNotImplementedError:
        pytest.skip("needs a release of Arrow that writes views of texts")
    assert [*found.labels] == ["u", "v"] if column == "label" else len(found.values) == 2


def test_a_text_of_many_rows_is_read_once(monkeypatch):
    sizes = []
    monkeypatch.setattr(parquet_table, "written_out", lambda column, *_: sizes.append(column.nbytes) or column)
    read(label=pa.array(["a" * 10_000] * 4))
    assert max(sizes) < 11_000


def test_pages_whose_checksum_is_wrong_are_refused():
    sink = io.BytesIO()
    table = pa.table({"id": ID, "time": TIME, "x": pa.array(VALUES)})
    pyarrow.parquet.write_table(table, sink, compression="none", use_dictionary=False, write_page_checksum=True)
    content = sink.getvalue().replace(np.float64(-1.25).tobytes(), np.float64(-1.5).tobytes())
    with pytest.raises(DataError, match=r"my\.parquet cannot be read as a table: .*CRC.*; write it anew"):
        read_table(io.BytesIO(content), "my.parquet", Columns())
