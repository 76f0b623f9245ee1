"""Freed memory that is kept is not asked for again."""

import sys

import pytest

FAULTS = """
import resource
import sys

import torch

from saltbench.benchmark.execution.executors.malloc import keep_freed_memory

if sys.argv[1] == "keep":
    assert keep_freed_memory()


def work():
    return [torch.ones(12_000_000) for _ in range(2)] and None


for _ in range(3):
    work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's settings are for Linux")
def test_kept_memory_costs_no_page_faults(run_python):
    def faults(how):
        finished = run_python(FAULTS, how)
        assert finished.returncode == 0, finished.stderr
        return int(finished.stdout)

    # some blocks may move once more; those of over 32 MiB are given back every time unless they are kept
    assert faults("keep") < faults("give back") / 4
