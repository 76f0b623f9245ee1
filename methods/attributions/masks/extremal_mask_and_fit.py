"""ExtremalMask and FIT of the package time_interpret, sample by sample and without Lightning's Trainer.

Its DynaMask is not here. time_interpret 0.3.0 adds the regulariser of the mask in `training_step_end`, a hook that
Lightning 2 has removed: with the versions that install today the area has no effect. `dynamask` is written here.
"""

import importlib
import weakref
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ....errors import MissingPackageError, ParameterError, UnsupportedOperationError, described, text_of
from ...seeding import seeded
from ..adapters import SoftmaxLogits, tells_classes
from ..passes.passes import Passes
from ..spec import Cost
from ..validation.parameter_checks import check_extremal_mask, check_fit
from ..validation.parameters import check_least

_BATCH = 32  # series in a step of the training of FIT's generator
_SHORTEST = 5  # time steps: the generator learns to predict the fifth step and later ones

# Learned from the background and a seed alone, FIT's generator serves all chunks of an attribution
_FITTED: weakref.WeakKeyDictionary[Passes, Any] = weakref.WeakKeyDictionary()


def extremal_mask(
    inputs: Tensor,
    target: Tensor,
    baseline: Tensor,
    seeds: Sequence[int],
    passes: Passes,
    *,
    epochs: int = 500,
    learning_rate: float = 0.01,
    mask_weight: float = 1.0,
    perturbation_weight: float = 1.0,
    hidden: int = 32,
) -> Tensor:
    """Return the mask m that minimises (S_c(m x + (1 - m) N(x - x′)) - S_c(x))² + λ₁ mean |m| + λ₂ mean |N|.

    The perturbation N, a bidirectional GRU and a linear layer, is learned along with the mask; where perturbing by
    N, kept small, does not change the output, an entry needs no mask. Published experiments learn one N for a whole
    data set. Here each sample has its own, drawn from its seed, so that nobody else in the batch matters. Inputs are
    rounded to single precision on the way, as time_interpret does.

    Args:
        inputs: x, (batch, time, features).
        target: int64 (batch,), the explained class c.
        baseline: x′, (batch, time, features).
        seeds: one a sample, the source of N's weights.
        passes: holds the network.
        epochs: steps of Adam, at least 1.
        learning_rate: above 0.
        mask_weight: λ₁, at least 0.
        perturbation_weight: λ₂, at least 0.
        hidden: width of the GRU in each direction, at least 1.

    Returns:
        m in [0, 1], (batch, time, features).

    Raises:
        ParameterError: a parameter out of range, or half precision.
        MissingPackageError: time_interpret is not installed.
        BudgetError: the memory does not hold one sample.

    Source: Enguehard, "Learning Perturbations to Explain Time Series Predictions", ICML 2023.
    """
    check_extremal_mask(
        epochs=epochs,
        learning_rate=learning_rate,
        mask_weight=mask_weight,
        perturbation_weight=perturbation_weight,
        hidden=hidden,
    )
    _check_precision(inputs)
    explainer = _time_interpret("attr").ExtremalMask(passes.model)
    networks = _time_interpret("attr.models")

    def one(series: Tensor, label: Tensor, absent: Tensor, seed: int, epochs: int = epochs) -> Tensor:
        with seeded(seed, series.device):
            net = networks.ExtremalMaskNet(
                forward_func=passes.model,
                model=_Perturbation(series.shape[2], hidden),
                lambda_1=mask_weight,
                lambda_2=perturbation_weight,
                lr=learning_rate,
            )
            mask: Tensor = explainer.attribute(
                series, baselines=absent, target=label, trainer=_Trainer(epochs), mask_net=net, batch_size=1
            )
        return mask.to(series)

    parts = list(zip(inputs.split(1), target.split(1), baseline.split(1), seeds, strict=True))
    with torch.enable_grad():
        passes.check_memory("extremal-mask", lambda: one(*parts[0], epochs=1), inputs.device)
        return torch.cat([one(*part) for part in parts])


