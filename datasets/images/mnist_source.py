"""Load MNIST from a folder of IDX files or from OpenML, and verify that it is the published one."""

import hashlib
import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import fetch_openml, get_data_home

from ...errors import DataError, text_of
from ..local_data import HOW, local_folder
from .idx import read_idx

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Part:
    """A published file: the shape of its values, and the SHA-256 of their bytes (the header left out)."""

    shape: tuple[int, ...]
    sha256: str


@dataclass(frozen=True)
class Digits:
    """Handwritten digits: pixels (images, rows, columns) from 0, paper, to 255, ink; labels (images,)."""

    pixels: Bytes
    labels: Bytes

    def __len__(self) -> int:
        return len(self.labels)


# of the values and not of the files, so that plain files, gzipped ones and OpenML's table pass the same check
PARTS: Mapping[str, Part] = {
    "train-images-idx3-ubyte": Part(
        (60_000, 28, 28), "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757"
    ),
    "train-labels-idx1-ubyte": Part((60_000,), "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13"),
    "t10k-images-idx3-ubyte": Part(
        (10_000, 28, 28), "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161"
    ),
    "t10k-labels-idx1-ubyte": Part((10_000,), "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5"),
}
BOTH_WAYS = (
    f"give a folder with the four IDX files of MNIST ({HOW}), "
    "or connect once, and scikit-learn fetches them from OpenML and keeps a copy"
)


def load_mnist() -> tuple[Digits, Digits]:
    """Return the 60,000 digits for training and the 10,000 for testing, in their published order.

    They are read from the folder that the environment variable SALTBENCH_DATA names, or from `mnist` inside it:
    four IDX files, plain or gzipped. Where the variable is not set they come through scikit-learn, which fetches
    them from OpenML once and keeps a copy in its data home. Either way shapes and SHA-256 are checked.

    Raises:
        DataError: a missing folder or file, a damaged one, one that is not the published data; or OpenML out of
            reach without a copy.

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-Based Learning Applied to Document Recognition,
    Proceedings of the IEEE 86(11), 1998; OpenML data set 554.
    """
    folder = local_folder("mnist")
    train_pixels, train_labels, test_pixels, test_labels = _from_folder(folder) if folder else _from_openml()
    return Digits(train_pixels, train_labels), Digits(test_pixels, test_labels)


def _from_folder(folder: Path) -> Iterator[Bytes]:
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; {BOTH_WAYS}")
    found = {name: path for name in PARTS if (path := _find(folder, name))}
    missing = [name for name in PARTS if name not in found]
    if missing:
        raise DataError(f"{folder} lacks {', '.join(missing)} (or the same with .gz); add the missing or {BOTH_WAYS}")
    for name, path in found.items():
        yield _checked(read_idx(path), name, str(path))


def _find(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _from_openml() -> Iterator[Bytes]:
    train_images, _, test_images, _ = PARTS.values()
    border, pixels = train_images.shape[0], math.prod(train_images.shape[1:])
    table, classes = _fetch(pixels)
    where = f"mnist_784 of OpenML (copy in {Path(get_data_home()) / 'openml'})"
    expected = (border + test_images.shape[0], pixels)
    if table.shape != expected or classes.shape != expected[:1]:
        raise DataError(
            f"{where} is not the published MNIST: expected a table {expected} and as many labels, "
            f"got {table.shape} and {classes.shape}; remove the copy or {BOTH_WAYS}"
        )
    images = table.reshape(-1, *train_images.shape[1:])
    parts = (images[:border], classes[:border], images[border:], classes[border:])
    for part, name in zip(parts, PARTS, strict=True):
        yield _checked(part, name, where)


def _fetch(pixels: int) -> tuple[Bytes, Bytes]:
    # pixels read as bytes take an eighth of the memory; labels are read as text because scikit-learn 1.9.1 fails on
    # categories that pandas 3.1 takes for numbers
    types = {**dict.fromkeys(range(pixels), np.uint8), pixels: str}
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="A network error occurred")  # the error below says it once
            table, classes = fetch_openml(
                "mnist_784",
                version=1,
                as_frame=False,
                return_X_y=True,
                parser="pandas",
                n_retries=1,
                read_csv_kwargs={"dtype": types},
            )
        return table.astype(np.uint8), np.array([label.strip("'") for label in classes], dtype=np.uint8)
    except (OSError, HTTPException) as error:
        raise DataError(f"no copy of MNIST, and OpenML is out of reach ({_line(error)}); {BOTH_WAYS}") from error
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise DataError(f"mnist_784 of OpenML cannot be read ({_line(error)}); {BOTH_WAYS}") from error


def _line(error: BaseException) -> str:
    return text_of(error) or type(error).__name__


def _checked(values: Bytes, name: str, where: str) -> Bytes:
    part = PARTS[name]
    got = hashlib.sha256(np.ascontiguousarray(values).data).hexdigest()
    if values.shape != part.shape or got != part.sha256:
        raise DataError(
            f"{where} is not the published {name}: expected {part.shape} with SHA-256 {part.sha256}, "
            f"got {values.shape} with {got}; get it anew or {BOTH_WAYS}"
        )
    return values
