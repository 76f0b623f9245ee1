"""Damage to the meaning of files in results folders: whole tables and records that hold what they should not.

`mutations` damages bytes; few of its tables and hardly any of its Parquet files can still be read, so that what reads
them never sees them.
"""

import copy
import csv
import io
import json
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pandas as pd
from boards import HOSTILE
from mutations import Mutation

Edit = Callable[[random.Random, bytes], bytes]

LONG = "a" * 100_000
TEXTS = (*HOSTILE, "", " ", "nan", "NA", "None", "\0", "\r", 'a"b', "é", LONG)
NUMBERS = (
    "-1",
    "0",
    "2",
    "0.5",
    "1e999",
    "-inf",
    "nan",
    "1e308",
    "-1e308",
    "1e99",
    "9" * 400,
    "0x1F",
    "1_0",
    "TRUE",
    "١",
)
VALUES = (
    None,
    True,
    -1,
    0,
    10**30,
    1e300,
    0.5,
    "",
    "text",
    LONG,
    "\udc80",
    "\0\r\n",
    [],
    [[]],
    {},
    {"a": 1},
    [None] * 3,
)
ENCODINGS = ("utf-8-sig", "utf-16", "utf-32", "utf-7", "cp500")


def edits(seed: int, name: str, original: bytes) -> Iterator[Mutation]:
    """Yield edited versions of a CSV, JSON or Parquet file without end, the same ones for the same seed."""
    rng = random.Random(seed)
    choices = EDITS[name.rpartition(".")[2]]
    for number in range(10**9):
        content, names = original, []
        for _ in range(rng.choice((1, 1, 2))):
            edit = rng.choice(choices)
            with suppress(ValueError, LookupError, csv.Error):  # the first edit left nothing for a second
                content = edit(rng, content)
            names.append(edit.__name__.strip("_"))
        yield Mutation(f"{name}, seed {seed}, number {number}: {', '.join(names)}", content)


def _lines(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8", "replace").replace("\0", ""))))


def _csv(lines: list[list[str]]) -> bytes:
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\n").writerows(lines)
    return sink.getvalue().encode("utf-8", "replace")


def _cell(rng: random.Random, content: bytes) -> bytes:
    lines = _lines(content)
    row = rng.choice(lines) if len(lines) < 2 or rng.random() < 0.1 else rng.choice(lines[1:])
    if row:
        row[rng.randrange(len(row))] = rng.choice((*TEXTS, *NUMBERS, *row))
    return _csv(lines)


def _column_of_one(rng: random.Random, content: bytes) -> bytes:
    lines, value = _lines(content), rng.choice((*TEXTS[:-1], *NUMBERS))
    place = rng.randrange(max(1, len(lines[0]))) if lines else 0
    for row in lines[1:]:
        row[place : place + 1] = [value]
    return _csv(lines)


def _column(rng: random.Random, content: bytes) -> bytes:
    lines = _lines(content)
    here, there = (rng.randrange(max(1, min(map(len, lines), default=1))) for _ in range(2))
    change = rng.randrange(4)
    for number, row in enumerate(lines):
        if not row:
            continue
        if change == 0:
            del row[here : here + 1]
        elif change == 1:
            row.insert(there, row[here])
        elif change == 2:
            row[here], row[there] = row[there], row[here]
        elif number == 0:
            row[here] = rng.choice((*TEXTS, "status", "accuracy", "mine", "mine_low", "euclidean_high"))
    return _csv(lines)


def _row(rng: random.Random, content: bytes) -> bytes:
    lines = _lines(content)
    place = rng.randrange(max(1, len(lines)))
    change = rng.randrange(5)
    if change == 0:
        del lines[place : place + 1]
    elif change == 1:
        lines[place:place] = lines[place : place + 1]
    elif change == 2:
        del lines[place:]
    elif change == 3:
        lines[1:] = sorted(lines[1:])
    elif place < len(lines):
        lines[place] = lines[place][:2] if rng.random() < 0.5 else [*lines[place], "1"]
    return _csv(lines)


def _encoding(rng: random.Random, content: bytes) -> bytes:
    return content.decode("utf-8", "replace").encode(rng.choice(ENCODINGS), "replace")


def _line_ends(rng: random.Random, content: bytes) -> bytes:
    return content.replace(b"\n", rng.choice((b"\r", b"\r\n", b"\n\n", b";\n", b"\0\n")))


def _value(rng: random.Random, content: bytes) -> bytes:
    whole = json.loads(content)
    at, places = whole, []
    while isinstance(at, (dict, list)) and at and (not places or rng.random() < 0.75):
        key = rng.choice(list(at) if isinstance(at, dict) else range(len(at)))
        places.append((at, key))
        at = at[key]
    if not places:
        return json.dumps(rng.choice(VALUES)).encode()
    parent, key = places[-1]
    change = rng.randrange(4)
    if change == 0:
        del parent[key]
    elif change == 1 and isinstance(parent, list):
        parent.append(copy.deepcopy(parent[key]))
    elif change == 1:
        parent[rng.choice(("more", "name", ""))] = rng.choice(VALUES)
    else:
        parent[key] = copy.deepcopy(
            rng.choice((*VALUES, *parent) if isinstance(parent, list) else (*VALUES, *parent.values()))
        )
    return json.dumps(whole).encode()


def _number(rng: random.Random, content: bytes) -> bytes:
    digits = [place for place, one in enumerate(content) if chr(one).isdigit()]
    place = rng.choice(digits) if digits else 0
    return (
        content[:place]
        + rng.choice((b"NaN", b"1e999", b"-1", b"9" * 5000, b"1000000000000", b"0", b"0.5"))
        + content[place + 1 :]
    )


def _parquet(rng: random.Random, content: bytes) -> bytes:
    table = pd.read_parquet(io.BytesIO(content))
    if not len(table.columns):
        return content
    name = rng.choice(list(table.columns))
    changes: tuple[Callable[[], Any], ...] = (
        lambda: table.drop(columns=name),
        lambda: table.rename(columns={name: rng.choice(("more", "", *table.columns))}),
        lambda: table.assign(**{name: table[name].astype(str)}),
        lambda: table.assign(**{name: None}),
        lambda: table.assign(**{name: rng.choice((0, 1.5, float("inf"), -1e308, True, "text", LONG[:1000], 2**62))}),
        lambda: table.assign(**{name: [[1]] * len(table)}),
        lambda: table.assign(**{name: pd.Timestamp(0)}),
        lambda: table.assign(**{name: table[name].where(table.index != table.index[0])} if len(table) else {}),
        lambda: pd.concat([table, table.head(1)]),
        lambda: table.head(0),
        lambda: table.head(rng.randrange(len(table) + 1)),
        lambda: table.sample(frac=1, random_state=0),
        lambda: table[table[name] != table[name].iloc[0]] if len(table) else table,
        lambda: table.astype(dict.fromkeys(table.columns, str)),
    )
    sink = io.BytesIO()
    changed = rng.choice(changes)()
    if changed.columns.has_duplicates:
        changed = changed.set_axis([str(one) for one in range(len(changed.columns))], axis="columns")
    changed.to_parquet(sink, index=rng.random() < 0.3)
    return sink.getvalue()


EDITS: dict[str, tuple[Edit, ...]] = {
    "csv": (
        _cell,
        _cell,
        _cell,
        _cell,
        _column_of_one,
        _column_of_one,
        _column,
        _column,
        _row,
        _row,
        _encoding,
        _line_ends,
    ),
    "json": (_value, _value, _value, _number),
    "parquet": (_parquet,),
}
