"""The source's figure of MNIST as a time series, and the scores that it does not have."""

from collections.abc import Iterator, Sequence

from ...datasets.images.mnist_source import load_mnist
from ..leaderboards.finished_run import Result
from ..suites.suite import Suite
from .mnist_figure import DIGITS, POSTER, READING, check_shown, draw_digits
from .reproduction import Reproduction


def check_figure(
    suites: Sequence[Suite],
    *,
    architectures: Sequence[str] = POSTER,
    methods: Sequence[str] = ("saliency",),
    digits: Sequence[int] = DIGITS,
) -> None:
    """Raise unless the suite has all that the figure is to show, and there is a copy of MNIST.

    Raises:
        UnknownNameError: an architecture or method that the suite does not have.
        ParameterError: nothing to show, or a digit that is not one.
        DataError: there is no sound copy of MNIST.
    """
    (suite,) = suites
    check_shown(suite, tuple(READING), architectures, methods, digits)
    load_mnist()  # without the data every cell of the suite would fail, each with the same line


def show_digits(
    runs: Sequence[Result],
    *,
    architectures: Sequence[str] = POSTER,
    methods: Sequence[str] = ("saliency",),
    digits: Sequence[int] = DIGITS,
) -> Iterator[str]:
    """Draw digits beside their maps into the run's folder, see `draw_digits`, and yield the path of the figure.

    Raises:
        UnknownNameError: an architecture or method that the suite does not have.
        ParameterError: nothing to show, or a digit that is not among the explained samples.
        StoreError: a result cannot be read, or the figure cannot be written.
    """
    (run,) = runs
    yield f"{draw_digits(run, architectures=architectures, methods=methods, digits=digits)}"


MNIST = Reproduction(
    name="mnist",
    suites=("mnist",),
    present=show_digits,
    choices=("architectures", "methods", "digits"),
    check=check_figure,
)
