"""How many rows one pass through a network holds: bounded by memory, chosen by the clock."""

import math
import re
import statistics
from collections.abc import Hashable
from dataclasses import dataclass, field
from numbers import Integral
from pathlib import Path

import psutil
import torch

from ...errors import BudgetError, ParameterError

# Passes hold a multiple of 32 rows: kernels then treat every row alike, however many there are, and a row's bits do
# not depend on the size of the pass. Three things break this below 32 rows, each seen to change the last bit: the
# elements left over by a vectorised sigmoid go through scalar code, a small matrix product takes another kernel, and
# one of fewer than 400 multiplications a naive loop. The last can still happen, in a network whose first layer has
# fewer than 13 weights. Seen to hold for recurrent, convolutional and attention networks in float32 and float64.
GRAIN = 32
PROBE = 2  # rows of the pass whose memory is measured and whose results are thrown away

# Memory of the first pass. On a CPU, LSTMs of seven sizes and four architectures at two sizes were fastest, or nearly
# so, where a pass took 20 to 40 MB; from 45 MB on it took up to twice as long in a process that does not keep freed
# memory. For a GPU it is a guess.
_FIRST_BYTES = {"cpu": 40 * 10**6, "cuda": 10**9}
_LEFT_FOR_HALF, _LEFT_FOR_TWICE = 16, 200  # passes that have to be left for trying a size: twice costs as much as five
_COLD = 2  # passes of a size that find its memory out of the cache, and tell only whether it is far slower than another
_COUNTED = 5  # passes after those; their median judges the size, since samples differ and others use the machine too
_FAR = 1.5  # times as long as the fastest
_SHARE = 0.25  # of the free memory that is used unless told
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_CONTAINER = Path("/sys/fs/cgroup")
_TENSORS = 16  # as large as a sample's input, that a method may hold of each sample beside its passes
_SAMPLES = 1024  # at most at once


