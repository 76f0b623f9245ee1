"""A store of one result, and a folder of somebody else's."""

import pytest
from stored_results import KEY, SOUND

from saltbench.benchmark.storage.files import TEMPORARY
from saltbench.benchmark.storage.store import Store, address


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


@pytest.fixture
def folder(store):
    """The folder of the one result that the store holds."""
    store.put("cells", SOUND)
    return store.root / "cells" / address(KEY)


@pytest.fixture
def foreign(tmp_path_factory):
    """A folder that is no results folder's, with two files."""
    foreign = tmp_path_factory.mktemp("foreign")
    (foreign / "file").write_text("a")
    (foreign / f"{TEMPORARY}1").write_text("b")
    return foreign
