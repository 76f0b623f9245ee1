"""The source's figure of MNIST as a time series, and the scores that it does not have."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ...datasets.images.mnist_source import load_mnist
from ..execution.devices import choose_device
from ..runs.console import execute, finish
from ..suites.registry import load_registries
from ..suites.suite import load_suite
from .mnist_figure import DIGITS, POSTER, READING, check_shown, draw_digits


def mnist(
    results: Path,
    device: str,
    workers: int | None,
    *,
    architectures: Sequence[str] = POSTER,
    methods: Sequence[str] = ("saliency",),
    digits: Sequence[int] = DIGITS,
) -> Iterator[str]:
    """Run the suite mnist as far as it is missing, draw digits beside their maps, and yield where the figure is.

    Args:
        results: parent of the folder mnist.
        device: "auto", "cpu" or "cuda".
        workers: processes; None takes one a core.
        architectures: in the figure, see `draw_digits`.
        methods: in the figure.
        digits: in the figure.

    Raises:
        UnknownNameError, ParameterError: something to show that the suite does not have.
        DataError: there is no sound copy of MNIST; nothing is planned.
        StoreError: a result cannot be read or written.
        SaltbenchError: a cell failed; all others are complete.
    """
    suite = load_suite("mnist", load_registries())
    check_shown(suite, tuple(READING), architectures, methods)  # not after minutes of training
    load_mnist()  # without the data every cell of the suite would fail, each with the same line
    result = execute(suite, results, device, workers)
    path = draw_digits(
        suite, result.folder, choose_device(device), architectures=architectures, methods=methods, digits=digits
    )
    yield f"{path}"
    finish(result)
