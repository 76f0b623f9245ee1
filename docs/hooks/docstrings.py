"""Docstrings as Markdown: their formulas are Unicode, their sections Google's."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import griffe

TITLES = {"parameters": "Arguments", "attributes": "Attributes", "returns": "Returns", "raises": "Raises"}


def signature(name: str, value: Callable[..., Any]) -> str:
    """Return a code block with a call's parameters, one a line, without the modules of their types."""
    parameters = [_short(parameter) for parameter in _marked(inspect.signature(value).parameters.values())]
    joined = ", ".join(parameters)
    if len(joined) > 80:
        joined = "".join(f"\n    {parameter}," for parameter in parameters) + "\n"
    return f"```{{.python .signature}}\n{name}({joined})\n```\n"


def markdown(docstring: str) -> str:
    """Return the Markdown of a docstring."""
    sections = griffe.Docstring(docstring, parser="google").parse(warnings=False, returns_multiple_items=False)
    return "\n".join(_section(section) for section in sections)


def mathematics(text: str) -> str:
    """Return prose with S_c and R_{n-1} written as HTML subscripts, but for what stands in backticks."""
    parts = text.split("`")
    parts[::2] = [_subscripts(part) for part in parts[::2]]
    return "`".join(parts)


def _subscripts(text: str) -> str:
    text = re.sub(r"\b([^\W\d_])_(?:\{([^}]*)\}|([^\W_]{1,2})\b)", r"\1<sub>\2\3</sub>", text)
    return text.replace("*", "\\*")


def _section(section: griffe.DocstringSection) -> str:
    if section.kind is griffe.DocstringSectionKind.text:
        return f"{mathematics(section.value)}\n"
    if section.kind is griffe.DocstringSectionKind.admonition:
        return f"**{section.title}**\n\n{mathematics(section.value.contents)}\n"
    items = "\n".join(f"- {_item(section.kind.value, item)}" for item in section.value)
    return f"**{TITLES[section.kind.value]}**\n\n{items}\n"


def _item(kind: str, item: Any) -> str:
    name = item.annotation if kind == "raises" else getattr(item, "name", "")
    described = mathematics(" ".join(item.description.split()))
    return f"`{name}`: {described}" if name else described


def _marked(parameters: Iterable[inspect.Parameter]) -> Iterator[inspect.Parameter | str]:
    """Yield parameters with the star that begins those by keyword."""
    starred = False
    for parameter in parameters:
        starred = starred or parameter.kind is parameter.VAR_POSITIONAL
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        yield parameter


def _short(parameter: inspect.Parameter | str) -> str:
    return re.sub(r"\b(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])", "", str(parameter)).replace("<factory>", "{}")
