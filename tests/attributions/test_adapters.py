"""Models of other forms behind the contract (batch, time, features) to logits (batch, classes)."""

import pytest
import torch
from attribution_models import CLASSES, FEATURES, TIME, Scores, network, series
from torch import nn

from saltbench.errors import ParameterError, ShapeError
from saltbench.methods.attributions.adapters import Probabilities, SoftmaxLogits, adapted, is_value, tells_classes


def test_probabilities_are_the_softmax_of_the_logits():
    model = network("lstm")
    logits = model(series(2)).exp()
    torch.testing.assert_close(Probabilities(model)(series(2)), logits / logits.sum(1, keepdim=True))


def test_logarithms_of_probabilities_are_logits_with_the_same_probabilities():
    model = network("lstm")
    logits = adapted(Probabilities(model), output="probabilities")(series(4))
    torch.testing.assert_close(logits, torch.log_softmax(model(series(4)), 1))


def test_the_logarithm_of_no_probability_is_finite():
    model = adapted(Scores(lambda x: torch.eye(2, dtype=x.dtype)), output="probabilities")
    assert torch.isfinite(model(series(2))).all()


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_a_single_logit_becomes_the_log_odds_of_two_classes(shape):
    model = adapted(Scores(lambda x: x.mean((1, 2)).reshape(shape)), output="single-logit")
    z = series(4).mean((1, 2))
    assert torch.equal(model(series(4)), torch.stack([-z, z], 1))


@pytest.mark.parametrize("around", [lambda model: model, adapted, lambda model: adapted(adapted(model))])
def test_the_probabilities_of_a_single_logit_are_its_sigmoid(around):
    model = around(adapted(Scores(lambda x: x.mean((1, 2))), output="single-logit"))
    z = series(4).mean((1, 2))
    expected = torch.stack([torch.sigmoid(-z), torch.sigmoid(z)], 1)
    torch.testing.assert_close(Probabilities(model)(series(4)), expected)
    torch.testing.assert_close(torch.softmax(SoftmaxLogits(model)(series(4)), 1), expected)


def test_logits_are_their_own_softmax_logits():
    model = network("lstm")
    for same in (model, adapted(model), Probabilities(model), adapted(Probabilities(model), output="probabilities")):
        assert torch.equal(SoftmaxLogits(same)(series(2)), same(series(2)))


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_a_value_stays_as_it_is(shape):
    model = adapted(Scores(lambda x: x.mean((1, 2)).reshape(shape)), output="value")
    assert torch.equal(model(series(4)), series(4).mean((1, 2))[:, None])
    assert is_value(model)
    assert is_value(adapted(model))
    assert not is_value(adapted(Scores(lambda x: x.mean((1, 2))), output="single-logit"))


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_a_single_probability_becomes_the_logarithms_of_two(shape):
    z = series(4).mean((1, 2))
    logits = adapted(Scores(lambda x: torch.sigmoid(x.mean((1, 2))).reshape(shape)), output="probabilities")(series(4))
    expected = torch.nn.functional.logsigmoid(torch.stack([-z, z], 1))
    torch.testing.assert_close(logits, expected)


def test_the_logarithm_of_a_single_probability_of_0_or_1_is_finite():
    model = adapted(Scores(lambda x: torch.tensor([0.0, 1.0], dtype=x.dtype)), output="probabilities")
    assert torch.isfinite(model(series(2))).all()


@pytest.mark.parametrize("output", ["single-logit", "probabilities", "value"])
def test_one_sample_may_have_lost_its_dimensions(output):
    model = adapted(Scores(lambda x: torch.sigmoid(x.mean((1, 2))).squeeze()), output=output)
    torch.testing.assert_close(model(series(2)[:1]), model(series(2))[:1])


def test_several_outputs_are_no_single_logit():
    with pytest.raises(ShapeError, match=r"single logit must have shape \(batch,\) or \(batch, 1\), got \(2, 4\)"):
        adapted(Scores(lambda x: x[:, 0]), output="single-logit")(series(2))


@pytest.mark.parametrize("output", ["value", "multi-label"])
def test_several_values_and_labels_stay_as_they_are(output):
    model = adapted(Scores(lambda x: x), output=output)
    assert torch.equal(model(series(2)), series(2))
    assert tells_classes(adapted(Scores(lambda x: x)))
    assert not tells_classes(adapted(model))


