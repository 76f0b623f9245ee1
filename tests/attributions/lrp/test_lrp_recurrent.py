"""LRP through recurrent networks, against the rules written out one neuron at a time."""

from functools import partial

import pytest
import torch
from attribution_models import NETWORKS, classes, network, series
from hypothesis import given, settings
from hypothesis import strategies as st
from scalar_cells import gru_states, lstm_states
from torch import nn

from saltbench.errors import UnsupportedOperationError
from saltbench.methods.architectures.entries import ENTRIES as ARCHITECTURES
from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.lrp.lrp import lrp, lrp_half, lrp_proportional

METHODS = {"lrp": lrp, "lrp-proportional": lrp_proportional, "lrp-half": lrp_half}
methods = pytest.mark.parametrize("name", METHODS)


class Oracle:
    """The rules of Arras et al. 2017 and 2019 for one sample, in Python floats."""

    def __init__(self, model, x, label, epsilon, name):
        layer = self.layer = model.layer
        self.x, self.epsilon = x.tolist(), epsilon
        self.hidden = layer.hidden_size
        self.name = name
        self.w_ih, self.w_hh = layer.weight_ih_l0.tolist(), layer.weight_hh_l0.tolist()
        self.b_ih, self.b_hh = layer.bias_ih_l0.tolist(), layer.bias_hh_l0.tolist()
        self.out, self.bias = model.classifier.weight[label].tolist(), model.classifier.bias[label].item()

    def stable(self, z):
        return z + (self.epsilon if z >= 0 else -self.epsilon)

    def product(self, relevance, signal, gate):
        """Share the relevance of gate times signal: what the signal gets, and what the gate gets."""
        if self.name == "lrp-proportional":
            shared = relevance / self.stable(abs(signal) + abs(gate))
            return abs(signal) * shared, abs(gate) * shared
        return (relevance, 0.0) if self.name == "lrp" else (relevance / 2, relevance / 2)

    def at_last_state(self, h):
        score = sum(w * v for w, v in zip(self.out, h, strict=True)) + self.bias
        return [w * v / self.stable(score) * score for w, v in zip(self.out, h, strict=True)]

    def through_weights(self, relevance, step, x):
        """Share the relevance of the pre-activations among x and the state before."""
        to_x, to_h = [0.0] * len(x), [0.0] * self.hidden
        for k, at in enumerate(relevance):
            for j, value in enumerate(x):
                to_x[j] += self.w_ih[k][j] * value / self.stable(step["a"][k]) * at
            if self.reads_state(k):
                for m, value in enumerate(step["h_before"]):
                    to_h[m] += self.w_hh[k][m] * value / self.stable(step["a"][k]) * at
        return to_x, to_h

    def reads_state(self, _k):
        return True


class LSTMOracle(Oracle):
    def relevance(self):
        n = self.hidden
        bias = [a + b for a, b in zip(self.b_ih, self.b_hh, strict=True)]
        steps = lstm_states(self.x, self.w_ih, self.w_hh, bias, n)
        at_h, at_c, maps = self.at_last_state(steps[-1]["h"]), [0.0] * n, []
        for x, s in zip(reversed(self.x), reversed(steps), strict=True):
            at_a = [0.0] * (4 * n)
            for k in range(n):
                to_cell, at_a[3 * n + k] = self.product(at_h[k], s["tanh_c"][k], s["o"][k])
                at_c[k] += to_cell
                kept = s["f"][k] * s["before"][k] / self.stable(s["c"][k]) * at_c[k]
                new = s["i"][k] * s["g"][k] / self.stable(s["c"][k]) * at_c[k]
                at_a[2 * n + k], at_a[k] = self.product(new, s["g"][k], s["i"][k])
                at_c[k], at_a[n + k] = self.product(kept, s["before"][k], s["f"][k])
            to_x, at_h = self.through_weights(at_a, s, x)
            maps.append(to_x)
        return torch.tensor(maps[::-1], dtype=torch.float64)


