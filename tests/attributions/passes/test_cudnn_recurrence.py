import pytest
import torch
from torch import nn

from saltbench.methods.attributions.passes.model_state import differentiable_recurrence


def stack() -> nn.Sequential:
    model = nn.Sequential(
        nn.Dropout(0.5), nn.LSTM(2, 3, 2, dropout=0.4), nn.BatchNorm1d(3), nn.GRU(3, 2, 2, dropout=0.1)
    )
    model.eval()
    model[3].train()
    return model


def flags(model: nn.Sequential) -> list[tuple[bool, float | None]]:
    return [(module.training, getattr(module, "dropout", None)) for module in model]


def test_only_recurrent_layers_train_and_without_dropout():
    model = stack()
    with differentiable_recurrence(model):
        assert flags(model) == [(False, None), (True, 0.0), (False, None), (True, 0.0)]
        assert model[0].p == 0.5
    assert flags(model) == [(False, None), (False, 0.4), (False, None), (True, 0.1)]


def test_flags_return_after_an_exception():
    model = stack()
    before = flags(model)
    with pytest.raises(RuntimeError, match="stop"), differentiable_recurrence(model):
        raise RuntimeError("stop")
    assert flags(model) == before


def test_outputs_are_those_of_evaluation_mode():
    model = nn.LSTM(4, 3, 3, dropout=0.9).eval()
    inputs = torch.randn(5, 2, 4, generator=torch.Generator().manual_seed(0))
    expected = model(inputs)[0]
    with differentiable_recurrence(model):
        assert torch.equal(model(inputs)[0], expected)
