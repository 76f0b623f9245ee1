"""What code of third parties can set for a whole process, and its way back."""

import builtins
import gc
import importlib
import locale
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Container, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...random_states import restore_random_states, used_devices
from ...systems import (
    block_signals,
    blocked_signals,
    read_limits,
    running_timers,
    set_limits,
    stop_timers,
)
from .standard_files import standard_files_kept

LIBRARIES = ("numpy", "torch")  # commands that list entries do without
# what a library needs of its import later on
IMPORTED = ("environment", "module path", "warnings")


@dataclass(frozen=True)
class Setting:
    """One setting: its name, what reads it, as values that can be compared, and what gives it such a value again."""

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], object]

    def restorer(self) -> Callable[[], None]:
        """Return a function that gives the setting the value that it has now, unless it still has it."""
        before = self.read()

        def restore() -> None:
            if self.read() != before:
                self.write(before)

        return restore


@contextmanager
def settings_restored(leave: Container[str] = ()) -> Iterator[None]:
    """Undo what third-party code inside the block sets for the whole process, whatever it raises.

    Those of NumPy and PyTorch are undone where they were imported before.

    Args:
        leave: names of settings that keep what they are given.
    """
    libraries = [importlib.import_module(f".{name}_settings", __package__) for name in LIBRARIES if name in sys.modules]
    with ExitStack() as stack:
        stack.enter_context(standard_files_kept())
        for library in libraries:
            stack.enter_context(library.usual_mode())
        for setting in (*SETTINGS, *(setting for library in libraries for setting in library.SETTINGS)):
            if setting.name not in leave:
                stack.callback(setting.restorer())
        stack.enter_context(restore_random_states(used_devices()))
        stack.enter_context(_copies_ended())
        yield


@contextmanager
def _copies_ended() -> Iterator[None]:
    """End a copy of this process that code inside the block makes (fork) and that comes to the block's end, too."""
    process = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != process:
            os._exit(1)  # it would do all that follows a second time


def _set_builtins(before: dict[str, Any]) -> None:
    vars(builtins).update(before)  # what a library adds there, it needs later on


def _folder() -> Path | None:
    with suppress(FileNotFoundError):  # removed by somebody
        return Path.cwd()
    return None


def _enter(folder: Path | None) -> None:
    if folder is not None:
        with suppress(OSError):  # the same: all paths were made absolute at the start
            os.chdir(folder)


def _set_environment(before: dict[str, str]) -> None:
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


def _set_module_path(before: tuple[list[str], list[str]]) -> None:
    sys.path, content = before
    sys.path[:] = content


def _set_streams(before: tuple[Any, Any, Any]) -> None:
    sys.stdin, sys.stdout, sys.stderr = before


def _set_warnings(before: tuple[list[Any], Any]) -> None:
    warnings.resetwarnings()  # which also forgets what was cached under the filters
    filters, warnings.showwarning = before
    vars(warnings)["filters"][:] = filters


def _handlers() -> dict[int, Any]:
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def _set_handlers(before: dict[int, Any]) -> None:
    if threading.current_thread() is not threading.main_thread():
        return  # where nobody could set one
    for number, handler in before.items():
        if handler is not None and signal.getsignal(number) != handler:
            signal.signal(number, handler)


def _file_mask() -> int:
    mask = os.umask(0o077)  # it can only be read by setting it
    os.umask(mask)
    return mask


SETTINGS = (
    Setting("folder", _folder, _enter),
    Setting("environment", lambda: dict(os.environ), _set_environment),
    Setting("module path", lambda: (sys.path, list(sys.path)), _set_module_path),
    Setting("streams", lambda: (sys.stdin, sys.stdout, sys.stderr), _set_streams),
    Setting("warnings", lambda: (list(warnings.filters), warnings.showwarning), _set_warnings),
    Setting("signal handlers", _handlers, _set_handlers),
    Setting("signal mask", blocked_signals, block_signals),
    Setting("timers", running_timers, stop_timers),
    Setting("locale", lambda: locale.setlocale(locale.LC_ALL), lambda before: locale.setlocale(locale.LC_ALL, before)),
    Setting("file mask", _file_mask, os.umask),
    Setting("resource limits", read_limits, set_limits),
    Setting("recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    Setting("garbage collection", gc.isenabled, lambda before: gc.enable() if before else gc.disable()),
    Setting("builtins", lambda: dict(vars(builtins)), _set_builtins),
)
