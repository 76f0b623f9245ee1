"""CSV as spreadsheets and loggers write it: the same numbers, or one line that says what is not clear."""

import io

import numpy as np
import pandas as pd
import pytest

from saltbench.datasets.files.long_format import Columns
from saltbench.datasets.planted.planting import planted
from saltbench.datasets.planted.series_files import read_table
from saltbench.errors import DataError

SAMPLES, TIME = 30, 6
SERIES = np.random.default_rng(0).normal(size=(SAMPLES, TIME, 2)).round(4)
SAMPLE, STEP = np.divmod(np.arange(SAMPLES * TIME), TIME)
TABLE = pd.DataFrame(
    {
        "id": SAMPLE,
        "time": STEP * 0.5,
        "label": np.where(SAMPLE % 2, "a", "für"),
        "u °C": SERIES[..., 0].ravel(),
        "v": SERIES[..., 1].ravel(),
    }
)
BYTE_MARKS = {"utf-8": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}


def read(content, **columns):
    content = content.encode() if isinstance(content, str) else content
    return read_table(io.BytesIO(content), "my.csv", Columns(**columns))


def same(content):
    found = read(content)
    np.testing.assert_array_equal(found.values, SERIES)
    np.testing.assert_array_equal(found.labels, np.where(np.arange(SAMPLES) % 2, "a", "für"))


def refused(content, *parts, **columns):
    with pytest.raises(DataError, match=r"^my\.csv") as caught:
        read(content, **columns)
    assert "\n" not in str(caught.value)
    for part in parts:
        assert part in str(caught.value)


def text(**options):
    return TABLE.to_csv(index=False, **options)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_separators_decimal_signs_and_line_ends(separator, decimal, ending):
    same(text(sep=separator, decimal=decimal, lineterminator=ending))  # with two commas pandas quotes the numbers
    same(text(sep=separator, decimal=decimal, lineterminator=ending, quoting=1))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_encodings_that_show_themselves(encoding, separator):
    same(text(sep=separator).encode(encoding))
    same(text(sep=separator).encode(encoding).removeprefix(b"\xef\xbb\xbf"))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_with_either_mark(encoding):
    same(BYTE_MARKS[encoding] + text().encode(encoding))


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp850", "mac-roman"])
def test_encodings_that_only_the_user_knows_are_refused(encoding):
    refused(text().encode(encoding), "is not UTF-8 text", "in line 1, as in an encoding like cp1252", "save it with")
    in_a_row = TABLE.rename(columns={"u °C": "u"}).to_csv(index=False).encode(encoding)
    refused(in_a_row, "is not UTF-8 text", "in line 2,")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe" + b"abc", "is not UTF-16-LE text"),
        (b"id,time,x\na,0,1\0\n", "zero bytes, as a binary file; save it as CSV with encoding UTF-8"),
        (b"PK\x03\x04\x14\0\x06\0", "zero bytes, as a binary file"),
        (b"\x1f\x8b\x08\x08 zipped", "is not UTF-8 text: byte 0x8b in line 1"),
        (b"\xef\xbb\xbf", "cannot be read as a table: Empty CSV file"),
    ],
)
def test_files_that_are_no_text(content, message):
    refused(content, message)


@pytest.mark.parametrize(
    "change",
    [
        lambda csv: f"# logger 7\n#\n\n{csv}",
        lambda csv: f"\n  \n{csv}",
        lambda csv: f"sep=,\n{csv}",
        lambda csv: csv.replace("\n", "\n\n"),
        lambda csv: f"{csv}\n\n\n",
        lambda csv: csv.rstrip("\n"),
        lambda csv: csv.replace("\n", ",\n"),
        lambda csv: csv.replace("\n", ",,,\n"),
        lambda csv: f"{csv},,,,\n,,,,\n",
        lambda csv: csv.replace("id,time,label", ' id , "time", label ', 1),
        lambda csv: csv.replace(",", ", "),
        lambda csv: csv.replace("für", "für "),
    ],
    ids=["comment", "blank first", "sep=", "blank", "blank last", "no end", "trailing", "trailing 3", "empty rows",
         "spaces in header", "spaces", "spaces behind"],
)  # fmt: skip
def test_what_spreadsheets_add_is_no_part_of_the_table(change):
    same(change(text()))