@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, TIME, FEATURES)])
def test_the_probabilities_of_labels_are_their_own_sigmoid(shape):
    def probabilities(x):
        return torch.sigmoid(x if len(shape) == 3 else x.mean((1, 2)).reshape(shape))

    model = adapted(Scores(probabilities), output="multi-label-probabilities")
    found = Probabilities(model)(series(4))
    torch.testing.assert_close(found, probabilities(series(4)).reshape(found.shape))
    assert torch.isfinite(
        adapted(Scores(lambda x: x.sign().relu()), output="multi-label-probabilities")(series(4))
    ).all()


@pytest.mark.parametrize("item", [1, "logits"])
def test_one_of_several_outputs_is_taken(item):
    def several(x):
        return {"hidden": x, "logits": x[:, 0]} if item == "logits" else (x, x[:, 0])

    assert torch.equal(adapted(Scores(several), item=item)(series(2)), series(2)[:, 0])


@pytest.mark.parametrize(
    ("outputs", "item", "message"),
    [
        (lambda x: {"logits": x, "hidden": x}, "logit", "item must be one of 'logits', 'hidden', got 'logit'"),
        (lambda x: {"logits": x}, 0, "item must be one of 'logits', got 0"),
        (lambda x: (x, x), 3, "item must be a position in 0 … 1 where the model returns a tuple, got 3"),
        (lambda x: (x, x), "logits", "item must be a position in 0 … 1 where the model returns a tuple, got 'logits'"),
        (lambda x: x, "logits", r"item must be positions within .*, behind the batch, where .*, got 'logits'"),
        (lambda x: x, TIME, r"item must be positions within .*, behind the batch, where the model returns a tensor"),
        (lambda x: x, (0, 0, 0), r"item must be positions within .*, got \(0, 0, 0\)"),
        (lambda x: x.sum((1, 2)), 0, r"item must be None where the model returns a tensor \(2,\), got 0"),
        (lambda x: None, 0, "item must be None where the model returns a NoneType, got 0"),
        (lambda x: (), 0, "item must be None where the model returns a tuple, got 0"),
    ],
)
def test_an_item_that_the_model_does_not_return_is_refused(outputs, item, message):
    with pytest.raises(ParameterError, match=message) as caught:
        adapted(Scores(outputs), item=item)(series(2))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("item", [-1, -2])
def test_items_may_be_counted_from_the_end(item):
    model = adapted(Scores(lambda x: (x[:, 0], x[:, 1])), item=item)
    assert torch.equal(model(series(2)), series(2)[:, item % 2])


@pytest.mark.parametrize("output", ["logits", "probabilities", "single-logit", "value"])
def test_several_outputs_of_which_none_is_named_are_refused(output):
    with pytest.raises(ShapeError, match=r"the outputs must be a tensor, got tuple; name one .*adapted\(item="):
        adapted(Scores(lambda x: (x, x)), output=output)(series(2))


@pytest.mark.parametrize(
    ("item", "expected"),
    [(-1, lambda x: x[:, -1]), ((1, 2), lambda x: x[:, 1, 2:3]), ((slice(0, 3), 0), lambda x: x[:, :3, 0])],
)
def test_an_entry_of_outputs_is_taken_behind_the_batch(item, expected):
    assert torch.equal(adapted(Scores(lambda x: x), item=item, output="value")(series(2)), expected(series(2)))
    several = adapted(Scores(lambda x: {"a": (x, x)}), item=("a", 1, *(item if type(item) is tuple else [item])))
    assert several(series(2)).shape[0] == 2


class TimeFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.GRU(FEATURES, CLASSES)

    def forward(self, inputs):
        return self.layer(inputs)[0][-1]


def test_a_model_of_time_first_gets_it():
    model = TimeFirst().double()
    assert torch.equal(adapted(model, time_first=True)(series(3)), model(series(3).transpose(0, 1)))


def test_wrapping_changes_no_mode():
    model = network("lstm")
    model.dropout.train()
    for wrapped in (Probabilities(model), adapted(model)):
        assert not wrapped.training
        assert not model.layer.training
        assert model.dropout.training


def test_an_unknown_form_is_refused():
    with pytest.raises(ParameterError, match=r"output must be one of logits, .*, multi-label, .*, value, got"):
        adapted(network("lstm"), output="odds")
