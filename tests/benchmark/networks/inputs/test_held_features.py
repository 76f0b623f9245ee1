"""Features that are held: no method changes them, and the map is that of a network in which they are constants."""

import numpy as np
import pytest
import torch
from explained_alone import FEATURES, METHODS, SAMPLES, TIME, Recorder, random
from few_passes import FEWER
from torch import nn

import saltbench
from saltbench import MethodSpec
from saltbench.errors import MissingPackageError, NonFiniteError, ParameterError, ShapeError
from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.explain import attribute, sample_seeds

HELD, FREE = [1, 3], [0, 2]
CLASSES = torch.tensor([0, 1, 1, 0])
SERIES, BACKGROUND = random(SAMPLES, TIME, FEATURES), random(6, TIME, FEATURES, seed=2)
BASELINE = random(TIME, FEATURES, seed=1)


class Baked(nn.Module):
    """A network of the free features, the held ones being those of one sample."""

    def __init__(self, model, held):
        super().__init__()
        self.model, self.held = model, held

    def forward(self, rows):
        held = self.held[:, : rows.shape[1]].repeat(len(rows), 1, 1)
        return self.model(torch.stack([rows[..., 0], held[..., 0], rows[..., 1], held[..., 1]], 2))


def explained(method, model, hold=HELD, **others):
    try:
        options = {"background": BACKGROUND, "baseline": BASELINE, "seed": 5, **FEWER.get(method, {}), **others}
        return saltbench.explain(model, SERIES, CLASSES, method=method, hold=hold, **options)
    except MissingPackageError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("method", METHODS)
def test_no_row_that_a_network_sees_has_other_held_features(method):
    model = Recorder()
    explained(method, model)
    blocks = [sample[:, HELD] for sample in SERIES]
    rows = [row[:, HELD] for batch in model.seen for row in batch]
    assert rows
    assert all(any(torch.equal(row, block[: len(row)]) for block in blocks) for row in rows)


