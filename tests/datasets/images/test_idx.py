import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from idx_files import idx_bytes

from saltbench.datasets.images.idx import read_idx
from saltbench.errors import DataError


def read_bytes(folder, content):
    path = folder / "file"
    path.write_bytes(content)
    return read_idx(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("idx")


@given(values=arrays(np.uint8, array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4)), zipped=st.booleans())
def test_what_is_written_is_read(folder, values, zipped):
    content = idx_bytes(values)
    read = read_bytes(folder, gzip.compress(content, mtime=0) if zipped else content)
    assert read.dtype == np.uint8
    assert read.shape == values.shape
    np.testing.assert_array_equal(read, values)


def test_known_file(tmp_path):
    content = bytes.fromhex("00000802 00000002 00000003 0a0b0c 1a1b1c".replace(" ", ""))
    np.testing.assert_array_equal(read_bytes(tmp_path, content), [[10, 11, 12], [26, 27, 28]])


def test_lengths_have_four_bytes_with_the_highest_first(tmp_path):
    content = bytes([0, 0, 8, 1, 0, 0, 1, 2]) + bytes(258)
    assert read_bytes(tmp_path, content).shape == (258,)


@given(cut=st.integers(0, 15), zipped=st.booleans())
def test_every_cut_is_noticed(folder, cut, zipped):
    content = idx_bytes(np.arange(4, dtype=np.uint8).reshape(2, 2))[:cut]
    with pytest.raises(DataError, match=r"is no IDX file of unsigned bytes|is truncated: expected"):
        read_bytes(folder, gzip.compress(content, mtime=0) if zipped else content)


@given(cut=st.integers(1, 20))
def test_every_cut_of_a_gzip_file_is_noticed(folder, cut):
    content = gzip.compress(idx_bytes(np.arange(4, dtype=np.uint8).reshape(2, 2)), mtime=0)
    with pytest.raises(DataError, match=r"file is damaged: expected a whole gzip file, got: .*; get the file anew"):
        read_bytes(folder, content[:-cut])


GOOD = idx_bytes(np.zeros((2, 3), np.uint8))
DAMAGED_GZIP = bytearray(gzip.compress(GOOD, mtime=0))
DAMAGED_GZIP[-5] ^= 1  # in the checksum


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no IDX file of unsigned bytes: expected 00 00 08 at its start, got nothing"),
        (b"PK\3\4 a zip file", "expected 00 00 08 at its start, got 50 4b 03 04"),
        (b"\0\0\x0d\1\0\0\0\0", "expected 00 00 08 at its start, got 00 00 0d 01"),
        (b"\0\0\x08", "expected 00 00 08 at its start, got 00 00 08"),
        (b"\0\0\x08\0\7", "is damaged: expected 1 to 64 axes, got 0; get the file anew"),
        (b"\0\0\x08\x41" + bytes(4 * 65), "is damaged: expected 1 to 64 axes, got 65; get the file anew"),
        (GOOD[:9], "is truncated: expected a header of 12 bytes, got 9; get the file anew"),
        (GOOD[:-1], "is truncated: expected 2 × 3 = 6 values, got 5; get the file anew"),
        (GOOD + b"\0", "is too long: expected 2 × 3 = 6 values, got 7; get the file anew"),
        (b"\0\0\x08\2" + b"\xff" * 8, "is truncated: expected 4294967295 × 4294967295 = 18446744065119617025 values"),
        (bytes(DAMAGED_GZIP), "is damaged: expected a whole gzip file, got: CRC check failed"),
        (gzip.compress(GOOD, mtime=0) + b"more", "is damaged: expected a whole gzip file, got: Not a gzipped file"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\3\xff\xff\xff\xff", "is damaged: expected a whole gzip file, got: Error -3"),
    ],
)
def test_bad_files(tmp_path, content, message):
    with pytest.raises(DataError, match=message) as raised:
        read_bytes(tmp_path, content)
    assert str(raised.value).startswith(str(tmp_path / "file"))
    assert "\n" not in str(raised.value)


def test_unreadable_paths(tmp_path):
    with pytest.raises(DataError, match="absent cannot be read: No such file or directory; check the path"):
        read_idx(tmp_path / "absent")
    with pytest.raises(DataError, match="cannot be read: Is a directory; check the path and its permissions"):
        read_idx(tmp_path)
