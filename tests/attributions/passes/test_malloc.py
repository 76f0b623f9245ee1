"""Memory that one pass frees and the next one takes is not asked of the system again."""

import ctypes
import sys

import pytest

BLOCKS = """
import ctypes
import sys

import numpy as np

from saltbench.methods.attributions.passes.malloc import expect_large_blocks


class Malloc(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
    ]


mallinfo = ctypes.CDLL(None).mallinfo2
mallinfo.restype = Malloc
if sys.argv[1] == "expect":
    expect_large_blocks()
before = mallinfo().hblks
block = np.empty(30 << 20, dtype=np.uint8)
print(mallinfo().hblks - before)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="tells how glibc keeps its blocks"
)
@pytest.mark.parametrize(("how", "mapped"), [("expect", 0), ("do not", 1)])
def test_a_large_block_is_kept_for_the_next_one_once_it_is_expected(run_python, how, mapped):
    finished = run_python(BLOCKS, how)
    assert finished.returncode == 0, finished.stderr
    assert int(finished.stdout) == mapped
