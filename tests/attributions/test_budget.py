"""How many rows a pass holds: what fits, what is fast, and what is refused."""

import re
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from saltbench.errors import BudgetError, ParameterError
from saltbench.methods.attributions import budget as budget_module
from saltbench.methods.attributions.budget import GRAIN, Budget, free_memory, parse_memory


def paced(seconds_of, memory=10**12, row_bytes=300_000, passes=60, left=10**9):
    """The sizes that a budget chooses when a row of a pass of a size takes seconds_of(size)."""
    budget = Budget(memory)
    budget.learn("pass", row_bytes)
    sizes = []
    for _ in range(passes):
        sizes.append(budget.size("pass", left))
        budget.note("pass", sizes[-1], seconds_of(sizes[-1]))
    return sizes


@pytest.mark.parametrize("fastest", [32, 64, 128, 1024])
def test_the_fastest_size_is_found_and_kept(fastest):
    sizes = paced(lambda size: abs(size - fastest) + 1.0)
    assert sizes[0] == 128
    assert set(sizes[-10:]) == {fastest}


@pytest.mark.parametrize(
    ("row_bytes", "memory", "first"),
    [(80_000, 10**9, 256), (400_000, 10**9, 64), (10**8, 10**10, 32), (80_000, 10**7, 32), (10**6, 10**7, 4)],
)
def test_the_first_pass_takes_forty_megabytes_where_the_memory_allows_it(row_bytes, memory, first):
    assert paced(lambda size: 1.0, memory, row_bytes)[0] == first


def test_one_disturbed_measurement_does_not_decide():
    disturbed = iter([1.0, 1.0, 50.0])  # the first two do not count
    sizes = paced(lambda size: next(disturbed, 1.0) if size == 128 else 1.0 + abs(size - 128) / 128)
    assert set(sizes[-10:]) == {128}


@pytest.mark.parametrize(("left", "tried"), [(2000, {128}), (25000, {64, 128}), (10**6, {64, 128, 256})])
def test_other_sizes_are_tried_where_enough_is_left(left, tried):
    assert set(paced(lambda size: 1.0 + (size != 128) / 10, left=left)) == tried


def test_a_size_that_is_far_slower_is_tried_twice():
    sizes = paced(lambda size: 1.0 if size == 128 else 2.0)
    assert sizes.count(64) == sizes.count(256) == 2


@pytest.mark.parametrize("fastest", [64, 256])
def test_a_size_whose_first_two_passes_find_their_memory_cold_is_found(fastest):
    passes = Counter()

    def seconds_of(size):
        passes[size] += 1
        return (1.0 if size == fastest else 1.1) * {1: 2.4, 2: 1.2}.get(passes[size], 1.0)

    assert set(paced(seconds_of)[-10:]) == {fastest}


@given(st.integers(200, 10**9), st.integers(1, 10**6))
def test_no_pass_takes_more_than_half_of_the_memory(memory, row_bytes):
    budget = Budget(memory)
    if memory // 2 < row_bytes:
        with pytest.raises(BudgetError, match="for one sample of this model"):
            budget.learn("pass", row_bytes)
        return
    budget.learn("pass", row_bytes)
    for _ in range(20):
        size = budget.size("pass", 10**9)
        assert size * row_bytes <= memory // 2
        assert size % GRAIN == 0 or size * 2 * row_bytes > memory // 2
        budget.note("pass", size, 1 / size)


@given(st.integers(1, 10**10), st.integers(4, 10**7))
def test_samples_hold_their_tensors_in_half_of_the_memory(memory, row_bytes):
    samples = Budget(memory).samples(row_bytes)
    assert 1 <= samples <= 1024
    assert samples == 1 or samples * 16 * row_bytes <= memory // 2
    assert samples < GRAIN or samples % GRAIN == 0


def test_a_budget_too_small_for_one_sample_says_what_it_takes():
    budget = Budget(1500)
    with pytest.raises(BudgetError, match=r"must be at least 2 KB for one sample of this model, got 1.5 KB"):
        budget.learn("pass", 1000)


def test_by_default_a_quarter_of_the_free_memory_is_used():
    assert 0.1 < Budget().memory / free_memory(torch.device("cpu")) < 0.5


def test_what_a_container_uses_is_not_free(monkeypatch, tmp_path):
    monkeypatch.setattr(budget_module, "_CONTAINER", tmp_path)
    outside = free_memory(torch.device("cpu"))
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory(torch.device("cpu")) == pytest.approx(outside, rel=0.2)
    (tmp_path / "memory.current").write_text("900\n")
    (tmp_path / "memory.stat").write_text("anon 600\ninactive_file 200\nactive_file 100\n")
    for limit, free in (("1000", 400), ("600", 0), ("500", 0)):
        (tmp_path / "memory.max").write_text(f"{limit}\n")
        assert free_memory(torch.device("cpu")) == free


@pytest.mark.parametrize(
    ("text", "count"),
    [("2GB", 2 * 10**9), ("500 MB", 5 * 10**8), ("1e9", 10**9), ("1.5k", 1500), ("7B", 7), (" 3 tb ", 3 * 10**12)],
)
def test_amounts_of_memory_as_people_write_them(text, count):
    assert parse_memory(text) == count


@pytest.mark.parametrize("text", ["", "much", "-1GB", "0", "2 GiB", "GB", "1e-3", "nan", "1e400GB"])
def test_what_is_no_amount_of_memory(text):
    with pytest.raises(ParameterError, match=f"memory must be a positive number with KB, MB or GB, .* got '{text}'"):
        parse_memory(text)


@pytest.mark.parametrize("memory", [0, -1, 2e9, "2GB"])
def test_what_is_no_number_of_bytes_is_refused(memory):
    message = f"memory must be a whole number of bytes, at least 1, got {memory!r}; for 2 GB give "
    with pytest.raises(ParameterError, match=re.escape(message)):
        Budget(memory)
