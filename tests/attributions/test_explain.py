"""The boundary: what `attribute` accepts, gives to a method, restores and refuses."""

import copy
from functools import partial

import numpy as np
import pytest
import torch
from attribution_models import CLASSES, FEATURES, TIME, Recurrent, classes, network, series
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from saltbench.errors import BudgetError, NonFiniteError, ParameterError, ShapeError, UnknownNameError
from saltbench.methods.attributions.adapters import Probabilities
from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.entries import ENTRIES
from saltbench.methods.attributions.explain import attribute, rows_of, sample_seeds
from saltbench.methods.attributions.spec import MethodSpec


def echo(model, inputs, target, baseline, truth, seeds, *, scale=1.0):
    """Records how it was called, and returns the target of each sample everywhere."""
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    ECHOED.append((len(inputs), baseline, truth, seeds))
    return scale * target[:, None, None].expand(inputs.shape).to(inputs)


ECHOED: list = []


@pytest.fixture(autouse=True)
def _forget():
    ECHOED.clear()


def test_method_gets_its_share_of_every_argument():
    truth, baseline = series(37, seed=3).abs(), series(37, seed=4)
    result = attribute(
        partial(echo, scale=2.0),
        network("lstm"),
        series(37),
        classes(37),
        baseline=baseline,
        truth=truth,
        seeds=range(37),
    )
    (probed, *_), *passes = ECHOED
    assert probed == 2
    assert [size for size, *_ in passes] == [64]  # all of them, and 27 copies of the last
    assert torch.equal(torch.cat([b for _, b, _, _ in passes])[:37], baseline)
    assert torch.equal(torch.cat([t for _, _, t, _ in passes])[:37], truth)
    assert [seed for *_, seeds in passes for seed in seeds] == [*range(37), *[36] * 27]
    assert torch.equal(result[:, 0, 0], 2.0 * classes(37))


def test_a_method_with_passes_gets_chunks_and_the_model_behind_them():
    def method(passes, inputs, target):
        ECHOED.append(len(inputs))
        return inputs

    memory = 2 * 16 * 64 * series(1).nbytes  # half of it for 16 tensors of 64 samples
    assert torch.equal(attribute(method, network("lstm"), series(70), classes(70), memory=memory), series(70))
    assert ECHOED == [64, 6]


def test_baseline_is_zero_unless_given():
    attribute(echo, network("lstm"), series(2), classes(2), truth=series(2), seeds=[0, 1])
    assert torch.equal(ECHOED[0][1], torch.zeros(2, TIME, FEATURES, dtype=torch.float64))


def test_without_target_the_predicted_class_is_explained():
    model = network("lstm")
    result = attribute(lambda model, inputs, target: target[:, None, None] + 0 * inputs, model, series(7))
    assert torch.equal(result[:, 0, 0].long(), model(series(7)).argmax(1))


def test_no_samples_give_no_maps():
    assert attribute(lambda inputs: inputs, None, series(0)).shape == (0, TIME, FEATURES)


def test_probabilities_are_the_softmax_of_the_logits():
    model = network("lstm")
    logits = model(series(2)).exp()
    torch.testing.assert_close(Probabilities(model)(series(2)), logits / logits.sum(1, keepdim=True))


class Meddler:
    """A method that touches everything it should not, and may raise afterwards."""

    def __init__(self, error):
        self.error = error

    def __call__(self, model, inputs):
        torch.rand(3)
        for module in model.modules():
            module.train()
            module.register_forward_hook(lambda *_: None)
            module.register_full_backward_hook(lambda *_: None)
        for parameter in model.parameters():
            parameter.requires_grad_(True)
        model(inputs.requires_grad_()).sum().backward()
        if self.error:
            raise RuntimeError("meddled")
        return inputs


def state(model):
    return (
        [module.training for module in model.modules()],
        [parameter.requires_grad for parameter in model.parameters()],
        [None if parameter.grad is None else parameter.grad.clone() for parameter in model.parameters()],
        [(len(m._forward_hooks), len(m._backward_hooks)) for m in model.modules()],
        copy.deepcopy(model.state_dict()),
        torch.get_rng_state(),
    )


def half_trained() -> nn.Module:
    model = Recurrent(nn.LSTM(FEATURES, 3, batch_first=True)).double().eval()
    model.dropout.train()
    model.layer.weight_hh_l0.requires_grad_(False)
    model.classifier.register_forward_hook(lambda *_: None)
    return model


