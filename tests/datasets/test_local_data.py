import pytest

from saltbench.datasets.local_data import local_folder
from saltbench.errors import DataError


def test_the_folder_itself_or_the_one_inside(tmp_path, monkeypatch):
    monkeypatch.delenv("SALTBENCH_DATA", raising=False)
    assert local_folder("mnist") is None
    monkeypatch.setenv("SALTBENCH_DATA", str(tmp_path))
    assert local_folder("mnist") == tmp_path
    (tmp_path / "mnist").mkdir()
    assert local_folder("mnist") == tmp_path / "mnist"


def test_a_path_that_the_system_refuses(monkeypatch):
    monkeypatch.setenv("SALTBENCH_DATA", "n" * 300)
    with pytest.raises(DataError, match=r"^n+ cannot be read: File name too long; give another folder \(--data DIR or"):
        local_folder("mnist")
