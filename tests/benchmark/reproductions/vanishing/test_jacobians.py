"""The closed forms of an LSTM's Jacobians against autograd, and their products against the slow way."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.autograd.functional import jacobian

from saltbench.benchmark.reproductions.vanishing.jacobian_products import (
    log10_chain_rule,
    log10_diagonal_gains,
    log10_mean,
    log10_product_gains,
)
from saltbench.benchmark.reproductions.vanishing.jacobians import (
    cell_by_hidden,
    exposure,
    hidden_by_hidden,
    input_gradient,
    source_approximation,
    source_jacobian,
    state_jacobian,
    trace,
)
from saltbench.errors import ParameterError, ShapeError

EXACT = {"rtol": 1e-10, "atol": 1e-10}
sizes = st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 4), st.integers(1, 5), st.integers(0, 10_000))


def network(hidden: int, features: int, seed: int, *, spread: float = 1.0, **options: bool) -> nn.LSTM:
    """An LSTM with normal weights, larger than PyTorch's own, so that no term is small."""
    lstm = nn.LSTM(features, hidden, batch_first=True, **options).double()
    generator = torch.Generator().manual_seed(seed)
    for parameter in lstm.parameters():
        parameter.data = spread * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    return lstm.requires_grad_(False)


def series(batch: int, time: int, features: int, seed: int) -> Tensor:
    return torch.randn(batch, time, features, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def step(lstm: nn.LSTM, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """One step of PyTorch's own LSTM: x (features,), h and c (hidden,)."""
    _, (after, cell) = lstm(x[None, None], (h[None, None], c[None, None]))
    return after[0, 0], cell[0, 0]


def states(lstm: nn.LSTM, inputs: Tensor) -> list[tuple[Tensor, Tensor]]:
    """The states (h_t, c_t) of one sample (time, features), from t = 0 (zeros) on."""
    zero = torch.zeros(lstm.hidden_size, dtype=torch.float64)
    found = [(zero, zero)]
    for x in inputs:
        found.append(step(lstm, x, *found[-1]))
    return found


@given(sizes)
@settings(max_examples=25, deadline=None)
def test_one_step_against_autograd(size: tuple[int, int, int, int, int]) -> None:
    batch, time, features, hidden, seed = size
    lstm, inputs = network(hidden, features, seed), series(batch, time, features, seed + 1)
    steps = trace(lstm, inputs)
    found = {
        function: function(steps) for function in (source_jacobian, hidden_by_hidden, cell_by_hidden, state_jacobian)
    }
    for sample in range(batch):
        before = states(lstm, inputs[sample])
        for t in range(time):
            x, (h, c) = inputs[sample, t], before[t]

            def of_state(state: Tensor, x: Tensor = x) -> Tensor:
                return torch.cat(step(lstm, x, *state.chunk(2)))

            def together(shift: Tensor, x: Tensor = x, h: Tensor = h, c: Tensor = c) -> Tensor:
                return step(lstm, x, h + shift, c + shift)[0]

            whole = jacobian(of_state, torch.cat([h, c]))
            expected = {
                source_jacobian: jacobian(together, torch.zeros_like(h)),
                hidden_by_hidden: whole[:hidden, :hidden],
                cell_by_hidden: whole[hidden:, :hidden],
                state_jacobian: whole,
            }
            for function, value in expected.items():
                torch.testing.assert_close(found[function][sample, t], value, **EXACT)
            torch.testing.assert_close(
                torch.diag(source_approximation(steps)[sample, t]), whole[:hidden, hidden:], **EXACT
            )
            torch.testing.assert_close(torch.diag(steps.forget_gate[sample, t]), whole[hidden:, hidden:], **EXACT)


def test_the_closed_form_of_the_source_on_one_cell_by_hand() -> None:
    """Hidden size 1, all weights and biases 0 but W_ho = 2: every gate is 1/2, c̃ = 0, and c stays 0."""
    lstm = network(1, 1, 0, spread=0.0)
    lstm.weight_hh_l0[3] = 2.0
    steps = trace(lstm, torch.ones(1, 3, 1, dtype=torch.float64))
    assert source_jacobian(steps).flatten().tolist() == [0.25] * 3  # tanh(0) · … + 1/2 · (1 − 0) · 1/2
    assert hidden_by_hidden(steps).flatten().tolist() == [0.0] * 3
    assert exposure(steps).flatten().tolist() == [0.5] * 3


@given(sizes)
@settings(max_examples=15, deadline=None)
def test_products_over_steps_against_autograd(size: tuple[int, int, int, int, int]) -> None:
    """Π_{i=T}^{t+1} of the state's Jacobians is ∂(h_T, c_T)/∂(h_t, c_t), differentiated in one piece."""
    batch, time, features, hidden, seed = size
    lstm, inputs = network(hidden, features, seed), series(batch, time, features, seed + 1)
    found = log10_product_gains(state_jacobian(trace(lstm, inputs)))
    for sample in range(batch):
        along = states(lstm, inputs[sample])
        for t in range(time):

            def rest(state: Tensor, sample: int = sample, t: int = t) -> Tensor:
                h, c = state.chunk(2)
                for x in inputs[sample, t + 1 :]:
                    h, c = step(lstm, x, h, c)
                return torch.cat([h, c])

            gain = torch.linalg.matrix_norm(jacobian(rest, torch.cat(along[t + 1]))) / math.sqrt(2 * hidden)
            torch.testing.assert_close(10 ** found[sample, t], gain, **EXACT)


@given(sizes, st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_chain_rule_is_the_gradient(size: tuple[int, int, int, int, int], bias: bool) -> None:
    batch, time, features, hidden, seed = size
    lstm, inputs = network(hidden, features, seed, bias=bias), series(batch, time, features, seed + 1)
    weights = series(1, batch, hidden, seed + 2)[0]
    inputs.requires_grad_()
    score = (lstm(inputs)[0][:, -1] * weights).sum()
    gradient = torch.autograd.grad(score, inputs)[0]
    found = log10_chain_rule(trace(lstm, inputs.detach()), weights)
    torch.testing.assert_close(10**found, torch.linalg.vector_norm(gradient, dim=2), **EXACT)


def test_the_gradient_of_the_last_step_needs_no_product() -> None:
    lstm, inputs = network(3, 4, 0), series(2, 5, 4, 1).requires_grad_()
    weights = series(1, 2, 3, 2)[0]
    gradient = torch.autograd.grad((lstm(inputs)[0][:, -1] * weights).sum(), inputs)[0][:, -1]
    adjoint = torch.cat([weights, torch.zeros_like(weights)], dim=1)[:, None].expand(2, 5, 6)
    found = input_gradient(trace(lstm, inputs.detach()), adjoint)[:, -1]
    torch.testing.assert_close(found, gradient, **EXACT)


def test_without_recurrent_weights_the_forget_gates_are_all() -> None:
    """The limit W_h → 0: the cell's block of the product is Π f, the source's approximation has a in every step."""
    lstm, inputs = network(3, 4, 0), series(2, 6, 4, 1)
    lstm.weight_hh_l0.zero_()
    steps = trace(lstm, inputs)
    product = torch.linalg.multi_dot(list(state_jacobian(steps)[0, 1:].flip(0)))
    gates = steps.forget_gate[0, 1:].prod(dim=0)
    torch.testing.assert_close(product[3:, 3:], torch.diag(gates), **EXACT)
    torch.testing.assert_close(product[:3, 3:], torch.diag(exposure(steps)[0, -1] * gates), **EXACT)
    assert product[:, :3].abs().max() == 0
    of_gates, of_source = (log10_diagonal_gains(values) for values in (steps.forget_gate, source_approximation(steps)))
    assert (of_source[:, :-1] < of_gates[:, :-1]).all()
    torch.testing.assert_close(source_jacobian(steps), torch.diag_embed(source_approximation(steps)), **EXACT)


def test_diagonal_products_are_products_of_diagonal_matrices() -> None:
    factors = series(3, 7, 4, 0)
    torch.testing.assert_close(
        log10_diagonal_gains(factors), log10_product_gains(torch.diag_embed(factors)), rtol=0, atol=1e-12
    )


def test_products_leave_the_range_of_float64_unharmed() -> None:
    """1000 factors of 10⁻² I: 10⁻¹⁹⁹⁸ is far below the smallest float64."""
    factors = torch.full((1, 1000, 3), 1e-2, dtype=torch.float64)
    expected = -2.0 * torch.arange(999, -1, -1, dtype=torch.float64)[None]
    torch.testing.assert_close(log10_diagonal_gains(factors), expected, rtol=1e-12, atol=1e-9)
    torch.testing.assert_close(log10_product_gains(torch.diag_embed(factors)), expected, rtol=1e-12, atol=1e-9)


def test_a_product_of_zero_is_minus_infinity_and_not_nan() -> None:
    factors = torch.ones(1, 4, 2, dtype=torch.float64)
    factors[:, 2] = 0
    for gains in (log10_diagonal_gains(factors), log10_product_gains(torch.diag_embed(factors))):
        assert gains[0].tolist() == pytest.approx([-math.inf, -math.inf, 0, 0], abs=1e-12)
    lstm, inputs = network(2, 3, 0), series(1, 4, 3, 1)
    dead = log10_chain_rule(trace(lstm, inputs), torch.zeros(1, 2, dtype=torch.float64))
    assert (dead == -math.inf).all()


def test_the_mean_is_taken_before_the_logarithm() -> None:
    logs = torch.tensor([[0.0, -500.0], [-1.0, -math.inf]], dtype=torch.float64)
    np.testing.assert_allclose(log10_mean(logs), [math.log10(0.55), -500 - math.log10(2)], rtol=1e-12)


def test_a_bidirectional_lstm_gives_its_forward_direction() -> None:
    both, inputs = network(3, 4, 0, bidirectional=True), series(2, 5, 4, 1)
    forward = nn.LSTM(4, 3, batch_first=True).double()
    forward.load_state_dict({name: both.state_dict()[name] for name in forward.state_dict()})
    torch.testing.assert_close(state_jacobian(trace(both, inputs)), state_jacobian(trace(forward, inputs)), **EXACT)


@pytest.mark.parametrize("options", [{"num_layers": 2}, {"proj_size": 2}, {"batch_first": False}])
def test_other_lstms_are_refused(options: dict[str, int]) -> None:
    lstm = nn.LSTM(4, 3, **{"batch_first": True, **options})
    with pytest.raises(
        ParameterError, match=r"needs nn\.LSTM with num_layers=1, proj_size=0 and batch_first=True, got"
    ):
        trace(lstm, torch.zeros(1, 5, 4))


@pytest.mark.parametrize("shape", [(5, 4), (1, 5, 3), (1, 0, 4)])
def test_other_inputs_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"reads \(batch, time, 4\), got \("):
        trace(nn.LSTM(4, 3, batch_first=True), torch.zeros(shape))
