import gzip
import hashlib
import time
import urllib.request
import warnings
from urllib.error import HTTPError, URLError

import numpy as np
import pytest
from idx_files import idx_bytes
from openml_stub import OpenML

from saltbench.datasets.images import mnist_source
from saltbench.datasets.images.mnist_source import PARTS, Part, load_mnist
from saltbench.errors import DataError

BOTH_WAYS = (
    r"give a folder with the four IDX files of MNIST \(--data DIR or SALTBENCH_DATA=DIR\), "
    r"or connect once, and scikit-learn fetches them from OpenML and keeps a copy"
)
TRAIN, TEST, ROWS, COLUMNS = 6, 4, 3, 2
SHAPES = ((TRAIN, ROWS, COLUMNS), (TRAIN,), (TEST, ROWS, COLUMNS), (TEST,))
NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@pytest.fixture
def tiny(monkeypatch):
    """Four tiny arrays that stand for the published ones."""
    rng = np.random.default_rng(0)
    arrays = [rng.integers(256 if len(shape) > 1 else 10, size=shape).astype(np.uint8) for shape in SHAPES]
    parts = {
        name: Part(array.shape, hashlib.sha256(array.tobytes()).hexdigest())
        for name, array in zip(NAMES, arrays, strict=True)
    }
    monkeypatch.setattr(mnist_source, "PARTS", parts)
    return arrays


@pytest.fixture
def folder(tiny, tmp_path, monkeypatch):
    """SALTBENCH_DATA names a folder of the tiny files: two of them plain, two gzipped."""
    for k, (name, array) in enumerate(zip(NAMES, tiny, strict=True)):
        content = idx_bytes(array)
        if k % 2:
            (tmp_path / name).write_bytes(content)
        else:
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
    monkeypatch.setenv("SALTBENCH_DATA", str(tmp_path))
    monkeypatch.setattr(mnist_source, "fetch_openml", lambda *_, **__: pytest.fail("the folder is not enough"))
    return tmp_path


def assert_loads(tiny):
    train, test = load_mnist()
    for read, expected in zip((train.pixels, train.labels, test.pixels, test.labels), tiny, strict=True):
        assert read.dtype == np.uint8
        np.testing.assert_array_equal(read, expected)
    assert (len(train), len(test)) == (TRAIN, TEST)


def test_plain_and_gzipped_files_of_a_folder(folder, tiny):
    assert_loads(tiny)


def test_the_folder_mnist_inside_the_given_one(folder, tiny, tmp_path):
    inside = tmp_path / "mnist"
    inside.mkdir()
    for path in list(tmp_path.glob("t*")):
        path.rename(inside / path.name)
    assert_loads(tiny)


def test_a_folder_that_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("SALTBENCH_DATA", str(tmp_path / "absent"))
    with pytest.raises(DataError, match=f"absent is not a folder; {BOTH_WAYS}$"):
        load_mnist()


def test_an_incomplete_folder_names_what_is_missing(folder):
    (folder / NAMES[1]).unlink()
    (folder / f"{NAMES[2]}.gz").unlink()
    with pytest.raises(DataError, match=f"lacks {NAMES[1]}, {NAMES[2]} \\(or the same with .gz\\); .*{BOTH_WAYS}$"):
        load_mnist()


def test_a_changed_value_names_file_and_both_checksums(folder, tiny):
    changed = tiny[0].copy()
    changed[1, 2, 0] ^= 1
    (folder / f"{NAMES[0]}.gz").write_bytes(gzip.compress(idx_bytes(changed)))
    expected, got = (hashlib.sha256(array.tobytes()).hexdigest() for array in (tiny[0], changed))
    message = (
        f"{NAMES[0]}.gz is not the published {NAMES[0]}: expected \\(6, 3, 2\\) with SHA-256 {expected}, "
        f"got \\(6, 3, 2\\) with {got}; get it anew or {BOTH_WAYS}$"
    )
    with pytest.raises(DataError, match=message):
        load_mnist()


def test_the_same_bytes_in_another_shape_are_refused(folder, tiny):
    (folder / f"{NAMES[2]}.gz").write_bytes(gzip.compress(idx_bytes(tiny[2].reshape(4, 2, 3))))
    with pytest.raises(DataError, match=r"expected \(4, 3, 2\) with SHA-256 \w+, got \(4, 2, 3\) with"):
        load_mnist()


def test_a_truncated_file_is_named(folder):
    path = folder / NAMES[3]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=f"{NAMES[3]} is truncated: expected 4 = 4 values, got 3"):
        load_mnist()


def test_exchanged_files_are_refused(folder):
    # both labels are sound IDX files; only the checksums tell
    (folder / NAMES[3]).write_bytes((folder / NAMES[1]).read_bytes())
    with pytest.raises(DataError, match=f"is not the published {NAMES[3]}"):
        load_mnist()


def table_of(tiny):
    return (
        np.concatenate([tiny[0], tiny[2]]).reshape(TRAIN + TEST, ROWS * COLUMNS),
        np.array([str(label) for label in np.concatenate([tiny[1], tiny[3]])], dtype=object),
    )


