"""ExtremalMask and FIT of time_interpret within the contract, and its DynaMask, mended, against ours."""

import logging
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from attribution_models import TIME, Scores, classes, network, series
from torch import nn

from saltbench.errors import BudgetError, MissingPackageError, ParameterError, UnsupportedOperationError
from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.masks.dynamask import dynamask
from saltbench.methods.attributions.masks.entries import MASKS
from saltbench.methods.attributions.masks.extremal_mask_and_fit import (
    _batch,
    _Trainer,
    extremal_mask,
    extremal_mask_cost,
    fit,
    fit_cost,
)
from saltbench.methods.attributions.passes.peak_memory import PeakMemory

BACKGROUND = series(33, seed=5)
EXTRA = [spec for spec in MASKS if "extra" in spec.tags]
QUICK = {"extremal-mask": {"epochs": 5}, "fit": {"epochs": 2, "noise_samples": 2}}
each_entry = pytest.mark.parametrize("spec", EXTRA, ids=lambda spec: spec.name)


@pytest.fixture
def models():
    """The networks of time_interpret."""
    return pytest.importorskip("tint.attr.models", reason="needs the pip extra masks")


@pytest.fixture
def tint(models):
    """The methods of time_interpret."""
    return pytest.importorskip("tint.attr", reason="needs the pip extra masks")


def explained(spec, model, batch=3, rows=slice(None), seeds=(1, 2, 3), **options):
    method = bind(spec, QUICK[spec.name] | options)
    samples = series(batch)[rows]
    return attribute(method, model, samples, classes(batch)[rows], seeds=list(seeds)[rows], background=BACKGROUND)


@each_entry
def test_what_is_taken_does_not_grow_with_the_samples_and_keeps_to_the_memory(tint, spec):
    method, peaks = bind(spec, QUICK[spec.name]), []
    for batch in (2, 8):
        arguments = {"seeds": range(batch), "background": BACKGROUND}
        with PeakMemory(torch.device("cpu")) as peak:
            attribute(method, network("lstm"), series(batch), classes(batch), memory=10_000_000, **arguments)
        peaks.append(peak.bytes)
    assert 10_000 < peaks[1] < 1.2 * peaks[0] < 10_000_000
    with pytest.raises(BudgetError, match=r"the memory budget must be at least .* for one sample of this model"):
        attribute(method, network("lstm"), series(2), classes(2), memory=20_000, seeds=(1, 2), background=BACKGROUND)


@each_entry
def test_map_has_the_inputs_shape_and_keeps_within_its_range(tint, spec):
    maps = explained(spec, network("lstm"))
    assert maps.shape == series(3).shape
    assert maps.dtype == torch.float64
    low = 0 if spec.name == "extremal-mask" else -1
    assert bool(((maps >= low) & (maps <= 1)).all())
    assert len(maps.unique()) > 20


@each_entry
def test_a_sample_depends_on_itself_its_seed_and_the_background(tint, spec):
    model = network("gru")
    whole = explained(spec, model)
    assert torch.equal(whole, explained(spec, model))
    assert torch.equal(whole[1:2], explained(spec, model, rows=slice(1, 2)))
    assert not torch.equal(whole, explained(spec, model, seeds=(4, 5, 6)))


@each_entry
def test_nothing_is_printed_written_or_left_behind(tint, spec, tmp_path, monkeypatch, capfd, caplog):
    monkeypatch.chdir(tmp_path)
    model = network("lstm-self-attention").train()
    random, caught = torch.get_rng_state(), logging.root.handlers[:]
    explained(spec, model)
    assert torch.equal(random, torch.get_rng_state())
    assert logging.root.handlers == caught
    assert all(module.training for module in model.modules())
    assert all(p.requires_grad and p.grad is None for p in model.parameters())
    assert list(Path().iterdir()) == []
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_extremal_mask_lowers_its_loss_and_keeps_the_entry_that_matters(tint):
    model = Scores(lambda x: torch.stack([x[:, 2, 1], -x[:, 2, 1]], 1) * 10)
    inputs = series(2) / 10
    inputs[:, 2, 1] = 2.0
    method = partial(extremal_mask, epochs=150, learning_rate=0.05, hidden=4)
    mask = attribute(method, model, inputs, classes(2) % 2, seeds=[1, 2])
    others = mask.clone()
    others[:, 2, 1] = 0
    assert bool((mask[:, 2, 1] > 0.9).all())
    assert others.max() < 0.1


