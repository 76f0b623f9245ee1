"""Methods of Captum, zennit and SHAP, handed in as they are."""

import captum.attr
import numpy as np
import pandas as pd
import pytest
import torch
from attribution_models import classes, network, series
from command_line import ended

import saltbench
from saltbench.errors import ParameterError, UnknownNameError, UnsupportedOperationError
from saltbench.methods.attributions.contract import method_contract

FEW = {
    "saliency": saltbench.from_captum(captum.attr.Saliency),
    "path": saltbench.from_captum(captum.attr.IntegratedGradients, n_steps=6),
    "sampled": saltbench.from_captum(captum.attr.GradientShap, n_samples=2),
    "windows": saltbench.from_captum(captum.attr.Occlusion, sliding_window_shapes=(2, 2), strides=(2, 2)),
    "tunnel": saltbench.from_captum(
        lambda model: captum.attr.NoiseTunnel(captum.attr.Saliency(model)), "captum-noise-tunnel", nt_samples=2
    ),
}

TestSaliency = method_contract(FEW["saliency"])
TestMethodsOfManyPasses = pytest.mark.slow(method_contract(*(FEW[name] for name in FEW if name != "saliency")))


def explained(spec, model=None, **options):
    return saltbench.explain(network("lstm") if model is None else model, series(3), classes(3), method=spec, **options)


def test_names_are_those_of_library_and_class():
    names = [saltbench.from_captum(kind).name for kind in (captum.attr.LRP, captum.attr.KernelShap)]
    assert names == ["captum-lrp", "captum-kernel-shap"]
    assert saltbench.from_captum(captum.attr.DeepLift, "theirs", version=3).name == "theirs"
    assert saltbench.from_captum(captum.attr.DeepLift, "theirs", version=3).version == 3


def test_the_map_is_the_librarys():
    model, baseline = network("lstm"), series(3, seed=5)
    method = captum.attr.IntegratedGradients(model.eval())
    theirs = method.attribute(series(3), baseline, target=classes(3), n_steps=6)
    assert torch.allclose(explained(FEW["path"], model, baseline=baseline).map, theirs, rtol=1e-9, atol=1e-12)


def test_what_a_complete_map_misses_is_reported_and_accepted():
    spec = saltbench.from_captum(captum.attr.IntegratedGradients, n_steps=2, is_complete=True)
    found = explained(spec)
    assert found.residual.abs().max() > 1e-6
    assert explained(FEW["path"]).residual is None


def test_a_windows_shape_may_be_a_list_as_a_suite_has_it():
    assert FEW["windows"].parameters["sliding_window_shapes"] == [2, 2]
    assert torch.equal(explained(FEW["windows"]), explained(FEW["windows"], sliding_window_shapes=[2, 2]))


@pytest.mark.parametrize("method", ["sampled", "tunnel"])
def test_random_numbers_follow_the_seed_whatever_is_drawn_elsewhere(method):
    given = {"background": series(4, seed=7)} if method == "sampled" else {}
    first = explained(FEW[method], seed=1, **given)
    np.random.default_rng()
    torch.rand(3)
    assert torch.equal(explained(FEW[method], seed=1, **given), first)
    assert not torch.equal(explained(FEW[method], seed=2, **given), first)
    alone = saltbench.explain(network("lstm"), series(3)[:1], classes(3)[:1], method=FEW[method], seed=1, **given)
    assert torch.allclose(alone.map, first.map[:1], rtol=1e-9, atol=1e-12)


class Attributor:
    """The interface of zennit's attributors: the gradient from where `attr_output` starts, a count of what is open."""

    is_open = False

    def __init__(self, model):
        self.model = model

    def __enter__(self):
        Attributor.is_open = True
        return self

    def __exit__(self, *_):
        Attributor.is_open = False

    def __call__(self, inputs, attr_output):
        assert Attributor.is_open
        rows = inputs.clone().requires_grad_()
        outputs = self.model(rows)
        return outputs, torch.autograd.grad(outputs, rows, attr_output(outputs))[0]


