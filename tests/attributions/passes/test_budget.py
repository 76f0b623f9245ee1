"""How many rows a pass holds: what fits, what nothing changes, and what is refused."""

import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from saltbench.errors import BudgetError, ParameterError
from saltbench.methods.attributions.passes import budget as budget_module
from saltbench.methods.attributions.passes.amounts import parse_memory
from saltbench.methods.attributions.passes.budget import (
    GRAIN,
    Budget,
    default_memory,
    free_memory,
    usual_memory,
)


def size_of(memory, row_bytes, device="cpu"):
    budget = Budget(memory, device)
    budget.learn("pass", row_bytes)
    return budget.size("pass")


@pytest.mark.parametrize(
    ("row_bytes", "memory", "size"),
    [
        (80_000, 10**9, 256),
        (400_000, 10**9, 64),
        (2 * 10**6, 10**9, 32),
        (80_000, 10**7, 32),
        (10**6, 10**7, 4),
        (10**8, 10**10, 1),
        (10**9, 10**10, 1),
    ],
)
def test_a_pass_takes_forty_megabytes_or_32_rows_where_they_fit(row_bytes, memory, size):
    assert size_of(memory, row_bytes) == size


@given(st.integers(0, 10**12), st.integers(1, 10**9), st.sampled_from(["cpu", "cuda", "mps"]))
def test_more_memory_than_usual_changes_no_size(more, row_bytes, device):
    usual = max(usual_memory(torch.device(device)), 2 * row_bytes)  # less does not hold a row
    assert size_of(usual + more, row_bytes, device) == size_of(usual, row_bytes, device)
    assert Budget(usual + more, device).samples(row_bytes) == Budget(usual, device).samples(row_bytes)


@pytest.mark.parametrize(
    ("free", "processes", "share"), [(16e9, 1, 4e9), (16e9, 8, 500e6), (1e9, 1, 256e6), (0, 9, 256e6)]
)
def test_no_process_gets_less_than_usual_by_default(free, processes, share, monkeypatch):
    monkeypatch.setattr(budget_module, "free_memory", lambda _device: int(free))
    assert default_memory("cpu", processes) == share


@given(st.integers(200, 10**9), st.integers(1, 10**6))
def test_no_pass_takes_more_than_half_of_the_memory(memory, row_bytes):
    budget = Budget(memory)
    if memory // 2 < row_bytes:
        with pytest.raises(BudgetError, match="for one sample of this model"):
            budget.learn("pass", row_bytes)
        return
    size = size_of(memory, row_bytes)
    assert size * row_bytes <= memory // 2
    assert size % GRAIN == 0 or size * 2 * row_bytes > memory // 2 or size * 2 * row_bytes > 128 * 10**6


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
