"""DeepLIFT's rules for places: what argmax and its kin owe, and what is selected or written at places that vary."""

import pytest
import torch
from attribution_models import FEATURES, TIME, Formula, Scores, classes, output_change, series
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from saltbench.errors import UnsupportedOperationError
from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.deeplift.rules.place_rules import jumps_of_places, jumps_of_the_largest

COUNT = torch.arange(TIME, dtype=torch.float64)
ROWS = torch.arange(3)[:, None]


def explain(formula, values, reference):
    """Attributions of a scalar function of one series of one step, as a list."""
    inputs, baseline = (torch.tensor([[row]], dtype=torch.float64) for row in (values, reference))
    model = Scores(lambda x: formula(x[:, 0]).double().unsqueeze(1))
    return deeplift(model, inputs, torch.tensor([0]), baseline).flatten().tolist()


def test_a_place_is_owed_to_the_two_that_exchange_it():
    # a - b: -3 → 3 crosses 0, and the place of the larger goes from 1 to 0
    assert explain(lambda x: x.argmax(1), [4.0, 1.0], [0.0, 3.0]) == pytest.approx([-4 / 6, -2 / 6])
    assert explain(lambda x: x.argmin(1), [4.0, 1.0], [0.0, 3.0]) == pytest.approx([4 / 6, 2 / 6])
    assert explain(lambda x: x.max(1)[1], [1.0, 2.0], [0.0, 3.0]) == [0.0, 0.0]


def test_what_is_selected_is_split_between_values_and_the_place():
    # 10 → 20 + a: Δ = Δa·1/2 for the value at the mean of both choices, and the rest for the place
    def formula(x):
        return torch.stack([x[:, 0] + 20, 0 * x[:, 0] + 10], 1).gather(1, x.argmax(1, keepdim=True))[:, 0]

    found = explain(formula, [4.0, 1.0], [0.0, 3.0])
    assert found == pytest.approx([2 + 12 * 4 / 6, 12 * 2 / 6])


def test_what_is_written_at_a_place_is_owed_to_it():
    # weights 1 and 5: the 1 that is written moves from the second to the first
    def formula(x):
        marks = torch.zeros(1, 2, dtype=torch.float64).scatter_add(
            1, x.argmax(1, keepdim=True), torch.ones(1, 1).double()
        )
        return marks @ torch.tensor([1.0, 5.0], dtype=torch.float64)

    assert explain(formula, [4.0, 1.0], [0.0, 3.0]) == pytest.approx([-4 * 4 / 6, -4 * 2 / 6])


@settings(deadline=None, max_examples=40, derandomize=True)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=6, unique=True))
def test_jumps_sum_to_the_changes_of_places_whatever_is_equal(rows):
    values, twins = torch.tensor(rows, dtype=torch.float64).T
    order, order_twin = (x.argsort(descending=True) for x in (values, twins))
    jumps = jumps_of_places(values, twins, order, order_twin) @ (values - twins)
    torch.testing.assert_close(jumps, (order - order_twin).double(), rtol=0, atol=1e-9)
    place, place_twin = values.argmax(), twins.argmax()
    jump = jumps_of_the_largest(values, twins, place, place_twin) @ (values - twins)
    torch.testing.assert_close(jump, (place - place_twin).double(), rtol=0, atol=1e-9)


def by_rows(formula):
    return lambda x: torch.stack([formula(row) for row in x])


def written(x):
    """What ProbSparse attention does: a few steps, the highest, have another value."""
    found = x.clone()
    found[ROWS[: len(x)], x.sum(2).topk(2, 1, sorted=False)[1], :] = 3 * x[:, :2]
    return found


def of_the_smallest(x):
    values, places = x.topk(2, 1, largest=False)
    return x.cos().gather(1, places) * values


def delayed(x):
    """What auto-correlation does: the series from the place of the highest on, over its end."""
    return x.repeat(1, 2, 1).gather(1, torch.arange(TIME)[None, :, None] + x.argmax(1, keepdim=True))


def at_frequencies(x):
    """What a layer of Fourier terms does: constants at the places of the highest, by an index of several axes."""
    index = (ROWS[: len(x), :, None], x.topk(2, 1)[1], torch.arange(FEATURES)[None, None])
    return COUNT[None, :, None].expand(len(x), -1, FEATURES)[index] * x[:, :2]


def counted(x):
    """What Hydra does: the highest of each row is added at its place."""
    highest, places = x.max(1, keepdim=True)
    return torch.zeros_like(x).scatter_add_(1, places, highest) * COUNT[:, None]


