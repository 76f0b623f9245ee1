"""The report of the zoo: the matrix of networks and methods, written to the folder that `--zoo-report` names."""

from pathlib import Path

import pytest
from matrix import write

OPTION = "--zoo-report"
ROWS = pytest.StashKey()


def pytest_addoption(parser):
    parser.addoption(OPTION, metavar="DIR", type=Path, help="write the matrix of networks and methods there")


def pytest_configure(config):
    config.stash[ROWS] = []
    config.pluginmanager.register(Gathered(config.stash[ROWS]))


class Gathered:
    """Takes the rows out of the reports, which come from the workers, too."""

    def __init__(self, rows):
        self.rows = rows

    def pytest_runtest_logreport(self, report):
        if report.when == "call":
            self.rows += [row for name, row in report.user_properties if name == "zoo"]


def pytest_sessionfinish(session):
    folder = session.config.getoption(OPTION, default=None)
    if folder and not hasattr(session.config, "workerinput"):
        write(folder, session.config.stash[ROWS])
