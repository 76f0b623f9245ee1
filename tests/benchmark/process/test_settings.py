"""What an entry sets for the whole process ends with its cell: the next one computes the same bytes."""

import os
import random
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_suite import TINY

from saltbench.benchmark.leaderboards.finished_run import Result
from saltbench.benchmark.process.settings import settings_restored
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.benchmark.testing.entry_evaluation import EntryEvaluation
from saltbench.errors import PluginError

pytestmark = pytest.mark.usefixtures("undrawn")

PLUGIN = """
import builtins, decimal, functools, gc, hashlib, locale, os, random, resource, signal, sys, tempfile, threading
import warnings
import numpy as np
import torch
from saltbench import MethodSpec

kept = sys.__dict__.setdefault("kept_by_tests_of_settings", [])

def enter(context):
    kept.append(context)  # left by nobody
    context.__enter__()

def elsewhere():
    os.chdir(tempfile.mkdtemp())

def nowhere():
    elsewhere()
    os.rmdir(os.getcwd())

SPOILERS = {
    "folder": elsewhere,
    "removed-folder": nowhere,
    "environment": lambda: (os.environ.update(SPOILT="1", HOME="/spoilt"), os.environ.pop("PATH")),
    "cleared-environment": os.environ.clear,
    "module-path": lambda: sys.path.insert(0, "/spoilt"),
    "other-module-path": lambda: setattr(sys, "path", []),
    "streams": lambda: setattr(sys, "stdout", sys.stderr),
    "warnings": lambda: warnings.simplefilter("error"),
    "caught-warnings": lambda: enter(warnings.catch_warnings(record=True)),
    "signal": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "interrupt": lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    "signal-mask": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM}),
    "alarm": lambda: signal.alarm(1),
    "timer": lambda: signal.setitimer(signal.ITIMER_PROF, 0.2),
    "locale": lambda: locale.setlocale(locale.LC_ALL, "C.UTF-8" if locale.setlocale(locale.LC_ALL) == "C" else "C"),
    "file-mask": lambda: os.umask(0o777),
    "few-files": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (5, resource.getrlimit(resource.RLIMIT_NOFILE)[1])),
    "builtins": lambda: (setattr(builtins, "open", None), delattr(builtins, "print")),
    "recursion": lambda: sys.setrecursionlimit(300),
    "garbage": gc.disable,
    "numpy-errors": lambda: np.seterr(all="raise"),
    "numpy-errstate": lambda: enter(np.errstate(all="raise")),
    "numpy-error-handler": lambda: np.seterrcall(print),
    "numpy-buffer": lambda: np.setbufsize(16 * 1024),
    "default-device": lambda: torch.set_default_device("meta"),
    "default-type": lambda: torch.set_default_dtype(torch.float64),
    "threads": lambda: torch.set_num_threads(3),
    "gradients": lambda: torch.set_grad_enabled(False),
    "no-grad": lambda: enter(torch.no_grad()),
    "inference": lambda: enter(torch.inference_mode()),
    "deterministic": lambda: torch.use_deterministic_algorithms(True, warn_only=True),
    "anomalies": lambda: torch.autograd.set_detect_anomaly(True),
    "autocast": lambda: enter(torch.autocast("cpu", torch.bfloat16)),
    "denormals": lambda: torch.set_flush_denormal(True),
    "products": lambda: torch.set_float32_matmul_precision("medium"),
    "onednn": lambda: torch.backends.mkldnn.set_flags(False),
    "cudnn": lambda: setattr(torch.backends.cudnn, "benchmark", True),
    "module-hook": lambda: torch.nn.modules.module.register_module_forward_hook(lambda *given: given[-1] * 2),
}

def spoil(inputs, *, what):
    maps = torch.ones_like(inputs)
    SPOILERS[what]()
    return maps

def state():
    path = os.path.exists(".") and os.getcwd()
    cudnn, mask = torch.backends.cudnn, os.umask(0o022)
    os.umask(mask)
    small = float(torch.full((1,), 1e-310, dtype=torch.float64, device="cpu") * 1)
    modes = [torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_anomaly_enabled()]
    modes += [torch.are_deterministic_algorithms_enabled(), torch.is_autocast_enabled("cpu")]
    handlers = [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())]
    blocked = sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    hooks = len(torch.nn.modules.module._global_forward_hooks)
    timers = [signal.getitimer(signal.ITIMER_REAL), signal.getitimer(signal.ITIMER_PROF)]
    return [
        path, sorted(os.environ.items()), sys.path, str(sys.stdout), str(warnings.filters), str(warnings.showwarning),
        handlers, blocked, timers, locale.setlocale(locale.LC_ALL), mask, sys.getrecursionlimit(), gc.isenabled(),
        np.geterr(), str(np.geterrcall()), np.getbufsize(), torch.empty(0).device, torch.get_default_dtype(),
        torch.get_num_threads(), modes, small, torch.get_float32_matmul_precision(), torch.backends.mkldnn.enabled,
        cudnn.benchmark, hooks, resource.getrlimit(resource.RLIMIT_NOFILE), str(open), str(print),
    ]

def probe(inputs, *, after):
    digest = hashlib.sha256(repr(state()).encode()).digest()
    tiles = np.resize(np.frombuffer(digest, np.uint8), inputs[0].numel()).reshape(inputs[0].shape)
    return torch.tensor(tiles, dtype=inputs.dtype, device="cpu").expand_as(inputs).clone()

for name in SPOILERS:
    globals()["spoil_" + name] = MethodSpec(
        name="spoil-" + name, version=1, description="d", reference="r", factory=spoil, parameters={"what": name},
    )
for name in ["nothing", *SPOILERS]:
    globals()["probe_" + name] = MethodSpec(
        name="probe-" + name, version=1, description="d", reference="r", factory=probe, parameters={"after": name},
    )
"""
SPOILERS = [line.split('"')[1] for line in PLUGIN.splitlines() if line.startswith('    "') and '":' in line]
SOUND = ["saliency", "smoothgrad", "gradient-shap"]