def test_a_stated_separator_is_taken():
    same("sep=;\n" + text(sep=";"))
    same("SEP=^\r\n" + text(sep="^", lineterminator="\r\n"))


HEAD = "id;time;x\n"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["a;0;1,5", "a;1;2"], [1.5, 2]),
        (["a;0;0,125", "a;1;1,234"], [0.125, 1.234]),  # the first tells what the second is
        (["a;0,5;1", "a;1,5;2"], [1, 2]),
        (["a;0;1,5e3", "a;1;-,5"], [1500, -0.5]),
        (["a;0;1.5", "a;1;1.234"], [1.5, 1.234]),
        (["a;0;0.125", "a;1;1.234"], [0.125, 1.234]),
        (["a;0;1234", "a;1;2"], [1234, 2]),
        (["a;0;1e3", "a;1;2E-1"], [1000, 0.2]),
    ],
)
def test_decimal_signs_told_by_the_numbers(rows, expected):
    np.testing.assert_array_equal(read(HEAD + "\n".join(rows)).values.ravel(), expected)


AMBIGUOUS = "may be a fraction or have a separator of thousands; save it with commas between columns, decimal points"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"{HEAD}a;0;1.234\na;1;12.345\n", f"'1.234' {AMBIGUOUS}"),
        (f"{HEAD}a;0;950\na;1;1.234\n", f"'1.234' {AMBIGUOUS}"),
        (f"{HEAD}a;0;1,234\na;1;12,345\n", f"'1,234' {AMBIGUOUS}"),
        ('id,time,x\na,0,"1,234"\n', f"'1,234' {AMBIGUOUS}"),
        ("id\ttime\tx\na\t0\t1,234\n", f"'1,234' {AMBIGUOUS}"),
        (f"{HEAD}a;0;1.234.567\na;1;1\n", f"'1.234.567' {AMBIGUOUS}"),
        (f"{HEAD}a;0;1,5\na;1;1.234\n", f"'1.234' {AMBIGUOUS}"),
        (f"{HEAD}a;0;1,5\na;1;1.5\n", "column 'x' must hold numbers, got '1,5' in row 1 (id a, time 0)"),
        (f"{HEAD}a;0;1.234,5\na;1;1\n", "column 'x' must hold numbers, got '1.234,5' in row 1"),
        (f"{HEAD}a;0;1 234\na;1;1\n", "column 'x' must hold numbers, got '1 234' in row 1"),
        (f"{HEAD}a;0;1'234\na;1;1\n", "column 'x' must hold numbers, got '1'234' in row 1"),
        ('id,time,x,y\na,0,"1,234",0.5\n', "column 'x' must hold numbers, got '1,234' in row 1"),
        (
            "id,time,x\na,0,1,5\n",
            "Expected 3 columns, got 4: a,0,1,5; write it anew, with semicolons between columns wh",
        ),
        ("id,time,x,\na,0,1,5\n", "column 4 has no name; name it or leave it out"),
        ("Report,,\n,,\nid,time,x\na,0,1\n", "column 2 has no name; name it or leave it out"),
        (f"{HEAD}a;01.02.2024;1\n", "column 'time' must hold numbers or dates, got '01.02.2024'"),
    ],
)
def test_numbers_that_could_be_others_are_refused(content, message):
    refused(content, message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "id time x\na 0 1\n",
            "expected a first line of column names with a separator (comma, semicolon, tab, |), got",
        ),
        ("Export of 2024\nid,time,x\na,0,1\n", "expected a first line of column names with a separator"),
        ("id:time:x\na:0:1\n", "got 'id:time:x'; write a header with the columns id, time"),
        ("a;0;1\nb;0;2\n", "unknown column 'id'; known: 0, 1, a"),
        ("id;time;x\na;0;1;\n", "Expected 3 columns, got 4: a;0;1;"),
        ("# id,time,x\na,0,1\nb,0,1\n", "unknown column 'id'; known: 0, 1, a"),
        ("id,time,x\n   \na,0,1\n", "Expected 3 columns, got 1"),
        ('id,"time,x\na,0,1\n', "expected a first line of column names with a separator"),
        ("id,time,x\na,0,1\n# end\n", "Expected 3 columns, got 1: # end"),
        ("id,time,id;time\n1,2,3\n", "column 'id;time' has"),
    ],
)
def test_headers_and_rows_that_do_not_fit(content, message):
    if "has" in message:
        assert read(content).values.shape == (1, 1, 1)  # a separator inside of a name is no separator
    else:
        refused(content, message)


