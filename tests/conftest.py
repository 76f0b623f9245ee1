import importlib
import signal
import subprocess
import sys

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]
pytest.register_assert_rewrite("pasting")  # its assertions show what differs

# a shell that starts tests in the background has Ctrl-C ignored, and so would all processes that they interrupt
signal.signal(signal.SIGINT, signal.default_int_handler)

# the same examples in every run, and no deadline that a busy machine could miss
settings.register_profile("saltbench", derandomize=True, deadline=None)
settings.load_profile("saltbench")


@pytest.fixture(scope="session")
def imported_once():
    """What cannot be imported twice is imported: runs of pytester forget all modules that are new in them."""
    for name in ("pandas", "pyarrow", "torch._dynamo", "captum.attr"):  # NumPy comes with each of them
        importlib.import_module(name)


@pytest.fixture
def pytester(imported_once, pytester):
    """Pytest's own, whose runs share this process with others."""
    return pytester


@pytest.fixture
def run_python():
    """A function that runs a script in a fresh interpreter, off the repository's root."""

    def run(script, *arguments, prefix=(), env=None):
        command = [*prefix, sys.executable, "-P", "-c", script, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, env=env)

    return run
