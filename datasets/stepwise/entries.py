"""The tasks with a label and a truth at every step."""

from ..spec import TaskSpec

_TASKS = "saltbench.datasets.stepwise.tasks"
_FIT = "Tonekaboni et al., What went wrong and when? (FIT, NeurIPS 2020)"
_SWITCH = f"{_FIT}; Liu et al., ContraLSP (ICLR 2024)"
_DYNAMASK = "Crabbé, van der Schaar: Explaining Time Series Predictions with Dynamic Masks (ICML 2021)"
_WINIT = f"{_FIT}; with delays: Leung et al., WinIT (ICLR 2023)"


def _of_states(
    name: str, description: str, reference: str, process: str, time: int, truth: str = "every-step"
) -> TaskSpec:
    return TaskSpec(
        name=name,
        version=1,
        description=description,
        reference=reference,
        factory=f"{_TASKS}:of_states",
        parameters={
            "process": process,
            "truth": truth,
            "time": time,
            "train": 800,
            "validation": 100,
            "test": 200,
        },
        check=f"{_TASKS}:check_states",
        tags=("synthetic", "per-step"),
        per_step=True,
    )


def _of_spikes(name: str, delay: int) -> TaskSpec:
    when = f"{delay} steps after the first spike" if delay else "the first spike"
    return TaskSpec(
        name=name,
        version=1,
        description=f"labels at every step: 1 from {when} of one of three features on",
        reference=_WINIT,
        factory=f"{_TASKS}:of_spikes",
        parameters={"delay": delay, "time": 80, "train": 2400, "validation": 300, "test": 600},
        check=f"{_TASKS}:check_spikes",
        tags=("synthetic", "per-step"),
        truthless=(0,),
        per_step=True,
    )


ENTRIES = (
    _of_states(
        "state", "labels at every step, told by one of two features as a hidden state has it", _DYNAMASK, "state", 200
    ),
    _of_states(
        "state/change",
        "the task state, with the steps alone at which its state changes as truth",
        _FIT,
        "state",
        200,
        "change",
    ),
    _of_states(
        "switch", "labels at every step, told by one of three features as a hidden state has it", _SWITCH, "switch", 100
    ),
    _of_states(
        "l2x-switch",
        "labels at every step, told by four of ten features as a hidden state has it",
        _FIT,
        "l2x-switch",
        100,
    ),
    _of_spikes("spike", 0),
    *(_of_spikes(f"spike-delay-{delay}", delay) for delay in (1, 2, 3, 4)),
)
