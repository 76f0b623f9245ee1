"""Choose what computes the units of a run."""

from .executor import Executor
from .in_process import InProcess
from .processes import Processes
from .workplace import Workplace


def choose_executor(workplace: Workplace, workers: int, timeout: float | None) -> Executor:
    """Return an executor of so many workers, of which each cell may take a timeout in seconds; None for any time.

    Raises:
        PluginError: a plugin does not load.
    """
    # in this process what hangs cannot be stopped
    return InProcess(workplace) if workers == 1 and timeout is None else Processes(workplace, workers, timeout)
