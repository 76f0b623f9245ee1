"""Rows lie in memory step by step for networks that read them so, and for no others; no result changes."""

import pytest
import torch
from attribution_models import CLASSES, FEATURES, NETWORKS, TIME, Scores, classes, network, series
from torch import nn
from torch.nn import functional

from saltbench.errors import ParameterError
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.passes.budget import Budget
from saltbench.methods.attributions.passes.passes import Passes, copies
from saltbench.methods.attributions.passes.series_reader import SeriesReader
from saltbench.methods.attributions.perturbation.ablation import feature_ablation
from saltbench.methods.attributions.rounding import ULPS, ulps_apart

NOT_RECURRENT = {"input-cell", "input-cell-elementary", "convolution"}


def layer(**options):
    return nn.LSTM(FEATURES, CLASSES, dtype=torch.float64, **{"batch_first": True, **options}).eval()


def is_recurrent(model, inputs):
    with SeriesReader(inputs) as reader:
        model(inputs)
    return reader.is_recurrent


@pytest.mark.parametrize("name", NETWORKS)
def test_recurrent_networks_are_told_from_others(name):
    for batch in (1, 2, TIME):
        assert is_recurrent(network(name), series(batch)) == (name not in NOT_RECURRENT)


READ_BY_LAYERS = {
    "looked at": lambda x: layer()(x) if len(x) and x.dim() == 3 and x.dtype.is_floating_point else x,
    "idle dropout": lambda x: layer()(functional.dropout(x, 0.5, training=False)),
    "idle conversion": lambda x: layer()(x.to(torch.float64).double()),
    "turned": lambda x: layer(batch_first=False)(x.permute(1, 0, 2)),
    "turned twice": lambda x: layer()(x.transpose(0, 1).movedim(0, 1)),
    "two layers": lambda x: (layer()(x), layer(batch_first=False)(x.swapaxes(0, 1))),
}
READ_BY_OTHERS = {
    "nothing": lambda x: x.shape,
    "in parallel": lambda x: (layer()(x), x.sum(1)),
    "among others": lambda x: (layer()(x), torch.cat([torch.zeros_like(x), x])),
    "by keyword": lambda x: (layer()(x), torch.add(torch.zeros_like(x), other=x)),
    "by view": lambda x: (layer()(x), x.view(len(x), -1)),
    "stride": lambda x: (layer()(x), x.stride()),
    "is_contiguous": lambda x: (layer()(x), x.is_contiguous()),
    "property": lambda x: (layer()(x), x.mT),
    "dropout": lambda x: layer()(functional.dropout(x, 0.5)),
    "conversion": lambda x: layer().float()(x.float()),
    "copy": lambda x: layer()(x.contiguous()),
    "steps as samples": lambda x: (layer(batch_first=False)(x),),
    "turned elsewhere": lambda x: nn.LSTM(TIME, 2, batch_first=True, dtype=torch.float64)(x.transpose(1, 2)),
    "turned and read": lambda x: (layer()(x), x.transpose(0, 1).sum(0)),
}


@pytest.mark.parametrize("name", READ_BY_LAYERS)
def test_what_recurrent_layers_alone_read_is_noticed(name):
    assert is_recurrent(READ_BY_LAYERS[name], series(3))


@pytest.mark.parametrize("name", READ_BY_OTHERS)
def test_whatever_else_reads_the_series_is_noticed(name):
    assert not is_recurrent(READ_BY_OTHERS[name], series(3))


def strides_seen(model, monkeypatch):
    """Return the axes of the rows that a network is passed, slowest in memory first."""
    seen = set()
    explained = Passes.explained

    def spied(passes, rows, target):
        seen.add(tuple(sorted(range(3), key=lambda axis: -rows.stride(axis))))
        return explained(passes, rows, target)

    with monkeypatch.context() as patch:
        patch.setattr(Passes, "explained", spied)
        attribute(feature_ablation, model, series(3), classes(3))
    return seen


def test_rows_lie_as_the_network_reads_them(monkeypatch):
    assert strides_seen(network("lstm"), monkeypatch) == {(1, 0, 2)}
    assert strides_seen(network("convolution"), monkeypatch) == {(0, 1, 2)}


def test_a_network_that_views_its_series_is_explained():
    recurrent = network("lstm")
    model = Scores(lambda x: recurrent(x) + x.view(len(x), -1)[:, :CLASSES])
    assert torch.isfinite(attribute(feature_ablation, model, series(3), classes(3))).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", sorted(set(NETWORKS) - NOT_RECURRENT))
def test_the_order_in_memory_changes_rounding_alone(name, dtype):
    model, inputs, target = network(name).to(dtype), series(70).to(dtype), classes(70)

    def found(step_by_step):
        passes, gradients = Passes(model, Budget(), step_by_step), torch.empty_like(inputs)
        passes.gradients(inputs, target, 1, copies(inputs), lambda part, _, rows: gradients[part].copy_(rows[:, 0]))
        return passes.outputs(inputs, target, 1, copies(inputs)), gradients

    for by_sample, by_step in zip(found(False), found(True), strict=True):
        assert ulps_apart(by_step, by_sample) <= ULPS


class Hidden(nn.Module):
    """An LSTM, and beside it something that is done to its series out of sight of what watches PyTorch's functions."""

    def __init__(self, beside):
        super().__init__()
        self.recurrent, self.beside = network("lstm"), beside

    def forward(self, inputs):
        return self.recurrent(inputs) + self.beside(inputs)


@pytest.fixture
def scripted():
    def viewed(x: torch.Tensor) -> torch.Tensor:
        return x.view(x.size(0), -1).abs().sum(1, keepdim=True)

    with pytest.warns(DeprecationWarning, match=r"torch\.jit"):
        return torch.jit.script(viewed)


HIDDEN = {
    "like": lambda x: torch.ones_like(x).view(len(x), -1)[:, :1],
    "vmap": torch.vmap(lambda sample: sample.view(-1)[:CLASSES]),
}


@pytest.mark.parametrize("name", [*HIDDEN, "script"])
def test_a_network_that_needs_its_series_sample_by_sample_gets_them_so(name, scripted, monkeypatch):
    model = Hidden(HIDDEN.get(name, scripted)).eval()
    assert strides_seen(model, monkeypatch) == {(0, 1, 2)}


@pytest.mark.parametrize("write", [lambda rows: rows.reshape(len(rows), -1), lambda rows: rows.flatten(2)])
def test_rows_that_are_written_to_a_copy_are_refused(write):
    passes = Passes(network("lstm"), Budget(), step_by_step=True)
    with pytest.raises(ParameterError, match=r"write must fill its rows in place, by index, broadcast or out=, got ro"):
        passes.outputs(series(3), classes(3), 2, lambda _samples, _draws, rows: write(rows).fill_(1.0))
