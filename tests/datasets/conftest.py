import os
from pathlib import Path

import pytest

from saltbench.datasets.images.mnist_source import PARTS

BESIDE_THE_PROJECT = Path(__file__).parents[2].parent / "shared/data/mnist"


def _holds_mnist(folder):
    return all((folder / name).is_file() or (folder / f"{name}.gz").is_file() for name in PARTS)


@pytest.fixture
def mnist_folder(monkeypatch):
    """The folder of the published MNIST files, set as SALTBENCH_DATA; the test skips where there is none."""
    given = os.environ.get("SALTBENCH_DATA")
    candidates = [Path(given), Path(given) / "mnist"] if given else [BESIDE_THE_PROJECT]
    folder = next((candidate for candidate in candidates if _holds_mnist(candidate)), None)
    if folder is None:
        pytest.skip("needs the four IDX files of MNIST: set SALTBENCH_DATA to their folder")
    monkeypatch.setenv("SALTBENCH_DATA", str(folder))
    return folder
