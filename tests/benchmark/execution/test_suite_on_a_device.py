"""Training, explaining, scoring and storing on a device whose tensors refuse to meet those of the CPU."""

import functools
import json

import pytest
import torch
from pretend_device import PretendTensor, pretend_cuda
from tiny_suite import SMALLER
from torch import nn

import saltbench
from saltbench.benchmark.execution.devices import choose_device
from saltbench.benchmark.execution.network_checks.randomisation import RandomisedCopy, layers
from saltbench.benchmark.networks import request
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.benchmark.suites.training_recipe import Recipe
from saltbench.methods.attributions.contract_networks import FEATURES, classes, network, series
from saltbench.methods.seeding import seeded

TASK = {"layouts": [[[0, 4, 1, 4]]], "time": 6, "features": 5, "train": 40, "validation": 20, "test": 20}


@pytest.fixture(autouse=True)
def plain_maps(monkeypatch):
    """Maps are the tensors that were computed: an `Explanation` is no pretended tensor."""
    monkeypatch.setattr(request, "Explanation", lambda own, **_notes: own)


@pytest.fixture
def device():
    with pretend_cuda() as device:
        yield device


def build(features, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(6 * features, 3), nn.Tanh(), nn.Linear(3, classes))


@pytest.mark.usefixtures("undrawn")
def test_a_suite_runs_and_is_read_again(device, tmp_path):
    (tmp_path / "small.toml").write_text(SMALLER)
    suite = load_suite(str(tmp_path / "small.toml"), load_registries())
    assert choose_device("auto") == "cuda"
    first = run_suite(suite, tmp_path, device="cuda")
    assert list(first.table.status.unique()) == ["ok"]
    assert json.loads((first.folder / "provenance.json").read_text())["device"] == "cuda"
    second = run_suite(suite, tmp_path, device="cuda")
    assert second.table.equals(first.table)


def test_a_leaderboard_trained_there_is_that_of_the_cpu(device):
    def table(place):
        options = {"parameters": {"box/earlier": TASK}, "training": Recipe(epochs=3), "samples": 4}
        with torch.random.fork_rng(devices=[]):
            return saltbench.evaluate(build, "box/earlier", ["saliency", "deeplift"], device=place, **options)

    on_cpu, there = table("cpu"), table("cuda")
    assert list(there.status.unique()) == ["ok"]
    columns = ["accuracy", "average_precision", "completeness_residual"]
    torch.testing.assert_close(*(torch.tensor(t[columns].to_numpy()) for t in (there, on_cpu)), equal_nan=True)


@pytest.mark.parametrize("target", [None, 1, [0, 1, 2], "tensor"])
@pytest.mark.parametrize("output", ["logit", "probability"])
def test_own_models_are_explained_where_they_are(device, target, output):
    def explained(model, place):
        chosen = classes(3).to(place) if target == "tensor" else target
        given = {"background": series(2, seed=7).numpy(), "baseline": series(1, seed=5)[0].numpy()}
        return saltbench.explain(model, series(3), chosen, method="saliency", output=output, **given)

    on_cpu = explained(network("lstm"), "cpu")
    found = explained(network("lstm").to(device), device)
    assert isinstance(found, PretendTensor)
    torch.testing.assert_close(found.cpu(), on_cpu, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "form", [{"output": "probabilities"}, {"output": "single-logit"}, {"time_first": True, "item": 0}]
)
def test_adapted_models_are_explained_where_they_are(device, form):
    with seeded(0):
        models = {
            "probabilities": nn.Sequential(nn.Flatten(), nn.Linear(6 * FEATURES, 2), nn.Softmax(1)),
            "single-logit": nn.Sequential(nn.Flatten(), nn.Linear(6 * FEATURES, 1)),
            "logits": TimeFirst(),
        }
    model = models[form.get("output", "logits")].double()
    on_cpu = saltbench.explain(saltbench.adapted(model, **form), series(3), 1, method="deeplift")
    found = saltbench.explain(saltbench.adapted(model.to(device), **form), series(3), 1, method="deeplift")
    torch.testing.assert_close(found.cpu(), on_cpu, rtol=1e-9, atol=1e-9)