def test_an_attributor_of_zennit_starts_at_the_explained_class():
    spec = saltbench.from_zennit(Attributor, "zennit-gradient", draws=False)
    assert torch.allclose(explained(spec).abs(), explained("saliency").map, rtol=1e-9, atol=1e-12)
    assert not Attributor.is_open


class Explainer:
    """The interface of SHAP's explainers: values of every class, as a list of arrays or on the last axis."""

    def __init__(self, model, background, is_listed=False):
        self.model, self.background, self.is_listed = model, background, is_listed

    def shap_values(self, inputs, scale=1.0):
        assert not inputs.requires_grad
        count = self.model(inputs).shape[1]
        difference = (inputs - self.background.mean(0)).numpy()
        values = [scale * difference * (number + 1) + 0 * np.random.random_sample() for number in range(count)]  # noqa: NPY002
        return values if self.is_listed else np.stack(values, -1)


@pytest.mark.parametrize("is_listed", [False, True])
def test_an_explainer_of_shap_gives_the_values_of_the_explained_class(is_listed):
    spec = saltbench.from_shap(lambda model, series: Explainer(model, series, is_listed), "shap-difference", scale=2.0)
    background = series(5, seed=7)
    found = explained(spec, background=background)
    wanted = 2 * (series(3) - background.mean(0)) * (classes(3)[:, None, None] + 1)
    assert torch.allclose(found.map, wanted, rtol=1e-9, atol=1e-12)
    half = explained(spec, background=background, scale=1.0)
    assert torch.allclose(half * 2, found.map, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("hand_in", "error", "message"),
    [
        (lambda: saltbench.from_captum(captum.attr.Saliency, steps=3), UnknownNameError, "parameter of Saliency.attr"),
        (lambda: saltbench.from_captum(lambda model: None), ParameterError, "needs name= for the entry"),
        (lambda: saltbench.from_captum(captum.attr.FeaturePermutation), ParameterError, "take saltbench's method feat"),
        (
            lambda: saltbench.from_captum(captum.attr.DeepLiftShap, is_complete=True),
            ParameterError,
            "measured from the baseline, got is_complete for DeepLiftShap",
        ),
    ],
)
def test_a_mistake_is_one_line(hand_in, error, message):
    with pytest.raises(error, match=message):
        hand_in()


def test_a_network_on_which_the_library_fails_is_refused():
    with pytest.raises(UnsupportedOperationError, match=r"captum-lrp fails on this network \(TypeError: .*no rule"):
        explained(saltbench.from_captum(captum.attr.LRP))


SUITE = """
tasks = ["box/latter"]
architectures = ["lstm"]
methods = ["saliency", "captum-saliency", "captum-integrated-gradients"]
seeds = 1
samples = 4

[training]
epochs = 1

[parameters."box/latter"]
layouts = [[[6, 10, 2, 8]]]
time = 10
features = 12
train = 20
validation = 10
test = 10
"""
PLUGIN = """
import captum.attr, saltbench

SALIENCY = saltbench.from_captum(captum.attr.Saliency)
PATH = saltbench.from_captum(captum.attr.IntegratedGradients, n_steps=5)
"""


def test_a_plugin_of_three_lines_stands_in_a_leaderboard(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(SUITE)
    (tmp_path / "theirs.py").write_text(PLUGIN)
    assert ended("run", "mine.toml", "--plugin", "theirs.py", "--results", "results", "--workers", 1) is None
    table = pd.read_csv(tmp_path / "results" / "mine" / "leaderboard.csv").set_index("method")
    assert table.status[["captum-saliency", "captum-integrated-gradients"]].tolist() == ["ok", "ok"]
    assert table.average_precision["captum-saliency"] == pytest.approx(table.average_precision["saliency"])