def run(folder: Path, methods: list[str], plugin: str = PLUGIN) -> Result:
    (folder / "tiny.toml").write_text(TINY)
    path = folder / "spoiling.py"
    path.write_text(plugin)
    given = {"tasks": ["box/latter"], "architectures": ["lstm"], "seeds": 1, "methods": methods}
    return run_suite(load_suite(str(folder / "tiny.toml"), load_registries([path]), given), folder, plugins=[path])


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A run in which each spoiler is followed by a probe of the process's settings, and all by sound methods."""
    folder = tmp_path_factory.mktemp("spoilt")
    pairs = [name for what in SPOILERS for name in (f"spoil-{what}", f"probe-{what}")]
    return run(folder, ["probe-nothing", *pairs, *SOUND])


def rows(result: Result, method: str) -> pd.DataFrame:
    scores = result.collection.scores
    return scores[scores.method == method].drop(columns="method").reset_index(drop=True)


@pytest.mark.parametrize("what", SPOILERS)
def test_the_next_cell_finds_all_as_it_was(spoilt: Result, what: str) -> None:
    standing = spoilt.table.set_index("method").status
    assert standing[f"probe-{what}"] == "ok"
    pd.testing.assert_frame_equal(rows(spoilt, f"probe-{what}"), rows(spoilt, "probe-nothing"))


def test_what_a_method_sets_has_ended_before_its_maps_are_stored(spoilt: Result) -> None:
    assert spoilt.table.set_index("method").status["spoil-file-mask"] == "ok"
    assert not [path for path in spoilt.folder.glob("maps/*/*") if not path.stat().st_mode & 0o400]


def test_sound_methods_compute_the_same_as_alone(spoilt: Result, tmp_path: Path) -> None:
    alone = run(tmp_path, SOUND)
    for method in SOUND:
        pd.testing.assert_frame_equal(rows(spoilt, method), rows(alone, method))


def test_tests_of_entries_restore_settings_as_runs_do(tmp_path: Path) -> None:
    plugin = tmp_path / "spoiling.py"
    plugin.write_text(PLUGIN)
    methods = load_registries([plugin]).methods
    before = Path.cwd()
    chosen = [methods.get(f"spoil-{what}") for what in ("folder", "default-device", "inference")]
    verdicts = EntryEvaluation(tmp_path)(methods=[*chosen, "saliency"], seeds=1, samples=4, metrics=["euclidean"])
    assert Path.cwd() == before
    assert set(verdicts.leaderboard.set_index("method").status.loc[["saliency"]]) == {"ok"}


AT_IMPORT = """
import os, sys, tempfile
import torch
os.chdir(tempfile.mkdtemp())
torch.set_default_dtype(torch.float64)
sys.path.insert(0, "/needed-later")
{rest}
from saltbench import MethodSpec

def ones(inputs):
    return torch.ones(inputs.shape)

METHOD = MethodSpec(name="mine", version=1, description="d", reference="r", factory=ones)
"""


def test_what_a_plugin_sets_while_it_is_loaded_ends_then_but_for_its_modules_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    result = run(tmp_path, ["mine"], AT_IMPORT.format(rest=""))
    assert Path.cwd() == tmp_path
    assert "/needed-later" in sys.path
    assert set(result.table.status) == {"ok"}  # float64 would be refused
    (tmp_path / "broken.py").write_text(AT_IMPORT.format(rest="raise ValueError"))
    with pytest.raises(PluginError, match=r"raised on import: ValueError"):
        load_registries([tmp_path / "broken.py"])
    assert Path.cwd() == tmp_path


def test_settings_are_restored_after_an_error() -> None:
    before = Path.cwd()

    @settings_restored()
    def leave() -> None:
        os.chdir("/")
        raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        leave()
    assert Path.cwd() == before


def test_global_random_numbers_go_on_as_if_nobody_had_drawn_any() -> None:
    def drawn() -> tuple[float, float, float]:
        return random.random(), float(np.random.rand()), float(torch.rand(1))  # noqa: NPY002

    with settings_restored():
        expected = drawn()
    with settings_restored():
        random.seed(5)
        np.random.seed(5)  # noqa: NPY002
        torch.manual_seed(5)
        drawn()
    assert drawn() == expected