class EachStep(nn.Module):
    """Logits of each step, of series of which values may be missing."""

    def __init__(self):
        super().__init__()
        self.layer, self.output = nn.LSTM(FEATURES, 3, batch_first=True), nn.Linear(3, 2)

    def forward(self, inputs):
        return self.output(self.layer(torch.where(inputs.isnan(), 0, inputs))[0])


@pytest.mark.parametrize(
    "options",
    [
        {"target": ([0, 3, -1], None), "method": "integrated-gradients"},
        {"target": ("each", None), "method": "saliency"},
        {"target": ("each", 1), "method": "feature-ablation"},
        {"targets": [(2, 0), ("each", [0, 1, 1])], "method": "input-x-gradient"},
        {"target": (-1, 1), "method": "kernel-shap", "coalitions": 40, "lengths": [6, 4, 4]},
        {"target": (-1, None), "method": "shapley-sampling", "mask": "gaps"},
        {"target": (1, 1), "method": "saliency", "embedding": "output"},
    ],
)
def test_many_outputs_padding_and_gaps_are_explained_where_they_are(device, options):
    with seeded(0):
        model = EachStep().double()
    inputs = series(3)
    if options.get("mask") == "gaps":
        options = {**options, "mask": torch.arange(inputs.shape[1]) % 3 != torch.arange(3)[:, None]}
        inputs = inputs.clone()
        inputs[1, 2, 0] = torch.nan
    on_cpu = saltbench.explain(model, inputs, **options)
    found = saltbench.explain(model.to(device), inputs, **options)
    assert isinstance(found, PretendTensor)
    torch.testing.assert_close(found.cpu(), on_cpu, rtol=1e-9, atol=1e-9)


class Beside(nn.Module):
    """Logits of a series, static features and codes."""

    def __init__(self):
        super().__init__()
        self.layer, self.static, self.codes = nn.GRU(FEATURES, 2, batch_first=True), nn.Linear(2, 2), nn.Embedding(5, 2)

    def forward(self, inputs, static, codes):
        return self.layer(inputs)[0][:, -1] + self.static(static) + self.codes(codes)


@pytest.mark.parametrize(
    ("hold", "method"),
    [
        (("codes",), "deeplift"),
        (("codes", "static"), "smoothgrad"),
        *(({"codes": True, "inputs": [0], "static": [1]}, name) for name in ("deeplift", "shapley-sampling")),
    ],
)
def test_several_inputs_are_explained_where_the_model_is(device, hold, method):
    with seeded(0):
        model = Beside().double()
    static, codes = series(3)[:, 0, :2], torch.tensor([0, 4, 4])
    explained = functools.partial(saltbench.explain, method=method, hold=hold)
    on_cpu = explained(model, (series(3), static, codes), 1)
    for given in (series(3), series(3).to(device)):  # codes are left where they are
        found = explained(model.to(device), (given, static, codes.to(device)), 1)
        for there, here in zip(found, on_cpu, strict=True):
            assert isinstance(there, PretendTensor)
            torch.testing.assert_close(there.cpu(), here, rtol=1e-9, atol=1e-9)


class TimeFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.LSTM(FEATURES, 3)

    def forward(self, inputs):
        hidden = self.layer(inputs)[0]
        return hidden[-1], hidden


@pytest.mark.parametrize("target", [None, classes(3)])
def test_randomisation_is_checked_where_the_model_is(device, target):
    def table(place):
        model, inputs = network("lstm").to(place), series(3).to(place)
        return saltbench.randomisation_check(model, inputs, target, method="saliency")

    on_cpu, there = table("cpu"), table(device)
    assert there.drop(columns="similarity").equals(on_cpu.drop(columns="similarity"))
    assert there.similarity.tolist() == pytest.approx(on_cpu.similarity.tolist())


def test_the_recurrent_weights_of_a_randomised_copy_are_laid_together_again(monkeypatch):
    model, together = network("lstm"), []
    found = layers(model, series(1))

    def flatten_parameters(layer):
        together.append(layer)

    monkeypatch.setattr(nn.RNNBase, "flatten_parameters", flatten_parameters)
    assert RandomisedCopy(model, found, seed=0).model.layer in together
