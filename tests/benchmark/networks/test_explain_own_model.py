"""saltbench.explain: any network, left exactly as it was found."""

import copy
import inspect
import typing

import numpy as np
import pytest
import torch
from own_networks import CLASSES, FEATURES, TIME, Own, series
from torch import nn

import saltbench
from saltbench.errors import BudgetError, NonFiniteError, ParameterError, ShapeError, UnknownNameError


def state(model):
    return {
        "weights": {name: value.clone() for name, value in model.state_dict().items()},
        "modes": [module.training for module in model.modules()],
        "needs": [parameter.requires_grad for parameter in model.parameters()],
        "grads": [None if p.grad is None else p.grad.clone() for p in model.parameters()],
        "hooks": [len(table) for m in model.modules() for name, table in vars(m).items() if "_hooks" in name],
        "random": torch.get_rng_state(),
        "numpy": np.random.get_state()[1].copy(),  # noqa: NPY002 - that the global state is left alone is the point
    }


def half_trained():
    model = Own().train()
    model(series()).sum().backward()
    model.dropout.eval()
    model.layer.weight_hh_l0.requires_grad_(False)
    model.classifier.register_forward_hook(lambda *_: None)
    return model


def same(old, new):
    if isinstance(old, torch.Tensor):
        return torch.equal(old, new)
    if isinstance(old, np.ndarray):
        return np.array_equal(old, new)
    if isinstance(old, dict):
        return all(same(old[key], new[key]) for key in old)
    if isinstance(old, list):
        return all(same(a, b) for a, b in zip(old, new, strict=True))
    return old == new


@pytest.mark.parametrize("method", ["saliency", "integrated-gradients", "deeplift", "smoothgrad", "feature-ablation"])
def test_the_model_is_left_exactly_as_it_was_found(method):
    model = half_trained()
    before = state(model)
    maps = saltbench.explain(model, series(), method=method)
    assert maps.shape == (6, TIME, FEATURES)
    after = state(model)
    assert [what for what in before if not same(before[what], after[what])] == []


def test_the_gradient_is_that_of_evaluation_mode():
    model = half_trained()
    reference = copy.deepcopy(model).eval()
    inputs, target = series().requires_grad_(), torch.tensor([0, 1, 2, 0, 1, 2])
    (expected,) = torch.autograd.grad(reference(inputs).gather(1, target[:, None]).sum(), inputs)
    torch.testing.assert_close(saltbench.explain(model, series(), target, method="saliency"), expected.abs())


def test_inputs_may_be_arrays_and_are_brought_to_the_models_type():
    model = Own().double()
    maps = saltbench.explain(model, series().numpy(), [0] * 6, method="saliency")
    assert maps.dtype == np.float64
    np.testing.assert_array_equal(maps, saltbench.explain(model, series().double(), 0, method="saliency"))


def test_without_a_target_the_predicted_classes_are_explained():
    model = Own().eval()
    predicted = model(series()).argmax(1)
    assert torch.equal(
        saltbench.explain(model, series(), method="saliency"),
        saltbench.explain(model, series(), predicted, method="saliency"),
    )


def test_one_series_may_be_the_baseline_of_all():
    model, baseline = Own().eval(), series(1, seed=5)[0]
    maps = saltbench.explain(model, series(), 1, method="integrated-gradients", baseline=baseline, steps=80)
    difference = (model(series()) - model(baseline[None]))[:, 1]
    torch.testing.assert_close(maps.sum((1, 2)), difference, rtol=1e-3, atol=1e-4)


def test_a_models_probability_can_be_explained():
    model = Own().eval()
    inputs = series().requires_grad_()
    (expected,) = torch.autograd.grad(torch.softmax(model(inputs), 1)[:, 2].sum(), inputs)
    torch.testing.assert_close(
        saltbench.explain(model, series(), 2, method="saliency", output="probability"), expected.abs()
    )


def test_seeds_and_parameters_reach_the_method():
    model = Own().eval()

    def smooth(**options):
        return saltbench.explain(model, series(), 0, method="smoothgrad", noise_samples=2, **options)

    assert torch.equal(smooth(), smooth(seed=0))
    assert not torch.equal(smooth(seed=1), smooth(seed=2))


class Positions(nn.Module):
    """A learned embedding of at most so many steps."""

    def __init__(self, steps):
        super().__init__()
        self.positions = nn.Embedding(steps, FEATURES)
        self.classifier = nn.Linear(FEATURES, CLASSES)

    def forward(self, inputs):
        return self.classifier((inputs + self.positions(torch.arange(inputs.shape[1]))).mean(1))


