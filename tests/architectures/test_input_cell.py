"""The input-cell LSTM against the poster's equations, step by step."""

import input_cell_oracle
import pytest
import torch
from torch import Tensor

from saltbench.errors import UnknownNameError
from saltbench.methods.architectures.dropout import SeriesDropout
from saltbench.methods.architectures.input_cell import InputCellClassifier, input_cell_lstm, unit_length
from saltbench.methods.seeding import seeded

VARIANTS = ["mean", "flatten", "flatten-l2"]


def build(variant: str, features: int = 4, time: int = 9) -> tuple[InputCellClassifier, Tensor]:
    with seeded(3):
        model = input_cell_lstm(features=features, classes=3, hidden=5, hops=6, attention_hidden=7, variant=variant)
        inputs = torch.randn(2, time, features, dtype=torch.float64)
    return model.double().eval(), inputs


def all_gradients(model: InputCellClassifier, inputs: Tensor, logits: Tensor) -> tuple[Tensor, ...]:
    direction = torch.linspace(-1, 2, logits.numel(), dtype=logits.dtype).reshape(logits.shape)
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return torch.autograd.grad((logits * direction).sum(), (inputs, *learned))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("time", [1, 2, 9, 53])
@pytest.mark.parametrize("scale", [1.0, 400.0])
def test_equals_the_equations_of_the_poster_in_value_and_all_gradients(variant, time, scale):
    model, inputs = build(variant, time=time)
    with torch.no_grad():
        model.scores.second.weight *= scale
    inputs.requires_grad_()
    measured, expected = model(inputs), input_cell_oracle.logits(model, inputs, variant)
    torch.testing.assert_close(measured, expected, rtol=1e-10, atol=1e-10)
    gradients = zip(all_gradients(model, inputs, measured), all_gradients(model, inputs, expected), strict=True)
    for one, other in gradients:
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("variant", VARIANTS)
def test_dropped_inputs_are_neither_scored_nor_attended(variant):
    model, inputs = build(variant)
    model.input_dropout.train()
    with seeded(0):
        measured = model(inputs)
    with seeded(0):
        dropped = SeriesDropout(0.1).train()(inputs)
    assert not torch.equal(dropped, inputs)
    torch.testing.assert_close(measured, input_cell_oracle.logits(model, dropped, variant))


@pytest.mark.parametrize("variant", VARIANTS)
def test_time_may_equal_features(variant):
    model, inputs = build(variant, features=5, time=5)
    torch.testing.assert_close(model(inputs), input_cell_oracle.logits(model, inputs, variant))


@pytest.mark.parametrize("variant", VARIANTS)
def test_relevance_reaches_the_first_step_of_a_long_series(variant):
    model, inputs = build(variant, time=200)
    inputs.requires_grad_()
    (gradient,) = torch.autograd.grad(model(inputs)[:, 0].sum(), inputs)
    assert gradient[:, 0].abs().max() > 1e-4 * gradient.abs().max()


def test_gates_read_the_mean_row_or_all_rows():
    widths = {variant: build(variant)[0].project.in_features for variant in VARIANTS}
    assert widths == {"mean": 4, "flatten": 24, "flatten-l2": 24}


def test_unit_length_agrees_with_the_published_normalisation():
    rows = torch.randn(3, 5, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 1e-3
    torch.testing.assert_close(unit_length(rows), torch.nn.functional.normalize(rows, dim=2), rtol=1e-10, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_unit_length_keeps_zero_zero_with_a_finite_gradient(dtype):
    rows = torch.zeros(1, 2, 3, dtype=dtype, requires_grad=True)
    lengths = unit_length(rows)
    assert torch.equal(lengths, torch.zeros_like(rows))
    (gradient,) = torch.autograd.grad(lengths.sum(), rows)
    assert gradient.isfinite().all()


def test_unknown_variant_names_its_neighbour():
    with pytest.raises(UnknownNameError, match=r"^unknown variant of input-cell-lstm 'flaten'; did you mean 'flatten'"):
        input_cell_lstm(features=3, classes=2, variant="flaten")
