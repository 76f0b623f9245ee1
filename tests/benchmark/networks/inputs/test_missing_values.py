"""Missing values are held: the network sees them as they are, and their entries of a map are 0."""

import itertools
import math

import pytest
import torch
from explained_alone import BACKGROUND as BACKGROUNDS
from explained_alone import CLASSES, FEATURES, METHODS, SAMPLES, SERIES, TIME, Recorder, random
from few_passes import FEWER
from torch import nn

import saltbench
from saltbench.errors import MissingPackageError, NonFiniteError, RefusedSeriesError, UnsupportedOperationError
from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.explain import attribute, sample_seeds

BACKGROUND = BACKGROUNDS[0]
FIXED = torch.rand(SAMPLES, TIME, FEATURES, generator=torch.Generator().manual_seed(3)) < 0.3
FIXED[1] = FIXED[0]
MISSING = SERIES.masked_fill(FIXED, torch.nan)
BASELINE = random(TIME, FEATURES, seed=1)


class Imputing(Recorder):
    """Sees which values are missing, and zeros in their place."""

    def __init__(self):
        super().__init__(2 * FEATURES)

    def forward(self, inputs):
        missing = inputs.isnan()
        return super().forward(torch.cat([torch.where(missing, 0, inputs), missing.to(inputs)], 2))


class Known(nn.Module):
    """The network of one sample, whose fixed entries it has closed over."""

    def __init__(self, model, series, fixed):
        super().__init__()
        self.model, self.series, self.fixed = model, series, fixed

    def forward(self, rows):
        return self.model(torch.where(self.fixed[: rows.shape[1]], self.series[: rows.shape[1]], rows))


def explained(method, model=None, inputs=MISSING, **others):
    options = {"background": BACKGROUND, "baseline": BASELINE, "seed": 5, **FEWER.get(method, {}), **others}
    try:
        return saltbench.explain(Imputing() if model is None else model, inputs, CLASSES, method=method, **options)
    except MissingPackageError as error:
        pytest.skip(str(error))
    except UnsupportedOperationError as error:
        if "has no rule for isnan" not in str(error):
            raise
        pytest.skip(str(error))


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"attention"}))
def test_missing_values_stay_missing_and_get_0(method):
    model = Imputing()
    found = explained(method, model)
    assert not found[FIXED].any()
    assert found[~FIXED].any() or method == "fit"
    for row in (row[:, FEATURES:] for batch in model.seen for row in batch):
        assert any(torch.equal(row == 1, fixed[: len(row)]) for fixed in FIXED)


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"attention", "fit"}))
def test_the_map_is_that_of_a_network_in_which_they_are_constants(method):
    found = explained(method)
    filled = torch.where(FIXED, torch.nanmean(MISSING, 1, keepdim=True).nan_to_num(0), SERIES)
    for sample in (0, 3):
        this = slice(sample, sample + 1)
        alone = attribute(
            bind(METHODS[method], FEWER.get(method)),
            Known(Imputing(), MISSING[sample], FIXED[sample]),
            filled[this],
            CLASSES[this],
            baseline=torch.where(FIXED, filled, BASELINE)[this],
            background=BACKGROUND,
            seeds=sample_seeds(5, SAMPLES)[this],
            fixed=FIXED[this],
        )
        torch.testing.assert_close(found[this], alone.masked_fill(FIXED[this], 0), rtol=1e-6, atol=1e-9)


def score(series):
    with torch.no_grad():
        return Imputing()(series).gather(1, CLASSES[:, None])[:, 0]


@pytest.mark.parametrize("method", ["deeplift", "integrated-gradients", "shapley-sampling", "kernel-shap"])
def test_complete_maps_sum_to_the_change_of_what_is_known(method):
    steps = {"steps": 60} if method == "integrated-gradients" else {}
    found = explained(method, **steps)
    change = score(MISSING) - score(torch.where(FIXED, MISSING, BASELINE))
    torch.testing.assert_close(found.sum((1, 2)), change, rtol=1e-6, atol=1e-8)
    assert float(found.residual.abs().max()) < 1e-6


def game(present):
    """S_c with the halves of the steps present or absent."""
    series = MISSING.clone()
    for is_present, steps in zip(present, (slice(0, 4), slice(4, 8)), strict=True):
        if not is_present:
            series[:, steps] = torch.where(FIXED[:, steps], MISSING[:, steps], BASELINE[steps])
    return score(series)