def asserting(logits):
    assert logits.shape == (1, 1)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Positions(3), r"got an error for \(3, 7, 5\): IndexError: index out of range .*; give the steps and features"),
        (Own(lambda z: {"a": z}["b"]), "KeyError: 'b'"),
        (Own(lambda z: z + None), "TypeError: unsupported operand"),
        (Own(lambda z: z.no_such), "AttributeError: .*no_such"),
        (Own(asserting), "AssertionError"),
    ],
)
def test_what_a_model_raises_is_told_in_one_line(model, message):
    with pytest.raises(ShapeError, match=message) as caught:
        saltbench.explain(model, series(), method="saliency")
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"method": "salienzy"}, UnknownNameError, "unknown method 'salienzy'; did you mean 'saliency'"),
        ({"method": "ones"}, ParameterError, "'ones' is a reference map and explains no model; choose another method"),
        ({"method": "smoothgrad", "sigma": 1.0}, UnknownNameError, "unknown parameter of smoothgrad 'sigma'"),
        ({"output": "odds"}, ParameterError, "output must be one of logit, probability, got 'odds'"),
        ({"target": 3}, ParameterError, r"target must lie in 0 … 2, the model's 3 classes, got 3 … 3"),
        (
            {"baseline": np.zeros((6, TIME + 1, FEATURES))},
            ShapeError,
            r"baseline must have the inputs' shape \(6, 7, 5\)",
        ),
        *(
            ({"baseline": one, "method": "deeplift"}, ShapeError, r"baseline must have .*\(6, 7, 5\)")
            for one in (0, [0, 0])
        ),
        *(({"background": one}, ShapeError, r"background must hold series .*\(any, 7, 5\)") for one in (0, [0, 0])),
        ({"inputs": series()[0]}, ShapeError, r"inputs must have shape \(batch, time, features\), got \(7, 5\)"),
        ({"inputs": series()[..., :4]}, ShapeError, r"got an error for \(3, 7, 4\): .*; give the steps and features t"),
        ({"inputs": series() + 1j}, ParameterError, "series must be real numbers, got torch.complex"),
        ({"inputs": series() / 0}, NonFiniteError, "inputs must be finite, got NaN or infinity in 6 of 6 samples"),
        ({"model": Own(lambda z: z / 0)}, NonFiniteError, "the model's outputs must be finite"),
        (
            {"model": Own(lambda z: z.argmax(1))},
            ParameterError,
            "outputs must be floating-point logits, got torch.int64",
        ),
        ({"model": Own(lambda z: z[:, 0] > 0)}, ParameterError, "must be floating-point logits, got torch.bool"),
        ({"model": Own(lambda z: z.long())}, ParameterError, "outputs must be floating-point logits, got torch.int64"),
        ({"model": Own(lambda z: z + 1j)}, ParameterError, "must be floating-point logits, got torch.complex"),
        ({"model": Own(lambda z: "yes")}, ShapeError, "got str; wrap it in a module that returns a tensor"),
        ({"model": Own(lambda z: z[None])}, ShapeError, r"got \(1, 3, 3\); wrap it in a module that returns one row"),
        (
            {"model": Own(lambda z: (z > 0) * 2.0)},
            ParameterError,
            "must depend on its input through operations with grad",
        ),
        (
            {"inputs": torch.zeros(4, 0, FEATURES)},
            ShapeError,
            r"inputs must have at least one time step and one feature, got \(4, 0, 5\)",
        ),
        (
            {"inputs": torch.zeros(4, TIME, 0)},
            ShapeError,
            r"inputs must have at least one time step and one feature, got \(4, 7, 0\)",
        ),
        ({"seed": 1.5}, ParameterError, "needs a seed and a count that are whole numbers of at least 0, got 1.5 and 6"),
        ({"seed": None}, ParameterError, "needs a seed and a count that are whole numbers of at least 0, got None and"),
        (
            {"model": Own},
            ParameterError,
            r"the model must be a torch.nn.Module, or a function .* to scores, got the class Own; make one of it, Own",
        ),
        ({"model": None}, ParameterError, "to scores, got a NoneType; wrap it in a function or a module"),
        ({"target": [[0], [0, 1]]}, ParameterError, "must be a tensor, an array or nested lists of numbers, got list"),
        ({"target": 0.0}, ParameterError, "target must be int64, got torch.float64"),
        ({"memory": 100}, BudgetError, "the memory budget must be at least .* for one sample of this model, got 100 B"),
    ],
)
def test_what_cannot_be_explained_is_refused_in_one_line(arguments, error, message):
    options = {"model": Own().eval(), "inputs": series(), "method": "saliency", **arguments}
    with pytest.raises(error, match=message) as caught:
        saltbench.explain(options.pop("model"), options.pop("inputs"), **options)
    assert "\n" not in str(caught.value)


