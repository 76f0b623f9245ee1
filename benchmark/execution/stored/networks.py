"""Trained networks as they are stored: built anew by their architecture, with the weights of the training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from safetensors.torch import load, save
from torch import nn

from ....datasets.spec import TaskData
from ....entry import resolve
from ....methods.architectures.white_box import WhiteBox
from ...storage.store import Artifact, Store
from ...suites.registry import Registries
from ..entry_checks import check_architecture
from ..plan import Job
from ..planned import planned_entry
from .run import MODELS

FILE = "weights.safetensors"


@dataclass(frozen=True)
class Network:
    """A trained network, (batch, time, features) to logits (batch, classes), and the facts of its training."""

    model: nn.Module
    facts: Mapping[str, Any]


def build_network(job: Job, data: TaskData, registries: Registries) -> nn.Module:
    """Return a job's network as its architecture makes it, with initial weights drawn from the global generators.

    Raises:
        PluginError: the architecture's code is another than was planned.
        ContractError: the architecture makes no network to train.
        Exception: whatever an architecture raises.
    """
    architecture = job.architecture
    assert architecture is not None
    if job.task.brings:
        function = planned_entry(registries.tasks, job.task).function
        assert function is not None
        return WhiteBox(resolve(function))
    factory = planned_entry(registries.architectures, architecture).load()
    model = factory(features=data.features, classes=data.classes, **architecture.parameters)
    return check_architecture(architecture.name, model)


def stored_network(
    job: Job, data: TaskData, registries: Registries, store: Store, device: str | None = None
) -> Network | None:
    """Return a job's trained network in evaluation mode, None where it is not stored.

    Args:
        job: with an architecture.
        data: of its task, which says how many features and classes there are.
        registries: of the entries.
        store: where the weights are.
        device: to compute on; None for the one it was trained on.

    Raises:
        StoreError: the weights cannot be read.
        Exception: as `build_network`.
    """
    found = store.get(MODELS, job.model_key())
    return None if found is None else load_network(found, job, data, registries, device)


def load_network(
    stored: Artifact, job: Job, data: TaskData, registries: Registries, device: str | None = None
) -> Network:
    """Return a network built anew, with stored weights of its own, in evaluation mode; see `stored_network`.

    Raises:
        Exception: as `build_network`.
    """
    model = build_network(job, data, registries).to(device or job.protocol.device)
    model.load_state_dict(load(stored.files[FILE]))
    return Network(model.eval(), stored.facts)


def put_network(job: Job, network: Network, store: Store) -> None:
    """Store a trained network.

    Raises:
        StoreError: the folder cannot be written.
    """
    weights = {name: value.detach().cpu().contiguous() for name, value in network.model.state_dict().items()}
    store.put(MODELS, Artifact(job.model_key(), network.facts, {FILE: save(weights)}))