class GRUOracle(Oracle):
    def reads_state(self, k):
        return k < 2 * self.hidden

    def relevance(self):
        n = self.hidden
        steps = gru_states(self.x, self.w_ih, self.w_hh, self.b_ih, self.b_hh, n)
        at_h, maps = self.at_last_state(steps[-1]["h"]), []
        for x, s in zip(reversed(self.x), reversed(steps), strict=True):
            at_a, direct, at_u = [0.0] * (3 * n), [0.0] * n, [0.0] * n
            for k in range(n):
                kept = s["z"][k] * s["h_before"][k] / self.stable(s["h"][k]) * at_h[k]
                new = (1 - s["z"][k]) * s["n"][k] / self.stable(s["h"][k]) * at_h[k]
                direct[k], by_kept = self.product(kept, s["h_before"][k], s["z"][k])
                at_a[2 * n + k], by_new = self.product(new, s["n"][k], 1 - s["z"][k])
                at_a[n + k] = by_kept + by_new
                reset = s["r"][k] * s["u"][k] / self.stable(s["a"][2 * n + k]) * at_a[2 * n + k]
                at_u[k], at_a[k] = self.product(reset, s["u"][k], s["r"][k])
            to_x, to_h = self.through_weights(at_a, s, x)
            for k in range(n):
                for m in range(n):
                    to_h[m] += self.w_hh[2 * n + k][m] * s["h_before"][m] / self.stable(s["u"][k]) * at_u[k]
            at_h = [a + b for a, b in zip(to_h, direct, strict=True)]
            maps.append(to_x)
        return torch.tensor(maps[::-1], dtype=torch.float64)


