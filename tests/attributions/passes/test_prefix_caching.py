"""Beginning recurrent layers at the first changed step gives what full passes give."""

from functools import partial

import pytest
import torch
from attribution_models import CLASSES, NETWORKS, Recurrent, classes, network, series
from torch import nn

from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.numerics.rounding import ULPS, ulps_apart
from saltbench.methods.attributions.passes import prefix_caching as prefix
from saltbench.methods.attributions.passes.prefix_caching import Recording
from saltbench.methods.attributions.perturbation import replacement
from saltbench.methods.attributions.perturbation.ablation import feature_ablation

TIME, WIDTH = 6, 20


def wide(layer):
    """Return a network of series with many features, in float64."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Recurrent(layer())
        if model.layer.proj_size:
            model.classifier = nn.Linear(model.layer.proj_size, CLASSES)
        model.double()
        for parameter in model.parameters():
            nn.init.normal_(parameter, std=0.5)
    return model.eval()


CONTINUED = {
    "lstm": lambda: wide(lambda: nn.LSTM(WIDTH, 3, batch_first=True)),
    "time-first": lambda: wide(lambda: nn.LSTM(WIDTH, 3, bias=False)),
    "deep": lambda: wide(lambda: nn.LSTM(WIDTH, 3, 2, batch_first=True, dropout=0.2)),
    "projected": lambda: wide(lambda: nn.LSTM(WIDTH, 4, proj_size=3, batch_first=True)),
    "gru": lambda: wide(lambda: nn.GRU(WIDTH, 3, 2, batch_first=True)),
    "rnn-tanh": lambda: wide(lambda: nn.RNN(WIDTH, 3, batch_first=True)),
    "rnn-relu": lambda: wide(lambda: nn.RNN(WIDTH, 3, nonlinearity="relu")),
}


def noise(batch, seed):
    return torch.randn(batch, TIME, WIDTH, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def steps_run(monkeypatch):
    """Return a list that fills with the steps that every continued call of a recurrent layer runs."""
    counted = []
    run = replacement.Recording.from_step

    def from_step(self, step, series, samples):
        mode = run(self, step, series, samples)
        continues = mode._continues

        def spied(layer, recorded):
            answer = continues(layer, recorded)
            counted.append((step, answer))
            return answer

        mode._continues = spied
        return mode

    monkeypatch.setattr(replacement.Recording, "from_step", from_step)
    return counted


def both_ways(monkeypatch, model, inputs, baseline, **settings):
    method = partial(feature_ablation, **settings)
    target = classes(len(inputs))
    continued = attribute(method, model, inputs, target, baseline=baseline)
    monkeypatch.setattr(replacement, "_WORTH", 10**9)
    return continued, attribute(method, model, inputs, target, baseline=baseline)


@pytest.mark.parametrize("name", CONTINUED)
@pytest.mark.parametrize("time_segments", [6, 4])
def test_recurrent_layers_continue_and_give_the_same(monkeypatch, name, time_segments):
    counted = steps_run(monkeypatch)
    continued, full = both_ways(monkeypatch, CONTINUED[name](), noise(18, 1), noise(18, 2), time_segments=time_segments)
    assert counted
    assert all(answer for _, answer in counted)
    assert full.abs().max() > 0.01
    torch.testing.assert_close(continued, full, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["lstm", "time-first"])
def test_series_that_nothing_altered_are_not_compared(monkeypatch, name):
    answers, is_read_by = [], prefix._Series.is_read_by

    def spied(series, layer):
        answers.append(is_read_by(series, layer))
        return answers[-1]

    monkeypatch.setattr(prefix._Series, "is_read_by", spied)
    attribute(feature_ablation, CONTINUED[name](), noise(18, 1), classes(18))
    assert len(answers) > TIME
    assert all(answers)


@pytest.mark.parametrize("name", NETWORKS)
def test_any_network_gives_the_same(monkeypatch, name):
    # 4 features a step: the threshold is lowered so that windows are passed step by step
    monkeypatch.setattr(replacement, "_WORTH", 1)
    continued, full = both_ways(monkeypatch, network(name), series(18), series(18, seed=8))
    torch.testing.assert_close(continued, full, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["input-cell-elementary"])
def test_a_layer_below_attention_over_the_prefix_continues(monkeypatch, name):
    monkeypatch.setattr(replacement, "_WORTH", 1)
    counted = steps_run(monkeypatch)
    both_ways(monkeypatch, network(name), series(18), series(18, seed=8))
    assert counted
    assert all(answer for _, answer in counted)


class LooksAhead(nn.Module):
    """A recurrent layer over a centred mean: its input changes one step before the series does."""

    def __init__(self):
        super().__init__()
        self.inner = CONTINUED["lstm"]()

    def forward(self, inputs):
        later = torch.cat([inputs[:, 1:], inputs[:, -1:]], 1)
        return self.inner(inputs + later)


class InitialStates(nn.Module):
    """A recurrent layer whose initial state is made of the last step."""

    def __init__(self):
        super().__init__()
        self.inner = CONTINUED["gru"]()

    def forward(self, inputs):
        initial = inputs[:, -1, :3].expand(2, -1, -1).contiguous()
        return self.inner.classifier(self.inner.layer(inputs, initial)[0][:, -1])


@pytest.mark.parametrize("model", [LooksAhead, InitialStates])
def test_a_layer_whose_beginning_changes_runs_from_the_beginning(monkeypatch, model):
    counted = steps_run(monkeypatch)
    continued, full = both_ways(monkeypatch, model(), noise(18, 1), noise(18, 2))
    assert not all(answer for _, answer in counted)
    torch.testing.assert_close(continued, full, rtol=1e-12, atol=1e-13)


def test_a_recording_is_not_altered_by_what_the_network_does_in_place():
    model = CONTINUED["lstm"]().layer
    inputs = noise(3, 1)
    changed = inputs[[2, 0, 0]].clone()
    changed[:, 4:] = 7.0
    with torch.no_grad():
        expected = model(changed)[0]
        recording = Recording(inputs)
        with recording:
            model(inputs)[0].zero_()
        inputs.zero_()
        with recording.from_step(4, changed, torch.tensor([2, 0, 0])):
            torch.testing.assert_close(model(changed)[0], expected, rtol=1e-12, atol=1e-14)


def test_series_that_were_altered_on_the_way_are_compared():
    # the rows' memory is the series', but no longer their values
    model = CONTINUED["lstm"]().layer
    inputs, changed = noise(2, 1), noise(2, 1)
    with torch.no_grad():
        recording = Recording(inputs)
        with recording:
            model(inputs)
        context = recording.from_step(3, changed, torch.tensor([0, 1]))
        changed[:, 0] = 9.0
        expected = model(changed)[0]
        with context:
            assert torch.equal(model(changed)[0], expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_little_memory_changes_rounding_alone(name, dtype):
    model = CONTINUED[name]().to(dtype)
    inputs, target = noise(37, 1).to(dtype), classes(37)
    maps = [attribute(feature_ablation, model, inputs, target, memory=memory) for memory in (10**9, 2_000_000)]
    assert ulps_apart(*maps) <= ULPS
