import pytest
import torch
from attribution_models import classes, network, series
from torch import nn

from saltbench.errors import UnsupportedOperationError
from saltbench.methods.attributions.cudnn import differentiable_recurrence
from saltbench.methods.attributions.entries import ENTRIES
from saltbench.methods.attributions.explain import attribute, bind


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


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("spec", [s for s in ENTRIES if not s.is_reference], ids=lambda s: s.name)
@pytest.mark.parametrize("name", ["lstm", "deep-bi-lstm", "gru", "rnn-tanh", "input-cell-elementary", "convolution"])
def test_cuda_gives_the_maps_of_the_cpu(spec, name):
    def explained(device):
        return attribute(
            bind(spec),
            network(name).to(device),
            series().to(device),
            classes().to(device),
            background=series(3, seed=7).to(device),
            seeds=range(5),
        ).cpu()

    try:
        on_cpu = explained("cpu")
    except UnsupportedOperationError as error:
        pytest.skip(str(error))
    torch.testing.assert_close(explained("cuda"), on_cpu, rtol=1e-9, atol=1e-9)
