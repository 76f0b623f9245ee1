"""Results whose content follows from their number, made here and by processes of their own."""

from saltbench.benchmark.storage.store import Artifact

KEYS = 40
# a process of its own makes results whose content follows from their key
MAKE = """
import sys
from pathlib import Path
from saltbench.benchmark.storage.store import Artifact, Store
from saltbench.errors import StoreError
def make(number):
    return Artifact({"number": number}, {"square": number ** 2}, {name: bytes([number]) * 3000 for name in "abc"})
store = Store(Path(sys.argv[1]))
"""


def make(number):
    """The result that the processes of MAKE write under a number."""
    return Artifact({"number": number}, {"square": number**2}, {name: bytes([number]) * 3000 for name in "abc"})