@pytest.mark.parametrize("others", [("7", "07"), ("7", "7.0"), ("1e1", "10"), ("true", "True"), ("0x10", "16")])
def test_ids_and_labels_are_text(others):
    rows = [f"{one},{step},{one},{place + step}" for place, one in enumerate(others) for step in range(2)]
    found = read("\n".join(["id,time,label,x", *rows]))
    assert sorted(found.values.ravel()) == [0, 1, 1, 2]
    assert sorted(found.labels) == sorted(others)


def test_a_series_with_a_label_written_in_two_ways_has_two_labels():
    refused("id,time,label,x\na,0,7,1\na,1,07,1\n", "id a has 2 different values in column 'label'")


def test_messages_show_ids_as_they_are_written():
    refused("id,time,x\n007,0,1\n008,0,1\n008,1,1\n009,0,1\n009,1,1\n", "id 007 has 1 time steps, others have 2")


def test_series_and_labels_that_are_numbers_keep_the_order_of_numbers():
    series = np.random.default_rng(1).normal(size=(240, 6, 1))
    labels = np.arange(240) % 12
    order = np.random.default_rng(2).permutation(1440)
    table = pd.DataFrame({"id": np.arange(1440) // 6, "time": np.arange(1440) % 6, "x": series.ravel()})
    found = read(table.assign(label=labels[table["id"]]).iloc[order].to_csv(index=False))
    expected = planted(series, labels, seed=3).train
    got = planted(found.values, found.labels, seed=3).train
    assert got.inputs.tobytes() == expected.inputs.tobytes()
    assert got.labels.tobytes() == expected.labels.tobytes()


def test_values_with_line_breaks_and_long_ones_leave_messages_short():
    refused('id,time,x\na,0,"1\n2"\n', "column 'x' must hold numbers, got '1 2' in row 1 (id a, time 0); convert it")
    refused('id,time,x\n"a\nb",0,\n"a\nb",1,1\n', "is missing or infinite in row 1 (id a b, time 0)")
    refused(f"id,time,x\na,0,{'y' * 100_000}\n", f"got '{'y' * 60}…' in row 1 (id a, time 0); convert it")
    refused(f"id,time,x\n{'b' * 99},0,1\n{'b' * 99},0,1\n", f"id {'b' * 60}… has time 0 more than once; keep one row")


def test_times_are_sorted_as_numbers_and_dates():
    times = ["10", "9", "2", "1e1"]
    np.testing.assert_array_equal(
        read("id,time,x\n" + "".join(f"a,{t},{t}\n" for t in times[:3])).values.ravel(), [2, 9, 10]
    )
    refused("id,time,x\n" + "".join(f"a,{t},{t}\n" for t in times), "id a has time 10.0 more than once")
    days = ["2024-02-29T23:30:00-01:00", "2024-02-29T23:00:00Z"]
    np.testing.assert_array_equal(read(f"id,time,x\na,{days[0]},2\na,{days[1]},1\n").values.ravel(), [1, 2])


def test_names_with_a_separator_are_quoted_or_refused():
    assert read('"id";"time";"x,y"\na;0;1\n').values.shape == (1, 1, 1)
    refused("id,time,;id;time\n", "both ',' and ';' may separate the columns; quote names that have one")
