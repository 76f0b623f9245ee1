"""DeepLIFT's rules for what jumps and for sorted values: closed forms, shares of the path, and what is refused."""

import pytest
import torch
from attribution_models import FEATURES, TIME, Formula, Scores, classes, output_change, series
from hypothesis import given, settings
from hypothesis import strategies as st

from saltbench.errors import IncompleteError, UnsupportedOperationError
from saltbench.methods.attributions.checks.completeness import Explanation, completed
from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.deeplift.rules.maximum_rules import shares_of_the_way
from saltbench.methods.attributions.deeplift.rules.order_rules import shares_of_places
from saltbench.methods.attributions.entries import ENTRIES


def explain(formula, values, reference):
    """Attributions of a scalar function of one series of one step, as a list."""
    inputs, baseline = (torch.tensor([[row]], dtype=torch.float64) for row in (values, reference))
    model = Scores(lambda x: formula(*x[:, 0].unbind(1)).double().unsqueeze(1))
    return deeplift(model, inputs, torch.tensor([0]), baseline).flatten().tolist()


def test_a_jump_is_owed_to_what_crosses_it():
    assert explain(lambda a, b: a > b, [3.0, 1.0], [0.0, 2.0]) == pytest.approx([3 / 4, 1 / 4])
    assert explain(lambda a, b: (a > 1).double() - b.round(), [3.0, 1.7], [0.0, 1.6]) == pytest.approx([1.0, 0.0])
    assert explain(lambda a, b: a // 2 + 0 * b, [5.0, 1.0], [0.0, 0.0]) == pytest.approx([2.0, 0.0])


def test_a_choice_is_the_product_of_its_mask_and_what_is_chosen():
    # m: 0 → 1 as a crosses 0; y: 5 → 7, Δy = Δb·1/2 + Δ5·1/2 + Δm·((7 + 3)/2 - 5)
    def formula(a, b):
        return torch.where(a > 0, b, 5.0)

    assert explain(formula, [1.0, 7.0], [-1.0, 3.0]) == pytest.approx([0.0, 2.0])
    assert explain(formula, [1.0, 9.0], [-1.0, 3.0]) == pytest.approx([1.0, 3.0])


def test_a_relu_by_its_mask_is_a_relu():
    for formula in (lambda a, b: a * (a > 0) + 0 * b, lambda a, b: a.masked_fill(a < 0, 0.0) + 0 * b):
        assert explain(formula, [3.0, 0.0], [-1.0, 0.0]) == pytest.approx([3.0, 0.0])


def test_a_masked_sum_is_owed_to_values_and_masks():
    # lengths 1 → 2 as b crosses 0: Δ(l·a) = Δa·(2 + 1)/2 + Δl·(4 + 2)/2
    def formula(a, b):
        return ((b > 0).long() + 1) * a

    assert explain(formula, [4.0, 1.0], [2.0, -1.0]) == pytest.approx([3.0, 3.0])


def test_changes_that_cancel_in_a_truth_value_owe_nothing():
    # one of both is positive before and after
    assert explain(lambda a, b: (a > 0) | (b > 0), [1.0, -1.0], [-1.0, 1.0]) == [0.0, 0.0]


def test_each_of_sorted_values_has_its_share_of_the_way():
    # lines 0 → 4 and 3 → 1 cross half-way: the larger is b, then a
    assert explain(lambda a, b: torch.stack([a, b]).sort(0)[0][1], [4.0, 1.0], [0.0, 3.0]) == pytest.approx([2.0, -1.0])
    assert explain(lambda a, b: torch.stack([a, b]).topk(1, 0)[0][0], [4.0, 1.0], [0.0, 3.0]) == pytest.approx(
        [2.0, -1.0]
    )
    assert explain(lambda a, b: torch.stack([a, b]).median(0)[0], [4.0, 1.0], [0.0, 3.0]) == pytest.approx([2.0, -1.0])


def by_sampling(values, twins, count=4000):
    """w_ki as the share of points of the way at which i is the kth largest, by sorting at each."""
    shares = torch.zeros(len(values), len(values), dtype=torch.float64)
    for point in (torch.arange(count) + 0.5) / count:
        order = (twins + point * (values - twins)).argsort(descending=True)
        shares[torch.arange(len(values)), order] += 1 / count
    return shares


@settings(deadline=None, max_examples=15, derandomize=True)
@given(st.integers(1, 5), st.integers(0, 100))
def test_shares_of_places_are_those_of_sorting_along_the_way(count, seed):
    values, twins = torch.randn(2, count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    found = shares_of_places(values, twins)
    torch.testing.assert_close(found, by_sampling(values, twins, 1000), rtol=0, atol=5e-3)
    torch.testing.assert_close(found[0], shares_of_the_way(values, twins), rtol=1e-12, atol=1e-12)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=6))
