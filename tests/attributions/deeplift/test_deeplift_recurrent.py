"""DeepLIFT on recurrent networks, against the rules written out one scalar at a time."""

import math

import pytest
import torch
from attribution_models import (
    CLASSES,
    FEATURES,
    NETWORKS,
    InputCell,
    classes,
    network,
    output_change,
    prefix_mean,
    series,
)
from scalar_cells import dot, lstm_states, sigmoid
from torch import nn

from saltbench.errors import UnsupportedOperationError
from saltbench.methods.architectures.entries import ENTRIES as ARCHITECTURES
from saltbench.methods.attributions.adapters import Probabilities
from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.lrp.lrp import lrp


def slope(function, x, reference):
    return (function(x) - function(reference)) / (x - reference)


def slow_lstm_deeplift(model: nn.Module, x, reference, label):
    layer = model.layer
    hidden = layer.hidden_size
    w_ih, w_hh = layer.weight_ih_l0.tolist(), layer.weight_hh_l0.tolist()
    bias = (layer.bias_ih_l0 + layer.bias_hh_l0).tolist()
    actual = lstm_states(x.tolist(), w_ih, w_hh, bias, hidden)
    twin = lstm_states(reference.tolist(), w_ih, w_hh, bias, hidden)
    m_h, m_c = model.classifier.weight[label].tolist(), [0.0] * hidden
    multipliers = []
    for s, r in zip(reversed(actual), reversed(twin), strict=True):
        m_a = [0.0] * (4 * hidden)
        for k in range(hidden):

            def mean(name, k=k, s=s, r=r):
                return (s[name][k] + r[name][k]) / 2

            def through(function, gate, m, k=k, s=s, r=r, m_a=m_a):
                n = gate * hidden + k
                m_a[n] = m * slope(function, s["a"][n], r["a"][n])

            m_c[k] += m_h[k] * mean("o") * slope(math.tanh, s["c"][k], r["c"][k])
            through(sigmoid, 3, m_h[k] * mean("tanh_c"))
            through(sigmoid, 1, m_c[k] * mean("before"))
            through(sigmoid, 0, m_c[k] * mean("g"))
            through(math.tanh, 2, m_c[k] * mean("i"))
            m_c[k] *= mean("f")
        multipliers.append([dot(m_a, [w[j] for w in w_ih]) for j in range(x.shape[1])])
        m_h = [dot(m_a, [w[j] for w in w_hh]) for j in range(hidden)]
    return torch.tensor(multipliers[::-1], dtype=x.dtype) * (x - reference)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_lstm_follows_the_rules_step_by_step(seed):
    model, inputs, baseline, target = network("lstm", seed), series(3), series(3, seed=6), classes(3)
    rows = zip(inputs, baseline, target, strict=True)
    expected = torch.stack([slow_lstm_deeplift(model, x, r, int(label)) for x, r, label in rows])
    explained = attribute(deeplift, model, inputs, target, baseline=baseline)
    torch.testing.assert_close(explained, expected, rtol=1e-9, atol=1e-12)


def test_it_is_not_the_gradient():
    model, inputs, target = network("lstm"), series(), classes()
    tracked = inputs.clone().requires_grad_()
    gradient = torch.autograd.grad(model(tracked).gather(1, target[:, None]).sum(), tracked)[0]
    difference = attribute(deeplift, model, inputs, target) - inputs * gradient
    assert difference.abs().max() > 0.01


