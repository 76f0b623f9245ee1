"""What Windows and macOS lack is not needed: a run whose modules never see it, on a system that has it.

The libraries are left what they need of the system that they see.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from lasting_files import lasting
from tiny_suite import SMALLER

from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite

ROOT = Path(__file__).parents[3]
FOLDERS = ("src", "benchmark", "methods", "datasets")
PROCESS = ROOT / "benchmark" / "process"  # where each system gets what it has
LIBRARIES = """
    captum.attr concurrent.futures.process filelock jinja2 matplotlib.pyplot multiprocessing.resource_tracker pandas
    psutil pyarrow.parquet pytest rich.progress safetensors.torch scikit_posthocs scipy.stats seaborn sklearn.datasets
    subprocess tempfile torch typer
"""
ABSENT = {
    "Windows": {
        "modules": "fcntl grp posix pwd resource termios",
        "os": "O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK fchmod fork geteuid getpgid getuid killpg mkfifo "
        "register_at_fork sched_getaffinity sysconf uname",
        "signal": "ITIMER_PROF ITIMER_REAL ITIMER_VIRTUAL SIGALRM SIGHUP SIGKILL SIGUSR1 SIGUSR2 getitimer "
        "pthread_sigmask setitimer",
    },
    "macOS": {"modules": "", "os": "sched_getaffinity", "signal": ""},
}
SCRIPT = """
import importlib, pkgutil, sys, types

for name in {libraries!r}.split():
    importlib.import_module(name)
real = dict(sys.modules)
for name in {modules!r}.split():
    sys.modules[name] = None
for name in ("os", "signal"):
    content = {{key: value for key, value in vars(real[name]).items() if key not in {absent!r}[name].split()}}
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(content)

import saltbench

for found in pkgutil.walk_packages(saltbench.__path__, "saltbench."):
    # Dask's locks take what they find, which on Windows is a module that is not here
    if not found.name.endswith("__main__") and ".executors.cluster." not in found.name:
        importlib.import_module(found.name)
for name in {modules!r}.split():
    del sys.modules[name]
sys.modules |= {{name: real[name] for name in (*{modules!r}.split(), "os", "signal") if name in real}}

from saltbench.benchmark.commands.cli import main

main()
"""


@pytest.mark.parametrize(
    ("system", "options"),
    [
        ("Windows", "--workers 2 --timeout 250"),
        pytest.param("Windows", "--workers 1", marks=pytest.mark.slow),
        pytest.param("macOS", "--workers 2", marks=pytest.mark.slow),
    ],
)
def test_a_run_does_not_need_what_a_system_lacks(tmp_path: Path, system: str, options: str) -> None:
    suite, absent = tmp_path / "tiny.toml", ABSENT[system]
    suite.write_text(SMALLER)
    script = SCRIPT.format(libraries=LIBRARIES, modules=absent["modules"], absent=absent)
    command = [sys.executable, "-P", "-c", script, "run", str(suite), "--results", str(tmp_path), "--device", "cpu"]
    done = subprocess.run([*command, *options.split()], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    expected = run_suite(load_suite(str(suite), load_registries()), tmp_path / "expected").folder
    assert lasting(tmp_path / "tiny") == lasting(expected)


def test_what_a_system_lacks_is_asked_for_where_it_is_used() -> None:
    lacking = {
        (module, name) for absent in ABSENT.values() for module in ("os", "signal") for name in absent[module].split()
    }
    unguarded = []
    for path in (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if PROCESS not in path.parents):
        source = path.read_text("utf-8")
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Attribute(ast.Name(module), name) if (module, name) in lacking:
                    if f'hasattr({module}, "{name}")' not in source:
                        unguarded.append(f"{path.relative_to(ROOT)}: {module}.{name}")
                case ast.Import([*names]) if {one.name for one in names} & set(ABSENT["Windows"]["modules"].split()):
                    unguarded.append(f"{path.relative_to(ROOT)}: {ast.unparse(node)}")
    assert unguarded == []
