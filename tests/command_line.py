"""The command line called in this process."""

import sys
from unittest import mock

import pytest

from saltbench.benchmark.commands import cli


def ended(*arguments: object) -> object:
    """Return the exit code, or the message, with which `saltbench` ends on these arguments."""
    with mock.patch.object(sys, "argv", ["saltbench", *map(str, arguments)]):
        try:
            cli.main()
        except SystemExit as end:
            return end.code
    pytest.fail("main returned, where it has to exit")
