"""Check the numbers of repetitions, samples and processes of a call from Python, by the command line's limits."""

from numbers import Integral

from ...errors import ParameterError, repr_of
from .run_options import MOST_SAMPLES, MOST_SEEDS, MOST_WORKERS


def check_counts(seeds: int, samples: int) -> None:
    """Raise unless there are 1 to 1,000 seeds and 1 to 1,000,000 samples.

    Raises:
        ParameterError: another number, or no whole one.
    """
    if not all(isinstance(count, Integral) and count >= 1 for count in (seeds, samples)):
        raise ParameterError(
            f"seeds and samples must be whole numbers of at least 1, got {repr_of(seeds)} and {repr_of(samples)}"
        )
    for name, count, most in (("seeds", seeds, MOST_SEEDS), ("samples", samples, MOST_SAMPLES)):
        if count > most:
            raise ParameterError(f"{name} must be at most {most}, got {repr_of(count)}; take a smaller number")


def check_workers(workers: int) -> None:
    """Raise unless workers is a whole number from 1 to 1,000.

    Raises:
        ParameterError: another number, or no whole one.
    """
    check_count("workers", workers, MOST_WORKERS)


def check_count(name: str, count: int, most: int) -> None:
    """Raise unless there is a whole number from 1 on of what is named.

    Raises:
        ParameterError: another number, or no whole one.
    """
    if not (isinstance(count, Integral) and 1 <= count <= most):
        raise ParameterError(f"{name} must be a whole number from 1 to {most}, got {repr_of(count)}")
