"""Shards: parts of a suite that are computed apart, on any machines, and merged."""

import re
from collections import defaultdict
from dataclasses import dataclass

from ...errors import ParameterError
from ..storage.store import address
from ..suites.suite import Suite
from .plan import Job, jobs

MOST = 1_000  # shards of a suite


@dataclass(frozen=True, order=True)
class Shard:
    """One of so many parts of a suite.

    Attributes:
        count: of the parts.
        number: of this one, from 1.
    """

    count: int
    number: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @staticmethod
    def of(text: str) -> "Shard":
        """Return the shard that a text such as 3/8 names.

        Raises:
            ParameterError: another text, or numbers that name none.
        """
        match = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
        number, count = (int(match[1]), int(match[2])) if match else (0, 0)
        if not 1 <= number <= count <= MOST:
            raise ParameterError(f"a shard must be one of 1/N to N/N, N at most {MOST}, such as 3/8, got '{text}'")
        return Shard(count, number)

    def jobs(self, suite: Suite, device: str) -> list[Job]:
        """Return the jobs of a suite that belong to the shard, in their order.

        Jobs of one network belong together, so that none is trained twice; so do those of reference methods on the
        same data. Networks are dealt out by the digests of their keys: each shard gets some of every architecture.
        """
        groups: defaultdict[str, list[int]] = defaultdict(list)
        planned = list(jobs(suite, device))
        for place, job in enumerate(planned):
            groups[address(job.model_key() if job.architecture else job.data_key())].append(place)
        own = [place for name in sorted(groups)[self.number - 1 :: self.count] for place in groups[name]]
        return [planned[place] for place in sorted(own)]
