"""How long the rest of a run takes, in words."""

from ..execution.stored.costs import Forecast
from ..metrics.needs import OF_NETWORKS
from ..style.durations import duration
from ..suites.registry import Registries


def asking_metrics(registries: Registries) -> frozenset[str]:
    """Return the metrics that ask the network, so that it is needed to score stored maps."""
    return frozenset(metric.name for metric in registries.metrics if OF_NETWORKS & {*metric.asked})


def time_line(expected: Forecast, processes: int) -> str:
    """Return in words how long the rest of a run takes, and where that is known from."""
    if not expected.measured + expected.guessed and not expected.seconds:
        return "time: nothing to compute"
    shared = f"{duration(expected.seconds / processes)} in {processes} processes, " if processes > 1 else ""
    return (
        f"time: about {shared}{duration(expected.seconds)} of one process: training {duration(expected.training)}, "
        f"explaining and scoring {duration(expected.explaining)}; {_source(expected)}"
    )


def _source(expected: Forecast) -> str:
    if not expected.measured:
        return "by saltbench's defaults, nothing alike is stored here"
    if not expected.guessed:
        return "by what is stored here"
    both = expected.measured + expected.guessed
    return (
        f"of {both} networks and cells {expected.measured} by what is stored here, "
        f"{expected.guessed} by saltbench's defaults"
    )


def counted(number: int, what: str) -> str:
    """Return a number of things, such as "1 cell" and "3 processes"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}{'es' if what.endswith('s') else 's'}"
