"""The command line called in this process."""

import sys
from collections.abc import Callable
from unittest import mock

import pytest

from saltbench.benchmark.commands import cli

Said = Callable[..., tuple[object, str]]  # arguments to the exit code, or message, and standard output


def ended(*arguments: object) -> object:
    """Return the exit code, or the message, with which `saltbench` ends on these arguments."""
    with mock.patch.object(sys, "argv", ["saltbench", *map(str, arguments)]):
        try:
            cli.main()
        except SystemExit as end:
            return end.code
    pytest.fail("main returned, where it has to exit")
