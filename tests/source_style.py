"""What the sources say of themselves, read from their syntax trees.

A function counts as public if neither its name nor that of a class around it begins with an underscore, and if it does
not stand inside another function; what `__init__` and `__post_init__` raise is said by their class.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ARRAYS = frozenset({"Tensor", "NDArray", "ndarray"})
MADE_BY = ("__init__", "__post_init__")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_SIZE = r"(?:\*?[\w·…]+(?: ?[+\-*/·×] ?[\w…]+)*)"  # batch, 3, time + 1, …
# (batch, time, features), (rows,), (…) and (), but not f(x, y)
_SHAPE = re.compile(rf"(?<!\w)\((?:…|{_SIZE},(?: {_SIZE},?)*)?\)")
_SECTION = re.compile(r"\bRaises:\n(.*?)(?=\n\n|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Function:
    """A public function or method: its place, its syntax tree, and the docstring that speaks for it."""

    path: Path
    node: ast.FunctionDef | ast.AsyncFunctionDef
    docstring: str

    def __str__(self) -> str:
        return f"{self.path}:{self.node.lineno} {self.node.name}"

    def annotations(self) -> Iterator[ast.expr]:
        """Yield the types of its parameters and of what it returns."""
        arguments = self.node.args
        every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
        found = [self.node.returns, *(argument.annotation for argument in every if argument)]
        return (annotation for annotation in found if annotation)

    def takes_or_gives(self, types: frozenset[str]) -> bool:
        """Return whether a parameter or what it returns is of one of these types, or made of them."""
        return any(mentions(annotation, types) for annotation in self.annotations())

    def gives_a_shape(self) -> bool:
        """Return whether its docstring holds a tuple of sizes, or of none."""
        return bool(_SHAPE.search(self.docstring))

    def raised(self) -> set[str]:
        """Return the classes that it raises itself; "" where an expression shows none.

        Neither a bare `raise` counts nor what functions inside it raise.
        """
        thrown = (node.exc for node in _own(self.node) if isinstance(node, ast.Raise))
        return {_class(error) for error in thrown if error is not None}

    def unnamed(self) -> set[str]:
        """Return the classes that it raises and its section `Raises:`, if there is one, does not name."""
        section = _SECTION.search(self.docstring)
        return {name for name in self.raised() if not section or name not in section[1]}


def functions(folder: Path) -> Iterator[Function]:
    """Yield the public functions and methods of the modules of a folder."""
    for path in sorted(folder.rglob("*.py")):
        yield from _in_body(path, ast.parse(path.read_text("utf-8")))


def _in_body(path: Path, parent: ast.Module | ast.ClassDef) -> Iterator[Function]:
    for node in parent.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _in_body(path, node)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if node.name in MADE_BY and isinstance(parent, ast.ClassDef):
                yield Function(path, node, ast.get_docstring(parent) or "")
            elif not node.name.startswith("_"):
                yield Function(path, node, ast.get_docstring(node) or "")


def array_types(folders: Iterable[Path]) -> dict[Path, frozenset[str]]:
    """Return for each module the names of arrays in it: the libraries', and `X = NDArray[…]`, its own or imported."""
    trees = {path: ast.parse(path.read_text("utf-8")) for folder in folders for path in folder.rglob("*.py")}
    aliases = {(path.stem, name) for path, tree in trees.items() for name in _aliases(tree)}
    return {
        path: ARRAYS.union(_aliases(tree), (name for module, name in _imports(tree) if (module, name) in aliases))
        for path, tree in trees.items()
    }


def _aliases(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and _is_type(node.value) and mentions(node.value, ARRAYS):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (((node.module or "").rpartition(".")[2], alias.name) for alias in node.names)


def mentions(annotation: ast.expr, names: frozenset[str]) -> bool:
    """Return whether a type is made of one of these names; what a Callable takes and returns is not looked at."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return not names.isdisjoint(re.findall(r"\w+", annotation.value))
    if isinstance(annotation, ast.Subscript) and _class(annotation.value) == "Callable":
        return False
    if isinstance(annotation, (ast.Name, ast.Attribute)):
        return _class(annotation) in names
    return any(mentions(child, names) for child in ast.iter_child_nodes(annotation) if isinstance(child, ast.expr))


def _is_type(value: ast.expr) -> bool:
    return isinstance(value, ast.Subscript) or (isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr))


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function, but not those of functions and classes inside it."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, _DEFINITIONS):
            yield child
            yield from _own(child)


def _class(expression: ast.expr) -> str:
    """Return the name of the class in an expression such as `Name`, `module.Name`, `Name(…)` or `Name.of(…)`."""
    if isinstance(expression, ast.Call):
        return _class(expression.func)
    if isinstance(expression, ast.Name):
        return expression.id if expression.id[0].isupper() else ""
    if isinstance(expression, ast.Attribute):
        return expression.attr if expression.attr[0].isupper() else _class(expression.value)
    return ""


def unmatched_raises(path: Path) -> list[int]:
    """Return the lines of a file of tests that call `raises` without `match=`."""
    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    return [
        call.lineno
        for call in calls
        if ast.unparse(call.func).rpartition(".")[2] == "raises" and not any(k.arg == "match" for k in call.keywords)
    ]


def mentioned_modules(path: Path, name: str) -> Iterator[str]:
    """Yield the dotted names that a module imports, or has as strings such as "package.module:object", as patterns.

    Args:
        path: its file.
        name: its own dotted name, to which relative imports are relative.
    """
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (re.escape(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: 1 - node.level or None] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield from (re.escape(text) for text in (module, *(f"{module}.{alias.name}" for alias in node.names)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield rf"saltbench\.{re.escape(node.value)}"  # public names are given relative to it
            yield re.escape(node.value.partition(":")[0])
        elif isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "*" for part in node.values)
            text = "".join(map(str, parts)).partition(":")[0]
            if "." in text and text.rpartition(".")[2].strip("*"):  # f"{package}.{module}" says nothing
                absolute = f"{package}{text}" if text.startswith(".") else text
                yield re.escape(absolute).replace(r"\*", r"[\w.]+")