FORMULAS = {
    "argmax": lambda x: x.gather(1, x.argmax(1, keepdim=True)) + x[:, :1].sin(),
    "argmin": lambda x: x.gather(1, x.argmin(1, keepdim=True)),
    "argmax of all": by_rows(lambda row: row.flatten()[row.argmax()] * row),
    "sort": lambda x: x.gather(1, x.flip(2).sort(1)[1]),
    "argsort": lambda x: x.sin().gather(2, x.argsort(descending=True)),
    "topk": of_the_smallest,
    "min": lambda x: COUNT[x.min(dim=1, keepdim=True).indices] * x,
    "delay": delayed,
    "index of several axes": at_frequencies,
    "add": counted,
    "write": written,
    "scatter": lambda x: x.scatter(1, x.topk(2, 1)[1], x[:, :2].cos()),
    "scatter_reduce": lambda x: x.scatter_reduce(1, x.argmax(1, keepdim=True), x[:, :1].cos(), reduce="sum"),
    "scatter number": lambda x: x.scatter(1, x.topk(2, 1)[1], 0.0),
    "mask": lambda x: torch.zeros(x.shape, dtype=torch.bool).scatter(1, x.topk(2, 1)[1], True) * x,
    "one-hot": lambda x: functional.one_hot(x.argmax(1), TIME).transpose(1, 2) * x,
    "compare": lambda x: (torch.arange(TIME)[:, None] <= x.argmax(1, keepdim=True)) * x,
    "embedding": lambda x: functional.embedding(x.argmax(1), COUNT[:, None] * x.new_ones(2)).sum(-1)[:, None] * x,
    "searchsorted": lambda x: COUNT.sin()[torch.searchsorted(COUNT[:3] - 1, x)],
    "index_add": by_rows(lambda row: row.index_add(0, row.sum(1).topk(2)[1], row[:2], alpha=2)),
    "index_copy": by_rows(lambda row: row.index_copy(0, row.sum(1).topk(2)[1], row[:2] * 3)),
    "index_fill": by_rows(lambda row: row.index_fill(0, row.sum(1).topk(2)[1], 7.0)),
    "index_select": by_rows(lambda row: row.sin().index_select(1, row.sum(0).topk(2)[1])),
    "trailing axis": by_rows(lambda row: row.sin()[..., row.sum(0).topk(2)[1]]),
    "take_along_dim": lambda x: x.sin().take_along_dim(x.sum(2, keepdim=True).argsort(1), 1),
    "index_put": lambda x: x.index_put((ROWS[: len(x)], x.sum(2).topk(2, 1)[1]), x[:, :2], accumulate=True),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_maps_are_complete_where_places_vary(name):
    model, inputs, target = Formula(FORMULAS[name]), series(3), classes(3) % 2
    for baseline in (series(3, seed=7), torch.zeros_like(inputs)):  # at zeros all are as large
        explained = deeplift(model, inputs, target, baseline)
        change = output_change(model, inputs, baseline, target)
        torch.testing.assert_close(explained.sum((1, 2)), change, rtol=1e-11, atol=1e-11)
        alone = deeplift(model, inputs[:1], target[:1], baseline[:1])
        torch.testing.assert_close(explained[:1], alone, rtol=1e-10, atol=1e-11)


REFUSED = {
    "two places": (lambda x: x[ROWS[:, 0], x.sum(2).argmax(1), x.sum(1).argmax(1)], "__getitem__ of what is otherwise"),
    "repeated": (
        lambda x: x.scatter(1, x.argmax(1, keepdim=True).expand(-1, 2, -1), x[:, :2]),
        "scatter at places that vary and repeat",
    ),
    "infinity": (
        lambda x: torch.where(COUNT > 2, -torch.inf, COUNT)[x.argmax(1)].softmax(1),
        "__getitem__ with infinity in place of what is otherwise",
    ),
    "replaced sum": (
        lambda x: x.scatter_reduce(1, x.argmax(1, keepdim=True), x[:, :1], reduce="sum", include_self=False),
        "scatter_reduce with reduce='sum'",
    ),
    "product": (
        lambda x: x.scatter(1, x.argmax(1, keepdim=True), x[:, :1], reduce="multiply"),
        "scatter with reduce='multiply'",
    ),
}


@pytest.mark.filterwarnings("ignore:The reduce argument:UserWarning")
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_split_is_refused(name):
    formula, message = REFUSED[name]
    with pytest.raises(UnsupportedOperationError, match=f"DeepLIFT has no rule for {message}"):
        deeplift(Formula(lambda x: formula(x).reshape(3, 1, -1)), series(3), torch.tensor([0, 1, 0]), series(3, seed=7))


class Sampled(torch.nn.Module):
    """Scores by the places of all steps, ordered by a random few of the keys, as ProbSparse attention has it."""

    def forward(self, inputs):
        few = torch.randint(TIME, (2,))
        order = (inputs @ inputs[:, few].mT).amax(2).topk(TIME)[1]
        return inputs.gather(1, order[..., None].expand_as(inputs)).sin().sum(1)


def test_random_numbers_that_the_outputs_do_not_show_are_the_same_in_every_pass():
    inputs, baseline, target = series(3), series(3, seed=7), torch.tensor([0, 1, 0])
    before = torch.random.get_rng_state()
    first, again = (deeplift(Sampled(), inputs, target, baseline) for _ in range(2))
    assert torch.equal(first, again)
    assert torch.equal(torch.random.get_rng_state(), before)