@pytest.mark.parametrize("method", METHODS)
def test_the_map_is_that_of_a_network_in_which_they_are_constants(method):
    found = explained(method, Recorder())
    assert found.shape == SERIES.shape
    assert not found[..., HELD].any()
    for sample in (0, 2):
        this = slice(sample, sample + 1)
        alone = attribute(
            bind(METHODS[method], FEWER.get(method)),
            Baked(Recorder(), SERIES[this, :, HELD]),
            SERIES[this, :, FREE],
            CLASSES[this],
            baseline=BASELINE[None, :, FREE],
            background=BACKGROUND[..., FREE],
            seeds=sample_seeds(5, SAMPLES)[this],
        )
        assert alone.any() or method == "fit"
        torch.testing.assert_close(found[this, :, FREE], alone, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("method", ["saliency", "lrp", "lrp-half", "input-x-gradient"])
def test_methods_that_change_nothing_have_their_map_but_for_what_is_held(method):
    whole = saltbench.explain(Recorder(), SERIES, CLASSES, method=method)
    torch.testing.assert_close(explained(method, Recorder())[..., FREE], whole[..., FREE], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("method", ["integrated-gradients", "deeplift", "shapley-sampling", "kernel-shap"])
def test_complete_maps_sum_to_the_change_of_the_free_features(method):
    found = explained(method, Recorder(), **({"steps": 60} if method == "integrated-gradients" else {}))
    absent = SERIES.clone()
    absent[..., FREE] = BASELINE[:, FREE]
    with torch.no_grad():
        change = (Recorder()(SERIES) - Recorder()(absent)).gather(1, CLASSES[:, None])[:, 0]
    torch.testing.assert_close(found.sum((1, 2)), change, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    "hold",
    [
        [1, 3],
        (3, -3),
        np.array([1, 3]),
        torch.tensor([1, 3]),
        [False, True, False, True],
        np.array([False, True, False, True]),
        torch.tensor([False, True, False, True]),
    ],
)
def test_features_are_held_by_number_or_by_mask(hold):
    assert torch.equal(explained("deeplift", Recorder(), hold), explained("deeplift", Recorder()))


@pytest.mark.parametrize("hold", [None, [], [False] * FEATURES])
def test_nothing_held_is_the_plain_map(hold):
    plain = saltbench.explain(Recorder(), SERIES, CLASSES, method="deeplift", baseline=BASELINE)
    torch.testing.assert_close(explained("deeplift", Recorder(), hold), plain, rtol=1e-12, atol=1e-14)


def test_without_a_target_the_predicted_class_is_that_of_the_whole_series():
    model = Recorder()
    with torch.no_grad():
        model.classifier.bias -= model(SERIES).mean(0)
        predicted = model(SERIES).argmax(1)
    assert 0 < predicted.sum() < SAMPLES
    found = saltbench.explain(model, SERIES, hold=HELD, method="input-x-gradient")
    assert torch.equal(found, saltbench.explain(model, SERIES, predicted, hold=HELD, method="input-x-gradient"))


def test_samples_with_the_same_held_features_go_through_the_network_together():
    series = SERIES.clone()
    series[..., HELD] = series[:1, :, HELD]
    model = Recorder()
    saltbench.explain(model, series, CLASSES, method="saliency", hold=HELD)
    assert max(map(len, model.seen)) >= SAMPLES


class Coded(nn.Module):
    """A category code in one channel, embedded."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.code, self.recurrent = nn.Embedding(20, 3), nn.GRU(3, 6, batch_first=True)
            self.output = nn.Linear(6, 2)

    def forward(self, x):
        return self.output(self.recurrent(self.code(x[..., 0].long()) + x[..., 1:])[0][:, -1])


@pytest.mark.parametrize("method", ["smoothgrad", "gradient-shap", "integrated-gradients", "lime"])
def test_a_category_code_can_be_held(method):
    codes = torch.arange(SAMPLES * TIME).reshape(SAMPLES, TIME, 1) % 20
    series, options = torch.cat([codes.double(), SERIES[..., :3]], 2).float(), FEWER[method]
    found = saltbench.explain(Coded(), series, 1, method=method, hold=0, background=BACKGROUND.float(), **options)
    assert found[..., 1:].any()
    assert not found[..., 0].any()


def test_a_method_of_a_third_party_cannot_change_what_is_held():
    def scrambling(model, inputs, target):
        rows = inputs.roll(1, 1).flip(2) * 3 + 1
        return inputs * model(torch.cat([rows, -rows])).sum()

    model = Recorder()
    spec = MethodSpec(name="scrambling", version=1, description="", reference="", factory=scrambling)
    found = saltbench.explain(model, SERIES, 0, method=spec, hold=HELD)
    assert not found[..., HELD].any()
    blocks = [sample[:, HELD] for sample in SERIES]
    assert all(any(torch.equal(row[:, HELD], block) for block in blocks) for batch in model.seen for row in batch)


@pytest.mark.parametrize(
    ("hold", "error", "message"),
    [
        ([4], ParameterError, r"hold must give features of inputs in 0 … 3, or a boolean mask \(4,\), got \[4\]"),
        ([-5], ParameterError, "hold must give features of inputs in 0 … 3"),
        ([0.5], ParameterError, "hold must give features of inputs in 0 … 3"),
        ([True, False], ParameterError, r"or a boolean mask \(4,\), got \[True, False\]"),
        ([[0]], ParameterError, "hold must give features of inputs in 0 … 3"),
        ("clock", ParameterError, "hold must give features of inputs in 0 … 3, or a boolean mask .*, got 'clock'"),
        ([0, 1, 2, 3], ParameterError, "hold must leave something to explain, got all of the inputs; hold fewer"),
    ],
)
def test_what_cannot_be_held_is_refused_in_one_line(hold, error, message):
    with pytest.raises(error, match=message) as caught:
        explained("saliency", Recorder(), hold)
    assert "\n" not in str(caught.value)


def test_the_other_arguments_are_checked_as_ever():
    with pytest.raises(ShapeError, match=r"baseline of inputs must have the inputs' shape \(4, 8, 4\), got \(8, 3\)"):
        explained("deeplift", Recorder(), baseline=BASELINE[:, :3])
    with pytest.raises(ShapeError, match=r"background of inputs must have shape \(any, 8, 4\), got \(6, 8, 2\)"):
        explained("gradient-shap", Recorder(), background=BACKGROUND[..., FREE])
    with pytest.raises(NonFiniteError, match="inputs must be finite, got NaN or infinity in 4 of 4 samples"):
        saltbench.explain(Recorder(), SERIES / 0, hold=HELD)
    with pytest.raises(ParameterError, match="needs background, got None"):
        explained("gradient-shap", Recorder(), background=None)