def test_shares_of_places_sum_to_one_and_to_the_change_whatever_is_equal(rows):
    values, twins = torch.tensor(rows, dtype=torch.float64).T
    shares = shares_of_places(values, twins)
    ones = torch.ones(len(rows), dtype=torch.float64)
    torch.testing.assert_close(shares.sum(0), ones, rtol=0, atol=1e-12)
    torch.testing.assert_close(shares.sum(1), ones, rtol=0, atol=1e-12)
    change = values.sort(descending=True)[0] - twins.sort(descending=True)[0]
    torch.testing.assert_close(shares @ (values - twins), change, rtol=0, atol=1e-11)


def test_masked_values_take_the_last_places():
    mask = torch.zeros(TIME, FEATURES, dtype=torch.bool)
    mask[2] = True
    model = Formula(lambda x: x.masked_fill(mask, -torch.inf).topk(3, 1)[0])
    inputs, baseline, target = series(3), series(3, seed=7), classes(3) % 2
    explained = deeplift(model, inputs, target, baseline)
    torch.testing.assert_close(
        explained.sum((1, 2)), output_change(model, inputs, baseline, target), rtol=1e-12, atol=1e-12
    )
    assert explained[:, 2].abs().max() == 0


REFUSED = {
    "mask": (lambda x: torch.stack([row[row > 0].mean().repeat(2) for row in x]), "__getitem__ of what is otherwise"),
    "infinity": (
        lambda x: x.masked_fill(x > 0, -torch.inf).softmax(1),
        "masked_fill with infinity in place of what is",
    ),
    "branch": (lambda x: x if x.sum() > 0 else -x, "__bool__ of what is otherwise for the baseline"),
    "number": (lambda x: x[:, : int((x > 0).sum())], "__int__ of what is otherwise for the baseline"),
    "places": (lambda x: torch.zeros(9).double()[(x > 0).nonzero()[:, 0]], "nonzero of what is otherwise"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_counterpart_for_the_baseline_is_refused(name):
    formula, message = REFUSED[name]
    with pytest.raises(UnsupportedOperationError, match=rf"{message}.* \(pass baseline= series that give the same\)"):
        deeplift(Formula(formula), series(2), torch.tensor([0, 1]), -series(2).abs())


def test_masks_and_places_that_are_the_same_for_the_baseline_are_constants():
    def formula(x):
        kept = x[:, (x.isfinite().all(2).all(0))]
        return kept[..., : int((x < 99).sum() / x.numel() * FEATURES)] * (1 if bool((x < 99).any()) else 0)

    inputs, baseline, target = series(2), series(2, seed=7), torch.tensor([0, 1])
    explained, expected = (deeplift(Formula(f), inputs, target, baseline) for f in (formula, lambda x: x))
    assert torch.equal(explained, expected)


UNOWED = {
    "detach": lambda x: x * x.detach().sigmoid(),
    "nonzero": lambda x: x[:, :1] + (x > x.sort(1)[0][:, 2:3]).nonzero()[:, 1].view(len(x), -1, 1),
    "cummax": lambda x: x.gather(1, x.cummax(1)[1]),
}


@pytest.mark.parametrize("name", UNOWED)
def test_what_is_owed_to_nothing_is_missed_and_said_to_be(name):
    model, inputs, baseline, target = Formula(UNOWED[name]), series(3), series(3, seed=7), classes(3) % 2
    explained = deeplift(model, inputs, target, baseline)
    assert explained.isfinite().all()
    assert explained.abs().max() > 0.01
    change = output_change(model, inputs, baseline, target)
    assert (explained.sum((1, 2)) - change).abs().max() > 0.01
    alone = deeplift(model, inputs[:1], target[:1], baseline[:1])
    torch.testing.assert_close(explained[:1], alone, rtol=1e-10, atol=1e-11)
    explanation = Explanation(next(m for m in ENTRIES if m.name == "deeplift"), {}, model, inputs, target, baseline)
    with pytest.raises(IncompleteError, match="a part of the network is out of the method's sight"):
        completed(explanation, explained, explanation.ends())


def test_a_detached_factor_keeps_its_value_for_the_baseline():
    # Δ(a·c) = Δa·(c + c′)/2 + Δc·(a + a′)/2, of which the last is owed to nothing
    assert explain(lambda a, b: a * b.detach(), [5.0, 7.0], [1.0, 2.0]) == pytest.approx([18.0, 0.0])