def test_fit_is_zero_where_the_prediction_never_shifts(tint):
    # logits that look at the first step alone do not change with what comes later
    maps = explained(EXTRA[1], Scores(lambda x: x[:, 0, :3]))
    torch.testing.assert_close(maps, torch.zeros_like(maps), rtol=0, atol=1e-6)


def test_fit_credits_the_feature_that_moves_the_prediction(tint):
    # the last value of feature 1 decides; observing it explains the whole shift, observing another nothing of it
    model = Scores(lambda x: torch.stack([3 * x[:, -1, 1], -3 * x[:, -1, 1]], 1))
    inputs = torch.zeros(2, TIME, 4, dtype=torch.float64)
    inputs[:, 4, 1] = 2.0
    method = partial(fit, epochs=20, noise_samples=20)
    maps = attribute(method, model, inputs, classes(2) % 2, seeds=[1, 2], background=BACKGROUND)
    assert bool((maps[:, 4].argmax(1) == 1).all())
    assert bool((maps[:, 4, 1] > 0.9).all())


@pytest.mark.parametrize("perturbation", ["fade-to-moving-average", "gaussian-blur"])
@pytest.mark.parametrize("deletion", [False, True])
def test_dynamask_is_time_interprets_once_its_regulariser_is_called_again(tint, models, perturbation, deletion):
    entries, epochs = TIME * 4, 20

    class Trainer(_Trainer):
        def predict(self, net, dataloaders):
            return [net.predict_step(batch, index) for index, batch in enumerate(dataloaders)]

    class Mended(models.MaskNet):
        def training_step(self, batch, batch_idx):
            loss = self.net.regularisation(super().training_step(batch, batch_idx))  # Lightning 1 did it in a hook
            self.net.size_reg_factor *= self.net.reg_multiplier
            return loss

        def configure_optimizers(self):
            return {"optimizer": torch.optim.SGD([self.net.mask], lr=0.3, momentum=0.9)}  # not Nesterov's, as published

    model, inputs = network("lstm").float().requires_grad_(False), series(1).float()
    theirs = tint.DynaMask(lambda x: model(x)[:, :1]).attribute(
        inputs,
        trainer=Trainer(epochs),
        mask_net=Mended(
            forward_func=lambda x: model(x)[:, :1],
            perturbation=perturbation.replace("-to-", "-").replace("-", "_"),
            keep_ratio=0.25,
            deletion_mode=deletion,
            size_reg_factor_init=1e-9 * entries,  # their order of ties matters in the first epoch: make it small
            size_reg_factor_dilation=1e9,
        ),
    )
    method = partial(
        dynamask,
        perturbation=perturbation,
        deletion=deletion,
        area=0.25,
        epochs=epochs,
        size_weight=1e-9,
        size_growth=1e9,
        learning_rate=0.3,
    )
    ours = attribute(method, model, inputs, torch.tensor([0]))
    assert 0.1 < ours.mean() < 0.9
    if deletion:
        theirs = (1 - theirs).clamp(0, 1)  # it returns what is left, from before the last clamp
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


@each_entry
def test_the_missing_package_is_named(spec, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "tint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tint", None)
    with pytest.raises(MissingPackageError, match=r"need the package time_interpret.*pip install '\.\[masks\]'"):
        explained(spec, network("lstm"))