@pytest.mark.parametrize("error", [False, True])
def test_model_and_random_state_are_left_as_they_were(error):
    model = half_trained()
    before = state(model)
    if error:
        with pytest.raises(RuntimeError, match="meddled"):
            attribute(Meddler(error), model, series(2))
    else:
        attribute(Meddler(error), model, series(2))
    for old, new in zip(before, state(model), strict=True):
        if isinstance(old, torch.Tensor):
            assert torch.equal(old, new)
        elif isinstance(old, dict):
            assert all(torch.equal(old[key], new[key]) for key in old)
        else:
            assert old == new


def test_existing_gradients_survive():
    model = half_trained()
    model(series(2)).sum().backward()
    before = {name: p.grad for name, p in model.named_parameters()}
    attribute(lambda model, inputs: model.zero_grad() or inputs, model, series(2))
    assert all(p.grad is before[name] for name, p in model.named_parameters())


def test_inputs_stay_untouched():
    inputs = series(2).requires_grad_()
    attribute(bind_named("saliency"), network("lstm"), inputs, classes(2))
    assert inputs.grad is None
    assert inputs.requires_grad


def bind_named(name, **overrides):
    return bind(next(spec for spec in ENTRIES if spec.name == name), overrides)


def test_bind_sets_defaults_and_overrides():
    def method(inputs, *, steps, level):
        return steps, level

    spec = MethodSpec(
        name="m", version=1, description="", reference="", factory=method, parameters={"steps": 5, "level": 0.5}
    )
    assert bind(spec)(None) == (5, 0.5)
    assert bind(spec, {"steps": 7})(None) == (7, 0.5)
    with pytest.raises(UnknownNameError, match="unknown parameter of m 'step'; did you mean 'steps'"):
        bind(spec, {"step": 7})
    with pytest.raises(ParameterError, match="m: parameter steps must be int"):
        bind(spec, {"steps": 7.5})


@settings(deadline=None, max_examples=30, derandomize=True)
@given(st.integers(0, 2**40), st.integers(0, 20), st.integers(0, 20))
def test_more_seeds_begin_with_the_same_ones(seed, count, more):
    seeds = sample_seeds(seed, count + more)
    assert seeds[:count] == sample_seeds(seed, count)
    assert len(set(seeds)) == count + more
    assert all(0 <= s < 2**63 for s in seeds)


def test_seeds_are_the_same_on_every_platform():
    assert sample_seeds(0, 2) == [7896617691693857887, 6195319269190327588]
    assert sample_seeds(1, 1) != sample_seeds(0, 1)


@pytest.mark.parametrize("seed", [1.5, None, "1", -1])
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises(ParameterError, match=f"whole numbers of at least 0, got {seed!r} and 3"):
        sample_seeds(seed, 3)


def test_a_whole_number_of_another_type_is_a_seed():
    assert sample_seeds(np.int32(7), 3) == sample_seeds(7, 3)


def test_negative_seed_is_refused():
    with pytest.raises(ParameterError, match="at least 0, got -1 and 3"):
        sample_seeds(-1, 3)


def call(method=lambda model, inputs, target: inputs, model=None, inputs=None, target=None, **options):
    inputs = series(2) if inputs is None else inputs
    return attribute(method, model or network("lstm"), inputs, target, **options)


def poisoned(value=float("nan")):
    inputs = series(2)
    inputs[1, 2, 3] = value
    return inputs


class Outputs(nn.Module):
    def __init__(self, make):
        super().__init__()
        self.make = make

    def forward(self, inputs):
        return self.make(inputs)


