"""What `CONTRIBUTING.md` asks of every function and every test, counted over the sources."""

import re
import tomllib
from collections import Counter
from pathlib import Path

from source_style import array_types, functions, mentioned_modules, unmatched_raises

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES = {name: ROOT / folder for name, folder in PROJECT["tool"]["setuptools"]["package-dir"].items()}
FUNCTIONS = [function for folder in PACKAGES.values() for function in functions(folder)]
ARRAY_TYPES = array_types(PACKAGES.values())
MODULES = 16  # of a room
LINES = 350  # of a file


def test_functions_over_arrays_give_shapes():
    over_arrays = [function for function in FUNCTIONS if function.takes_or_gives(ARRAY_TYPES[function.path])]
    without = [str(function) for function in over_arrays if not function.gives_a_shape()]
    assert len(over_arrays) > 200
    assert len(without) <= 0.15 * len(over_arrays), without


def test_what_functions_raise_is_named_in_their_docstrings():
    raising = [function for function in FUNCTIONS if function.raised()]
    without = [f"{function}: {function.unnamed()}" for function in raising if function.unnamed()]
    assert len(raising) > 100
    assert len(without) <= 0.05 * len(raising), without


def test_every_raises_says_what_it_expects():
    tests = sorted((ROOT / "tests").rglob("*.py"))
    found = {str(path.relative_to(ROOT)): lines for path in tests if (lines := unmatched_raises(path))}
    assert len(tests) > 100
    assert found == {}


def sources():
    return [path for folder in (*PACKAGES.values(), ROOT / "tests") for path in folder.rglob("*.py")]


def test_a_room_holds_few_modules():
    rooms = Counter(str(path.parent.relative_to(ROOT)) for path in sources())
    assert len(rooms) > 30
    assert {room: count for room, count in rooms.items() if count > MODULES} == {}


def test_a_file_is_short():
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in sources()}
    assert len(lengths) > 200
    assert {path: lines for path, lines in lengths.items() if lines > LINES} == {}


def test_no_two_modules_of_the_tests_share_a_name():
    # their folders are no packages: the one that is imported first would stand in for the other
    names = Counter(path.name for path in (ROOT / "tests").rglob("*.py"))
    assert {name for name, count in names.items() if count > 1} == {"conftest.py"}


def modules():
    for package, folder in PACKAGES.items():
        for path in folder.rglob("*.py"):
            inside = path.relative_to(folder).with_suffix("").parts
            yield ".".join((package, *inside)).removesuffix(".__init__"), path


def test_every_module_is_used():
    """Imported by another, named as a string where it is loaded on first use, or an entry point of the package."""
    named = dict(modules())
    points = [
        "saltbench.__main__",
        *PROJECT["project"]["scripts"].values(),
        *PROJECT["project"]["entry-points"]["pytest11"].values(),
    ]
    used = {point.partition(":")[0] for point in points}
    for name, path in named.items():
        mentioned = {pattern for pattern in mentioned_modules(path, name) if "." in pattern and " " not in pattern}
        used |= {other for other in named if other != name and re.fullmatch("|".join(mentioned), other)}
    assert [name for name, path in named.items() if path.stem != "__init__" and name not in used] == []
