"""Comprehensiveness: against an oracle written the slow way, by hand, and beside time_interpret 0.3.0's own numbers."""

import dataclasses

import numpy as np
import pytest
import torch

from saltbench import Maps, evaluate, load_registries
from saltbench.benchmark.execution.plan import Seeds
from saltbench.benchmark.metrics.entries import ENTRIES
from saltbench.benchmark.metrics.faithfulness.masking import comprehensiveness, removal_order, removed
from saltbench.benchmark.metrics.quality_check import check_metrics
from saltbench.errors import ParameterError, UnknownNameError

BATCH, TIME, FEATURES, CLASSES = 4, 8, 5, 3


@dataclasses.dataclass
class Network:
    """z_c = Σ_tf .3 cos(.5c + .9t + 1.7f) x_tf + .1c and logits z + .05 z², in double precision."""

    inputs: np.ndarray
    target: np.ndarray
    seeds: range = range(BATCH)

    def logits(self, inputs):
        c, t, f = np.ogrid[:CLASSES, : inputs.shape[1], : inputs.shape[2]]
        z = np.einsum("ntf,ctf->nc", inputs, 0.3 * np.cos(0.5 * c + 0.9 * t + 1.7 * f)) + 0.1 * np.arange(CLASSES)
        return z + 0.05 * z**2

    def probabilities(self, inputs):
        shares = np.exp(self.logits(inputs))
        return shares / shares.sum(axis=1, keepdims=True)


def golden():
    """The samples, network and maps with which time_interpret was asked."""
    n, t, f = np.ogrid[:BATCH, :TIME, :FEATURES]
    network = Network(np.sin(0.4 + 1.1 * n + 0.6 * t + 1.9 * f), np.array([0, 0, 1, 2]))
    assert (network.probabilities(network.inputs).argmax(axis=1) == network.target).all()
    s = np.abs(np.sin(1 + 0.7 * n + 1.3 * t + 2.1 * f + 0.37 * n * t * f))
    first_step, first_feature = n % 4 + 1, 2 * n % 3
    truth = (t >= first_step) & (t < first_step + 3) & (f >= first_feature) & (f < first_feature + 2)
    return network, {"distinct": s, "informative": 0.6 * s + 0.5 * truth * (1 + 0.1 * np.cos(2 * t + f))}


# tint.metrics.comprehensiveness, softmax of the predicted class, mean over the samples
TINT = {
    ("distinct", 0.1, "zero"): 0.0062074178828799564,
    ("distinct", 0.2, "zero"): 0.03260989105421844,
    ("distinct", 0.5, "zero"): 0.17819370358993555,
    ("distinct", 0.1, "average"): 0.012839303995256152,
    ("distinct", 0.2, "average"): 0.04647515643602758,
    ("distinct", 0.5, "average"): 0.18961977475588315,
    ("informative", 0.2, "zero"): 0.04689062691130638,
    ("informative", 0.5, "average"): 0.19353395553093372,
}


@pytest.mark.parametrize(("name", "share", "replacement"), TINT)
def test_numbers_of_time_interpret(name, share, replacement):
    network, maps = golden()
    found = comprehensiveness(
        Maps(maps[name], np.zeros_like(maps[name])), model=network, share=share, replacement=replacement
    )
    assert found.mean() == pytest.approx(TINT[name, share, replacement], abs=1e-12)


def slow(network, attributions, share, replacement):
    """One sample and one entry at a time, for maps without ties."""
    scores = []
    for series, a, c in zip(network.inputs, attributions, network.target, strict=True):
        entries = [(t, f) for t in range(TIME) for f in range(FEATURES)]
        entries.sort(key=lambda place: -abs(a[place]))
        changed = series.copy()
        for t, f in entries[: round(share * TIME * FEATURES)]:
            changed[t, f] = 0 if replacement == "zero" else sum(series[step, f] for step in range(TIME)) / TIME
        before, after = (network.probabilities(each[None])[0, c] for each in (series, changed))
        scores.append(before - after)
    return scores


@pytest.mark.parametrize("replacement", ["zero", "average"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.33, 0.9, 1.0])
def test_one_entry_after_the_other_is_removed(share, replacement):
    network, _ = golden()
    rng = np.random.default_rng(3)
    attributions = rng.standard_normal(network.inputs.shape)
    maps = Maps(attributions, np.zeros_like(attributions))
    found = comprehensiveness(maps, model=network, share=share, replacement=replacement)
    np.testing.assert_allclose(found, slow(network, attributions, share, replacement), atol=1e-12)


def test_ties_are_broken_at_random_and_the_same_for_the_same_seeds():
    zeros = np.zeros((2, 20, 10))
    order, again = removal_order(zeros, [5, 6]), removal_order(zeros, [5, 6])
    np.testing.assert_array_equal(order, again)
    assert (order[0] != order[1]).any()
    assert sorted(order[0].ravel()) == list(range(200))
    early = (removed(np.ones((2, 20, 10)), order, 0.5, "zero")[:, :10] == 0).mean()
    assert 0.3 < early < 0.7  # not the first steps alone


def test_mistakes():
    network, maps = golden()
    given = Maps(maps["distinct"], np.zeros_like(maps["distinct"]))
    with pytest.raises(ParameterError, match=r"comprehensiveness needs a share in 0 to 1, got 1\.5"):
        comprehensiveness(given, model=network, share=1.5)
    with pytest.raises(UnknownNameError, match="unknown replacement 'zeros'; did you mean 'zero'"):
        comprehensiveness(given, model=network, replacement="zeros")


def test_the_entry_asks_for_the_network_and_is_in_no_suite_that_does_not_name_it():
    (entry,) = (entry for entry in ENTRIES if entry.name == "comprehensiveness")
    assert (entry.name, entry.needs, entry.is_default) == ("comprehensiveness", ("map", "model"), False)
    assert check_metrics([entry]).order.item() == "not defined"


def test_a_network_of_ones_own_is_asked_about_its_own_series():
    class Total(torch.nn.Module):
        """Tells the sign of the sum of the first feature."""

        def forward(self, inputs):
            total = inputs[:, :, 0].sum(dim=1)
            return torch.stack([-total, total], dim=1)

    box = {"layouts": [[[0, 4, 0, 1]]], "time": 4, "features": 2, "test": 30}
    parameters = {"box/latter": box, "comprehensiveness": {"share": 0.5}}
    methods = ["saliency", "feature-ablation"]
    table = evaluate(Total(), "box/latter", methods, metrics=["comprehensiveness"], samples=20, parameters=parameters)
    found = table.set_index("method").comprehensiveness
    task = load_registries().tasks.get("box/latter")
    data = task.load()(Seeds.of(0).data, **task.configure(box)).test
    total = data.inputs[:20, :, 0].sum(axis=1) * np.where(data.labels[:20] == 1, 1, -1)
    # half of the entries are those of the first feature, without which both classes are as likely
    expected = (1 / (1 + np.exp(-2 * total)) - 0.5).mean()
    assert found[methods].to_numpy() == pytest.approx([expected] * 2, abs=1e-6)
    assert found[["oracle", "random-uniform", "ones"]].isna().all()  # they look at no network
