"""Check the name of a user's suite: that of its file, and of its folder under results/."""

from pathlib import Path

from ...errors import ParameterError, printable

SUFFIX = ".toml"
LONGEST = 255  # bytes of a folder's name


def suite_name(path: Path) -> str:
    """Return the name of the suite in a TOML file.

    Raises:
        ParameterError: it cannot be the name of a folder inside the results, or of one that a shell lists.
    """
    name = path.name.removesuffix(SUFFIX)
    if fault := _fault(name):
        raise ParameterError(
            f"a suite is named like a folder, at most {LONGEST} printable bytes that begin with no dot or dash, "
            f"got '{printable(name)}', which {fault}; rename {printable(str(path))}"
        )
    return name


def _fault(name: str) -> str:
    if not name:
        return "is empty"
    if name[0] in ".-":
        return f"begins with '{name[0]}'"
    if name != name.strip():
        return "begins or ends with a space"
    if not name.isprintable():
        return "has characters that cannot be printed"
    if "\\" in name:
        return "has a backslash"
    return "is too long" if len(name.encode()) > LONGEST else ""