@dataclass
class _Pace:
    """What is known of one kind of pass.

    Attributes:
        limit: the most rows that fit.
        first: the size to run first.
        tried: seconds of a row in each pass of a size that is being tried.
        judged: seconds of a row at the sizes that have been tried.
    """

    limit: int
    first: int
    tried: dict[int, list[float]] = field(default_factory=dict)
    judged: dict[int, float] = field(default_factory=dict)

    def size(self, left: int) -> int:
        """Return the size to run next: the fastest, after trying half and twice of it where enough rows are left."""
        fastest = min(self.judged, key=self.judged.__getitem__, default=self.first)
        if fastest not in self.judged:
            return fastest
        for size, worth in ((fastest // 2, _LEFT_FOR_HALF), (2 * fastest, _LEFT_FOR_TWICE)):
            if size not in self.judged and GRAIN <= size <= self.limit and left >= worth * fastest:
                return size
        return fastest

    def note(self, size: int, seconds: float) -> None:
        """Judge a size by the seconds that a row of a pass of it took, once there were enough passes."""
        if size in self.judged:
            return
        tried = self.tried.setdefault(size, [])
        tried.append(seconds)
        if len(tried) == _COLD + _COUNTED:
            self.judged[size] = statistics.median(tried[_COLD:])
        elif len(tried) == _COLD and seconds > _FAR * min(self.judged.values(), default=math.inf):
            self.judged[size] = seconds


class Budget:
    """The memory that explaining one network may take, and what was learned of its passes on the way.

    Half of it is for passes, half for what a method holds beside them. Sizes of passes are 32 times a power of two,
    smaller only where the memory does not hold 32 rows. The first size follows from the memory that a row takes,
    others are tried on the work itself, so that measuring costs nothing extra; none changes any result.

    Args:
        memory: bytes beside inputs and attributions; None for a quarter of what is free on device.
        device: where the network computes.

    Raises:
        ParameterError: memory that is not a whole number, or below 1.
    """

    def __init__(self, memory: int | None = None, device: torch.device | str = "cpu") -> None:
        if memory is not None and not (isinstance(memory, Integral) and memory >= 1):
            raise ParameterError(
                f"memory must be a whole number of bytes, at least 1, got {memory!r}; for 2 GB give 2 * 10**9"
            )
        self._device = torch.device(device)
        self.memory = memory or default_memory(self._device)
        self._paces: dict[Hashable, _Pace] = {}

    def knows(self, kind: Hashable) -> bool:
        """Return whether the memory of a kind of pass has been learned."""
        return kind in self._paces

    def learn(self, kind: Hashable, row_bytes: int) -> None:
        """Learn the memory that each row of a kind of pass takes.

        Args:
            kind: the kind of pass.
            row_bytes: measured peak of a pass, for each of its rows.

        Raises:
            BudgetError: not even one row fits.
        """
        limit = self.holds(row_bytes, "explain shorter series")
        first = max(GRAIN, _FIRST_BYTES.get(self._device.type, 0) // max(row_bytes, 1))
        self._paces[kind] = _Pace(limit, _power_of_two(min(limit, first)))

    def holds(self, sample_bytes: int, remedy: str) -> int:
        """Return how often half of the memory holds what is needed for one sample.

        Args:
            sample_bytes: bytes for one sample.
            remedy: what takes less.

        Raises:
            BudgetError: not even once.
        """
        count = self.memory // 2 // max(sample_bytes, 1)
        if not count:
            raise BudgetError(
                f"the memory budget must be at least {_amount(2 * sample_bytes)} for one sample of this model, "
                f"got {_amount(self.memory)}; raise memory, or {remedy}"
            )
        return count

    def size(self, kind: Hashable, left: int) -> int:
        """Return how many rows the next pass of a learned kind takes, while so many are left."""
        return self._paces[kind].size(left)

    def note(self, kind: Hashable, size: int, seconds: float) -> None:
        """Remember the seconds that each row of a full pass of this size took."""
        self._paces[kind].note(size, seconds)

    def samples(self, row_bytes: int) -> int:
        """Return how many samples, each of row_bytes, a method may hold its tensors of at once, at least 1."""
        fitting = max(1, self.memory // 2 // (_TENSORS * row_bytes))
        most = min(fitting, _SAMPLES)
        return most // GRAIN * GRAIN or most


def default_memory(device: torch.device | str) -> int:
    """Return a quarter of the bytes that are free on a device."""
    return int(_SHARE * free_memory(torch.device(device)))


def free_memory(device: torch.device) -> int:
    """Return the bytes that are free on a device, within the limit of a container."""
    if device.type == "cuda":
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)  # by PyTorch, for what comes
        return int(torch.cuda.mem_get_info(device)[0]) + kept
    return int(min(psutil.virtual_memory().available, _free_in_container()))


def _free_in_container() -> float:
    limit = _CONTAINER / "memory.max"
    if not limit.exists() or limit.read_text().strip() == "max":
        return math.inf
    # Of what is used, files that were read and may be dropped again are free
    counts = dict(line.split() for line in (_CONTAINER / "memory.stat").read_text().splitlines())
    dropped = int(counts["inactive_file"]) + int(counts["active_file"])
    used = int((_CONTAINER / "memory.current").read_text()) - dropped
    return max(0, int(limit.read_text()) - used)


def parse_memory(text: str) -> int:
    """Return bytes from text such as 2GB, 500 MB or 1e9.

    Raises:
        ParameterError: text that is not a positive number with B, KB, MB, GB or TB.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?(?:e\d+)?)\s*([KMGT]?)B?\s*", text, re.IGNORECASE)
    amount = float(match[1]) * _UNITS[f"{match[2].upper()}B"] if match else 0.0
    if not 1 <= amount < math.inf:
        raise ParameterError(f"memory must be a positive number with KB, MB or GB, such as 2GB, got '{text}'")
    return int(amount)


def _power_of_two(most: int) -> int:
    return 1 << most.bit_length() >> 1


def _amount(count: int) -> str:
    unit = next(name for name in ("TB", "GB", "MB", "KB", "B") if count >= _UNITS[name] or name == "B")
    return f"{-(-count * 10 // _UNITS[unit]) / 10:g} {unit}"  # rounded up: what a message asks for is enough