@pytest.mark.parametrize("name", NETWORKS)
def test_close_to_the_baseline_it_is_the_gradient(name):
    model, target, baseline = network(name), classes(), series()
    tracked = baseline.clone().requires_grad_()
    gradient = torch.autograd.grad(model(tracked).gather(1, target[:, None]).sum(), tracked)[0]
    step = 1e-7 * series(seed=12)
    explained = attribute(deeplift, model, baseline + step, target, baseline=baseline)
    torch.testing.assert_close(explained / 1e-7, gradient * step / 1e-7, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_changes_at_the_baseline_itself(name):
    explained = attribute(deeplift, network(name), series(), classes(), baseline=series())
    assert torch.equal(explained, torch.zeros_like(explained))


def test_fused_and_elementary_attention_get_the_same_attributions():
    fused, elementary = network("input-cell"), InputCell(prefix_mean).double().eval()
    elementary.load_state_dict(fused.state_dict())
    torch.testing.assert_close(
        attribute(deeplift, fused, series(), classes()), attribute(deeplift, elementary, series(), classes())
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_probabilities_are_explained_completely(name):
    model, inputs, target = Probabilities(network(name)), series(), classes()
    explained = attribute(deeplift, model, inputs, target)
    change = output_change(model, inputs, torch.zeros_like(inputs), target)
    torch.testing.assert_close(explained.sum((1, 2)), change, rtol=0, atol=1e-13)


@pytest.mark.parametrize("cell", [nn.LSTMCell, nn.GRUCell, nn.RNNCell])
@pytest.mark.parametrize("bias", [True, False])
def test_cells_in_a_loop_agree_with_the_layer(cell, bias):
    layer_type = {nn.LSTMCell: nn.LSTM, nn.GRUCell: nn.GRU, nn.RNNCell: nn.RNN}[cell]

    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = cell(4, 3, bias=bias)

        def forward(self, inputs):
            state = None
            for x in inputs.unbind(1):
                state = self.cell(x, state)
            return state[0] if isinstance(state, tuple) else state

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = layer_type(4, 3, bias=bias, batch_first=True)

        def forward(self, inputs):
            return self.layer(inputs)[0][:, -1]

    loop, layer = Loop().double(), Layer().double()
    generator = torch.Generator().manual_seed(4)
    for ours, theirs in zip(loop.parameters(), layer.parameters(), strict=True):
        ours.data = theirs.data = torch.randn(ours.shape, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(
        attribute(deeplift, loop, series(), classes()), attribute(deeplift, layer, series(), classes())
    )


def test_every_final_state_is_paired_in_order():
    class States(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.LSTM(4, 3, 2, bidirectional=True, batch_first=True)

        def forward(self, inputs):
            _, (h, c) = self.layer(inputs)
            return torch.stack([h[1].sum(1), c[2].sum(1), (h * c).sum((0, 2))], 1)

    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = States().double()
    explained = attribute(deeplift, model, series(), classes())
    change = output_change(model, series(), torch.zeros_like(series()), classes())
    torch.testing.assert_close(explained.sum((1, 2)), change, rtol=0, atol=1e-13)


@pytest.mark.parametrize("layer", [nn.LSTM, nn.GRU])
def test_initial_states_may_depend_on_the_input(layer):
    with torch.random.fork_rng():
        torch.manual_seed(3)
        recurrent = layer(4, 3, 2, bidirectional=True, batch_first=True)

    def forward(layer):
        def run(inputs):
            start = inputs[:, :4, :3].transpose(0, 1).contiguous()
            return layer(inputs, (start, start.flip(0)) if isinstance(layer, nn.LSTM) else start)[0][:, 2]

        return run

    model = Around(recurrent, forward)
    explained = attribute(deeplift, model, series(), classes())
    change = output_change(model, series(), torch.zeros_like(series()), classes())
    torch.testing.assert_close(explained.sum((1, 2)), change, rtol=0, atol=1e-13)


@pytest.mark.parametrize("spec", ARCHITECTURES, ids=lambda spec: spec.name)
def test_shipped_architectures_are_explained_completely(spec):
    with torch.random.fork_rng():
        torch.manual_seed(5)
        network = spec.load()(features=4, classes=3, **spec.parameters).double().eval()
    model = Around(network, lambda layer: lambda x: layer(x)[:, -1]) if spec.per_step else network
    inputs, target = series(8), classes(8)
    explained = attribute(deeplift, model, inputs, target)
    change = output_change(model, inputs, torch.zeros_like(inputs), target)
    torch.testing.assert_close(explained.sum((1, 2)), change, rtol=0, atol=1e-13)
    assert change.abs().max() > 1e-3
    alone = attribute(deeplift, model, inputs[:1], target[:1])
    torch.testing.assert_close(explained[:1], alone, rtol=1e-12, atol=1e-13)


def packed(layer):
    def forward(inputs):
        lengths = torch.full((len(inputs),), inputs.shape[1])
        sequence = nn.utils.rnn.pack_padded_sequence(inputs, lengths, batch_first=True)
        return layer(sequence)[1][0][-1]

    return forward


class Around(nn.Module):
    def __init__(self, layer, forward):
        super().__init__()
        self.layer = layer.double()
        self.inner = forward(self.layer)

    def forward(self, inputs):
        return self.inner(inputs)


@pytest.mark.parametrize(
    ("layer", "forward", "message"),
    [
        (nn.LSTM(4, 3, proj_size=2), lambda m: lambda x: m(x)[0][:, -1], "no rule for lstm with proj_size"),
        (nn.LSTM(4, 3), packed, r"no rule for _pack_padded_sequence \(in forward of Around, .* line"),
    ],
)
def test_layers_without_a_rule_are_refused(layer, forward, message):
    with pytest.raises(UnsupportedOperationError, match=message):
        attribute(deeplift, Around(layer, forward), series(), classes() % 2)


def test_lstm_dropout_in_training_mode_is_refused():
    model = Around(nn.LSTM(4, 3, 2, dropout=0.5), lambda m: lambda x: m(x)[0][:, -1])
    with pytest.raises(UnsupportedOperationError, match="no rule for lstm with dropout in training mode"):
        deeplift(model.train(), series(), classes(), torch.zeros_like(series()))


@pytest.mark.parametrize("method", [deeplift, lrp])
@pytest.mark.parametrize("layer", [nn.LSTM, nn.GRU, nn.RNN])
def test_half_precision_gives_the_map_of_single_precision_up_to_its_rounding(layer, method):
    torch.manual_seed(0)
    model = LastState(layer)
    inputs, target = series(4).half(), classes(4)
    exact = attribute(method, model.float(), inputs.float(), target)
    found = attribute(method, model.half(), inputs, target).float()
    assert (found - exact).abs().max() < 0.02 * exact.abs().max()


class LastState(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer(FEATURES, 4, batch_first=True)
        self.classifier = nn.Linear(4, CLASSES)

    def forward(self, inputs):
        return self.classifier(self.layer(inputs)[0][:, -1])
