"""Where units are computed: entries, store and memory, in this process or in one that is told of them."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .... import errors
from ....errors import SaltbenchError, text_of
from ...process.threads import one_thread
from ...storage.store import Store
from ...suites.registry import load_registries
from ..evaluator import Evaluator
from ..failures import Failure, reason_for
from .executor import Unit


@dataclass(frozen=True)
class Workplace:
    """All that a process needs to compute units; can be pickled.

    Attributes:
        store: where results go.
        plugins: files whose entries the units use, absolute.
        memory: bytes that explaining may take.
        variables: names and values of the environment that entries read, of a machine that got them sent.
    """

    store: Store
    plugins: tuple[Path, ...]
    memory: int
    variables: tuple[tuple[str, str], ...] = ()

    def evaluator(self) -> Evaluator:
        """Return what computes units here; it keeps the data and weights that it used last.

        Raises:
            PluginError: a plugin does not load.
        """
        os.environ.update(self.variables)
        return Evaluator(load_registries(self.plugins), self.store, self.memory)


@dataclass(frozen=True)
class Ended:
    """An error of saltbench's own that ends the run: the name of its class and its text.

    The object itself does not cross: one that is raised with more arguments than a text cannot be pickled.
    """

    kind: str
    text: str

    @staticmethod
    def by(error: SaltbenchError) -> "Ended":
        """Return what to tell of an error; of a third party's class, the class of saltbench's that it derives from."""
        own = next(kind for kind in type(error).__mro__ if vars(errors).get(kind.__name__) is kind)
        return Ended(own.__name__, text_of(error))

    def error(self) -> SaltbenchError:
        """Return the error to raise."""
        error: SaltbenchError = vars(errors)[self.kind](self.text)
        return error


Outcome = list[Failure] | Ended


def settle(workplace: Workplace) -> Outcome:
    """Make this process ready for the units of a workplace: load what they need."""
    try:
        _evaluator(workplace)
    except SaltbenchError as error:
        return Ended.by(error)
    return []


def compute(unit: Unit, workplace: Workplace) -> Outcome:
    """Compute a unit in a process that others tell what to do; return the cells that failed, or what ends the run."""
    try:
        with one_thread():
            return unit.compute(_evaluator(workplace))
    except KeyboardInterrupt as error:  # a terminal's Ctrl-C is kept from workers: an entry raised it
        return unit.fall(reason_for(error), workplace.store)
    except SaltbenchError as error:
        return Ended.by(error)


@cache  # once a process
def _evaluator(workplace: Workplace) -> Evaluator:
    return workplace.evaluator()
