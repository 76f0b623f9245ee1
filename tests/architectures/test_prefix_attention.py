"""Prefix attention against its definition, in value and gradient, for ordinary and for extreme scores."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.overrides import TorchFunctionMode

from saltbench.methods.architectures.prefix_attention import prefix_attention, prefix_attention_per_hop
from saltbench.methods.operations import Composite

BOTH = pytest.mark.parametrize("function", [prefix_attention, prefix_attention_per_hop])
SIZES = st.tuples(*(st.integers(1, high) for high in (3, 12, 4, 3)))
modest = settings(deadline=None, max_examples=40, derandomize=True)


def draw(batch: int, time: int, hops: int, features: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(batch, time, hops, generator=generator, dtype=torch.float64)
    return scores, torch.randn(batch, time, features, generator=generator, dtype=torch.float64)


def step_by_step(function: Composite, scores: Tensor, values: Tensor) -> Tensor:
    """The definition: at each step a softmax over the steps so far, and a weighted sum of their rows."""
    steps = []
    for t in range(1, scores.shape[1] + 1):
        weights = torch.softmax(scores[:, :t], dim=1)
        rows = torch.einsum("bsk,bsn->bkn", weights, values[:, :t])
        steps.append(rows.mean(dim=1) if function is prefix_attention else rows)
    return torch.stack(steps, dim=1)


def with_gradients(compute, scores: Tensor, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    scores, values = scores.clone().requires_grad_(), values.clone().requires_grad_()
    output = compute(scores, values)
    direction = torch.linspace(-1, 2, output.numel(), dtype=output.dtype).reshape(output.shape)
    return (output, *torch.autograd.grad((output * direction).sum(), (scores, values)))


def assert_all_close(measured, expected, **tolerance: float) -> None:
    for one, other in zip(measured, expected, strict=True):
        torch.testing.assert_close(one, other, check_dtype=False, **tolerance)


@BOTH
@modest
@given(sizes=SIZES, seed=st.integers(0, 1000), spread=st.sampled_from([0.1, 1.0, 30.0, 300.0]))
def test_equals_the_definition_in_value_and_gradient(function, sizes, seed, spread):
    scores, values = draw(*sizes, seed=seed)
    expected = with_gradients(lambda s, x: step_by_step(function, s, x), spread * scores, values)
    for compute in (function, function.elementary):
        assert_all_close(with_gradients(compute, spread * scores, values), expected, rtol=1e-10, atol=1e-10)


@BOTH
@pytest.mark.parametrize("jump", [200.0, -200.0, 29.0, 31.0, -31.0])
@pytest.mark.parametrize("moment", [1, 4, 9])
def test_float32_stays_exact_where_scores_jump(function, jump, moment):
    scores, values = draw(2, 10, 3, 4)
    scores[:, moment:, 1:] += jump
    scores, values = scores.float(), values.float()
    expected = with_gradients(lambda s, x: step_by_step(function, s, x), scores.double(), values.double())
    assert_all_close(with_gradients(function, scores, values), expected, rtol=2e-5, atol=2e-5)


@BOTH
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradient_is_exact_up_to_the_longest_rise_of_the_keys(function, dtype):
    scores, values = draw(1, 30, 2, 3)
    longest = torch.log(torch.tensor(torch.finfo(dtype).max, dtype=torch.float64)) / 3
    scores = (scores * 0.1 + torch.linspace(0, 1, 30, dtype=torch.float64)[:, None] * longest * 0.99).to(dtype)
    expected = with_gradients(lambda s, x: step_by_step(function, s, x), scores.double(), values)
    assert_all_close(with_gradients(function, scores, values.to(dtype)), expected, rtol=1e-4, atol=1e-5)


@BOTH
def test_agrees_with_finite_differences(function):
    scores, values = draw(2, 5, 3, 2)
    assert torch.autograd.gradcheck(function, (scores.requires_grad_(), values.requires_grad_()))
    assert torch.autograd.gradgradcheck(function, (scores, values))


@BOTH
@modest
@given(sizes=SIZES, seed=st.integers(0, 1000), data=st.data())
def test_a_step_does_not_see_what_comes_after_it(function, sizes, seed, data):
    scores, values = draw(*sizes, seed=seed)
    moment = data.draw(st.integers(1, sizes[1]))
    later_scores, later_values = draw(*sizes, seed=seed + 1)
    changed_scores = torch.cat([scores[:, :moment], 50 * later_scores[:, moment:]], dim=1)
    changed_values = torch.cat([values[:, :moment], later_values[:, moment:]], dim=1)
    torch.testing.assert_close(
        function(changed_scores, changed_values)[:, :moment], function(scores, values)[:, :moment]
    )


@BOTH
@modest
@given(sizes=SIZES, seed=st.integers(0, 1000))
def test_a_sample_does_not_see_its_batch_mates(function, sizes, seed):
    scores, values = draw(*sizes, seed=seed)
    together = function(torch.cat([scores, 500 * scores.flip(1)]), torch.cat([values, values]))
    torch.testing.assert_close(together[: len(scores)], function(scores, values))


@BOTH
@modest
@given(sizes=SIZES, seed=st.integers(0, 1000), constant=st.floats(-1e4, 1e4))
def test_constant_scores_give_the_running_mean(function, sizes, seed, constant):
    scores, values = draw(*sizes, seed=seed)
    steps = torch.arange(1, sizes[1] + 1, dtype=torch.float64)
    running = values.cumsum(dim=1) / steps[:, None]
    measured = function(torch.full_like(scores, constant), values)
    expected = running if function is prefix_attention else running.unsqueeze(2).expand_as(measured)
    torch.testing.assert_close(measured, expected)


@BOTH
@pytest.mark.parametrize("moment", [0, 3, 6])
def test_a_dominating_score_gives_that_row_from_there_on(function, moment):
    scores, values = draw(2, 7, 3, 4)
    scores[:, moment] += 1000
    measured = function(scores, values)[:, moment:]
    row = values[:, moment]
    expected = row[:, None] if function is prefix_attention else row[:, None, None]
    torch.testing.assert_close(measured, expected.expand_as(measured))


@BOTH
def test_one_step_gives_its_row_and_no_gradient_of_the_scores(function):
    scores, values = draw(2, 1, 3, 4)
    output, to_scores, _ = with_gradients(function, scores, values)
    torch.testing.assert_close(output, values if function is prefix_attention else values[:, None].expand(2, 1, 3, 4))
    torch.testing.assert_close(to_scores, torch.zeros_like(to_scores), rtol=0, atol=1e-14)


@BOTH
def test_adding_a_constant_to_a_hop_changes_nothing(function):
    scores, values = draw(2, 9, 3, 4)
    shifted = scores + torch.tensor([-40.0, 0.0, 700.0], dtype=torch.float64)
    torch.testing.assert_close(function(shifted, values), function(scores, values))


@BOTH
def test_nan_scores_are_not_hidden(function):
    scores, values = draw(1, 4, 2, 2)
    scores[0, 2, 0] = torch.nan
    output = function(scores, values)
    assert output[:, :2].isfinite().all()
    assert output[:, 2:].isnan().any()


@BOTH
def test_an_empty_batch_gives_an_empty_result(function):
    assert function(*draw(0, 4, 3, 2)).numel() == 0


def test_an_attribution_rule_sees_one_call_and_its_definition():
    class Recorder(TorchFunctionMode):
        def __init__(self):
            super().__init__()
            self.seen = []

        def __torch_function__(self, func, types, args=(), kwargs=None):
            self.seen.append(func)
            return func.elementary(*args) if hasattr(func, "elementary") else func(*args, **(kwargs or {}))

    scores, values = draw(2, 5, 3, 4)
    with Recorder() as mode:
        measured = prefix_attention(scores, values)
    assert mode.seen[0] is prefix_attention
    torch.testing.assert_close(measured, prefix_attention(scores, values))
