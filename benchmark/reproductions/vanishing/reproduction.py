"""Why saliency vanishes: relevance by distance to the last step, before and after training, beside its theory."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from torch import nn

from ....datasets.spec import TaskData
from ....errors import ParameterError
from ....methods.seeding import seeded
from ...execution.collection import joined
from ...execution.plan import Job
from ...execution.planned import planned_data
from ...execution.stored.networks import build_network, stored_network
from ...execution.stored.run import MODELS, StoredRun
from ...execution.training import as_tensors
from ...leaderboards.finished_run import Result
from ...process.threads import one_thread
from ...storage.csv_tables import to_csv
from ...storage.store import Artifact, Store
from ...suites.provenance import open_results, write_tables
from ...suites.registry import Registries, load_registries
from ..reproduction import Reproduction
from .figure import draw_vanishing
from .rates import report, summarise
from .relevance import relevance_profile

VERSION = 1  # raised when what a profile holds changes
PROFILE = "profile.parquet"
POINTS = 100  # distances of a series that relevance.csv keeps
DIGITS = "%.9g"  # fewer than float64 has: the last ones differ between machine types


def present_vanishing(runs: Sequence[Result]) -> Iterator[str]:
    """Write tables and figure of all runs into the first one's folder, and yield a summary.

    Raises:
        ParameterError: no network was trained.
        StoreError: a result cannot be read or written.
    """
    registries = load_registries()
    profiles = pd.concat([collect_profiles(run, registries) for run in runs])
    yield from write_vanishing(profiles, runs[0].folder)


def write_vanishing(profiles: pd.DataFrame, folder: Path) -> Iterator[str]:
    """Write relevance.csv, summary.csv and the figure into folder, and yield what they say.

    Raises:
        ParameterError: no profile.
        StoreError: a file cannot be written, or another run holds the folder.
    """
    if profiles.empty:
        raise ParameterError("no network was trained, so that there is no relevance to report; see the failed cells")
    summary = summarise(profiles)
    with open_results(folder):
        write_tables(folder, {"relevance.csv": _csv(thin(profiles)), "summary.csv": _csv(summary)})
        draw_vanishing(profiles, folder)
    yield from report(summary)
    yield from (f"{folder / name}" for name in ("relevance.csv", "summary.csv", "vanishing.png"))


def thin(profiles: pd.DataFrame) -> pd.DataFrame:
    """Return the rows at multiples of T/100, so that long series do not take more space than short ones."""
    stride = (profiles.time // POINTS).clip(lower=1)
    return profiles[profiles.distance % stride == 0]


def collect_profiles(run: Result, registries: Registries) -> pd.DataFrame:
    """Return the relevance profiles of all networks of a suite that has run, computing those the store lacks.

    Columns: time, task, architecture, trained (no or yes), seed, accuracy, epochs, kept_epoch, samples, evidence (the
    share of a step's features that are salient), then those of `relevance_profile`. Networks whose training failed are
    absent. Before training means the weights that the training started from.

    Raises:
        StoreError: the folder cannot be read or written, or another run holds it.
    """
    with open_results(run.folder) as store, one_thread():
        return joined(list(_profiles(run.stored, store, registries)))


def _profiles(run: StoredRun, store: Store, registries: Registries) -> Iterator[pd.DataFrame]:
    for job in run.jobs():
        network = store.get(MODELS, job.model_key()) if job.architecture else None
        if network is None:
            continue
        missing = [trained for trained in (False, True) if store.get("profiles", _key(job, trained)) is None]
        data = planned_data(registries, job) if missing else None
        for trained in missing:
            assert data is not None
            store.put("profiles", _measure(job, trained, data, registries, store))
        for trained in (False, True):
            profile = store.get("profiles", _key(job, trained))
            assert profile is not None
            yield _identified(job, network, trained, pd.read_parquet(io.BytesIO(profile.files[PROFILE])))


def _key(job: Job, trained: bool) -> dict[str, Any]:
    samples = job.protocol.samples
    return {"profile": VERSION, "model": job.model_key(), "trained": trained, "samples": samples}


def _measure(job: Job, trained: bool, data: TaskData, registries: Registries, store: Store) -> Artifact:
    model = _network(job, trained, data, registries, store)
    inputs, labels = as_tensors(data.test, "cpu")
    profile = relevance_profile(model, inputs[: job.protocol.samples], labels[: job.protocol.samples])
    evidence = data.test.truth[: job.protocol.samples].mean(axis=(0, 2), dtype=np.float64)
    profile.insert(1, "evidence", evidence[::-1])
    profile.insert(0, "samples", min(job.protocol.samples, len(labels)))
    return Artifact(_key(job, trained), {}, {PROFILE: bytes(profile.to_parquet(index=False))})


def _network(job: Job, trained: bool, data: TaskData, registries: Registries, store: Store) -> nn.Module:
    if not trained:
        with seeded(job.seeds.training):
            return build_network(job, data, registries)
    network = stored_network(job, data, registries, store, "cpu")
    assert network is not None
    return network.model


def _identified(job: Job, network: Artifact, trained: bool, profile: pd.DataFrame) -> pd.DataFrame:
    assert job.architecture is not None
    identity = {
        "time": len(profile),
        "task": job.task.name,
        "architecture": job.architecture.name,
        "trained": "yes" if trained else "no",
        "seed": job.repetition,
        "accuracy": network.facts["accuracy"] if trained else float("nan"),
        "epochs": network.facts["training"]["epochs"] if trained else 0,
        "kept_epoch": network.facts["training"]["kept_epoch"] if trained else 0,
    }
    for position, (name, value) in enumerate(identity.items()):
        profile.insert(position, name, value)
    return profile


def _csv(table: pd.DataFrame) -> bytes:
    rounded = table.copy()
    for name in table.select_dtypes("float"):
        rounded[name] = [float(DIGITS % value) for value in table[name]]
    return to_csv(rounded)


VANISHING = Reproduction(name="vanishing", suites=("vanishing", "vanishing-long"), present=present_vanishing)