@pytest.fixture
def openml(tiny, monkeypatch):
    """A function that makes scikit-learn's loader return what it is given, or raise it; no SALTBENCH_DATA."""

    def answer(result):
        asked = []

        def fetch(*positional, **named):
            asked.append((positional, named))
            if isinstance(result, BaseException):
                raise result
            return result

        monkeypatch.setattr(mnist_source, "fetch_openml", fetch)
        return asked

    monkeypatch.delenv("SALTBENCH_DATA", raising=False)
    return answer


@pytest.mark.parametrize("pixel_type", [np.uint8, np.int64, np.float64])
def test_openml_gives_the_same_as_the_files(openml, tiny, pixel_type):
    pixels, labels = table_of(tiny)
    asked = openml((pixels.astype(pixel_type), labels))
    assert_loads(tiny)
    ((positional, named),) = asked
    assert positional == ("mnist_784",)
    assert (named["version"], named["as_frame"], named["return_X_y"], named["n_retries"]) == (1, False, True, 1)


def test_labels_in_quotes_are_read(openml, tiny):
    pixels, labels = table_of(tiny)
    openml((pixels, np.array([f"'{label}'" for label in labels], dtype=object)))
    assert_loads(tiny)


def test_an_empty_variable_counts_as_none(openml, tiny, monkeypatch):
    monkeypatch.setenv("SALTBENCH_DATA", "")
    openml(table_of(tiny))
    assert_loads(tiny)


@pytest.mark.parametrize(
    "error",
    [
        URLError(OSError(-2, "Name or service not known")),
        HTTPError("https://www.openml.org", 503, "Service Unavailable", None, None),
        TimeoutError(),
        ConnectionResetError(104, "Connection reset\nby peer"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_without_network_or_copy_one_line_names_both_ways(openml, error):
    openml(error)
    with pytest.raises(
        DataError, match=rf"no copy of MNIST, and OpenML is out of reach \(.+\); {BOTH_WAYS}$"
    ) as raised:
        load_mnist()
    assert "\n" not in str(raised.value)


def test_the_warning_of_a_retry_is_not_shown_beside_the_error(monkeypatch, openml):
    def fetch(*_, **__):
        warnings.warn("A network error occurred while downloading URL. Retrying...", stacklevel=1)
        raise URLError("offline")

    monkeypatch.setattr(mnist_source, "fetch_openml", fetch)
    with pytest.raises(DataError, match="OpenML is out of reach"):  # and no warning, which would be an error
        load_mnist()


def test_other_warnings_are_shown(monkeypatch, openml, tiny):
    def fetch(*_, **__):
        warnings.warn("Invalid cache, redownloading file", RuntimeWarning, stacklevel=1)
        return table_of(tiny)

    monkeypatch.setattr(mnist_source, "fetch_openml", fetch)
    with pytest.warns(RuntimeWarning, match="Invalid cache"):
        load_mnist()


def test_a_damaged_copy_of_openml(openml):
    openml(ValueError("The md5 checksum of the file does not match"))
    with pytest.raises(DataError, match=rf"OpenML cannot be read \(The md5 checksum of .* match\); {BOTH_WAYS}$"):
        load_mnist()


@pytest.mark.parametrize("label", ["ten", "300", "-1", None])
def test_labels_that_are_none(openml, tiny, label):
    pixels, labels = table_of(tiny)
    labels[3] = label
    openml((pixels, labels))
    with pytest.raises(DataError, match=r"mnist_784 of OpenML cannot be read \(.*\); give a folder"):
        load_mnist()


@pytest.mark.parametrize("missing", ["image", "pixel", "label"])
def test_tables_of_another_shape(openml, tiny, missing):
    pixels, labels = table_of(tiny)
    tables = {"image": (pixels[1:], labels), "pixel": (pixels[:, 1:], labels), "label": (pixels, labels[1:])}
    openml(tables[missing])
    message = r"is not the published MNIST: expected a table \(10, 6\) and as many labels, got .*; remove the copy or"
    with pytest.raises(DataError, match=message):
        load_mnist()


def test_another_order_of_the_images_is_refused(openml, tiny):
    pixels, labels = table_of(tiny)
    order = np.argsort(labels.astype(int), kind="stable")
    openml((pixels[order], labels[order]))
    with pytest.raises(DataError, match=rf"mnist_784 of OpenML \(copy in .*\) is not the published {NAMES[0]}"):
        load_mnist()


def test_the_published_sizes():
    assert tuple(PARTS) == NAMES
    assert [part.shape for part in PARTS.values()] == [(60000, 28, 28), (60000,), (10000, 28, 28), (10000,)]


def test_the_published_files(mnist_folder):
    train, test = load_mnist()
    assert (len(train), len(test)) == (60000, 10000)
    assert train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]  # the figure on many a first page
    assert np.bincount(test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert round(float(train.pixels.mean()) / 255, 4) == 0.1307
    assert round(float(train.pixels.std()) / 255, 4) == 0.3081


def test_scikit_learn_fetches_once_and_keeps_a_copy(tiny, tmp_path, monkeypatch):
    """The real loader against answers in OpenML's format."""
    openml = OpenML(*table_of(tiny))
    monkeypatch.setattr(urllib.request, "_opener", urllib.request.build_opener(openml))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "one"))
    monkeypatch.delenv("SALTBENCH_DATA", raising=False)
    assert_loads(tiny)
    openml.closed = True
    assert_loads(tiny)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "other"))
    with pytest.raises(DataError, match=r"OpenML is out of reach \(<urlopen error offline>\); give a folder"):
        load_mnist()
