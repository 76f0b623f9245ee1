"""The one training recipe for all architectures, on logits, selected without the test split."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ...datasets.spec import Split, TaskData
from ...errors import NonFiniteError, ShapeError
from ...methods.attributions.adapters import softmax_logits
from ...methods.attributions.passes.malloc import expect_large_blocks
from ...methods.attributions.passes.model_state import lend
from ...methods.seeding import seeded
from ..suites.training_recipe import Recipe
from .tensors import like_parameters

EVALUATION_BATCH = 50  # samples a forward pass: the cache-friendliest of 10 to 1000, measured on the LSTM


@dataclass(frozen=True)
class Standing:
    """Loss (nats) and accuracy (share in [0, 1]) of a model on one split."""

    loss: float
    accuracy: float

    def better_than(self, other: "Standing") -> bool:
        """Return whether the accuracy is higher, or equal at a lower loss."""
        return (self.accuracy, -self.loss) > (other.accuracy, -other.loss)


@dataclass(frozen=True)
class Training:
    """How a training went: epochs run, the epoch whose weights were kept, why it ended, and where it stands."""

    epochs: int
    kept_epoch: int
    ended: str
    train: Standing
    validation: Standing

    def as_json(self) -> dict[str, object]:
        """Return the record as JSON values."""
        return asdict(self)


def train(
    build: Callable[[], nn.Module],
    data: TaskData,
    recipe: Recipe,
    seed: int,
    device: torch.device | str = "cpu",
) -> tuple[nn.Module, Training]:
    """Return the model that build makes, trained and in evaluation mode, and the record of its training.

    Initial weights, order of samples and dropout depend on seed alone.

    Raises:
        ShapeError: the model's output is not (batch, classes), or (batch, time, classes) for labels at every step.
        NonFiniteError: the loss on training or validation samples is NaN or infinite.
    """
    expect_large_blocks()  # without it, epochs of bi-lstm take 1.4 times the processor time, ten times the page faults
    with seeded(seed, device):
        model = build().to(device)
        order = torch.Generator().manual_seed(seed)
        return _fit(model, data, recipe, order)


def _fit(model: nn.Module, data: TaskData, recipe: Recipe, order: torch.Generator) -> tuple[nn.Module, Training]:
    device = next(model.parameters()).device
    train_set, validation_set = (tensors_for(model, split, device) for split in (data.train, data.validation))
    optimiser = adam(model, recipe.learning_rate)
    kept, lowest, since_improved = Kept(), math.inf, 0
    ended = "epochs"
    for epoch in range(1, recipe.epochs + 1):
        loss = run_epoch(model, optimiser, train_set, recipe.batch, order, data.classes)
        on_validation = standing(model, *validation_set)
        _require_finite(epoch, training=loss, validation=on_validation.loss)
        is_kept = kept.offer(model, epoch, on_validation)
        has_fallen = loss < lowest * (1 - recipe.tolerance)
        lowest = loss if has_fallen else lowest
        since_improved = 0 if is_kept or has_fallen else since_improved + 1
        if is_right(model, *train_set):
            ended = "every training sample is right"
            break
        if since_improved >= recipe.patience:
            ended = "the loss stopped improving"
            break
    model.load_state_dict(kept.weights)
    on_train = standing(model, *train_set)
    _require_finite(kept.epoch, training=on_train.loss)
    return model.eval(), Training(epoch, kept.epoch, ended, on_train, kept.standing)


@dataclass
class Kept:
    """The best epoch so far, where it stands on the validation split, and its weights."""

    epoch: int = 0
    standing: Standing = Standing(math.inf, -1.0)
    weights: Mapping[str, Any] = field(default_factory=dict)

    def offer(self, model: nn.Module, epoch: int, standing: Standing) -> bool:
        """Keep the model's weights if it stands better than the best so far, and return whether it does."""
        is_better = standing.better_than(self.standing)
        if is_better:
            self.epoch, self.standing = epoch, standing
            self.weights = {name: value.clone() for name, value in model.state_dict().items()}
        return is_better


def _require_finite(epoch: int, **losses: float) -> None:
    for split, loss in losses.items():
        if not math.isfinite(loss):
            raise NonFiniteError(f"the {split} loss became {loss} in epoch {epoch}; lower the learning rate")


