"""LSTM, Bi-LSTM and self-attention against their equations, and what they refuse."""

import pytest
import torch
from torch import Tensor, nn

from saltbench.errors import ParameterError, ShapeError
from saltbench.methods.architectures.attention import lstm_self_attention
from saltbench.methods.architectures.input_cell import input_cell_lstm
from saltbench.methods.architectures.recurrent import bi_lstm, lstm
from saltbench.methods.seeding import seeded

FACTORIES = pytest.mark.parametrize("factory", [lstm, bi_lstm, lstm_self_attention, input_cell_lstm])


def run_cell(layer: nn.LSTM, inputs: Tensor, suffix: str = "") -> Tensor:
    """The LSTM's equations (Hochreiter and Schmidhuber 1997, with a forget gate), one step after the other."""
    input_weight = getattr(layer, f"weight_ih_l0{suffix}")
    hidden_weight = getattr(layer, f"weight_hh_l0{suffix}")
    bias = getattr(layer, f"bias_ih_l0{suffix}") + getattr(layer, f"bias_hh_l0{suffix}")
    h = c = inputs.new_zeros(len(inputs), layer.hidden_size)
    outputs = []
    for x in inputs.unbind(dim=1):
        i, f, g, o = (x @ input_weight.T + h @ hidden_weight.T + bias).chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        outputs.append(h)
    return torch.stack(outputs, dim=1)


def build(factory, **parameters) -> tuple[nn.Module, Tensor]:
    with seeded(1):
        model = factory(features=4, classes=3, **parameters).double().eval()
        return model, torch.randn(2, 8, 4, dtype=torch.float64)


def both_directions(model: nn.Module) -> dict[str, Tensor]:
    """Return the weights of a bi-lstm under their names in one nn.LSTM."""
    reverse = {f"{name}_l0_reverse": weight for name, weight in model.reverse.state_dict().items()}
    return {**model.recurrent.state_dict(), **reverse}


def test_lstm_classifies_the_last_step():
    model, inputs = build(lstm)
    expected = model.classifier(run_cell(model.recurrent, inputs)[:, -1])
    torch.testing.assert_close(model(inputs), expected, rtol=1e-10, atol=1e-12)


def test_bi_lstm_reads_the_backward_direction_after_one_step():
    model, inputs = build(bi_lstm)
    both = nn.LSTM(4, 5, batch_first=True, bidirectional=True).double()
    both.load_state_dict(both_directions(model))
    expected = model.classifier(both(inputs)[0][:, -1])
    torch.testing.assert_close(model(inputs), expected, rtol=1e-10, atol=1e-12)
    forward = run_cell(both, inputs)[:, -1]
    backward = run_cell(both, inputs[:, -1:], "_reverse")[:, -1]
    expected = model.classifier(torch.cat([forward, backward], dim=1))
    torch.testing.assert_close(model(inputs), expected, rtol=1e-10, atol=1e-12)


def test_bi_lstm_draws_and_takes_the_weights_of_one_layer_of_both_directions():
    with seeded(1):
        layer = nn.LSTM(4, 5, batch_first=True, bidirectional=True)
    with seeded(1):
        model = bi_lstm(features=4, classes=3)
    for name, weight in both_directions(model).items():
        assert torch.equal(weight, layer.state_dict()[name])
    stored = {f"recurrent.{name}": weight + 1 for name, weight in layer.state_dict().items()}
    classifier = {f"classifier.{name}": weight for name, weight in model.classifier.state_dict().items()}
    model.load_state_dict({**stored, **classifier})
    for name, weight in both_directions(model).items():
        assert torch.equal(weight, stored[f"recurrent.{name}"])


def test_self_attention_is_the_definition_of_lin_2017():
    model, inputs = build(lstm_self_attention, hops=6, attention_hidden=7)
    first, second = model.scores.first.weight, model.scores.second.weight
    rows = []
    for hidden in run_cell(model.recurrent, inputs):
        attention = torch.softmax(second @ torch.tanh(first @ hidden.T), dim=1)
        rows.append(torch.cat([a @ hidden for a in attention]))
    torch.testing.assert_close(model(inputs), model.classifier(torch.stack(rows)), rtol=1e-10, atol=1e-12)


def test_scores_have_no_biases():
    names = {name for name, _ in build(lstm_self_attention)[0].scores.named_parameters()}
    assert names == {"first.weight", "second.weight"}


@FACTORIES
def test_dropout_acts_on_input_and_output_in_training_only(factory):
    model, inputs = build(factory, dropout=0.5)
    assert [module.p for module in model.modules() if isinstance(module, nn.Dropout)] == [0.5, 0.5]
    calm = model(inputs)
    for name in ("input_dropout", "output_dropout"):
        getattr(model, name).train()
        with seeded(0):
            assert not torch.allclose(model(inputs), calm)
        getattr(model, name).eval()
    torch.testing.assert_close(model(inputs), calm, rtol=0, atol=0)


@FACTORIES
@pytest.mark.parametrize("shape", [(8, 4), (2, 8, 5), (2, 0, 4), (1, 2, 8, 4)])
def test_another_shape_is_refused(factory, shape):
    model, _ = build(factory)
    with pytest.raises(ShapeError, match=r"^the network takes \(batch, time, 4\).*got \([\d, ]+\)"):
        model(torch.zeros(shape, dtype=torch.float64))


@FACTORIES
@pytest.mark.parametrize("dropout", [-0.1, 1.0, float("nan")])
def test_an_impossible_dropout_is_refused(factory, dropout):
    with pytest.raises(ParameterError, match=r"^dropout must lie in \[0, 1\), got"):
        factory(features=4, classes=2, dropout=dropout)


@FACTORIES
@pytest.mark.parametrize("name", ["features", "classes", "hidden"])
def test_a_size_that_is_none_is_refused(factory, name):
    sizes = {"features": 4, "classes": 2, "hidden": 5}
    with pytest.raises(ParameterError, match=rf"^{name} must be at least 1, got 0"):
        factory(**{**sizes, name: 0})
    with pytest.raises(ParameterError, match=rf"^{name} must be at most 1000000, got 1000001; take a smaller number$"):
        factory(**{**sizes, name: 1_000_001})


@pytest.mark.parametrize("factory", [lstm_self_attention, input_cell_lstm])
@pytest.mark.parametrize("name", ["hops", "attention_hidden"])
def test_an_attention_without_hops_or_width_is_refused(factory, name):
    with pytest.raises(ParameterError, match=rf"^{name} must be at least 1, got -1"):
        factory(features=4, classes=2, **{name: -1})
