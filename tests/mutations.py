"""Seeded damage to the bytes of a file, and the question whether a reader takes it: read, or refused in one line.

    damaged = itertools.islice(mutations(seed=0, original=good, others=[another]), 500)
    assert not faults(read, damaged)

What a file has inside its compression is damaged by mutating that and compressing it in `read`.
"""

import random
import re
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from saltbench.errors import SaltbenchError

SECONDS = 10.0  # that reading one file may take
MEMORY = 256 * 2**20  # bytes that it may allocate, beside what pyarrow takes from a pool of its own
EDGE = 160  # bytes at either end of a file, where formats keep their headers and footers
MAGICS = (b"\x93NUMPY\x01\x00", b"\x93NUMPY\x09\x00", b"PAR1", b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"\0\0\x08\x03")
MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x80\x04N.", b"\0", b"#", b'"', b"[[", b"{")
NUMBERS = (b"-1", b"0", b"", b"nan", b"1e999", b"1e308", b"1e-320", b"0x1F", b"9" * 30, b"2147483648", b"1_0", b"True")
EXTREMES = (b"\0", b"\xff", b"\x7f", b"\x80", b"\1")


@dataclass(frozen=True)
class Mutation:
    """Damaged bytes, and in words how they came about."""

    name: str
    content: bytes


def mutations(seed: int, original: bytes, others: Sequence[bytes] = ()) -> Iterator[Mutation]:
    """Yield damaged versions of a file without end, the same ones for the same seed.

    Args:
        seed: of what is done where.
        original: bytes of a file that can be read.
        others: bytes of other files, parts of which are spliced in.
    """
    rng = random.Random(seed)
    donors = (*others, original)
    number = 0
    while True:
        content, names = original, []
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            damage = rng.choice(DAMAGES)
            content = damage(rng, content, rng.choice(donors))
            names.append(damage.__name__.strip("_").replace("_", " "))
        if content != original:
            yield Mutation(f"seed {seed}, number {number}: {', '.join(names)}", content)
            number += 1


def faults(read: Callable[[bytes], object], damaged: Iterable[Mutation], *, watch_memory: bool = True) -> list[str]:
    """Return what went wrong: any error but a SaltbenchError of one line, a hang, or a large allocation.

    Args:
        read: the reader.
        damaged: what it is given.
        watch_memory: whether allocations are looked at, which makes Python two to three times as slow.
    """
    if not watch_memory:
        return [f"{mutation.name}: {fault}" for mutation in damaged if (fault := _fault(read, mutation.content))]
    tracemalloc.start()
    try:
        return [f"{mutation.name}: {fault}" for mutation in damaged if (fault := _fault(read, mutation.content))]
    finally:
        tracemalloc.stop()


def _fault(read: Callable[[bytes], object], content: bytes) -> str | None:
    if tracemalloc.is_tracing():
        tracemalloc.reset_peak()
    # of the processor: other work on the machine is no fault of a reader
    before, start = tracemalloc.get_traced_memory()[0], time.process_time()
    try:
        read(content)
    except SaltbenchError as error:
        if "\n" in str(error):
            return f"more than one line: {error}"
    except Exception as error:  # noqa: BLE001 - every other error is what is looked for
        return f"{type(error).__name__}: {error}"
    if (seconds := time.process_time() - start) > SECONDS:
        return f"took {seconds:.0f} s"
    if (memory := tracemalloc.get_traced_memory()[1] - before) > MEMORY:
        return f"allocated {memory / 2**20:.0f} MiB"
    return None


def _bits_flipped(rng: random.Random, content: bytes, donor: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.randint(1, 8) if content else 0):
        changed[_place(rng, content, 1)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _truncated(rng: random.Random, content: bytes, donor: bytes) -> bytes:
    return content[: rng.randint(0, len(content))]


def _beginning_lost(rng: random.Random, content: bytes, donor: bytes) -> bytes:
    return content[rng.randint(0, min(EDGE, len(content))) :]


def _inserted(rng: random.Random, content: bytes, donor: bytes) -> bytes:
    place = _place(rng, content, 0)
    return content[:place] + rng.choice((rng.randbytes(rng.randint(1, 40)), rng.choice(MARKS))) + content[place:]


def _deleted(rng: random.Random, content: bytes, donor: bytes) -> bytes:
    place = _place(rng, content, 1)
    return content[:place] + content[place + rng.choice((1, 1, 2, 8, 100)) :]


def _repeated(rng: random.Random, content: bytes, donor: bytes) -> bytes:
    place = _place(rng, content, 1)
    return content[:place] + content[place : place + rng.choice((1, 8, 60))] * rng.choice((2, 2, 50)) + content[place:]


def _spliced(rng: random.Random, content: bytes, donor: bytes) -> bytes:
    return content[: rng.randint(0, len(content))] + donor[rng.randint(0, len(donor)) :]


def _patched(rng: random.Random, content: bytes, donor: bytes) -> bytes:
    start, length = rng.randint(0, len(donor)), rng.randint(1, 60)
    return _overwritten(content, _place(rng, content, 0), donor[start : start + length])


def _extreme_number(rng: random.Random, content: bytes, donor: bytes) -> bytes:
    return _overwritten(content, _place(rng, content, 1), rng.choice(EXTREMES) * rng.choice((1, 2, 4, 8)))


def _digits_replaced(rng: random.Random, content: bytes, donor: bytes) -> bytes:
    found = [*re.finditer(rb"[0-9][0-9.eE+-]*", content)]
    if not found:
        return content
    match = rng.choice(found[:40] if rng.random() < 0.5 else found)
    return content[: match.start()] + rng.choice(NUMBERS) + content[match.end() :]


def _magic_swapped(rng: random.Random, content: bytes, donor: bytes) -> bytes:
    return _overwritten(content, 0, rng.choice((*MAGICS, *MARKS, donor[:8])))


DAMAGES = (
    _bits_flipped,
    _truncated,
    _beginning_lost,
    _inserted,
    _deleted,
    _repeated,
    _spliced,
    _patched,
    _extreme_number,
    _digits_replaced,
    _magic_swapped,
)


def _place(rng: random.Random, content: bytes, room: int) -> int:
    """Return an index, every second time near an end; `room` 0 allows the place behind the last byte."""
    last = max(0, len(content) - room)
    low, high = rng.choice(((0, last), (0, last), (0, min(EDGE, last)), (max(0, last - EDGE), last)))
    return rng.randint(low, high)


def _overwritten(content: bytes, place: int, part: bytes) -> bytes:
    return content[:place] + part + content[place + len(part) :]
