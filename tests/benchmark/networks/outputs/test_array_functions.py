"""Functions of arrays to scores, such as those of scikit-learn: explained by what they answer alone."""

import numpy as np
import pytest
import torch
from explained_alone import METHODS, Recorder, random
from few_passes import FEWER
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from torch import nn

import saltbench
from saltbench.errors import MissingPackageError, ParameterError, ShapeError, UnsupportedOperationError
from saltbench.methods.attributions.array_functions import OUTPUTS_ALONE

TIME, FEATURES, SAMPLES = 8, 4, 4
SERIES, BACKGROUND = random(SAMPLES, TIME, FEATURES), random(6, TIME, FEATURES, seed=2)
LABELS = np.arange(40) % 3
TRAINING = random(40, TIME, FEATURES, seed=3).numpy() + LABELS[:, None, None]
ALONE = sorted(name for name, spec in METHODS.items() if "perturbation" in spec.tags)


def scores_of(model):
    """A function of arrays that answers as a network does."""

    def scores(arrays):
        assert isinstance(arrays, np.ndarray)
        with torch.no_grad():
            return model(torch.from_numpy(arrays)).numpy()

    return scores


def explained(model, method, target=1, inputs=SERIES, **others):
    options = {"background": BACKGROUND, "seed": 5, **FEWER.get(method, {}), **others}
    try:
        return saltbench.explain(model, inputs, target, method=method, **options)
    except MissingPackageError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("method", ALONE)
def test_a_function_has_the_map_of_the_network_that_it_asks(method):
    found = explained(scores_of(Recorder()), method)
    torch.testing.assert_close(found, explained(Recorder(), method), rtol=1e-7, atol=1e-10, check_device=False)


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {*ALONE, "attention"}))
def test_methods_with_gradients_name_those_without(method):
    with pytest.raises(UnsupportedOperationError, match="needs gradients, and a function of arrays has none") as caught:
        explained(scores_of(Recorder()), method)
    assert all(name in str(caught.value) for name in ALONE)
    assert "\n" not in str(caught.value)


def test_the_methods_that_are_named_are_those_that_there_are():
    assert OUTPUTS_ALONE.replace(" or ", ", ").split(", ") == [
        name for name, spec in METHODS.items() if "perturbation" in spec.tags
    ]


def tables():
    return FunctionTransformer(lambda arrays: arrays.reshape(len(arrays), -1))


def test_the_probabilities_of_a_forest_are_explained_as_they_are():
    forest = make_pipeline(tables(), RandomForestClassifier(20, random_state=0)).fit(TRAINING, LABELS)
    series = random(SAMPLES, TIME, FEATURES, seed=7).numpy() + 1
    found = explained(forest.predict_proba, "shapley-sampling", 1, series, permutations=3)
    change = forest.predict_proba(series)[:, 1] - forest.predict_proba(0 * series)[:, 1]
    np.testing.assert_allclose(found.sum((1, 2)), change, atol=1e-12)
    predicted = forest.predict_proba(series).argmax(1)
    unnamed = explained(forest.predict_proba, "feature-ablation", None, series)
    np.testing.assert_array_equal(unnamed, explained(forest.predict_proba, "feature-ablation", predicted, series))


def test_the_prediction_of_a_regression_is_a_value():
    ridge = make_pipeline(tables(), StandardScaler(), Ridge()).fit(TRAINING, LABELS)
    weights = (ridge[-1].coef_ / ridge[1].scale_).reshape(TIME, FEATURES)
    found = explained(ridge.predict, "feature-ablation", None, time_segments=TIME, feature_segments=FEATURES)
    np.testing.assert_allclose(found, SERIES.numpy() * weights, atol=1e-10)


def test_logarithms_and_probabilities_of_what_a_function_returns():
    forest = make_pipeline(tables(), RandomForestClassifier(20, random_state=0)).fit(TRAINING, LABELS)
    model = saltbench.adapted(lambda x: forest.predict_proba(x) / 2 + 1 / 6, output="probabilities")
    plain = explained(lambda x: np.log(forest.predict_proba(x) / 2 + 1 / 6), "occlusion")
    torch.testing.assert_close(explained(model, "occlusion"), plain)
    found = explained(model, "occlusion", output="probability")
    torch.testing.assert_close(found, explained(lambda x: forest.predict_proba(x) / 2 + 1 / 6, "occlusion"))


