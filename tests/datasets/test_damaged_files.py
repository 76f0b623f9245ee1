"""Readers of data files take damaged ones: they read or refuse them in one line, quickly and in little memory."""

import functools
import gzip
import io
import itertools
import zipfile
import zlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hcp_trees import write_a, write_atlas
from idx_files import idx_bytes
from mutations import faults, mutations

import saltbench
from saltbench.benchmark.suites.suite import load_suite
from saltbench.datasets.files.long_format import Columns
from saltbench.datasets.fmri.atlas import load_atlas
from saltbench.datasets.fmri.hcp_events import on_task_frames
from saltbench.datasets.fmri.hcp_layouts import open_archive
from saltbench.datasets.fmri.hcp_series import normalise, open_series
from saltbench.datasets.fmri.paradigms import PARADIGMS
from saltbench.datasets.images.idx import read_idx
from saltbench.datasets.planted.planting import planted
from saltbench.datasets.planted.series_files import read_array, read_cases, read_table

FEW, MANY = 30, 750  # mutations of each kind of file
POOL = 256 * 2**20  # bytes that pyarrow may take from its own pool, which `faults` does not see

SERIES = np.random.default_rng(0).normal(size=(40, 4, 2))
SAMPLE, STEP = np.divmod(np.arange(160), 4)
TABLE = pd.DataFrame(
    {
        "id": SAMPLE,
        "time": STEP,
        "label": np.where(SAMPLE % 2, "für", "a"),
        "x": SERIES[..., 0].ravel(),
        "y": STEP * SAMPLE,
    }
)
IDX = idx_bytes(np.arange(60, dtype=np.uint8).reshape(3, 4, 5))
SUITE = b"""
description = "a small box in a short series"
tasks = ["box/earlier"]
architectures = ["lstm"]
methods = ["saliency", "integrated-gradients"]
seeds = 2

[training]
epochs = 100

[parameters."box/earlier"]
layouts = [[[0, 10, 2, 8]]]
time = 30
"""


def npy(array):
    sink = io.BytesIO()
    np.save(sink, array)
    return sink.getvalue()


def parquet(table=TABLE, **options):
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pa.Table.from_pandas(table, preserve_index=False), sink, **options)
    return sink.getvalue()


def read_series(series, labels=None):
    found = read_array(io.BytesIO(series), labels and io.BytesIO(labels), "my.npy")
    planted(found.values, found.labels)


def read_as(name, content):
    found = read_table(io.BytesIO(content), name, Columns())
    planted(found.values, found.labels)


def read_archive(name, content):
    found = read_cases(io.BytesIO(content), name)
    planted(found.values, found.labels, found.lengths)


def ts_line(number, series):
    """A line of a ts file: the dimensions, and a label; every second series is a step shorter."""
    rows = [",".join(f"{value:.3f}" for value in row[: 3 + number % 2]) for row in series.T]
    return ":".join([*rows, "ab"[number % 2]])


TS = b"# mine\n@problemName Mine\n@univariate false\n@dimensions 2\n@equalLength false\n@classLabel true a b\n@data\n"
ARCHIVES = {
    "ts": ("my.ts", TS + "\n".join(map(ts_line, range(40), SERIES)).encode()),
    "tsv": ("my.tsv", pd.DataFrame(SERIES[..., 0], SAMPLE[:40] % 2).to_csv(sep="\t", header=False).encode()),
}
TABLES = {
    "csv": ("my.csv", TABLE.to_csv(index=False).encode()),
    "csv with semicolons": ("my.csv", TABLE.to_csv(index=False, sep=";", decimal=",").encode("utf-8-sig")),
    "csv in utf-16": ("my.csv", TABLE.to_csv(index=False, sep="\t").encode("utf-16")),
    "parquet": ("my.parquet", parquet(TABLE.astype({"label": "category"}))),
    "plain parquet": ("my.parquet", parquet(compression="none", use_dictionary=False, data_page_version="2.0")),
    "zipped parquet": ("my.parquet", parquet(compression="gzip", write_page_checksum=True)),
}


class Files:
    """Damaged files written into a folder, and read from there."""

    def __init__(self, folder):
        self.folder = folder
        root = write_a(folder / "hcp", ("7",), ("EMOTION",))
        self.run = open_archive(root).runs([paradigm for paradigm in PARADIGMS if paradigm.name == "EMOTION"])[0]
        self.root, self.atlas = root, write_atlas(folder / "good.npz").read_bytes()
        with zipfile.ZipFile(folder / "good.npz") as archive:
            self.members = {name: archive.read(name) for name in archive.namelist()}
        self.registries = saltbench.load_registries()

    def written(self, content, name="damaged"):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def with_member(self, content):
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, member in (self.members | {"labels_L.npy": content}).items():
                archive.writestr(name, member)
        return sink.getvalue()

    def events(self, content):
        (self.run.events / "fear.txt").write_bytes(content)
        on_task_frames(self.run, 176, 5.76)

    def subjects(self, content):
        (self.root / "subjects_list.txt").write_bytes(content)
        assert all(run.series.is_relative_to(self.root) for run in open_archive(self.root).runs(PARADIGMS))

    def run_of(self, content):
        path = self.written(content)
        normalise(open_series(path), slice(None), path)

    def kinds(self):
        """Map each kind of file to the bytes of a good one, and the function that reads such bytes."""
        idx = lambda content: read_idx(self.written(content))  # noqa: E731
        atlas = lambda content: load_atlas(self.written(content))  # noqa: E731
        tables = {kind: (good, functools.partial(read_as, name)) for kind, (name, good) in TABLES.items()}
        archives = {kind: (good, functools.partial(read_archive, name)) for kind, (name, good) in ARCHIVES.items()}
        return (
            tables
            | archives
            | {
                "npy": (npy(SERIES), read_series),
                "labels": (npy(SAMPLE[:40] % 2), functools.partial(read_series, npy(SERIES))),
                "idx": (IDX, idx),
                "gz": (gzip.compress(IDX, mtime=0), idx),
                "inside of gz": (IDX, lambda content: idx(gzip.compress(content, 1))),
                "hcp": (npy(9000 + np.random.default_rng(1).normal(size=(360, 9))), self.run_of),
                "events": ((self.run.events / "fear.txt").read_bytes(), self.events),
                "subjects": (b"7\n100307\n100408\n", self.subjects),
                "atlas": (self.atlas, atlas),
                "inside of atlas": (self.members["labels_L.npy"], lambda content: atlas(self.with_member(content))),
                "toml": (SUITE, lambda content: load_suite(str(self.written(content, "mine.toml")), self.registries)),
            }
        )


KINDS = [
    *TABLES,
    *ARCHIVES,
    "npy",
    "labels",
    "idx",
    "gz",
    "inside of gz",
    "hcp",
    "events",
    "subjects",
    "atlas",
    "inside of atlas",
    "toml",
]


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    return Files(tmp_path_factory.mktemp("files")).kinds()


def check(kinds, kind, count):
    good, read = kinds[kind]
    read(good)
    others = [content for other, (content, _) in kinds.items() if other != kind]
    seed = zlib.crc32(kind.encode())
    assert faults(read, itertools.islice(mutations(seed, good, others), count)) == []
    assert pa.default_memory_pool().max_memory() < POOL


@pytest.mark.parametrize("kind", KINDS)
def test_some_damaged_files_of_each_kind(kinds, kind):
    check(kinds, kind, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_damaged_files_of_each_kind(kinds, kind):
    check(kinds, kind, MANY)


def test_every_kind_is_tested(kinds):
    assert sorted(KINDS) == sorted(kinds)
    assert len(KINDS) * MANY >= 12_000