@pytest.mark.parametrize("target", [None, torch.zeros(6, dtype=torch.int64)])
@pytest.mark.parametrize(
    "name", ["saliency", "smoothgrad", "integrated-gradients", "deeplift", "lrp", "feature-ablation", "lime"]
)
def test_an_output_of_any_sample_that_is_not_finite_is_refused(name, target):
    inputs = series(6).abs() + 1
    inputs[4] -= 10
    model = Outputs(lambda x: torch.stack([(1 + x.mean((1, 2))).log(), x[:, -1, 0]], 1))
    with pytest.raises(NonFiniteError, match="the model's outputs must be finite, got NaN or infinity"):
        attribute(bind_named(name), model, inputs, target, seeds=range(6))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"inputs": torch.ones(2, 3)}, ShapeError, r"inputs must have shape \(batch, time, features\), got \(2, 3\)"),
        ({"inputs": torch.ones(2, 3, 4, dtype=torch.int64)}, ParameterError, "floating point, got torch.int64"),
        ({"inputs": poisoned()}, NonFiniteError, "inputs must be finite, got NaN or infinity in 1 of 2 samples"),
        ({"inputs": series(2).float()}, ParameterError, "must be torch.float64 on cpu like the model's parameters"),
        ({"target": classes(2).int()}, ParameterError, "target must be int64, got torch.int32"),
        ({"target": classes(3)}, ShapeError, r"target must have shape \(2,\), one class a sample, got \(3,\)"),
        ({"target": torch.tensor([0, CLASSES])}, ParameterError, r"target must lie in 0 … 2, .* got 0 … 3"),
        ({"target": torch.tensor([-1, 0])}, ParameterError, r"target must lie in 0 … 2, .* got -1 … 0"),
        ({"baseline": series(1)}, ShapeError, r"baseline must have the inputs' shape \(2, 6, 4\), got \(1, 6, 4\)"),
        ({"baseline": poisoned(float("inf"))}, NonFiniteError, "baseline must be finite, .* in 1 of 2 samples"),
        ({"truth": series(3)}, ShapeError, r"truth must have the inputs' shape \(2, 6, 4\), got \(3, 6, 4\)"),
        ({"seeds": [1]}, ShapeError, "seeds must be 2 integers, one a sample, got 1"),
        ({"memory": 0}, ParameterError, "memory must be a whole number of bytes, at least 1, got 0"),
        ({"memory": 99}, BudgetError, "the memory budget must be at least .* for one sample of this model, got 99 B"),
        ({"background": series(2)[0]}, ShapeError, r"series of the inputs' size \(any, 6, 4\), got \(6, 4\)"),
        ({"background": series(2)[:, 1:]}, ShapeError, r"the inputs' size \(any, 6, 4\), got \(2, 5, 4\)"),
        ({"background": poisoned()}, NonFiniteError, "background must be finite, .* in 1 of 2 series"),
        (
            {"model": Outputs(lambda x: x[:, 0] / 0)},
            NonFiniteError,
            "the model's outputs must be finite, got NaN or in",
        ),
        ({"model": Outputs(lambda x: x)}, ShapeError, r"map 2 samples to \(2, classes\), got \(2, 6, 4\)"),
        ({"model": Outputs(lambda x: x[:1, 0])}, ShapeError, r"map 2 samples to \(2, classes\), got \(1, 4\)"),
        ({"model": Outputs(lambda x: (x, x))}, ShapeError, r"map 2 samples to \(2, classes\), got tuple"),
        ({"method": lambda inputs: inputs[:, 0]}, ShapeError, r"inputs' shape \(2, 6, 4\), got \(2, 4\)"),
        ({"method": lambda inputs: None}, ShapeError, r"inputs' shape \(2, 6, 4\), got NoneType"),
        ({"method": lambda inputs: inputs / 0}, NonFiniteError, "attributions must be finite, .* in 2 of 2 samples"),
        ({"method": lambda inputs, truth: truth}, ParameterError, "needs truth, got None; pass truth="),
        ({"method": lambda inputs, seeds: inputs}, ParameterError, "needs seeds, got None; pass seeds="),
        ({"method": lambda inputs, steps: inputs}, ParameterError, "the unbound steps; bind them"),
    ],
)
def test_what_cannot_be_explained_is_refused(arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        call(**arguments)
    assert "\n" not in str(caught.value)


def test_a_method_that_looks_at_the_model_needs_one():
    with pytest.raises(ParameterError, match="needs model, target, got None; pass model="):
        attribute(lambda model, inputs, target: inputs, None, series(2))


@pytest.mark.parametrize("rows", [[], [2], [1, 2], [3, 0], [0, 2, 1, 3], range(4)], ids=str)
def test_rows_are_taken_in_any_order_and_without_a_copy_where_they_follow_each_other(rows):
    values = series(4)
    found = rows_of(values, rows)
    assert torch.equal(found, torch.stack([values[row] for row in rows]) if rows else values[:0])
    follow = list(rows) in ([2], [1, 2], [0, 1, 2, 3])
    assert (found.untyped_storage().data_ptr() == values.untyped_storage().data_ptr()) == follow
    assert rows_of([5, 6, 7, 8], rows) == [[5, 6, 7, 8][row] for row in rows]
    assert rows_of(None, rows) is None
