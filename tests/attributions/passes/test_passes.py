"""Passes: every draw of every sample once, in order, in passes that fit, whose size changes rounding alone."""

import gc
import weakref

import pytest
import torch
from attribution_models import CLASSES, FEATURES, NETWORKS, TIME, Scores, classes, network, series
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from saltbench.errors import BudgetError, ParameterError
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.numerics.rounding import ULPS, ulps_apart
from saltbench.methods.attributions.passes import budget as budget_module
from saltbench.methods.attributions.passes.budget import GRAIN, Budget
from saltbench.methods.attributions.passes.passes import Passes, copies
from saltbench.methods.attributions.passes.peak_memory import PeakMemory
from saltbench.methods.attributions.perturbation.ablation import feature_ablation

CPU = torch.device("cpu")
ROW = TIME * FEATURES * 8  # bytes


class Recorder(nn.Module):
    """Notes how many rows each call brings."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def forward(self, inputs):
        self.rows.append(len(inputs))
        return inputs.sum(1)


def shifted(inputs):
    """What writes the series plus the number of the draw."""

    def write(samples, draws, rows):
        numbers = torch.arange(draws.start, draws.stop)[:, None, None]
        rows.copy_(inputs[samples, None] + numbers)

    return write


def handed_over(passes, kind, inputs, target, draws):
    """What comes of samples and draws, (batch, draws, …), once each and in order."""
    seen, found = [], {}

    def take(samples, several, part):
        assert len(part) == samples.stop - samples.start
        for sample, of_sample in zip(range(samples.start, samples.stop), part.clone(), strict=True):
            for draw, row in zip(range(several.start, several.stop), of_sample, strict=True):
                seen.append((sample, draw))
                found[sample, draw] = row

    if kind == "gradients":
        passes.gradients(inputs, target, draws, shifted(inputs), take)
    else:
        passes.each("rows", target, draws, lambda pieces: passes.rows(inputs, pieces, shifted(inputs)), take)
    assert seen == [(sample, draw) for sample in range(len(inputs)) for draw in range(draws)]
    return torch.stack([found[place] for place in seen]).unflatten(0, (len(inputs), draws))


@given(st.integers(1, 40), st.integers(1, 9), st.integers(60, 600))
def test_every_draw_of_every_sample_comes_once_and_in_order(batch, draws, memory_in_rows):
    inputs, target = series(batch), classes(batch)
    passes = Passes(Recorder(), Budget(memory_in_rows * ROW))
    expected = inputs[:, None] + torch.arange(draws)[:, None, None]
    assert torch.equal(handed_over(passes, "rows", inputs, target, draws), expected)
    scores = expected.sum(2).gather(2, target[:, None, None].expand(-1, draws, 1)).squeeze(2)
    assert torch.equal(passes.outputs(inputs, target, draws, shifted(inputs)), scores)


def test_what_one_pass_gave_is_free_before_the_next():
    inputs, target, given = series(40), classes(40), []

    def compute(pieces):
        assert all(reference() is None for reference in given)
        rows = passes.rows(inputs, pieces, copies(inputs)) * 1
        given.append(weakref.ref(rows.untyped_storage()))
        return rows

    passes = Passes(Recorder(), Budget(400 * ROW))
    passes.each("rows", target, 20, compute, lambda _samples, _draws, part: part.sum())
    assert len(given) > 3


def test_passes_hold_a_multiple_of_32_rows_after_the_probe():
    model = Recorder()
    Passes(model, Budget()).outputs(series(5), classes(5), 7, shifted(series(5)))
    assert model.rows[0] == 2
    assert sum(model.rows[1:]) == 64
    assert all(rows % GRAIN == 0 for rows in model.rows[1:])


def test_passes_are_the_same_whatever_memory_there_is_beyond_the_usual(monkeypatch):
    monkeypatch.setattr(budget_module, "_USUAL_BYTES_ELSEWHERE", 100 * ROW)
    passes_made = []
    for memory in (100 * ROW, 1000 * ROW, 10**12):
        model = Recorder()
        Passes(model, Budget(memory)).outputs(series(40), classes(40), 7, shifted(series(40)))
        passes_made.append(model.rows)
    assert len(passes_made[0]) > 5
    assert passes_made[0] == passes_made[1] == passes_made[2]


@pytest.mark.parametrize("kind", ["gradients", "outputs"])
def test_what_passes_take_stays_within_the_budget(kind):
    memory = 800_000
    target, inputs = classes(40), series(40)
    for name in ("lstm", "bi-lstm", "input-cell"):
        passes = Passes(network(name), Budget(memory))
        with PeakMemory(CPU) as peak:
            if kind == "gradients":
                passes.gradients(inputs, target, 30, shifted(inputs), lambda *_: None)
            else:
                passes.outputs(inputs, target, 30, shifted(inputs))
        assert 0 < peak.bytes <= memory


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", ["gradients", "outputs"])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_size_of_a_pass_changes_rounding_alone(name, kind, dtype, monkeypatch):
    model, target, inputs = network(name).to(dtype), classes(37), series(37).to(dtype)

    def collected(size):
        monkeypatch.setattr(Budget, "size", lambda _budget, _kind: size)
        passes = Passes(model, Budget())
        if kind == "gradients":
            return handed_over(passes, kind, inputs, target, 3)
        return passes.outputs(inputs, target, 3, shifted(inputs))

    usual = collected(128)
    for size in (8, 32):
        assert ulps_apart(collected(size), usual) <= ULPS


def test_gradients_are_those_of_autograd():
    model, target, inputs = network("lstm"), classes(5), series(5).requires_grad_()
    (expected,) = torch.autograd.grad(model(inputs).gather(1, target[:, None]).sum(), inputs)
    found = handed_over(Passes(model, Budget()), "gradients", inputs.detach(), target, 1)[:, 0]
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "formula",
    [
        lambda x: x.detach().sum(1),
        lambda x: torch.ones(len(x), CLASSES, dtype=x.dtype, requires_grad=True),
        lambda x: (x > 0).sum(1).to(x.dtype),
    ],
)
def test_a_model_without_gradients_is_refused(formula):
    passes = Passes(Scores(formula), Budget())
    with pytest.raises(ParameterError, match="must depend on its input through operations with gradients, got one wi"):
        passes.gradients(series(2), classes(2), 1, shifted(series(2)), lambda *_: None)


def test_a_budget_below_one_sample_is_refused():
    with pytest.raises(BudgetError, match=r"the memory budget must be at least .* for one sample of this model"):
        Passes(network("lstm"), Budget(1000)).outputs(series(2), classes(2), 1, shifted(series(2)))


@pytest.mark.parametrize("name", ["lstm", "convolution"])
def test_a_network_may_view_its_series(name):
    inner = network(name)
    model = Scores(lambda x: inner(x) + x.view(len(x), -1)[:, :CLASSES])
    assert torch.isfinite(attribute(feature_ablation, model, series(3), classes(3))).all()


@pytest.mark.parametrize("write", [lambda rows: rows.add(1), lambda rows: rows[:, :1].fill_(1)])
def test_rows_that_are_not_written_are_refused(write):
    passes = Passes(network("lstm"), Budget())
    with pytest.raises(ParameterError, match=r"write must fill all of its rows in place, got rows that are NaN; write"):
        passes.outputs(series(3), classes(3), 2, lambda _samples, _draws, rows: write(rows))


def test_peak_memory_follows_what_is_freed():
    def at_most_two():
        first = torch.zeros(1000)
        second = first + 1
        del first
        return second + 1

    with PeakMemory(CPU) as peak:
        at_most_two()
    assert peak.bytes == 8000


def test_peak_memory_leaves_out_what_was_there_before():
    before = torch.zeros(1000)
    with PeakMemory(CPU) as peak:
        before[:2].add_(1).view(2, 1).unbind(0)
        before[:2].mul(2)
    assert peak.bytes == 8


@pytest.mark.parametrize("threshold", [1, 10**6])
def test_the_peak_does_not_depend_on_when_garbage_is_collected(threshold):
    def make_garbage() -> None:
        cycle: list[object] = [torch.empty(1000)]
        cycle.append(cycle)

    before = gc.get_threshold()
    gc.set_threshold(threshold)
    try:
        with PeakMemory(CPU) as peak:
            for _ in range(10):
                make_garbage()
                [[] for _ in range(100)]
    finally:
        gc.set_threshold(*before)
    assert gc.isenabled()
    assert peak.bytes == 40_000


def test_peak_memory_counts_the_backward_pass():
    inputs = torch.zeros(1000, requires_grad=True)
    with PeakMemory(CPU) as forward:
        result = (inputs.exp() * inputs).sum()
    with PeakMemory(CPU) as backward:
        torch.autograd.grad(result, inputs)
    assert forward.bytes >= 8000
    assert backward.bytes >= 8000


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_peak_memory_on_a_gpu():
    with PeakMemory(torch.device("cuda")) as peak:
        torch.zeros(10**6, device="cuda")
    assert 4 * 10**6 <= peak.bytes < 5 * 10**6
