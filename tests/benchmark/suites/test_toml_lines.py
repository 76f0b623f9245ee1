"""Lines of values in TOML documents that are generated statement by statement, so that every line is known."""

import tomllib
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbench.benchmark.suites.toml_lines import line_of

# each is one line or more, and looks as if it closed, opened or commented something
SCALARS = [
    "1",
    "-2.5e3",
    "true",
    "1979-05-27T07:32:00Z",
    '"a"',
    '"]} # \\" \'"',
    '\']}#"""\'',
    '"""one line \'\'\' [ """',
    '""""quoted" text ]"""""',
    '"""\nkey0 = [ # \\""" {\n"""',
    "'''\n[key0]\n\"\"\" }\n'''",
    '"""\\\n   folded ] \\\\"""',
    "''''''",
    '"""ends with one""""',
    "'''ends with one''''",
    "'''''ends with two'''''",
]
KEYS = ["k{}", "'a b{}'", '"q.{} = [#"', '"it\'s{}"', '\'"""{}\'', '"\\u005d{}"']
FILLERS = ["\n", '  # ]}\'""" [\n', "# key0 = 1\n", " \t\n"]


@dataclass
class Document:
    """A document under construction, and the line of every path in it."""

    draw: st.DrawFn
    text: str = ""
    lines: dict[tuple[str | int, ...], int] = field(default_factory=dict)
    keys: int = 0

    def note(self, path: tuple[str | int, ...]) -> None:
        self.lines[path] = self.text.count("\n") + 1

    def fill(self) -> None:
        self.text += "".join(self.draw(st.lists(st.sampled_from(FILLERS), max_size=2)))

    def key(self, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
        """Write a new key and return its path."""
        self.keys += 1
        written = self.draw(st.sampled_from(KEYS)).format(self.keys)
        (key,) = tomllib.loads(f"{written} = 1")
        self.text += written
        self.note((*path, key))
        return (*path, key)

    def dotted_key(self, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
        path = self.key(path)
        if self.draw(st.booleans()):
            self.text += " . "
            path = self.key(path)
        return path

    def table(self) -> tuple[str | int, ...]:
        """Write the header of a table or of the only item of an array of tables, and return its path."""
        in_array = self.draw(st.booleans())
        self.text += "[[ " if in_array else "["
        path = self.dotted_key(())
        if in_array:
            path = (*path, 0)
            self.note(path)
        self.text += "]]\n" if in_array else " ]\n"
        return path

    def pair(self, path: tuple[str | int, ...], depth: int = 3) -> None:
        path = self.dotted_key(path)
        self.text += " = "
        self.value(path, depth)

    def value(self, path: tuple[str | int, ...], depth: int) -> None:
        kind = self.draw(st.sampled_from(["scalar", "array", "table"] if depth else ["scalar"]))
        if kind == "scalar":
            self.text += self.draw(st.sampled_from(SCALARS))
        elif kind == "array":
            self.array(path, depth - 1)
        else:
            self.inline_table(path, depth - 1)

    def array(self, path: tuple[str | int, ...], depth: int) -> None:
        self.text += "["
        for position in range(self.draw(st.integers(0, 3))):
            self.fill()
            self.note((*path, position))
            self.value((*path, position), depth)
            self.fill()
            self.text += ","
        self.fill()
        self.text += "]"

    def inline_table(self, path: tuple[str | int, ...], depth: int) -> None:
        self.text += "{"
        for position in range(self.draw(st.integers(0, 2))):
            self.text += ", " if position else " "
            self.pair(path, depth)
        self.text += "}"


@st.composite
def documents(draw: st.DrawFn) -> Document:
    document = Document(draw)
    for number in range(draw(st.integers(1, 4))):
        document.fill()
        path = document.table() if number else ()
        for _ in range(draw(st.integers(0, 2))):
            document.fill()
            document.pair(path)
            document.text += draw(st.sampled_from(["\n", " # end ]\n"]))
    return document


@given(documents())
def test_every_path_is_found_on_its_line(document: Document) -> None:
    assert {path: line_of(document.text, path) for path in document.lines} == document.lines


@given(documents())
def test_what_is_not_there_has_no_line(document: Document) -> None:
    for path in [
        ("absent",),
        *((*path, "absent") for path in document.lines),
        *((*path, 99) for path in document.lines),
    ]:
        assert line_of(document.text, path) is None


SUITE = """# methods = ["typo"]
methods = [
    "saliency",  # "typo"
    "typo",
]
[parameters."box/earlier"]
layouts = [
    [[0, 4, 2, 8]],
]
[parameters]
lstm.hidden = 3"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("methods",), 2),
        (("methods", 1), 4),
        (("parameters",), 6),
        (("parameters", "box/earlier"), 6),
        (("parameters", "box/earlier", "layouts", 0), 8),
        (("parameters", "lstm"), 11),
        (("parameters", "lstm", "hidden"), 11),
        (("parameters", "lstm", "hidden", "deeper"), None),
    ],
)
def test_a_suite(path: tuple[str | int, ...], line: int | None) -> None:
    assert line_of(SUITE, path) == line


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_quote_before_the_end_of_a_string_belongs_to_it(quote: str) -> None:
    text = f"a = [{quote * 3}b{quote * 4}, {quote}]{quote},\n3]"
    assert line_of(text, ("a", 2)) == 2
