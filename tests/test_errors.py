"""What third parties' errors and values say in one line, however they are made."""

import pytest

from saltbench.errors import described, kind_of, printable, repr_of, text_of


class Shout(str):
    """A text whose methods are not str's."""

    __slots__ = ()

    def __len__(self):
        raise RuntimeError

    def __getitem__(self, place):
        return Shout("wrong")

    def __format__(self, spec):
        raise RuntimeError

    def split(self, *_):
        return ["wrong"]


class Named(type):
    """A metaclass that says something else about its classes."""

    @property
    def __name__(cls):
        raise SystemExit


def saying(make):
    """An error whose text is what make returns or raises."""
    return type("Odd", (Exception,), {"__str__": lambda self: make(), "__repr__": lambda self: make()})()


def raising(error):
    def make():
        raise error

    return make


TEXTS = {
    "plain": (lambda: "one\n two", "one two"),
    "subclass": (lambda: Shout("quiet"), "quiet"),
    "not-text": (lambda: 3, "its text cannot be read, that raises TypeError"),
    "exit": (raising(SystemExit(3)), "its text cannot be read, that raises SystemExit"),
    "interrupt": (raising(KeyboardInterrupt()), "its text cannot be read, that raises KeyboardInterrupt"),
    "base": (raising(GeneratorExit()), "its text cannot be read, that raises GeneratorExit"),
    "recursion": (lambda: str(saying(TEXTS["recursion"][0])), "its text cannot be read, that raises RecursionError"),
    "controls": (lambda: "\x1b[2J\0 \ud800\u202e", r"\x1b[2J\x00 \ud800\u202e"),
    "as-long-as-may-be": (lambda: "é" * 1000, "é" * 1000),
    "longer": (lambda: "é" * 1001, "é" * 1000 + "…"),
    "megabytes": (lambda: "x" * 10_000_000, "x" * 1000 + "…"),
    "megabytes-of-spaces": (lambda: "x" + " " * 10_000_000 + "y", "x…"),
    "escapes": (lambda: "\0" * 900, r"\x00" * 250 + "…"),
}


@pytest.mark.parametrize("how", TEXTS)
@pytest.mark.parametrize("show", [text_of, repr_of])
def test_any_text_becomes_one_short_printable_line(how, show):
    make, expected = TEXTS[how]
    shown = show(saying(make))
    assert shown == expected
    assert type(shown) is str
    shown.encode()


def test_an_error_is_described_by_its_class_and_its_text():
    assert described(ValueError("a fault")) == "ValueError: a fault"
    assert described(ValueError()) == "ValueError"
    assert described(type("Bad\nName", (Exception,), {})("x")) == r"Bad Name: x"


def test_a_class_is_named_whatever_its_metaclass_says():
    assert kind_of(Named("Plain", (), {})()) == "Plain"
    assert kind_of(type("L" * 5000, (), {})()) == "L" * 1000 + "…"


def test_what_cannot_be_printed_is_escaped():
    assert printable("a\tb\x07é") == r"a\tb\x07é"