def read_only():
    values = series().numpy()
    values.setflags(write=False)
    return values


@pytest.mark.parametrize(
    "given",
    [
        read_only(),
        series().flip(1).numpy()[:, ::-1],
        series().numpy().astype(">f4"),
        np.asfortranarray(series().numpy()),
        series().tolist(),
    ],
    ids=["read-only", "reversed", "big-endian", "columns-first", "lists"],
)
def test_arrays_of_any_layout_are_taken(given):
    model = Own()
    expected = saltbench.explain(model, series(), 1, method="saliency")
    found = saltbench.explain(model, given, np.ones(6, ">i8")[::-1], method="saliency")
    assert isinstance(found, type(given) if isinstance(given, np.ndarray) else torch.Tensor)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "given",
    [
        torch.tensor(1),
        torch.tensor(1, dtype=torch.int32),
        torch.ones(6, dtype=torch.uint8),
        np.int32(1),
        np.ones(6, np.int32),
        np.ones(6, np.uint64),
    ],
)
def test_classes_may_be_whole_numbers_of_any_type_one_for_all_or_one_each(given):
    expected = saltbench.explain(model := Own(), series(), 1, method="saliency")
    assert torch.equal(saltbench.explain(model, series(), given, method="saliency"), expected)


def test_no_samples_have_no_classes():
    assert saltbench.explain(Own(), series(0), [], method="saliency").shape == (0, TIME, FEATURES)


@pytest.mark.parametrize("given", ["box", [[[1.0], [1.0, 2.0]]], None])
def test_what_is_not_numbers_is_refused_in_one_line(given):
    with pytest.raises(ParameterError, match="must be a tensor, an array or nested lists of numbers, got") as caught:
        saltbench.explain(Own(), given)
    assert "\n" not in str(caught.value)


class Mixing(nn.Module):
    """Answers that depend on more than the sample."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.layer = nn.GRU(FEATURES, 6, batch_first=kind != "time-first")
        self.normalise = nn.BatchNorm1d(6, track_running_stats=kind != "statistics")
        self.classifier = nn.Linear(6, CLASSES)
        self.state = None

    def forward(self, inputs):
        hidden, state = self.layer(inputs, self.state)
        self.state = state.detach() if self.kind == "state" else None
        hidden = self.normalise(hidden[:, -1])
        return self.classifier(nn.functional.dropout(hidden) if self.kind == "dropout" else hidden)


@pytest.mark.parametrize("kind", ["time-first", "statistics", "state", "dropout"])
def test_a_model_that_answers_by_more_than_the_sample_is_refused(kind):
    with pytest.raises(ParameterError, match="must answer each sample by itself, got other outputs"):
        saltbench.explain(Mixing(kind), series(), method="saliency")


def test_a_model_that_answers_by_the_sample_is_not():
    assert saltbench.explain(Mixing("none"), series(), method="saliency").any()


def test_a_model_that_changes_its_inputs_is_told_so_and_the_inputs_are_as_they_were():
    given = series()
    with pytest.raises(ParameterError, match="must leave its inputs as they are"):
        saltbench.explain(Changing(), given, method="occlusion")
    assert torch.equal(given, series())


class Changing(Own):
    def forward(self, inputs):
        return super().forward(inputs.mul_(2))


@pytest.mark.parametrize(
    ("forward", "remedy"),
    [
        (
            lambda x: x.mean(1).logits,
            "AttributeError: .*; mend its forward, or wrap it in a module whose forward takes a",
        ),
        (lambda x: missing_name + x, "NameError: .*; mend its forward, or wrap it in a module"),  # noqa: F821
        (lambda x: x.mean(1) @ torch.ones(5, 2).double(), "RuntimeError: .*; compute in one type: give all layers one"),
    ],
)
def test_a_mistake_of_forward_is_not_put_down_to_the_series(forward, remedy):
    class Mistaken(nn.Module):
        def forward(self, x):
            return forward(x)

    with pytest.raises(ShapeError, match=remedy):
        saltbench.explain(Mistaken(), torch.zeros(3, 7, 5), method="saliency")


def test_the_type_of_the_maps_follows_that_of_the_inputs():
    hints = [typing.get_type_hints(overload) for overload in typing.get_overloads(saltbench.explain)]
    given = [hint["inputs"] for hint in hints[:2]]
    assert [given[0], typing.get_origin(given[1])] == [torch.Tensor, np.ndarray]
    assert hints[0]["return"] == saltbench.Explanation
    assert issubclass(hints[1]["return"], np.ndarray)
    assert issubclass(saltbench.Explanation, torch.Tensor)
    defaults = inspect.signature(saltbench.explain).parameters
    assert all(hint.keys() - {"return"} == defaults.keys() for hint in hints)