def fit(
    inputs: Tensor,
    background: Tensor,
    seeds: Sequence[int],
    passes: Passes,
    *,
    noise_samples: int = 10,
    epochs: int = 300,
    generator_seed: int = 0,
) -> Tensor:
    """Return FIT's share of the shift of the predicted distribution that each observation explains.

    The score of x_{t,i} is 2 σ(5 E[KL(p_t ‖ p_{t-1}) - KL(p_t ‖ p̂_t)]) - 1, where p_t is the prediction on the first t
    steps and p̂_t that on a series whose other features at t are drawn by a generator given the past and x_{t,i}.
    The first step has score 0. The whole distribution is explained, not one class. Each type of device draws its own
    random numbers: the same seeds give another map on a GPU than on the CPU.

    Args:
        inputs: x, (batch, time, features).
        background: series that the generator is trained on, (at least 2, time, features).
        seeds: one a sample, the source of what the generator draws for it.
        passes: holds the network, (batch, any time, features) to logits (batch, classes).
        noise_samples: draws for each entry, at least 1.
        epochs: of the generator's training, at least 1.
        generator_seed: seed of the generator's training, at least 0.

    Returns:
        (batch, time, features), in (-1, 1).

    Raises:
        ParameterError: a parameter out of range, too few or too short series, or half precision.
        MissingPackageError: time_interpret is not installed.
        BudgetError: the memory does not hold the generator's training, or one sample.
        UnsupportedOperationError: a network that does not take shorter series, or tells no classes apart.

    Source: Tonekaboni, Joshi, Campbell, Duvenaud, Goldenberg, "What went wrong and when?", NeurIPS 2020.
    """
    check_fit(noise_samples=noise_samples, epochs=epochs, generator_seed=generator_seed)
    check_least("the number of background series", len(background), 2)
    check_least("the number of time steps", inputs.shape[1], _SHORTEST)
    _check_precision(inputs)
    _check_default(inputs)
    _check_classes(passes.model)
    _check_prefixes(passes.model, inputs)

    def fitted(epochs: int) -> Any:
        with seeded(generator_seed, inputs.device), torch.enable_grad():
            return _time_interpret("attr").Fit(
                SoftmaxLogits(passes.model),
                features=background,
                trainer=_Trainer(epochs),
                batch_size=_batch(len(background)),
            )

    def one(series: Tensor, seed: int) -> Tensor:
        with seeded(seed, series.device), torch.no_grad():
            scores: Tensor = _FITTED[passes].attribute(series, n_samples=noise_samples)
        return scores.to(series)

    if passes not in _FITTED:
        passes.check_memory("fit's generator", lambda: fitted(1), inputs.device)
        _FITTED[passes] = fitted(epochs)
    passes.check_memory("fit", lambda: one(inputs[:1], seeds[0]), inputs.device)
    return torch.cat([one(*part) for part in zip(inputs.split(1), seeds, strict=True)])


def extremal_mask_cost(_time: int, _features: int, *, epochs: int, **_others: object) -> Cost:
    """Return the rows of a sample: four forward an epoch, as time_interpret makes them, and one backward."""
    return Cost(4 * epochs, epochs)


def fit_cost(time: int, features: int, *, noise_samples: int, **_others: object) -> Cost:
    """Return the rows of a sample: two prefixes a step and the draws of each entry, from the second step on."""
    return Cost((time - 1) * (2 + features * noise_samples), 0)


class _Trainer:
    """The part of Lightning's Trainer that time_interpret needs; it prints, logs, writes and catches nothing."""

    def __init__(self, epochs: int) -> None:
        self.max_epochs = epochs

    def fit(self, net: Any, train_dataloaders: Iterable[Sequence[Any]], **_unused: object) -> None:
        """Train a LightningModule with its own optimizer, in the type and place of the data."""
        batches = list(train_dataloaders)
        net.to(batches[0][0])
        net.log = _ignore
        net.train()
        optimizer = net.configure_optimizers()["optimizer"]
        for _ in range(self.max_epochs):
            for index, batch in enumerate(batches):
                optimizer.zero_grad()
                net.training_step(batch, index).backward()
                optimizer.step()


class _Perturbation(nn.Module):
    """What takes the place of masked entries: a bidirectional GRU and a linear layer, all (batch, time, features)."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.recurrence = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.output = nn.Linear(2 * hidden, features)

    def forward(self, series: Tensor) -> Tensor:
        """Return the perturbation of a series less its baseline, (batch, time, features)."""
        perturbed: Tensor = self.output(self.recurrence(series)[0])
        return perturbed


def _ignore(*_arguments: object, **_named: object) -> None:
    """Stand in for LightningModule.log, which warns where no Trainer is."""


def _time_interpret(module: str) -> Any:
    try:
        return importlib.import_module(f"tint.{module}")
    except ModuleNotFoundError as error:
        raise MissingPackageError.of("extremal-mask and fit", "time_interpret", "masks", error) from error
    except (ImportError, RuntimeError, OSError) as error:  # such as a torchvision built for another PyTorch
        raise MissingPackageError(
            f"extremal-mask and fit need the package time_interpret, got {described(error)} when it was loaded; "
            "install it and what it loads for this PyTorch"
        ) from error


def _batch(series: int) -> int:
    # Batch normalisation in the generator needs two series in every step
    sizes = [size for size in range(_BATCH, 1, -1) if series % size != 1]
    return sizes[0]


def _check_classes(model: nn.Module) -> None:
    if not tells_classes(model):
        raise UnsupportedOperationError(
            "fit needs a network that tells classes apart, whose distribution it explains, got one that returns "
            "values, labels or an answer for each step; choose another method, such as feature-ablation"
        )


def _check_prefixes(model: nn.Module, inputs: Tensor) -> None:
    try:
        with torch.no_grad():
            model(inputs[:1, :1])
    except (RuntimeError, ValueError, IndexError, AssertionError) as error:
        text = text_of(error)
        reason = f"{type(error).__name__}: {text}" if text else type(error).__name__
        raise UnsupportedOperationError(
            f"fit needs a network that takes series of any length, got one that fails on 1 of {inputs.shape[1]} time "
            f"steps ({reason}); choose another method"
        ) from error


def _check_precision(inputs: Tensor) -> None:
    if inputs.dtype not in (torch.float32, torch.float64):
        raise ParameterError(
            f"time_interpret's methods need inputs in float32 or float64, got {inputs.dtype}; convert model and inputs "
            "with .float()"
        )


def _check_default(inputs: Tensor) -> None:
    # Of this type are tensors that time_interpret makes beside the inputs
    default = torch.get_default_dtype()
    if default not in (torch.float32, inputs.dtype):
        raise ParameterError(
            f"fit needs torch's default dtype to be float32, got {default}; call torch.set_default_dtype(torch.float32)"
        )
