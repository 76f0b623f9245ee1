"""A network that refuses a series which a method makes: one sentence that tells whose series it was, and the remedy."""

import re

import pytest
import torch
from attribution_models import Scores, series
from few_passes import FEWER
from torch import nn

from saltbench.errors import (
    NonFiniteError,
    ParameterError,
    RefusedSeriesError,
    SaltbenchError,
    UnsupportedOperationError,
)
from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.entries import ENTRIES
from saltbench.methods.attributions.explain import attribute, sample_seeds

SPECS = {spec.name: spec for spec in ENTRIES if not spec.is_reference and "extra" not in spec.tags}
CODES, WIDTH = 10, 4


class Guarded(nn.Module):
    """Logits of a recurrent layer over what a domain lets pass, float64."""

    def __init__(self, domain, width=WIDTH):
        super().__init__()
        self.domain = domain
        self.table = nn.Embedding(CODES, width)
        self.layer = nn.GRU(width, 5, batch_first=True)
        self.classifier = nn.Linear(5, 2)
        generator = torch.Generator().manual_seed(0)
        for parameter in self.double().parameters():
            nn.init.normal_(parameter, generator=generator)

    def forward(self, inputs):
        return self.classifier(self.layer(self.domain(self, inputs))[0][:, -1])


def refuse(wrong, error):
    if wrong:
        raise error


def codes(model, x):
    return model.table(x[..., 0].long()) + x


def one_hot_codes(model, x):
    return nn.functional.one_hot(x[..., 0].long(), CODES).to(x)[..., :WIDTH] + x


def never_empty(_model, x):
    refuse((x == 0).all(2).all(1).any(), ValueError("a series\nis empty"))
    return x


def never_flat(_model, x):
    refuse((x.diff(dim=1).abs().amax((1, 2)) < 0.01).any(), ValueError("a series is flat"))
    return x


def masked_mean(_model, x):
    padded = (x == 0).all(2)
    weights = torch.softmax(torch.zeros_like(x[..., 0]).masked_fill(padded, -torch.inf), 1)
    return x * weights[..., None]


def logarithm(_model, x):
    return torch.log(x + 0.25)


def shares(_model, x):
    return x / (x * x).sum((1, 2), keepdim=True)


def in_range(_model, x):
    refuse(x.max() > 9, AssertionError())
    return x


def own_series():
    x = series(3).abs() + 0.5
    x[..., 0] = torch.arange(x[..., 0].numel()).remainder(CODES - 1).view_as(x[..., 0]).double()
    return x


DOMAINS = {f.__name__: f for f in (codes, one_hot_codes, never_empty, masked_mean, logarithm, shares, in_range)}


def explain(model, method, **changed):
    spec = changed.pop("spec", None) or SPECS[method]
    inputs = changed.pop("inputs", own_series())
    background = changed.pop("background", own_series().flip(0))
    parameters = {**FEWER.get(method, {}), **changed.pop("parameters", {})}
    return attribute(
        bind(spec, parameters),
        model.eval(),
        inputs,
        torch.ones(len(inputs), dtype=torch.int64),
        background=background,
        seeds=sample_seeds(0, len(inputs)),
        spec=spec,
        **changed,
    )


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("method", SPECS)
def test_every_method_gives_a_map_or_one_sentence(method, domain):
    said = ""
    try:
        assert torch.isfinite(explain(Guarded(DOMAINS[domain]), method)).all()
    except SaltbenchError as error:
        said = str(error)
    assert not re.search("\n|check its weights|check the model's outputs", said)


ZEROS = r"\(a baseline of zeros\): {}; pass baseline= with series that it takes"
DRAWN = r"\(series 1 of the background\): {}; pass background= with series that it takes, such as training samples"
NOISE = (
    r"\({}noise of 0.15 times its range\): {}; (pass baseline=|choose a method whose series stay in the network's dom)"
)


@pytest.mark.parametrize(
    ("method", "domain"),
    [
        ("deeplift", "shares"),
        ("shapley-sampling", "shares"),
        ("shapley-sampling", "masked_mean"),
        ("kernel-shap", "shares"),
        ("kernel-shap", "masked_mean"),
        ("feature-ablation", "shares"),
        ("occlusion", "masked_mean"),
    ],
)
def test_a_baseline_that_makes_outputs_nonfinite_is_named(method, domain):
    whole = {
        "feature-ablation": {"time_segments": 1, "feature_segments": 1},
        "occlusion": {"time_window": 6, "feature_window": 4},
    }
    message = f"refused a series made by {method} {ZEROS.format('NaN or infinity in its outputs')}"
    with pytest.raises(RefusedSeriesError, match=message):
        explain(Guarded(DOMAINS[domain]), method, parameters=whole.get(method, {}))


@pytest.mark.parametrize("method", ["shapley-sampling", "kernel-shap", "deeplift-captum"])
def test_a_baseline_that_a_guard_refuses_is_named(method):
    refusal = "ValueError: a series is empty"
    with pytest.raises(
        RefusedSeriesError, match=f"the network refused a series made by {method} {ZEROS.format(refusal)}"
    ):
        explain(Guarded(never_empty), method)


def test_a_baseline_of_the_user_is_not_said_to_be_zeros():
    with pytest.raises(
        RefusedSeriesError, match=r"made by occlusion \(the given baseline\): AssertionError; pass base"
    ):
        explain(Guarded(in_range), "occlusion", baseline=own_series() + 9)