def adam(model: nn.Module, learning_rate: float) -> torch.optim.Adam:
    """Return Adam over the model's parameters, fused where PyTorch can, in a third of the time for a small network."""
    fits = all(parameter.is_floating_point() for parameter in model.parameters())
    return torch.optim.Adam(model.parameters(), lr=learning_rate, fused=fits)


def run_epoch(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    train_set: tuple[Tensor, Tensor],
    batch: int,
    order: torch.Generator,
    classes: int,
) -> float:
    """Train the model on every sample once, in an order drawn from order; return the mean loss (nats) on the way.

    Raises:
        ShapeError: the model's output is not (batch, classes).
    """
    model.train()
    inputs, labels = train_set
    total = torch.zeros((), device=labels.device)
    for picked in torch.randperm(len(labels), generator=order).to(labels.device).split(batch):
        optimiser.zero_grad()
        logits = model(inputs.index_select(0, picked))  # a quarter of the time of inputs[picked]
        expected = (len(picked), *labels.shape[1:], classes)
        if getattr(logits, "shape", None) != expected:
            form = "(batch, classes)" if labels.ndim == 1 else "(batch, time, classes)"
            raise ShapeError(
                f"{type(model).__name__} returned {_shape(logits)} for {len(picked)} samples of {classes} classes, "
                f"expected {expected}; return logits {form}"
            )
        loss = _mean_loss(model, logits, labels[picked])
        loss.backward()
        optimiser.step()
        total += loss.detach() * len(picked)
    return float(total) / len(labels)


def _mean_loss(model: nn.Module, logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross-entropy (nats) over samples, (batch,), or over all their steps, (batch, time)."""
    return cross_entropy(softmax_logits(model, logits).flatten(0, -2), labels.flatten())


def _shape(value: object) -> str:
    return f"a tensor {tuple(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"


def as_tensors(split: Split, device: torch.device | str) -> tuple[Tensor, Tensor]:
    """Return copies of the inputs (batch, time, features) and labels of a split on device."""
    # copies, since the split may be a user's and a network may work in place
    return torch.tensor(split.inputs, device=device), torch.tensor(split.labels, device=device)


def tensors_for(model: nn.Module, split: Split, device: torch.device | str) -> tuple[Tensor, Tensor]:
    """Return inputs (batch, time, features) and labels of a split on device, inputs in the model's type."""
    inputs, labels = as_tensors(split, device)
    return like_parameters(model, inputs), labels


def predict(model: nn.Module, inputs: Tensor) -> Tensor:
    """Return logits (batch, …, classes) in evaluation mode, without gradients, in which the model is left."""
    model.eval()
    with torch.inference_mode():
        return torch.cat([model(part) for part in inputs.split(EVALUATION_BATCH)])


def standing(model: nn.Module, inputs: Tensor, labels: Tensor) -> Standing:
    """Return loss and accuracy of the model on inputs (batch, time, features).

    Both are means over the labels, (batch,), or over all steps where they are (batch, time).
    """
    logits = predict(model, inputs)
    accuracy = (logits.argmax(dim=-1) == labels).double().mean()
    return Standing(float(_mean_loss(model, logits, labels)), float(accuracy))


def is_right(model: nn.Module, inputs: Tensor, labels: Tensor) -> bool:
    """Return whether the model's accuracy on inputs (batch, time, features) and their labels is 1.

    It looks no further than the first part with a sample that is wrong: while a network learns, one forward pass.
    """
    model.eval()
    with torch.inference_mode():
        parts = zip(inputs.split(EVALUATION_BATCH), labels.split(EVALUATION_BATCH), strict=True)
        return all(bool((model(part).argmax(dim=-1) == truth).all()) for part, truth in parts)


def facts_on_test(model: nn.Module, data: TaskData, device: torch.device | str) -> dict[str, Any]:
    """Return accuracy on the test split, majority (share of its largest class) and tested (number of samples)."""
    counts = np.bincount(data.test.labels.ravel(), minlength=data.classes)
    with lend(model, torch.device(device)):
        accuracy = standing(model, *tensors_for(model, data.test, device)).accuracy
    return {"accuracy": accuracy, "majority": float(counts.max() / counts.sum()), "tested": len(data.test)}
