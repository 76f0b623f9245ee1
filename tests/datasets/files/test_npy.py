"""What an NPY header claims is compared with the file, and what is compressed does not grow without a limit."""

import gzip
import io
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest
from hcp_trees import write_atlas
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from saltbench.datasets.files.npy import read_npy
from saltbench.datasets.fmri.atlas import load_atlas
from saltbench.datasets.fmri.hcp_series import open_series
from saltbench.datasets.images.idx import read_idx
from saltbench.datasets.planted.series_files import read_array
from saltbench.errors import DataError


def header(text, version=1):
    """A header as numpy frames it, whatever it says."""
    padded = text.encode("utf-8") + b"\n"
    width = 2 if version == 1 else 4
    return b"\x93NUMPY" + bytes([version, 0]) + len(padded).to_bytes(width, "little") + padded


def described(descr="'<f8'", shape="(2,)", order="False"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}"


@given(arrays(np.float64, array_shapes(min_dims=0, min_side=0)))
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_what_is_written_is_read(version, array):
    for stored in (array, np.asfortranarray(array)):
        sink = io.BytesIO()
        with warnings.catch_warnings(action="ignore"):  # numpy says that old versions cannot read it
            np.lib.format.write_array(sink, stored, version=version)
        sink.seek(0)
        np.testing.assert_array_equal(read_npy(sink), array)


CLAIMS = [
    (
        described(shape="(1000000000000000,)"),
        r"claims \(1000000000000000,\) of float64, 8000000000000000 bytes, and 16 f",
    ),
    (described(shape="(10000000000000000000000, 10)"), "and 16 follow"),
    (described(shape="(3,)"), r"claims \(3,\) of float64, 24 bytes, and 16 follow"),
    (described(shape="(1,)"), r"claims \(1,\) of float64, 8 bytes, and 16 follow"),
    (described(shape="(-2,)"), r"claims \(-2,\) of float64, which no file can hold"),
    (described(shape="(-1, -2)"), "which no file can hold"),
    (described(descr="'<U0'", shape="(1000000000000000,)"), "which no file can hold"),
    (described(descr="'|O'"), r"it holds Python objects \(object\) and not numbers"),
    (described(descr="[('a', '|O')]"), "it holds Python objects"),
    (described(descr="'<f9'"), "."),
    (described(shape="2"), "."),
    (described(shape="(2L,)"), "created on Python 2"),
    ("{'descr': '<f8', 'shape': (2,)", "."),
    ("(" * 3000, "."),
    ("__import__('os').getcwd()", "."),
    ("{}", "."),
]


@pytest.mark.parametrize(("text", "message"), CLAIMS, ids=[text[:60] for text, _ in CLAIMS])
@pytest.mark.parametrize("version", [1, 2, 3])
def test_headers_that_claim_what_is_not_there(tmp_path, text, version, message):
    content = header(text, version) + bytes(16)
    refused = rf"my\.npy is not a NumPy array of numbers: .*{message}.*; write it with numpy\.save$"
    with pytest.raises(DataError, match=refused) as caught:
        read_array(io.BytesIO(content), None, "my.npy")
    assert "\n" not in str(caught.value)
    (tmp_path / "data.npy").write_bytes(content)
    with pytest.raises(
        DataError, match=rf"data\.npy is no whole NumPy file of numbers \(.*{message}.*\); get it anew$"
    ):
        open_series(tmp_path / "data.npy")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x93NUMPY\2\0\xff\xff\xff\xff{}", "its header claims to have 4294967295 bytes, more than 10000"),
        (b"\x93NUMPY\4\0\2\0{}", "its format has version 4.0, known are 1.0, 2.0 and 3.0"),
        (b"\x93NUMPY\1\0", "."),
        (b"\x93NUMPY\3\0\2\0\0\0\xff\xff", "codec can't decode byte"),
        (b"\x93NUMPY\3\0\4\0\0\0\xe2\x82\xac\n", "codec can't encode character"),
    ],
)
def test_headers_that_are_none(content, message):
    with pytest.raises(DataError, match=rf"my\.npy is not a NumPy array of numbers: .*{message}"):
        read_array(io.BytesIO(content), None, "my.npy")


def peak(read):
    tracemalloc.start()
    try:
        read()
    finally:
        memory = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return memory


def test_claims_allocate_nothing():
    for content in (header(described(shape="(1000000000,)")), b"\x93NUMPY\2\0\0\0\0\x7f{}"):

        def read(content=content):
            with pytest.raises(DataError, match="claims"):
                read_array(io.BytesIO(content), None, "my.npy")

        assert peak(read) < 2**20


def bomb(size):
    sink = io.BytesIO()
    with gzip.GzipFile(fileobj=sink, mode="wb", mtime=0) as file:
        for _ in range(size // 2**20):
            file.write(bytes(2**20))
    return sink.getvalue()


def test_a_gzip_file_that_grows_beyond_the_limit_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(bomb(200 * 2**20))
    assert (tmp_path / "file").stat().st_size < 2**20

    def read():
        with pytest.raises(
            DataError, match="file is too long: expected at most 134217728 bytes, also decompressed; get"
        ):
            read_idx(tmp_path / "file")

    assert peak(read) < 180 * 2**20


def test_lengths_that_numpy_cannot_count_are_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"\0\0\x08\4" + bytes(4) + b"\xff" * 12)
    with pytest.raises(DataError, match=r"file is damaged: .*; get the file anew"):
        read_idx(tmp_path / "file")


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_that_grows_beyond_the_limit_is_refused(tmp_path, compression):
    path = write_atlas(tmp_path / "atlas.npz", coords=None)
    with zipfile.ZipFile(path, "a", compression) as archive, archive.open("coords.npy", "w") as member:
        for _ in range(20):
            member.write(bytes(2**20))
    with pytest.raises(DataError, match=r"coords\.npy must be stored or deflated and have at most 1048576 bytes, got"):
        load_atlas(path)


def test_an_archive_that_numpy_compressed_is_read(tmp_path):
    with np.load(write_atlas(tmp_path / "atlas.npz")) as arrays:
        np.savez_compressed(tmp_path / "small.npz", **arrays)
    np.testing.assert_array_equal(load_atlas(tmp_path / "small.npz").left, load_atlas(tmp_path / "atlas.npz").left)


def test_an_encrypted_archive_is_refused(tmp_path):
    path = write_atlas(tmp_path / "atlas.npz")
    content = bytearray(path.read_bytes())
    directory = content.index(b"PK\x01\x02")
    while directory >= 0:
        content[directory + 8] |= 1
        directory = content.find(b"PK\x01\x02", directory + 1)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"is no whole npz file of numbers; get it anew .*encrypted"):
        load_atlas(path)
