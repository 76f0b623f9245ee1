"""Series are read in the kind in which a user keeps them, and their maps come back in it."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from explained_alone import CLASSES, FEATURES, FIXED, SAMPLES, SERIES, TIME, Patient, Recorder, random
from torch import nn

import saltbench
from saltbench.errors import ParameterError, ShapeError

BASELINE, BACKGROUND = random(TIME, FEATURES, seed=1), random(6, TIME, FEATURES, seed=2)
NAMES = ["heart", "lung", "skin", "mood"]
CASES = ["d", "a", "c", "b"]
PLAIN = saltbench.explain(Recorder(), SERIES, CLASSES, method="integrated-gradients", baseline=BASELINE)
OPTIONS = {"method": "integrated-gradients", "baseline": BASELINE}


def long(values=SERIES):
    index = pd.MultiIndex.from_product([CASES[: len(values)], range(10, 10 + TIME)], names=["case", "time"])
    return pd.DataFrame(np.asarray(values).reshape(-1, FEATURES), index, columns=NAMES)


def wide(values=SERIES):
    columns = pd.MultiIndex.from_product([NAMES, range(TIME)])
    return pd.DataFrame(np.asarray(values).transpose(0, 2, 1).reshape(len(values), -1), CASES, columns=columns)


def test_an_array_gives_an_array():
    found = saltbench.explain(Recorder(), SERIES.numpy(), CLASSES, **OPTIONS)
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, PLAIN.numpy())
    assert (found.method, found.version) == (PLAIN.method, PLAIN.version)
    assert repr(found).startswith("Explanation(integrated-gradients version")
    for plain in (found[0], found + 1, found.sum((1, 2)), np.abs(found)):
        assert not hasattr(plain, "residual")
        assert "Explanation" not in repr(plain)
    for same in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):  # noqa: S301 - its own bytes
        np.testing.assert_array_equal(same, PLAIN.numpy())


@pytest.mark.parametrize(
    ("axes", "order"),
    [
        ("nct", (0, 2, 1)),
        ("(cases, channels, time)", (0, 2, 1)),
        (("cases", "channels", "time"), (0, 2, 1)),
        (["time", "batch", "features"], (1, 0, 2)),
        ("batch features steps", (0, 2, 1)),
        ("tfb", (1, 2, 0)),
        ("btf", (0, 1, 2)),
    ],
)
@pytest.mark.parametrize("to", [np.asarray, lambda series: series])
def test_axes_are_read_in_any_order_and_given_back_so(axes, order, to):
    inputs = SERIES.permute(order)
    found = saltbench.explain(Recorder(), to(inputs), CLASSES, axes=axes, method="saliency")
    expected = saltbench.explain(Recorder(), SERIES, CLASSES, method="saliency")
    assert type(found) is type(saltbench.explain(Recorder(), to(SERIES), CLASSES, method="saliency"))
    np.testing.assert_array_equal(np.asarray(found), expected.permute(order).numpy())


def test_baselines_backgrounds_and_targets_have_the_axes_of_the_inputs():
    channels_first = SERIES.transpose(1, 2)
    for baseline in (BASELINE.T, BASELINE.T.expand(SAMPLES, -1, -1)):
        found = saltbench.explain(
            Recorder(), channels_first, axes="nct", targets=[0, 1], method="integrated-gradients", baseline=baseline
        )
        expected = saltbench.explain(Recorder(), SERIES, targets=[0, 1], **OPTIONS)
        assert torch.equal(found, expected.transpose(2, 3))
        assert torch.equal(found.baseline, expected.baseline.transpose(2, 3))
    background = BACKGROUND.transpose(1, 2)
    found = saltbench.explain(Recorder(), channels_first, 1, axes="nct", method="gradient-shap", background=background)
    expected = saltbench.explain(Recorder(), SERIES, 1, method="gradient-shap", background=BACKGROUND)
    assert torch.equal(found, expected.transpose(1, 2))


class ChannelsFirst(nn.Module):
    def forward(self, inputs):
        return Recorder()(inputs.transpose(1, 2))


def test_a_network_may_take_its_own_order():
    for axes in ("nct", ("batch", "features", "time")):
        model = saltbench.adapted(ChannelsFirst(), axes=axes)
        assert torch.equal(saltbench.explain(model, SERIES, CLASSES, **OPTIONS), PLAIN)
    both = saltbench.explain(model, SERIES.transpose(1, 2), CLASSES, axes="nct", method="saliency")
    assert torch.equal(both, saltbench.explain(Recorder(), SERIES, CLASSES, method="saliency").transpose(1, 2))
    with pytest.raises(ParameterError, match="time_first says what axes does, got both, axes='nct'; leave one out"):
        saltbench.adapted(ChannelsFirst(), axes="nct", time_first=True)


def test_several_inputs_keep_each_its_kind():
    inputs = {"series": SERIES.numpy().transpose(0, 2, 1), "static": FIXED}
    found = saltbench.explain(Patient(), inputs, CLASSES, axes="nct", method="saliency")
    series, static = saltbench.explain(Patient(), (SERIES, FIXED), CLASSES, method="saliency")
    np.testing.assert_array_equal(found["series"], series.numpy().transpose(0, 2, 1))
    assert torch.equal(found["static"], static)
    frame, static_again = saltbench.explain(Patient(), (long(), FIXED.numpy()), CLASSES, method="saliency")
    pd.testing.assert_frame_equal(frame, long(series))
    np.testing.assert_array_equal(static_again, static)


@pytest.mark.parametrize("form", [long, wide])
def test_a_frame_gives_a_frame(form):
    found = saltbench.explain(Recorder(), form(), CLASSES, **OPTIONS)
    pd.testing.assert_frame_equal(found, form(PLAIN))
    assert found.attrs["method"] == "integrated-gradients"
    again = saltbench.explain(
        Recorder(), form(), CLASSES, **{**OPTIONS, "baseline": form(BASELINE.expand(SERIES.shape))}
    )
    pd.testing.assert_frame_equal(again, found)


def test_the_rows_of_a_long_frame_may_be_in_any_order():
    shuffled = long().sample(frac=1, random_state=3)
    cases = [CASES.index(name) for name in shuffled.index.get_level_values(0).unique()]
    found = saltbench.explain(Recorder(), shuffled, CLASSES[cases], **OPTIONS)
    pd.testing.assert_frame_equal(found, long(PLAIN).loc[shuffled.index])


def test_a_long_frame_may_have_columns_of_case_and_time():
    frame = long().reset_index()[["heart", "time", "lung", "case", "skin", "mood"]]
    found = saltbench.explain(Recorder(), frame, CLASSES, axes=("case", "time"), **OPTIONS)
    pd.testing.assert_frame_equal(found, long(PLAIN).reset_index()[list(frame.columns)])


def test_a_tidy_frame_has_a_row_for_each_value():
    def tidy(values):
        melted = long(values).reset_index().melt(["case", "time"], var_name="organ", value_name="reading")
        return melted.sample(frac=1, random_state=1)

    frame = tidy(SERIES)
    cases = [CASES.index(name) for name in frame.case.unique()]
    features = [NAMES.index(name) for name in frame.organ.unique()]
    model = saltbench.adapted(Permuted(features))
    found = saltbench.explain(
        model, frame, CLASSES[cases], axes=("case", "time", "organ", "reading"), method="saliency"
    )
    expected = tidy(saltbench.explain(Recorder(), SERIES, CLASSES, method="saliency"))
    pd.testing.assert_frame_equal(found, expected)


class Permuted(nn.Module):
    """Takes features in another order."""

    def __init__(self, order):
        super().__init__()
        self.order = np.argsort(order).tolist()

    def forward(self, inputs):
        return Recorder()(inputs[..., self.order])


def test_a_wide_frame_of_one_feature_has_its_steps():
    frame = pd.DataFrame(SERIES[..., 0].numpy(), CASES, columns=[f"t{step}" for step in range(TIME)])
    found = saltbench.explain(lambda x: x.mean(1), frame, method="feature-ablation", time_segments=TIME)
    pd.testing.assert_frame_equal(found, frame / TIME, rtol=1e-9)


def test_the_level_of_time_may_be_named():
    columns = pd.MultiIndex.from_product([range(TIME), NAMES], names=["time", "organ"])
    frame = pd.DataFrame(SERIES.numpy().reshape(SAMPLES, -1), CASES, columns=columns)
    found = saltbench.explain(Recorder(), frame, CLASSES, **OPTIONS)
    np.testing.assert_array_equal(found.to_numpy().reshape(SERIES.shape), PLAIN.numpy())


def test_several_targets_are_below_each_other():
    found = saltbench.explain(Recorder(), long(), targets=[1, 0], method="saliency")
    assert found.index.names == ["target", "case", "time"]
    for number, target in enumerate([1, 0]):
        one = saltbench.explain(Recorder(), long(), target, method="saliency")
        pd.testing.assert_frame_equal(found.loc[number], one)


def test_numbers_of_frames_may_be_missing_or_whole():
    class Summing(nn.Module):
        def forward(self, inputs):
            return torch.where(inputs.isnan(), 0, inputs).sum(1)

    frame = (10 * long()).round().astype("Int64")
    frame.iloc[3, 1] = pd.NA
    found = saltbench.explain(Summing(), frame, 1, method="input-x-gradient")
    expected = frame.astype(float).fillna(0).assign(heart=0.0, skin=0.0, mood=0.0)
    pd.testing.assert_frame_equal(found.astype(float), expected, check_dtype=False)


def test_a_frame_may_be_one_series_as_a_baseline():
    one = pd.DataFrame(BASELINE.numpy(), columns=NAMES)
    found = saltbench.explain(Recorder(), long(), CLASSES, method="integrated-gradients", baseline=one)
    pd.testing.assert_frame_equal(found, long(PLAIN))


MIXED = long().assign(mood="good")


@pytest.mark.parametrize(
    ("inputs", "axes", "error", "message"),
    [
        (SERIES, "nt", ParameterError, r"axes must name batch, time and features .*, such as .* or 'nct', got 'nt'"),
        (SERIES, "nxt", ParameterError, "axes must name batch, time and features"),
        (SERIES, ("time", "time", "batch"), ParameterError, "axes must name batch, time and features"),
        (SERIES, 3, ParameterError, "axes must name batch, time and features .* got 3"),
        (MIXED, None, ParameterError, "must hold numbers, got str in column 'mood'; a long frame has the index"),
        (
            long().iloc[:-1],
            None,
            ShapeError,
            "as many steps, got 7 of case 'b' and 8 of others; explain those of one le",
        ),
        (pd.concat([long(), long()]), None, ParameterError, "a row for each case and time, got one twice; keep one"),
        (
            wide().iloc[:, :-1],
            None,
            ShapeError,
            "a column for each of 4 features at each of 8 times, got 31 columns; pad",
        ),
        (
            long().reset_index(),
            ("id", "time"),
            ParameterError,
            r"axes of a data frame must name its columns .*, got \('id",
        ),
        (long(), "case", ParameterError, r"axes of a data frame must be a tuple of its columns, .*, got 'case'"),
        (
            long().set_index("mood", append=True),
            None,
            ParameterError,
            "an index of one or two levels, got 3; a long frame has the index",
        ),
    ],
)
def test_other_forms_are_refused_in_one_line(inputs, axes, error, message):
    with pytest.raises(error, match=message) as caught:
        saltbench.explain(Recorder(), inputs, 1, axes=axes, method="saliency")
    assert "\n" not in str(caught.value)