@pytest.mark.parametrize(
    ("method", "domain", "refusal"),
    [
        ("gradient-shap", "in_range", "AssertionError"),
        ("gradient-shap", "logarithm", "NaN or infinity in its outputs"),
        ("feature-permutation", "in_range", "AssertionError"),
        ("feature-permutation", "logarithm", "NaN or infinity in its outputs"),
        ("deeplift-shap", "logarithm", "NaN or infinity in its outputs"),
    ],
)
def test_the_series_of_the_background_is_named(method, domain, refusal):
    background = own_series()
    background[1] = 12 if domain == "in_range" else -1
    with pytest.raises(RefusedSeriesError, match=f"refused a series made by {method} {DRAWN.format(refusal)}"):
        explain(Guarded(DOMAINS[domain]), method, background=background)


@pytest.mark.parametrize(
    ("method", "way"),
    [
        ("smoothgrad", ""),
        ("smoothgrad-squared", ""),
        ("vargrad", ""),
        ("integrated-gradients-smoothgrad", "a point on the way to it with "),
    ],
)
@pytest.mark.parametrize(
    ("domain", "refusal"),
    [
        ("codes", "IndexError: index out of range in self"),
        ("one_hot_codes", "RuntimeError: Class values must be non-negative."),
        ("logarithm", "NaN or infinity in its outputs"),
        ("in_range", "AssertionError"),
    ],
)
def test_noise_that_leaves_the_domain_is_named(method, way, domain, refusal):
    message = f"refused a series made by {method} {NOISE.format(way, refusal)}"
    with pytest.raises(RefusedSeriesError, match=message):
        explain(Guarded(DOMAINS[domain]), method, parameters={"noise_samples": 20})


def test_a_learned_mask_names_its_perturbation():
    with pytest.raises(RefusedSeriesError, match=r"by dynamask \(entries perturbed by fade-to-moving-average\): Value"):
        explain(Guarded(never_flat), "dynamask", parameters={"epochs": 200, "area": 0.0})


@pytest.mark.parametrize("method", ["saliency", "occlusion", "smoothgrad"])
@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (20.0, RefusedSeriesError, "must take every series, got AssertionError for sample 2; mend or leave out this"),
        (-1.0, NonFiniteError, "must be finite, got NaN or infinity for sample 2; check its weights and this series"),
    ],
)
def test_a_series_of_the_user_is_told_from_those_of_the_method(method, wrong, error, message):
    inputs = own_series()
    inputs[2, 3, 1] = wrong
    with pytest.raises(error, match=message):
        explain(Guarded(in_range if wrong > 0 else logarithm), method, inputs=inputs)


class Noisy:
    """A method of somebody else that calls the network itself."""

    def __init__(self, swallow):
        self.swallow = swallow

    def __call__(self, model, inputs):
        return (inputs - model(-inputs).detach().sum()) if self.swallow else inputs * model(inputs + 100).sum().item()


@pytest.mark.parametrize(("domain", "swallow"), [(logarithm, True), (in_range, False)])
def test_a_method_of_a_third_party_is_named_too(domain, swallow):
    spec = type(SPECS["saliency"])(name="mine", version=1, description="", reference="", factory=Noisy(swallow))
    refusal = "NaN or infinity in its outputs" if swallow else "AssertionError"
    with pytest.raises(RefusedSeriesError, match=rf"a series made by mine \(a series of its own\): {refusal}; choose"):
        explain(Guarded(domain), "mine", spec=spec)


def test_a_fault_of_the_method_itself_is_left_as_it_is():
    def faulty(model, inputs):
        model(inputs)
        raise KeyError("mine")

    spec = type(SPECS["saliency"])(name="faulty", version=1, description="", reference="", factory=faulty)
    with pytest.raises(KeyError, match="mine"):
        explain(Guarded(in_range), "faulty", spec=spec)


def changed_in_place(x):
    summed = x.sum(2)[:, :2]
    product = summed * summed.sigmoid()
    for column in summed.unbind(1):
        column.mul_(2)
    return product


def without_gradients_alone(x):
    refuse(x.requires_grad, RuntimeError("no gradients here"))
    return x.sum(2)[:, :2]


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (
            without_gradients_alone,
            "^saliency needs a network that can be run with gradients, got RuntimeError: no g",
        ),
        (
            changed_in_place,
            "^the model must leave what its gradient needs as it is, got it changed in place; write y = y",
        ),
    ],
)
def test_a_network_that_fails_with_gradients_alone_is_told_to_be_perturbed(formula, message):
    model = Scores(formula)
    with pytest.raises((UnsupportedOperationError, ParameterError), match=message):
        explain(model, "saliency")
    assert torch.isfinite(explain(model, "feature-ablation")).all()


class Packed(nn.Module):
    """Logits of the last step that is not all zeros, of rows that have to come in the order of their lengths."""

    def __init__(self, is_sorted):
        super().__init__()
        self.is_sorted = is_sorted
        self.layer, self.classifier = nn.GRU(WIDTH, 5, batch_first=True), nn.Linear(5, 2)

    def forward(self, x):
        lengths = (x != 0).any(2).sum(1).clamp_min(1).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=self.is_sorted)
        return self.classifier(self.layer(packed)[1][-1])


@pytest.mark.parametrize("method", ["feature-permutation", "gradient-shap"])
def test_series_that_are_refused_only_together_are_told_apart_from_those_refused_alone(method):
    inputs = torch.randn(3, 6, WIDTH, generator=torch.Generator().manual_seed(0))
    for row, length in enumerate([6, 4, 2]):
        inputs[row, length:] = 0
    given = {"background": inputs, "seeds": sample_seeds(0, 3), "baseline": torch.zeros_like(inputs)}
    spec = SPECS[method]
    with pytest.raises(
        UnsupportedOperationError, match=rf"^{method} needs a network that takes its series in any order"
    ):
        attribute(bind(spec), Packed(True), inputs, torch.tensor([0, 1, 0]), spec=spec, **given)
    attribute(bind(spec), Packed(False), inputs, torch.tensor([0, 1, 0]), spec=spec, **given)
