"""Memory budget: how many rows a pass holds, from the memory that a row takes."""

import math
from collections.abc import Hashable, MutableMapping
from functools import cached_property
from numbers import Integral
from pathlib import Path

import psutil
import torch

from ....errors import BudgetError, ParameterError
from .amounts import amount

# Passes hold a multiple of 32 rows where 32 fit. What a vectorised loop leaves over goes through scalar code, a small
# matrix product through another kernel: few rows are rounded otherwise than many. This keeps what other sizes change
# small, and does not remove it: on one AVX-512 processor MKL rounds a product in double precision otherwise for 33 rows
# than for 4,096. See `rounding` for what is promised.
GRAIN = 32
FEW = 8  # the same for what is less than 32 rows in all: filled up to 32, eight series would cost what 32 do
PROBE = 2  # rows of the pass whose memory is measured and whose results are thrown away

# Sizes are chosen for so much memory, however much more there is, and by nothing that changes from run to run: so the
# bytes of a map are the same for any memory from here on, any number of processes and any clock.
_USUAL_BYTES = {"cuda": 2 * 10**9}
_USUAL_BYTES_ELSEWHERE = 256 * 10**6

# What a pass should take. On a CPU, LSTMs of seven sizes and four architectures at two sizes were fastest, or nearly
# so, where a pass took 20 to 40 MB; from 45 MB on it took up to twice as long in a process that does not keep freed
# memory. Passes of 32 rows whatever a row takes need 16 % more processor time (-7 to +35 %: the four architectures,
# integrated gradients, SmoothGrad and occlusion of 100 series of 100 x 100), those of 128 rows as much as these and
# would not be bounded. For a GPU it is a guess.
_PASS_BYTES = {"cuda": 10**9}
_PASS_BYTES_ELSEWHERE = 40 * 10**6

_SHARE = 0.25  # of the free memory that is used unless told
_CONTAINER = Path("/sys/fs/cgroup")
_TENSORS = 16  # as large as a sample's input, that a method may hold of each sample beside its passes
_SAMPLES = 1024  # at most at once


class Budget:
    """The memory that explaining one network may take, and the sizes of its passes.

    Half of it is for passes, half for what a method holds beside them. The size of a pass is a power of two that
    follows from the memory that a row takes, and at least 32 where 32 rows fit. The memory there is makes it smaller
    only below `usual_memory`.

    Args:
        memory: bytes beside inputs and attributions; None for `default_memory`.
        device: where the network computes.
        measured: what rows of each kind of pass took where they were measured before, to read and to add to.

    Raises:
        ParameterError: memory that is not a whole number, or below 1.
    """

    def __init__(
        self,
        memory: int | None = None,
        device: torch.device | str = "cpu",
        measured: MutableMapping[Hashable, int] | None = None,
    ) -> None:
        if memory is not None and not (isinstance(memory, Integral) and memory >= 1):
            raise ParameterError(
                f"memory must be a whole number of bytes, at least 1, got {memory!r}; for 2 GB give 2 * 10**9"
            )
        self._device = torch.device(device)
        self._given = memory
        self._usual = min(memory or usual_memory(self._device), usual_memory(self._device))
        self._pass_bytes = _PASS_BYTES.get(self._device.type, _PASS_BYTES_ELSEWHERE)
        self._sizes: dict[Hashable, int] = {}
        self._measured: MutableMapping[Hashable, int] = {} if measured is None else measured

    @cached_property
    def memory(self) -> int:
        """Return the bytes that may be taken."""
        return self._given or default_memory(self._device)

    def knows(self, kind: Hashable) -> bool:
        """Return whether the memory of a kind of pass has been learned."""
        return kind in self._sizes

    def learn(self, kind: Hashable, row_bytes: int) -> None:
        """Learn the memory that each row of a kind of pass takes.

        Args:
            kind: the kind of pass.
            row_bytes: measured peak of a pass, for each of its rows.

        Raises:
            BudgetError: not even one row fits.
        """
        self.check_holds(row_bytes, "explain shorter series")
        self._sizes[kind] = self._size(row_bytes)
        self._measured[kind] = row_bytes

    def holds_at_once(self, kind: Hashable, rows: int) -> bool:
        """Return whether a kind of pass holds so few rows that one is enough, by what such rows took before.

        More rows are measured anew: what they take may depend on their numbers, and a map's bytes not on earlier maps.
        """
        return rows <= GRAIN and kind in self._measured and self._size(self._measured[kind]) >= GRAIN

    def _size(self, row_bytes: int) -> int:
        most = max(1, self._usual // 2 // max(row_bytes, 1))
        wanted = max(GRAIN, self._pass_bytes // max(row_bytes, 1))
        return _power_of_two(min(most, wanted))

    def check_holds(self, sample_bytes: int, remedy: str) -> None:
        """Raise a BudgetError unless half of the memory holds what is needed for one sample; see `holds`."""
        if sample_bytes > self._usual // 2:  # it may take a moment to find out how much memory there is
            self.holds(sample_bytes, remedy)

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
                f"the memory budget must be at least {amount(2 * sample_bytes)} for one sample of this model, "
                f"got {amount(self.memory)}; raise memory, or {remedy}"
            )
        return count

    def size(self, kind: Hashable) -> int:
        """Return how many rows a pass of a learned kind takes."""
        return self._sizes[kind]

    def samples(self, row_bytes: int) -> int:
        """Return how many samples, each of row_bytes, a method may hold its tensors of at once, at least 1."""
        fitting = max(1, self._usual // 2 // (_TENSORS * row_bytes))
        most = min(fitting, _SAMPLES)
        return most // GRAIN * GRAIN or most


def default_memory(device: torch.device | str, processes: int = 1) -> int:
    """Return the bytes for each of some processes: a share of a quarter of what is free, at least `usual_memory`."""
    place = torch.device(device)
    return max(int(_SHARE * free_memory(place)) // processes, usual_memory(place))


def usual_memory(device: torch.device) -> int:
    """Return the bytes from which on a map's bytes do not depend on the memory."""
    return _USUAL_BYTES.get(device.type, _USUAL_BYTES_ELSEWHERE)


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


def _power_of_two(most: int) -> int:
    return 1 << most.bit_length() >> 1
