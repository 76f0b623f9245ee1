"""The bytes of a results folder's provenance.json: read, checked against the digest that they hold, and sealed."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from ...datasets.files.regular_files import read_regular
from ...errors import StoreError
from .store import canonical, check_format

FILE = "provenance.json"
SEAL = "digest"  # of all the rest; files of earlier versions have none, and no digests of tables


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with the digest of all its other values, which `provenance_of` checks."""
    bare = {key: value for key, value in content.items() if key != SEAL}
    return {**bare, SEAL: hashlib.sha256(canonical(bare)).hexdigest()}


def provenance_of(folder: Path) -> dict[str, Any] | None:
    """Return the content of a folder's provenance.json, None where it holds none.

    Raises:
        StoreError: the file cannot be read, is damaged, or a newer saltbench wrote it.
    """
    check_format(folder)
    path = folder / FILE
    try:
        content: dict[str, Any] = json.loads(read_regular(path), parse_constant=_refused)
        intact = not {SEAL, "tables"} & set(content) or content == sealed(content)
        canonical(content)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise StoreError(f"{path} is unreadable or damaged; delete it to let the run write it again") from error
    if not intact or not _names_digests(content.get("tables", {})):
        raise StoreError(
            f"{path} was changed or damaged since the run, its digest is another; run again, "
            "or delete it to read the tables unverified"
        )
    return content


def _names_digests(tables: Any) -> bool:
    return isinstance(tables, dict) and all(isinstance(digest, str) for digest in tables.values())


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