@pytest.mark.parametrize("method", ["shapley-sampling", "kernel-shap"])
def test_the_known_entries_of_a_segment_share_its_value(method):
    options = {"permutations": 2} if method == "shapley-sampling" else {"coalitions": 4}
    found = explained(method, time_segments=2, feature_segments=1, seed=1, **options)
    values = torch.zeros(SAMPLES, 2, dtype=torch.float64)
    for player, other in itertools.product(range(2), (False, True)):
        pair = [other, other]
        pair[player] = True
        without = [other, other]
        without[player] = False
        values[:, player] += (game(pair) - game(without)) / math.factorial(2)
    for player, steps in enumerate((slice(0, 4), slice(4, 8))):
        for sample in range(SAMPLES):
            known = found[sample, steps][~FIXED[sample, steps]]
            assert len(known.unique()) == 1
            if method == "kernel-shap":
                torch.testing.assert_close(known.sum(), values[sample, player], rtol=1e-6, atol=1e-9)


def test_a_segment_without_a_known_entry_gives_its_value_to_the_others():
    inputs = MISSING.clone()
    inputs[:, :2] = torch.nan
    found = explained("kernel-shap", None, inputs, time_segments=4, feature_segments=2, coalitions=40)
    change = score(inputs) - score(torch.where(inputs.isnan(), inputs, BASELINE))
    torch.testing.assert_close(found.sum((1, 2)), change, rtol=1e-6, atol=1e-8)
    assert not found[:, :2].any()


def test_any_entries_may_be_masked():
    found = explained("integrated-gradients", Recorder(), SERIES, mask=~FIXED, steps=60)
    with torch.no_grad():
        change = (Recorder()(SERIES) - Recorder()(torch.where(FIXED, SERIES, BASELINE))).gather(1, CLASSES[:, None])
    torch.testing.assert_close(found.sum((1, 2)), change[:, 0], rtol=1e-6, atol=1e-8)
    assert not found[FIXED].any()
    gaps = torch.ones(SAMPLES, TIME, dtype=torch.bool)
    gaps[:, [2, 5]] = False
    found = explained("saliency", Recorder(), SERIES, mask=gaps)
    plain = explained("saliency", Recorder(), SERIES)
    torch.testing.assert_close(found, plain * gaps[..., None])


def test_missing_values_beside_held_features_and_padding():
    lengths = torch.tensor([8, 6, 6, 5])
    real = torch.arange(TIME) < lengths[:, None]
    inputs = torch.where(real[..., None], MISSING, 0)
    found = explained("shapley-sampling", None, inputs, lengths=lengths, hold=[1])
    free = real[..., None] & ~inputs.isnan()
    free[..., 1] = False
    change = score(inputs) - score(torch.where(free, BASELINE, inputs))
    torch.testing.assert_close(found.sum((1, 2)), change, rtol=1e-6, atol=1e-8)
    assert not found[~free].any()
    assert found.baseline[~free].equal(inputs[~free]) or bool(found.baseline[inputs.isnan()].isnan().all())


class Two(nn.Module):
    """A series, and static features of which some are missing."""

    def forward(self, series, static):
        return series.sum(1)[:, :2] + torch.where(static.isnan(), 7, static)


def test_static_features_may_be_missing():
    static = random(SAMPLES, 2, seed=5)
    static[0, 1] = static[2, 0] = torch.nan
    _, found = saltbench.explain(Two(), (SERIES, static), 1, method="input-x-gradient")
    expected = torch.stack([torch.zeros(SAMPLES, dtype=torch.float64), static[:, 1].nan_to_num(0)], 1)
    torch.testing.assert_close(found, expected)


def test_networks_that_take_no_missing_values_say_so():
    with pytest.raises(
        NonFiniteError, match="inputs must be finite, got NaN or infinity in 4 of 4 samples, which the n"
    ):
        explained("saliency", Recorder())

    class Refusing(Recorder):
        def forward(self, inputs):
            if inputs.isnan().any():
                raise ValueError("no NaN, please")
            return super().forward(inputs)

    inputs = SERIES.clone()
    inputs[2, 3, 1] = torch.nan
    with pytest.raises(RefusedSeriesError, match="the network must take every series, got ValueError: no NaN, please"):
        explained("saliency", Refusing(), inputs)
    with pytest.raises(
        NonFiniteError, match="inputs must be finite, got NaN or infinity in 4 of 4 samples; clean the s"
    ):
        explained("saliency", Imputing(), SERIES / 0)
