"""What Windows and macOS lack is not needed: a run whose modules never see it, on a system that has it.

The libraries are left what they need of the system that they see.
"""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lasting_files import lasting
from tiny_suite import SMALLER

from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite

ROOT = Path(__file__).parents[3]
FOLDERS = ("src", "benchmark", "methods", "datasets")
SYSTEMS = ROOT / "src" / "saltbench" / "systems.py"  # where each system gets what it has
LIBRARIES = """
    captum.attr concurrent.futures.process filelock jinja2 matplotlib.pyplot multiprocessing.resource_tracker pandas
    psutil pyarrow.parquet pytest rich.progress safetensors.torch scikit_posthocs scipy.stats seaborn sklearn.datasets
    subprocess tempfile torch typer
"""
# what Python 3.11 documents as "Availability: Unix", or Linux
UNIX = {
    "modules": "_posixsubprocess crypt curses fcntl grp nis ossaudiodev posix pty pwd readline resource spwd syslog "
    "termios tty",
    "os": """
        CLD_CONTINUED CLD_DUMPED CLD_EXITED CLD_KILLED CLD_STOPPED CLD_TRAPPED EFD_CLOEXEC EFD_NONBLOCK EFD_SEMAPHORE
        EX_OK EX_USAGE F_LOCK F_TEST F_TLOCK F_ULOCK GRND_NONBLOCK GRND_RANDOM MFD_CLOEXEC O_ASYNC O_CLOEXEC O_DIRECT
        O_DIRECTORY O_DSYNC O_NDELAY O_NOATIME O_NOCTTY O_NOFOLLOW O_NONBLOCK O_PATH O_RSYNC O_SYNC O_TMPFILE
        POSIX_FADV_DONTNEED POSIX_SPAWN_CLOSE POSIX_SPAWN_DUP2 POSIX_SPAWN_OPEN PRIO_PGRP PRIO_PROCESS PRIO_USER P_ALL
        P_PGID P_PID P_PIDFD RTLD_GLOBAL RTLD_LAZY RTLD_LOCAL RTLD_NOW RWF_APPEND RWF_DSYNC RWF_SYNC SCHED_BATCH
        SCHED_FIFO SCHED_IDLE SCHED_OTHER SCHED_RR SEEK_DATA SEEK_HOLE SPLICE_F_MOVE ST_NOSUID ST_RDONLY WCONTINUED
        WCOREDUMP WEXITED WEXITSTATUS WIFCONTINUED WIFEXITED WIFSIGNALED WIFSTOPPED WNOHANG WNOWAIT WSTOPPED WSTOPSIG
        WTERMSIG WUNTRACED XATTR_CREATE XATTR_REPLACE chflags chown chroot confstr confstr_names copy_file_range
        ctermid eventfd eventfd_read eventfd_write fchdir fchmod fchown fdatasync fork forkpty fpathconf fstatvfs fwalk
        get_blocking getegid geteuid getgid getgrouplist getgroups getloadavg getpgid getpgrp getpriority getrandom
        getresgid getresuid getsid getuid getxattr initgroups killpg lchflags lchmod lchown listxattr lockf login_tty
        major makedev memfd_create minor mkfifo mknod nice openpty pathconf pathconf_names pidfd_open pipe2 plock
        posix_fadvise posix_fallocate posix_spawn posix_spawnp pread preadv pwrite pwritev readv register_at_fork
        removexattr sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getparam
        sched_getscheduler sched_param sched_rr_get_interval sched_setaffinity sched_setparam sched_setscheduler
        sched_yield sendfile set_blocking setegid seteuid setgid setgroups setns setpgid setpgrp setpriority setregid
        setresgid setresuid setreuid setsid setuid setxattr spawnlp spawnlpe spawnvp spawnvpe splice statvfs sync
        sysconf sysconf_names tcgetpgrp tcsetpgrp uname unshare wait wait3 wait4 waitid waitid_result writev
    """,
    "signal": """
        ITIMER_PROF ITIMER_REAL ITIMER_VIRTUAL ItimerError SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGHUP SIGIO SIGIOT
        SIGKILL SIGPIPE SIGPOLL SIGPROF SIGPWR SIGQUIT SIGRTMAX SIGRTMIN SIGSTKFLT SIGSTOP SIGSYS SIGTRAP SIGTSTP
        SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ SIG_BLOCK SIG_SETMASK SIG_UNBLOCK
        Sigmasks alarm getitimer pause pthread_kill pthread_sigmask setitimer siginterrupt sigpending sigtimedwait
        sigwait sigwaitinfo struct_siginfo
    """,
    "select": "devpoll epoll kevent kqueue poll",
    "shutil": "chown",
    "socket": "AF_NETLINK AF_PACKET AF_UNIX CMSG_LEN CMSG_SPACE recv_fds send_fds sethostname",
    "time": "clock_getres clock_gettime clock_gettime_ns clock_settime clock_settime_ns pthread_getcpuclockid tzset",
}
ABSENT = {"Windows": UNIX, "macOS": {"modules": "", "os": "sched_getaffinity", "signal": ""}}
SCRIPT = """
import importlib, json, pkgutil, sys, types

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

for arguments in json.loads(sys.argv[1]):
    sys.argv = ["saltbench", *arguments]
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
"""