def plain_gru():
    class Classified(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.GRU(4, 3, batch_first=True)
            self.classifier = nn.Linear(3, 3)

        def forward(self, inputs):
            return self.classifier(self.layer(inputs)[0][:, -1])

    with torch.random.fork_rng():
        torch.manual_seed(8)
        model = Classified().double()
        for parameter in model.parameters():
            nn.init.normal_(parameter, std=0.8)
    return model


@methods
@pytest.mark.parametrize("epsilon", [0.001, 0.1])
@pytest.mark.parametrize(("cell", "oracle"), [("lstm", LSTMOracle), ("gru", GRUOracle)])
def test_cells_follow_the_rules_neuron_by_neuron(name, epsilon, cell, oracle):
    model = network("lstm") if cell == "lstm" else plain_gru()
    inputs, target = series(3), classes(3)
    expected = [oracle(model, x, int(c), epsilon, name).relevance() for x, c in zip(inputs, target, strict=True)]
    explained = attribute(partial(METHODS[name], epsilon=epsilon), model, inputs, target)
    torch.testing.assert_close(explained, torch.stack(expected), rtol=1e-9, atol=1e-12)


@methods
def test_it_is_neither_the_gradient_nor_deeplift(name):
    model, inputs, target = network("lstm"), series(), classes()
    tracked = inputs.clone().requires_grad_()
    gradient = torch.autograd.grad(model(tracked).gather(1, target[:, None]).sum(), tracked)[0]
    explained = attribute(METHODS[name], model, inputs, target)
    assert (explained - inputs * gradient).abs().max() > 0.01
    assert (explained - attribute(deeplift, model, inputs, target)).abs().max() > 0.01


def test_the_variants_differ():
    signal, proportional, half = (
        attribute(method, network("lstm"), series(), classes()) for method in METHODS.values()
    )
    assert min((signal - half).abs().max(), (signal - proportional).abs().max()) > 0.01
    assert (proportional - half).abs().max() > 0.01


def without_biases(model):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "bias" in name:
                parameter.zero_()
    return model


@methods
@pytest.mark.parametrize("kind", NETWORKS)
def test_relevance_is_conserved_without_biases_and_epsilon(name, kind):
    model, inputs, target = without_biases(network(kind)), series(), classes()
    explained = attribute(partial(METHODS[name], epsilon=0.0), model, inputs, target)
    output = model(inputs).gather(1, target[:, None]).squeeze(1).detach()
    # rounding is relative to the relevances that cancel in the sum
    assert ((explained.sum((1, 2)) - output).abs() <= 1e-12 * explained.abs().sum((1, 2))).all()
    assert output.abs().min() > 1e-3


@pytest.mark.parametrize("name", ["lrp", "lrp-half"])
@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn-tanh", "lstm-self-attention", "input-cell"])
def test_what_epsilon_takes_vanishes_with_it(name, kind):
    model, inputs, target = without_biases(network(kind)), series(), classes()
    output = model(inputs).gather(1, target[:, None]).squeeze(1).detach()

    def lost(epsilon):
        explained = attribute(partial(METHODS[name], epsilon=epsilon), model, inputs, target)
        return (explained.sum((1, 2)) - output).abs() / explained.abs().sum((1, 2))

    assert lost(1e-9).max() < 1e-6
    torch.testing.assert_close(lost(1e-7) / lost(1e-9), torch.full((5,), 100.0).double(), rtol=0.01, atol=0)


@methods
@settings(deadline=None, max_examples=40, derandomize=True)
@given(
    cell=st.sampled_from([nn.LSTM, nn.GRU, nn.RNN]),
    time=st.integers(1, 5),
    features=st.integers(1, 4),
    hidden=st.integers(1, 3),
    count=st.integers(1, 3),
    bidirectional=st.booleans(),
    batch_first=st.booleans(),
)
def test_every_layout_conserves_relevance(name, cell, time, features, hidden, count, bidirectional, batch_first):
    with torch.random.fork_rng():
        torch.manual_seed(time + 10 * features + 100 * hidden)
        layer = cell(features, hidden, count, bias=False, bidirectional=bidirectional, batch_first=batch_first).double()
        inputs = torch.randn(2, time, features, dtype=torch.float64)

    def forward(x):
        output = layer(x)[0] if batch_first else layer(x.transpose(0, 1))[0].transpose(0, 1)
        return output.flatten(1)[:, [0, -1]]

    model = Around(layer, forward)
    target = torch.tensor([0, 1])
    explained = attribute(partial(METHODS[name], epsilon=0.0), model, inputs, target)
    output = forward(inputs).gather(1, target[:, None]).squeeze(1).detach()
    torch.testing.assert_close(explained.sum((1, 2)), output, rtol=1e-7, atol=1e-9)


class Around(nn.Module):
    """A layer and what a function makes of it."""

    def __init__(self, layer, forward):
        super().__init__()
        self.layer = layer.double()
        self.inner = forward

    def forward(self, inputs):
        return self.inner(inputs)


@methods
@pytest.mark.parametrize("cell", [nn.LSTMCell, nn.GRUCell, nn.RNNCell])
@pytest.mark.parametrize("bias", [True, False])
def test_cells_in_a_loop_agree_with_the_layer(name, cell, bias):
    layer_type = {nn.LSTMCell: nn.LSTM, nn.GRUCell: nn.GRU, nn.RNNCell: nn.RNN}[cell]
    single, layer = cell(4, 3, bias=bias).double(), layer_type(4, 3, bias=bias, batch_first=True).double()
    generator = torch.Generator().manual_seed(4)
    for ours, theirs in zip(single.parameters(), layer.parameters(), strict=True):
        ours.data = theirs.data = torch.randn(ours.shape, generator=generator, dtype=torch.float64)

    def loop(inputs):
        state = None
        for x in inputs.unbind(1):
            state = single(x, state)
        return state[0] if isinstance(state, tuple) else state

    torch.testing.assert_close(
        attribute(METHODS[name], Around(single, loop), series(), classes()),
        attribute(METHODS[name], Around(layer, lambda x: layer(x)[0][:, -1]), series(), classes()),
    )


@methods
def test_a_cell_written_with_functions_agrees_with_the_layer(name):
    layer = network("lstm").layer

    def written_out(inputs):
        h = c = inputs.new_zeros(len(inputs), layer.hidden_size)
        w = torch.cat([layer.weight_ih_l0, layer.weight_hh_l0], 1)
        for x in inputs.unbind(1):
            i, f, g, o = (torch.cat([x, h], 1) @ w.T + (layer.bias_ih_l0 + layer.bias_hh_l0)).chunk(4, 1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
        return h

    # without ε, since the written cell adds its bias as a sum of its own
    method = partial(METHODS[name], epsilon=0.0)
    torch.testing.assert_close(
        attribute(method, Around(layer, written_out), series(), classes()),
        attribute(method, Around(layer, lambda x: layer(x)[0][:, -1]), series(), classes()),
        rtol=1e-9,
        atol=1e-11,
    )


@methods
@pytest.mark.parametrize("cell", [nn.LSTM, nn.GRU, nn.RNN])
def test_final_and_initial_states_carry_relevance(name, cell):
    with torch.random.fork_rng():
        torch.manual_seed(3)
        layer = cell(4, 3, 2, bias=False, bidirectional=True, batch_first=True).double()

    def forward(inputs):
        start = inputs[:, :4, :3].transpose(0, 1).contiguous()
        output, final = layer(inputs, (start, start.flip(0)) if cell is nn.LSTM else start)
        final = torch.cat(final) if cell is nn.LSTM else final
        return torch.stack([final[1].sum(1), output[:, 2].sum(1), final[-1, :, 0]], 1)

    model = Around(layer, forward)
    explained = attribute(partial(METHODS[name], epsilon=0.0), model, series(), classes())
    output = model(series()).gather(1, classes()[:, None]).squeeze(1).detach()
    torch.testing.assert_close(explained.sum((1, 2)), output, rtol=1e-9, atol=1e-11)


@methods
@pytest.mark.parametrize("cell", [nn.LSTM, nn.GRU, nn.RNN])
def test_relevance_that_vanishes_over_time_ends_at_zero(name, cell):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = cell(4, 3, batch_first=True)
        inputs = torch.randn(4, 200, 4)
    target = torch.tensor([0, 1, 2, 0])
    exact = attribute(METHODS[name], Around(layer, lambda x: layer(x)[0][:, -1]), inputs.double(), target)
    model = Around(layer, lambda x: layer(x)[0][:, -1]).float()
    explained = attribute(METHODS[name], model, inputs, target)
    is_zero = explained == 0
    is_denormal = ~is_zero & (explained.abs() < torch.finfo(torch.float32).tiny)
    assert is_denormal.double().mean() < 0.002  # 0.05 to 0.15 if they were not dropped; a CPU takes 100 times as long
    assert is_zero.any()
    assert exact[is_zero].abs().max() < 1e-33
    assert (exact[is_zero] != 0).all()


@methods
def test_fused_and_elementary_attention_get_the_same_relevance(name):
    fused, elementary = network("input-cell"), network("input-cell-elementary")
    elementary.load_state_dict(fused.state_dict())
    torch.testing.assert_close(
        attribute(METHODS[name], fused, series(), classes()), attribute(METHODS[name], elementary, series(), classes())
    )


@methods
@pytest.mark.parametrize("spec", ARCHITECTURES, ids=lambda spec: spec.name)
def test_shipped_architectures_are_explained_sample_by_sample(name, spec):
    with torch.random.fork_rng():
        torch.manual_seed(5)
        network = spec.load()(features=4, classes=3, **spec.parameters).double().eval()
    model = Around(network, lambda x: network(x)[:, -1]) if spec.per_step else network
    inputs, target = series(8), classes(8)
    explained = attribute(METHODS[name], model, inputs, target)
    assert explained.abs().max() > 1e-4
    torch.testing.assert_close(
        explained[:2], attribute(METHODS[name], model, inputs[:2], target[:2]), rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (nn.LSTM(4, 3, proj_size=2), r"LRP has no rule for lstm with proj_size \(in forward of LSTM"),
        (nn.LSTM(4, 3, 2, dropout=0.5), "LRP has no rule for lstm with dropout in training mode"),
    ],
)
def test_layers_without_a_rule_are_refused(layer, message):
    model = Around(layer, lambda x: layer(x)[0][:, -1])
    with pytest.raises(UnsupportedOperationError, match=message):
        lrp(model, series(), classes() % 2)
