"""The tasks with a label at every step, as suites run them."""

from collections.abc import Callable, Mapping

import numpy as np

from ...entry import unknown
from ...errors import ParameterError, UnknownNameError
from ..preprocessing import require_sizes
from ..spec import Split, TaskData
from .l2x_switch import l2x_switch
from .spike import FEATURES as SPIKE_FEATURES
from .spike import spike
from .state import state
from .stepwise_data import StepwiseData, StepwiseSplit
from .switch import switch

STATES: Mapping[str, Callable[..., StepwiseData]] = {"state": state, "switch": switch, "l2x-switch": l2x_switch}
TRUTHS = ("every-step", "change")
MOST_FEATURES = 10  # of l2x-switch, the largest


def of_states(seed: int, *, process: str, truth: str, time: int, train: int, validation: int, test: int) -> TaskData:
    """Return series whose hidden state says which features tell the label of each step; labels are (batch, time).

    Args:
        seed: of the data.
        process: "state", "switch" or "l2x-switch".
        truth: "every-step" marks these features at every step; "change" at the first, and where the state changes.
        time: number of time steps.
        train: number of training samples.
        validation: number of validation samples.
        test: number of test samples.

    Raises:
        ParameterError: a size below one or beyond memory.
        UnknownNameError: another process or truth.
    """
    check_states(process=process, truth=truth, time=time, train=train, validation=validation, test=test)
    data = STATES[process](seed, time=time, train=train, validation=validation, test=test)

    def chosen(split: StepwiseSplit) -> Split:
        marks = split.truth if truth == "every-step" else split.at_changes
        assert marks is not None  # every process of states has them
        return Split(split.inputs, split.labels, marks)

    return TaskData(chosen(data.train), chosen(data.validation), chosen(data.test), classes=2)


def check_states(*, process: str, truth: str, time: int, train: int, validation: int, test: int) -> None:
    """Raise unless `of_states` can draw such series.

    Raises:
        ParameterError, UnknownNameError: as `of_states`.
    """
    for kind, name, known in (("process", process, STATES), ("truth", truth, TRUTHS)):
        if name not in known:
            raise UnknownNameError(unknown(kind, name, known))
    require_sizes(time, MOST_FEATURES, train=train, validation=validation, test=test)


def of_spikes(seed: int, *, delay: int, time: int, train: int, validation: int, test: int) -> TaskData:
    """Return series whose labels, (batch, time), are 1 from so many steps after the first spike of feature 0 on.

    A sample whose label never becomes 1 has nothing to find, also where its spike comes too late for the label.

    Args:
        seed: of the data.
        delay: of the label behind the spike.
        time: number of time steps.
        train: number of training samples.
        validation: number of validation samples.
        test: number of test samples.

    Raises:
        ParameterError: a size below one or beyond memory, or a delay that is negative or as long as the series.
    """
    data = spike(seed, delay=delay, time=time, train=train, validation=validation, test=test)

    def told(split: StepwiseSplit) -> Split:
        comes = split.labels.max(axis=1)[:, None, None].astype(np.float32)
        return Split(split.inputs, split.labels, split.truth * comes)

    return TaskData(told(data.train), told(data.validation), told(data.test), classes=2)


def check_spikes(*, delay: int, time: int, train: int, validation: int, test: int) -> None:
    """Raise unless `of_spikes` can draw such series.

    Raises:
        ParameterError: as `of_spikes`.
    """
    require_sizes(time, SPIKE_FEATURES, train=train, validation=validation, test=test)
    if not 0 <= delay < time:
        raise ParameterError(f"delay must be 0 … {time - 1} for {time} time steps, got {delay}")
