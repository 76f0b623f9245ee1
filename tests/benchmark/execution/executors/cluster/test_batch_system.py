"""Runs on jobs of a batch system: its commands are scripts here that run jobs on this machine."""

import os
import shlex
import signal
from pathlib import Path

import pytest
from command_line import Said
from lasting_files import lasting
from tiny_suite import SMALLER

pytest.importorskip("dask_jobqueue", reason="needs the extra cluster")

from saltbench.benchmark.execution.executors.choice import script_of_jobs
from saltbench.benchmark.execution.executors.engine import BATCH, Engine
from saltbench.errors import WorkerError

SBATCH = """#!/bin/sh
job=$(mktemp "$JOBS/job-XXXXXX")
cp "$1" "$job"
setsid sh "$job" > "$job.log" 2>&1 &
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
echo "$1" >> "$JOBS/cancelled"
kill -- "-$1"
"""
REFUSING = """#!/bin/sh
echo "sbatch: error: invalid partition specified: batch" >&2
exit 1
"""
DIRECTIVES = {
    "slurm": ("#SBATCH -p batch", "#SBATCH --cpus-per-task=4", "#SBATCH --mem=", "#SBATCH -t 02:00:00"),
    "pbs": ("#PBS -q batch", "select=1:ncpus=4:mem=", "#PBS -l walltime=02:00:00"),
    "sge": ("#$ -q batch", "#$ -l h_rt=02:00:00"),
    "lsf": ("#BSUB -q batch", "#BSUB -n 4", "#BSUB -W 02:00:00"),
}


def place_commands(folder: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> None:
    """Put commands on the path."""
    (folder / "bin").mkdir()
    for name, text in scripts.items():
        path = folder / "bin" / name
        path.write_text(text)
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("JOBS", str(folder))


@pytest.mark.parametrize("name", BATCH)
def test_the_script_of_a_job(name: str) -> None:
    handler = signal.getsignal(signal.SIGINT)
    engine = Engine(name=name, jobs=2, walltime="02:00:00", queue="batch", cores=4, memory=8 * 10**9)
    lines = script_of_jobs(engine).splitlines()
    assert lines[0].startswith("#!/")
    for directive in DIRECTIVES[name]:
        assert [line for line in lines if directive in line], (directive, lines)
    assert lines[-2] == "export PYTHONSAFEPATH=1"
    assert "distributed.cli.dask_worker tcp://HOST:PORT" in lines[-1]
    assert "--nthreads 4 " in lines[-1]
    assert signal.getsignal(signal.SIGINT) is handler  # Dask-Jobqueue sets another when it is imported


def test_a_dry_run_prints_it_and_writes_nothing(tmp_path: Path, said: Said) -> None:
    status, out = said("run", "--results", tmp_path, *shlex.split("--executor slurm --jobs 2 --queue batch --dry-run"))
    assert not status
    assert "#SBATCH -p batch" in out
    assert not list(tmp_path.iterdir())


def test_no_batch_system_and_one_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Said) -> None:
    (tmp_path / "small.toml").write_text(SMALLER)
    given = (
        "run",
        tmp_path / "small.toml",
        "--results",
        tmp_path,
        *shlex.split("--executor slurm --jobs 1 --queue batch"),
    )
    message, _ = said(*given)
    assert message == (
        "saltbench: --executor slurm needs the command sbatch, which is not on this machine; "
        "run on a login node of the cluster, or use --executor dask"
    )
    place_commands(tmp_path, monkeypatch, sbatch=REFUSING)
    message, _ = said(*given)
    assert str(message).startswith("saltbench: slurm takes no jobs: ")
    assert "invalid partition specified: batch" in str(message)
    assert "\n" not in str(message)


@pytest.mark.slow
def test_jobs_write_the_bytes_of_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Said) -> None:
    place_commands(tmp_path, monkeypatch, sbatch=SBATCH, scancel=SCANCEL)
    (tmp_path / "small.toml").write_text(SMALLER)
    given = ("run", tmp_path / "small.toml", "--architectures", "lstm", "--methods", "saliency", "--results")
    jobs = shlex.split("--executor slurm --jobs 1 --workers 2 --walltime 00:10:00 --memory 4GB")
    assert not said(*given, tmp_path / "jobs", *jobs)[0]
    assert not said(*given, tmp_path / "alone", "--workers", 1)[0]
    assert lasting(tmp_path / "jobs" / "small") == lasting(tmp_path / "alone" / "small")
    assert (tmp_path / "cancelled").read_text()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--executor ray", "--executor must be local, dask, slurm, pbs, sge or lsf, got 'ray'"),
        ("--executor dask", "--executor dask needs the address of a scheduler; add --scheduler tcp://HOST:PORT"),
        (
            "--scheduler tcp://a:1",
            "--scheduler is for --executor dask, got --executor local; leave one of them out",
        ),
        ("--executor pbs", "--executor pbs needs the number of jobs to submit; add --jobs N"),
        ("--queue q", "--queue is for --executor slurm, pbs, sge, lsf, got local; leave it out"),
        (
            "--executor dask --scheduler tcp://a:1 --jobs 2",
            "--jobs is for --executor slurm, pbs, sge, lsf, got dask; leave it out",
        ),
    ],
)
def test_options_of_another_engine_are_refused(said: Said, tmp_path: Path, options: str, expected: str) -> None:
    message, _ = said("run", "--results", tmp_path, *shlex.split(options))
    assert message == f"saltbench: {expected}"


def test_a_batch_system_that_makes_no_job_says_why() -> None:
    with pytest.raises(WorkerError, match=r"^slurm takes no jobs: .*; correct the options$"):
        script_of_jobs(Engine(name="slurm", cores=0))
