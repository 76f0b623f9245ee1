"""Which provenance.json a run continues, and which it refuses."""

import json

import pytest

from saltbench.benchmark.storage.store import FORMAT
from saltbench.benchmark.suites.provenance import check_format, open_results
from saltbench.errors import StoreError


@pytest.mark.parametrize("content", [{"format": FORMAT}, {"format": FORMAT, "more": 1}])
def test_a_provenance_of_this_format_is_accepted(tmp_path, content):
    check_format(tmp_path)
    (tmp_path / "provenance.json").write_text(json.dumps(content))
    check_format(tmp_path)


def test_a_provenance_of_a_newer_saltbench(tmp_path):
    (tmp_path / "provenance.json").write_text(json.dumps({"format": FORMAT + 1}))
    expected = r"provenance\.json was written by a newer saltbench .*; upgrade saltbench or choose another --results$"
    with pytest.raises(StoreError, match=expected), open_results(tmp_path):
        pass


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"3", b"null", b"\xff", b"[" * 100_000])
def test_a_provenance_that_cannot_be_understood(tmp_path, content):
    (tmp_path / "provenance.json").write_bytes(content)
    expected = r"provenance\.json is unreadable or damaged; delete it to let the run write it again$"
    with pytest.raises(StoreError, match=expected), open_results(tmp_path):
        pass


@pytest.mark.parametrize("found", [None, "1", 1.0])
def test_a_provenance_without_a_format_number(tmp_path, found):
    (tmp_path / "provenance.json").write_text(json.dumps({"format": found}))
    with pytest.raises(StoreError, match=r"provenance\.json states no format number; move the folder away"):
        check_format(tmp_path)