@pytest.mark.parametrize(
    ("system", "options"),
    [
        ("Windows", "--workers 1"),
        pytest.param("Windows", "--workers 2 --timeout 250", marks=pytest.mark.slow),
        pytest.param("macOS", "--workers 2", marks=pytest.mark.slow),
    ],
)
def test_a_run_does_not_need_what_a_system_lacks(tmp_path: Path, system: str, options: str) -> None:
    suite, absent = tmp_path / "tiny.toml", ABSENT[system]
    suite.write_text(SMALLER)
    script = SCRIPT.format(libraries=LIBRARIES, modules=absent["modules"], absent=absent)
    commands = [
        ["list", "metrics"],
        ["run", str(suite), "--results", str(tmp_path), "--device", "cpu", *options.split()],
        ["leaderboard", str(tmp_path / "tiny"), "--format", "markdown"],
    ]
    command = [sys.executable, "-P", "-c", script, json.dumps(commands)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "euclidean" in done.stdout
    assert "| oracle |" in done.stdout
    expected = run_suite(load_suite(str(suite), load_registries()), tmp_path / "expected").folder
    assert lasting(tmp_path / "tiny") == lasting(expected)


LACKING = {(module, name) for module in UNIX for name in UNIX[module].split()}


def asked(source: str) -> Iterator[str]:
    """What source code asks for that Windows lacks: modules, attributes, and attributes by their names."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(ast.Name(module), name) if (module, name) in LACKING:
                yield f"{module}.{name}"
            case ast.Call(ast.Name("getattr" | "hasattr"), [ast.Name(module), ast.Constant(name), *_]) if (
                module,
                name,
            ) in LACKING:
                yield f"{module}.{name}"
            case ast.Import(names):
                yield from (one.name for one in names if ("modules", one.name) in LACKING)
            case ast.ImportFrom(str(module), names, 0):
                yield from (f"{module}.{one.name}" for one in names if (module, one.name) in LACKING)
                yield from [module] * (("modules", module) in LACKING)


def test_what_windows_lacks_is_asked_for_in_one_place() -> None:
    elsewhere = {
        f"{path.relative_to(ROOT)}: {name}"
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if path != SYSTEMS
        for name in asked(path.read_text("utf-8"))
    }
    assert elsewhere == set()
    assert {"resource", "os.register_at_fork", "signal.pthread_sigmask"} <= set(asked(SYSTEMS.read_text("utf-8")))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import fcntl", "fcntl"),
        ("from pwd import getpwnam", "pwd"),
        ("from os import fork, path", "os.fork"),
        ("import os\nos.killpg(1, 9)", "os.killpg"),
        ("getattr(os, 'O_NOFOLLOW', 0)", "os.O_NOFOLLOW"),
        ("if hasattr(signal, 'SIGKILL'): pass", "signal.SIGKILL"),
    ],
)
def test_what_is_found(source: str, found: str) -> None:
    assert list(asked(source)) == [found]
