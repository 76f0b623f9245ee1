"""After an explanation, the memory that its passes freed is there for the next one."""

import sys

import pytest

FAULTS = """
import resource

import torch

import saltbench
from saltbench.methods.architectures.recurrent import lstm

model, series = lstm(features=100, classes=2).eval(), torch.ones(300, 100, 100)
for _ in range(5):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    saltbench.explain(model, series, target=0, method="saliency")
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's settings are for Linux")
def test_passes_do_not_pay_for_the_same_pages_again(run_python):
    finished = run_python(FAULTS)
    assert finished.returncode == 0, finished.stderr
    # without the block that teaches glibc it is 8,600; the map itself is 2,900 pages
    assert int(finished.stdout) < 4000