def test_a_package_that_cannot_be_loaded_is_told_in_a_line(monkeypatch, tmp_path):
    for name in [name for name in sys.modules if name.split(".")[0] == "tint"]:
        monkeypatch.delitem(sys.modules, name)
    (tmp_path / "tint").mkdir()
    (tmp_path / "tint" / "__init__.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingPackageError, match=r"^.*got RuntimeError: operator torchvision::nms .*this PyTorch$"):
        explained(EXTRA[0], network("lstm"))


def whole_series(x):
    if x.shape[1] != TIME:
        raise AssertionError
    return x.sum(1)


class FixedLength(nn.Module):
    def __init__(self):
        super().__init__()
        self.classifier = nn.Linear(TIME * 4, 3).double()

    def forward(self, inputs):
        return self.classifier(inputs.flatten(1))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: explained(EXTRA[0], network("lstm"), epochs=0), ParameterError, "epochs must be at least 1, got 0"),
        (lambda: explained(EXTRA[0], network("lstm"), hidden=0), ParameterError, "hidden must be at least 1, got 0"),
        (
            lambda: explained(EXTRA[0], network("lstm"), learning_rate=0.0),
            ParameterError,
            "learning_rate must be above 0, got 0.0",
        ),
        (
            lambda: explained(EXTRA[0], network("lstm"), mask_weight=-1.0),
            ParameterError,
            "mask_weight must be at least 0, got -1.0",
        ),
        (
            lambda: explained(EXTRA[0], network("lstm"), perturbation_weight=-1.0),
            ParameterError,
            "perturbation_weight must be at least 0, got -1.0",
        ),
        (lambda: explained(EXTRA[1], network("lstm"), epochs=0), ParameterError, "epochs must be at least 1, got 0"),
        (
            lambda: explained(EXTRA[1], network("lstm"), noise_samples=0),
            ParameterError,
            "noise_samples must be at least 1, got 0",
        ),
        (
            lambda: explained(EXTRA[1], network("lstm"), generator_seed=-1),
            ParameterError,
            "generator_seed must be at least 0, got -1",
        ),
        (
            lambda: explained(EXTRA[1], Scores(whole_series)),
            UnsupportedOperationError,
            r"fails on 1 of 6 time steps \(AssertionError\); choose another method",
        ),
        (
            lambda: explained(EXTRA[1], FixedLength()),
            UnsupportedOperationError,
            r"fit needs a network that takes series of any length, got one that fails on 1 of 6 time steps \(Runtime",
        ),
    ],
)
def test_impossible_requests_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_fit_refuses_a_background_of_one_and_series_of_four_steps():
    call = partial(attribute, fit, network("lstm"), target=classes(1), seeds=[1])
    with pytest.raises(ParameterError, match="the number of background series must be at least 2, got 1"):
        call(series(1), background=series(1))
    with pytest.raises(ParameterError, match="the number of time steps must be at least 5, got 4"):
        call(series(1)[:, :4], background=series(3)[:, :4])


@each_entry
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_refused(spec, dtype):
    call = partial(attribute, bind(spec, QUICK[spec.name]), network("lstm").to(dtype), series(1).to(dtype))
    with pytest.raises(ParameterError, match=f"need inputs in float32 or float64, got {dtype}; convert model and in"):
        call(classes(1), seeds=[1], background=BACKGROUND)


def test_fit_refuses_another_default_dtype_than_its_own(monkeypatch):
    monkeypatch.setattr(torch, "get_default_dtype", lambda: torch.float64)
    with pytest.raises(ParameterError, match=r"default dtype to be float32, got torch\.float64; call torch\.set_def"):
        attribute(fit, network("lstm").float(), series(1).float(), classes(1), seeds=[1], background=BACKGROUND)


@pytest.mark.parametrize("count", range(2, 200))
def test_no_training_step_of_the_generator_holds_one_series(count):
    assert count % _batch(count) != 1


@each_entry
def test_entries_state_the_defaults_and_count_the_passes(tint, spec):
    assert dict(spec.parameters) == spec.load().__kwdefaults__
    rows = []
    model = Scores(lambda x: rows.append(len(x)) or x.sum(1))
    explained(spec, model, batch=1, seeds=(1,))
    cost = {"extremal-mask": extremal_mask_cost, "fit": fit_cost}[spec.name](TIME, 4, **QUICK[spec.name])
    # of the outputs' shape and of the memory, by an epoch; for fit of a prefix too, and of the memory by a whole map
    checks = 1 + 4 if spec.name == "extremal-mask" else 2 + cost.forward
    assert sum(rows) == cost.forward + checks
