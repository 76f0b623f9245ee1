"""PyTorch is loaded to choose a device only where it may see a GPU."""

import sys

import pytest
import torch

from saltbench.benchmark.execution import devices
from saltbench.benchmark.execution.devices import choose_device, is_without

CPU = "cuda: Optional[str] = None\nhip: Optional[str] = None\n"
CUDA = "cuda: Optional[str] = '12.8'\nhip: Optional[str] = None\n"
ROCM = "cuda: Optional[str] = None\nhip: Optional[str] = '6.2'\n"
OLD = "cuda = None\nhip = None\n"
SILENT = "__version__ = '2.6.0'\n"


@pytest.mark.parametrize(
    ("built", "driver", "asked"),
    [
        (CPU, True, False),
        (OLD, True, False),
        (CUDA, False, False),
        (CUDA, True, True),
        (ROCM, False, True),
        (SILENT, False, True),
        ("", False, True),
    ],
)
def test_pytorch_is_asked_where_it_may_see_a_gpu(
    monkeypatch: pytest.MonkeyPatch, built: str, driver: bool, asked: bool
) -> None:
    monkeypatch.setattr(devices, "_version_file", lambda: built)
    monkeypatch.setattr(devices, "_has_driver", lambda: driver)
    monkeypatch.setattr(sys, "platform", "linux")
    loaded = dict(sys.modules)
    del loaded["torch"]
    monkeypatch.setattr(sys, "modules", loaded)
    assert devices._may_see_gpu() == asked


def test_the_installed_build_says_what_it_was_made_for() -> None:
    built = devices._version_file()
    assert is_without(built, "cuda") == (torch.version.cuda is None)
    assert is_without(built, "hip") == (torch.version.hip is None)


def test_pytorch_that_is_loaded_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [choose_device(name) for name in ("auto", "cuda", "cpu")] == ["cuda", "cuda", "cpu"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == "cpu"


def test_a_missing_driver_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "DRIVER", "no-such-library.so.1")
    assert not devices._has_driver()
