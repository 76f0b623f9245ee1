"""Read `.tsv` files of the UCR archive: a line for each series, its label and its values with tabs between."""

from ...errors import DataError
from .cases import Case, Cases, numbers
from .csv_layout import decode
from .long_format import short
from .ts_file import LINES


def read_ucr(content: bytes, file: str) -> Cases:
    """Return the series of one feature of a UCR file, (time, 1) each, and their labels.

    A series ends with its last number: where lengths differ, NaN follow.

    Args:
        content: bytes of the file.
        file: its name, for messages.

    Raises:
        DataError: no such file, values that are no numbers, or lines of different lengths.
    """
    cases, labels, width = [], [], 0
    for number, line in enumerate(LINES.split(decode(content, file)), start=1):
        if not line.strip():
            continue
        where = f"{file}, line {number}"
        label, *values = line.split("\t")
        width = width or len(values)
        if not label.strip() or not values:
            raise DataError(
                f"{where}: expected a label and numbers with tabs between, got '{short(line)}'; write it anew"
            )
        if len(values) != width:
            raise DataError(
                f"{where}: expected {width} values behind the label as before, got {len(values)}; fill up with NaN"
            )
        cases.append(Case.of_columns([numbers(values, where)], where))
        labels.append(label.strip())
    if not cases:
        raise DataError(f"{file} has no series; write one a line, its label and its values with tabs between")
    return Cases(cases, labels)
