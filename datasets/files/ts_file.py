"""Read `.ts` files of the UEA and UCR archives: a header of tags, then a line for each series."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ...errors import DataError
from .cases import Case, Cases, numbers
from .csv_layout import decode
from .long_format import short

LINES = re.compile(r"\r\n|\r|\n")
SWITCHES = ("timestamps", "missing", "univariate", "equallength", "targetlabel", "classlabel")


@dataclass
class _Header:
    """What the tags state: switches, counts, and the classes, where there are any."""

    switches: dict[str, bool] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    classes: tuple[str, ...] = ()

    @property
    def labels(self) -> int:
        """How many parts of a line are no dimension: one where there are labels or targets."""
        return int(self.switches.get("classlabel", False) or self.switches.get("targetlabel", False))


def read_ts(content: bytes, file: str) -> Cases:
    """Return the series of a `.ts` file, their steps as rows, and their classes; targets of regression are left out.

    Args:
        content: bytes of the file.
        file: its name, for messages.

    Raises:
        DataError: no such file, time stamps, a header that the series contradict, or values that are no numbers.
    """
    lines = _lines(decode(content, file))
    header = _header(lines, file)
    cases, labels = [], []
    for number, line in lines:
        where = f"{file}, line {number}"
        parts = line.split(":")
        _check_labelled(header, parts[-1].strip(), where)
        dimensions = parts[: len(parts) - header.labels]
        cases.append(_case(dimensions, where))
        _check(header, cases[0], cases[-1], where)
        if header.switches.get("classlabel"):
            labels.append(_label(parts[-1].strip(), header, where))
    if not cases:
        raise DataError(f"{file} has no series behind @data; add them, one a line")
    return Cases(cases, labels or None)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(LINES.split(text), start=1):
        if (stripped := line.strip()) and not stripped.startswith(("#", "%")):
            yield number, stripped


def _header(lines: Iterator[tuple[int, str]], file: str) -> _Header:
    header = _Header()
    for number, line in lines:
        where = f"{file}, line {number}"
        if not line.startswith("@"):
            raise DataError(f"{where}: expected a tag such as @classLabel before @data, got '{short(line)}'; write one")
        tag, *values = line[1:].split() or [""]
        if tag.lower() == "data":
            _check_header(header, file)
            return header
        _state(header, tag.lower(), values, where)
    raise DataError(f"{file} has no line @data; put it between the tags and the series")


def _state(header: _Header, tag: str, values: list[str], where: str) -> None:
    if tag in SWITCHES:
        given = values[0].lower() if values else "nothing"
        if given not in ("true", "false"):
            raise DataError(f"{where}: @{tag} must be true or false, got '{short(given)}'; correct it")
        header.switches[tag] = given == "true"
        if tag == "classlabel":
            header.classes = tuple(values[1:])
    elif tag in ("dimensions", "dimension", "serieslength"):
        if not values or not re.fullmatch(r"[1-9][0-9]{0,8}", values[0]):
            raise DataError(f"{where}: @{tag} must be a number from 1 on, got '{short(' '.join(values))}'; correct it")
        header.counts[tag.rstrip("s") if tag == "dimensions" else tag] = int(values[0])


def _check_header(header: _Header, file: str) -> None:
    if header.switches.get("timestamps"):
        raise DataError(f"{file} has time stamps (@timeStamps true); write the values alone, at even steps")
    if not {"classlabel", "targetlabel"} & set(header.switches):
        raise DataError(
            f"{file} says neither @classLabel nor @targetLabel; add @classLabel true or false to its tags, so that "
            "the last part of a line is known to be a label or not"
        )


def _case(dimensions: list[str], where: str) -> Case:
    if not dimensions:
        raise DataError(f"{where}: expected dimensions and a label with ':' between, got no dimension; add it")
    columns = [numbers(dimension.split(","), where) for dimension in dimensions]
    for place, column in enumerate(columns, start=1):
        if len(column) != len(columns[0]):
            raise DataError(
                f"{where}: all dimensions of a series must have as many steps, got {len(columns[0])} in dimension 1 "
                f"and {len(column)} in dimension {place}; cut or resample it"
            )
    return Case.of_columns(columns, where)


def _check(header: _Header, first: Case, case: Case, where: str) -> None:
    stated: Mapping[str, int] = header.counts
    features = stated.get("dimension", 1 if header.switches.get("univariate") else first.features)
    if case.features != features:
        raise DataError(f"{where}: expected {features} dimensions, got {case.features}; correct it or the tags")
    if header.switches.get("equallength"):
        length = stated.get("serieslength", first.written)
        if case.written != length:
            raise DataError(
                f"{where}: expected {length} steps, since @equalLength is true, got {case.written}; correct it or the "
                "tags"
            )
        if len(case.values) < case.written:
            raise DataError(
                f"{where}: the values of step {len(case.values) + 1} (counted from 1) are missing, and @equalLength is "
                "true; fill them, drop the series, or write @equalLength false if it ends before"
            )


def _check_labelled(header: _Header, label: str, where: str) -> None:
    if header.labels and "," in label and label not in header.classes:
        raise DataError(
            f"{where}: expected a label behind the last ':', got the values '{short(label)}'; add ':' and the label"
        )


def _label(label: str, header: _Header, where: str) -> str:
    if not label:
        raise DataError(f"{where}: expected a label behind the last ':', got nothing; add it")
    stated = {name.casefold(): name for name in header.classes}
    if stated and label.casefold() not in stated:
        raise DataError(f"{where}: label '{short(label)}' is not among those of @classLabel; correct one of the two")
    # the case of letters makes a class only where the tag says so
    return label if label in header.classes else stated.get(label.casefold(), label)