def test_scores_of_each_step_and_what_belongs_to_a_sample():
    def scores(series, scale, *, codes):
        assert codes.dtype == np.int64
        return series.cumsum(1) * scale[:, None] * codes[:, None, None]

    scale, codes = random(SAMPLES, FEATURES, seed=4), torch.tensor([1, 2, 3, 4])
    inputs = {"series": SERIES, "scale": scale, "codes": codes}
    options = {"background": None, "time_segments": TIME, "feature_segments": FEATURES}
    found = explained(scores, "feature-ablation", (-1, 2), inputs, hold=("codes",), **options)
    expected = torch.zeros_like(SERIES)
    expected[..., 2] = SERIES[..., 2] * (scale[:, 2] * codes)[:, None]
    torch.testing.assert_close(found["series"], expected)
    assert not found["codes"].any()


def test_half_precision_reaches_a_function():
    for dtype in (torch.bfloat16, torch.float16, torch.float32):
        found = explained(lambda x: x.astype(np.float64).sum((1, 2)), "feature-ablation", None, SERIES.to(dtype))
        assert found.dtype == dtype
        assert found.any()


def test_a_function_may_write_to_what_it_is_given():
    def scores(arrays):
        arrays[arrays < 0] = 0
        return arrays.sum((1, 2))

    found = explained(scores, "feature-ablation", None, time_segments=TIME, feature_segments=FEATURES)
    torch.testing.assert_close(found, SERIES.clamp_min(0))


def test_methods_that_need_no_gradient_are_evaluated_and_the_others_skipped():
    model = saltbench.adapted(lambda x: np.stack([x[:, :50].sum((1, 2)), x[:, 50:].sum((1, 2))], 1))
    table = saltbench.evaluate(model, "box/latter", ["saliency", "feature-ablation"], samples=4)
    status = table.set_index("method").status
    assert (status["saliency"], status["feature-ablation"]) == ("skipped", "ok")


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (lambda x: np.array(["a"] * len(x)), ParameterError, "must return scores, numbers .*, got <U1 such as .*'a'"),
        (
            lambda x: np.zeros(len(x), int),
            ParameterError,
            "must be floating-point logits, got torch.int64; return what",
        ),
        (lambda x: 1 / 0, ShapeError, "ZeroDivisionError: division by zero"),
        (lambda x: x[:, 0].sum() + x[:, 0], ParameterError, "must answer each sample by itself"),
        (
            lambda x: np.random.default_rng().random((len(x), 2)),
            ParameterError,
            "such as a random generator of its own",
        ),
        (
            RandomForestClassifier(),
            ParameterError,
            "got a RandomForestClassifier; give its predict_proba, within a func",
        ),
        (lambda x: x[:2, 0], ShapeError, r"the model must map 3 samples to logits \(3, classes\), got \(2, 4\)"),
    ],
)
def test_functions_that_give_no_scores_are_refused_in_one_line(model, error, message):
    with pytest.raises(error, match=message) as caught:
        explained(model, "feature-ablation")
    assert "\n" not in str(caught.value)


def test_the_probability_of_a_score_has_to_be_told():
    with pytest.raises(
        ParameterError, match=r"output must be 'logit' for a function of arrays, .*adapted\(function, out"
    ):
        explained(lambda x: x[:, 0], "feature-ablation", output="probability")


def test_what_a_function_takes_is_told():
    def scores(series, static):
        return series[:, 0] * static

    with pytest.raises(ShapeError, match=r"takes 2 inputs: pass them together, .*\(series, static\)"):
        explained(scores, "feature-ablation")


def test_a_network_is_no_function():
    assert isinstance(saltbench.adapted(nn.Identity()).model, nn.Identity)
