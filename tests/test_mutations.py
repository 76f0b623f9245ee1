"""The damage that readers of files are tested with is itself what it says."""

import itertools

import pytest
from mutations import DAMAGES, faults, mutations

from saltbench.errors import DataError

ORIGINAL = b"id,time,x\n" + b"7,0,1.5\n" * 40
SOME = [*itertools.islice(mutations(0, ORIGINAL, [b"PAR1 another file"]), 300)]


def test_the_seed_determines_every_byte():
    assert [*itertools.islice(mutations(0, ORIGINAL, [b"PAR1 another file"]), 300)] == SOME
    assert [*itertools.islice(mutations(1, ORIGINAL, [b"PAR1 another file"]), 300)] != SOME


def test_every_kind_of_damage_is_done_and_none_leaves_the_file_whole():
    kinds = {kind for mutation in SOME for kind in mutation.name.split(": ")[1].split(", ")}
    assert len(kinds) == len(DAMAGES)
    assert all(mutation.content != ORIGINAL for mutation in SOME)


def test_an_empty_file_can_be_damaged():
    assert all(mutation.content for mutation in itertools.islice(mutations(0, b""), 50))


def refused(content):
    raise DataError("one line")


def torn(content):
    raise DataError("one\nline")


def broken(content):
    raise ValueError("a traceback")


@pytest.mark.parametrize(
    ("read", "expected"),
    [(len, None), (refused, None), (torn, "more than one line"), (broken, "ValueError: a traceback")],
)
def test_errors_that_are_no_clear_refusal_are_faults(read, expected):
    found = faults(read, SOME[:3])
    if expected is None:
        assert found == []
    else:
        assert [fault.startswith("seed 0, number") and expected in fault for fault in found] == [True] * 3


def test_a_large_allocation_and_a_hang_are_faults(monkeypatch):
    assert "allocated 300 MiB" in faults(lambda content: bytes(300 * 2**20), SOME[:1])[0]
    monkeypatch.setattr("mutations.SECONDS", 1e-6)
    assert "took 0 s" in faults(lambda content: sum(range(300_000)), SOME[:1])[0]
