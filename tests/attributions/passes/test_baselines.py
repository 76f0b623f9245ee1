"""Absence: what is given, the mean of a background, and series drawn from it."""

import pytest
import torch
from attribution_models import series
from gradient_oracles import one_draw
from hypothesis import given
from hypothesis import strategies as st

from saltbench.errors import ParameterError
from saltbench.methods.attributions.explain import sample_seeds
from saltbench.methods.attributions.passes.baselines import absence, distinct_draws

BACKGROUND = series(7, seed=4)
EVERYONE = slice(5)


def test_a_given_baseline_is_the_same_in_every_draw():
    baseline = series(5)
    absent = absence("baseline", baseline, None, None, 3)
    for draw in range(3):
        assert torch.equal(one_draw(absent, draw, slice(1, 4), BACKGROUND), baseline[1:4])


def test_the_mean_is_that_of_the_background():
    absent = absence("mean", series(5), BACKGROUND, None, 2)
    expected = sum(BACKGROUND) / len(BACKGROUND)
    for draw in range(2):
        rows = one_draw(absent, draw, slice(1, 4), BACKGROUND)
        assert rows.shape == (3, *expected.shape)
        torch.testing.assert_close(rows, expected.expand(3, -1, -1))


@given(
    count=st.integers(1, 9),
    draws=st.integers(1, 20),
    seed=st.integers(0, 2**40),
    cut=st.integers(0, 4),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_sampled_series_are_those_of_the_background_whoever_else_is_explained(count, draws, seed, cut, dtype):
    background, seeds = BACKGROUND[:1].repeat(count, 1, 1).to(dtype) * torch.arange(1, count + 1)[:, None, None], None
    seeds = sample_seeds(seed, 5)
    absent = absence("sampled", series(5).to(dtype), background, seeds, draws)
    apart = absence("sampled", series(5)[cut:].to(dtype), background, seeds[cut:], draws)
    for draw in range(draws):
        rows = one_draw(absent, draw, EVERYONE, background)
        assert rows.dtype == dtype
        assert all((background == row).all((1, 2)).any() for row in rows)
        assert torch.equal(rows[cut:], one_draw(apart, draw, slice(5 - cut), background))
        assert torch.equal(rows[2:4], one_draw(absent, draw, slice(2, 4), background))


def test_every_series_is_drawn_equally_often_with_replacement():
    seeds = sample_seeds(0, 40)
    indexed = torch.arange(7.0)[:, None, None].expand(7, 2, 2)
    absent = absence("sampled", torch.zeros(40, 2, 2), indexed, seeds, 100)
    drawn = torch.stack([one_draw(absent, draw, slice(40), indexed)[:, 0, 0] for draw in range(100)]).long()
    counts = torch.bincount(drawn.flatten(), minlength=7)
    # 4,000 draws of probability 1/7: a standard deviation of 22
    assert ((counts - 4000 / 7).abs() < 5 * 22).all()
    assert any(len(set(drawn[:7, sample].tolist())) < 7 for sample in range(40))
    assert len({tuple(drawn[:, sample].tolist()) for sample in range(40)}) == 40


def test_more_draws_begin_with_the_same_series():
    few, many = (absence("sampled", series(5), BACKGROUND, range(5), draws) for draws in (3, 50))
    for draw in range(3):
        assert torch.equal(one_draw(few, draw, EVERYONE, BACKGROUND), one_draw(many, draw, EVERYONE, BACKGROUND))


def test_only_sampled_draws_differ():
    assert [distinct_draws(against, 6) for against in ("baseline", "mean", "sampled")] == [1, 1, 6]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("zero", BACKGROUND, [1], 1), "against must be one of baseline, mean, sampled, got 'zero'"),
        (
            ("mean", None, [1], 1),
            "background of series is needed to explain against 'mean', got None; pass background=",
        ),
        (("sampled", None, [1], 1), "is needed to explain against 'sampled', got None; .* choose against='baseline'"),
        (("sampled", BACKGROUND, None, 1), "seeds are needed to draw from the background, got None; pass seeds="),
        (("baseline", None, None, 0), "draws must be at least 1, got 0"),
    ],
)
def test_what_cannot_stand_for_absence_is_refused(arguments, message):
    against, background, seeds, draws = arguments
    with pytest.raises(ParameterError, match=message) as caught:
        absence(against, series(1), background, seeds, draws)
    assert "\n" not in str(caught.value)
