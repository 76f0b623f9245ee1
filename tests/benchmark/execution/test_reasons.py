"""Why a cell has no scores, also where an error says little about itself."""

import pytest

from saltbench.benchmark.execution.failures import reason_for
from saltbench.errors import DataError


def caught(code, filename="entry.py", **names):
    """The error that some code raises whose module has no name."""
    try:
        exec(compile(code, filename, "exec"), {"__builtins__": __builtins__, **names})  # noqa: S102
    except Exception as error:  # noqa: BLE001 - whatever the code raises
        return error
    return None


def test_the_place_is_where_it_was_raised():
    assert reason_for(caught("\nraise ValueError('a fault')")) == "ValueError: a fault (entry.py:2)"
    assert reason_for(caught("1 / 0", "/folder/\x1b[2J.py")) == r"ZeroDivisionError: division by zero (\x1b[2J.py:1)"


@pytest.mark.parametrize("name", [None, 3])
def test_code_without_the_name_of_a_module_has_a_place(name):
    assert reason_for(caught("raise ValueError", __name__=name)) == "ValueError (entry.py:1)"


def test_an_error_that_was_never_raised_has_no_place():
    assert reason_for(ValueError("a fault")) == "ValueError: a fault"
    assert reason_for(ValueError()) == "ValueError"


def test_saltbenchs_own_errors_say_all_themselves():
    assert reason_for(DataError("lacks\na file")) == "lacks a file"
