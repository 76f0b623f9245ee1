"""Every step of a network that answers each: explained by what it saw there, as on the series up to it."""

import pytest
import torch
from explained_alone import BACKGROUND as BACKGROUNDS
from explained_alone import random
from few_passes import FEWER
from test_several_outputs import CLASSES, FEATURES, SAMPLES, TIME, Forecaster, Steps
from torch import nn
from torch.nn.functional import pad

import saltbench
from saltbench.errors import MissingPackageError, ParameterError, UnsupportedOperationError
from saltbench.methods.attributions.adapters import Flat
from saltbench.methods.attributions.steps.held_past import EachStep, holds_all_past

SERIES, BACKGROUND = random(SAMPLES, TIME, FEATURES), BACKGROUNDS[0][..., :FEATURES]
BASELINE = random(TIME, FEATURES, seed=11)
ALIKE = ["saliency", "input-x-gradient", "integrated-gradients"]


class Recurrent(nn.Module):
    """Logits of each step, from recurrent layers of a kind."""

    def __init__(self, kind, layers=1, **options):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(5)
            self.recurrent = kind(FEATURES, 6, layers, **options)
            self.output = nn.Linear(options.get("proj_size", 6) or 6, CLASSES)
        self.double().eval()

    def forward(self, inputs):
        if self.recurrent.batch_first:
            return self.output(self.recurrent(inputs)[0])
        return self.output(self.recurrent(inputs.transpose(0, 1))[0].transpose(0, 1))


class Detached(Recurrent):
    """Hides the states of its recurrent layers from autograd."""

    def forward(self, inputs):
        return self.output(self.recurrent(inputs)[0] + self.recurrent(inputs)[0].detach())


class Convolution(nn.Module):
    """Logits of each step, from the last three observations."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(5)
            self.convolution = nn.Conv1d(FEATURES, CLASSES, 3)
        self.double().eval()

    def forward(self, inputs):
        return self.convolution(pad(inputs.transpose(1, 2), (2, 0))).tanh().transpose(1, 2)


class Attending(Recurrent):
    """The mean of the hidden states so far."""

    def forward(self, inputs):
        hidden = self.recurrent(inputs)[0]
        return self.output(hidden.cumsum(1) / torch.arange(1, inputs.shape[1] + 1, dtype=hidden.dtype)[:, None])


class Written(Recurrent):
    """A recurrent layer written out in Python."""

    def forward(self, inputs):
        state, outputs = inputs.new_zeros(len(inputs), 6), []
        for step in inputs.unbind(1):
            weights, recurrent = self.recurrent.weight_ih_l0[:6], self.recurrent.weight_hh_l0[:6]
            state = torch.tanh(step @ weights.T + state @ recurrent.T)
            outputs.append(self.output(state))
        return torch.stack(outputs, 1)


def explained(model, method, target, inputs=SERIES, **others):
    options = {"background": BACKGROUND[:, : inputs.shape[1]], "seed": 5, **FEWER.get(method, {}), **others}
    try:
        return saltbench.explain(model, inputs, target, method=method, **options)
    except MissingPackageError as error:
        pytest.skip(str(error))


def by_prefixes(model, method, classes, **others):
    """The slow way: a prefix for each step, of whose map the last step is kept."""
    found = torch.zeros_like(SERIES)
    baseline = others.pop("baseline", None)
    for step in range(TIME):
        options = {} if baseline is None else {"baseline": baseline[: step + 1]}
        name = classes if isinstance(classes, int) or classes is None else classes[:, step]
        maps = explained(model, method, (-1, name), SERIES[:, : step + 1], **options, **others)
        found[:, step] = maps[:, -1]
    return found


NETWORKS = {
    "lstm": lambda: Recurrent(nn.LSTM, batch_first=True),
    "stacked": lambda: Recurrent(nn.LSTM, 2, batch_first=True),
    "time-first": lambda: Recurrent(nn.GRU, 2),
    "projected": lambda: Recurrent(nn.LSTM, batch_first=True, proj_size=2),
    "rnn": lambda: Recurrent(nn.RNN, batch_first=True, nonlinearity="relu"),
    "detached": lambda: Detached(nn.GRU, batch_first=True),
}
OTHERS = {
    "convolution": Convolution,
    "attending": lambda: Attending(nn.GRU, batch_first=True),
    "written": lambda: Written(nn.GRU, batch_first=True),
}


@pytest.mark.parametrize(
    ("method", "network"),
    [("saliency", name) for name in (*NETWORKS, *OTHERS)]
    + [(method, name) for method in ALIKE[1:] for name in ("time-first", "attending")],
)
def test_all_steps_at_once_are_those_of_their_prefixes(method, network):
    model = {**NETWORKS, **OTHERS}[network]()
    options = {"baseline": BASELINE} if method == "integrated-gradients" else {}
    found = explained(model, method, ("each", 1), **options)
    torch.testing.assert_close(found, by_prefixes(model, method, 1, **options), rtol=1e-9, atol=1e-13)
    assert bool((found != 0).any(2).all())


@pytest.mark.parametrize(
    "method", ["feature-ablation", "kernel-shap", "deeplift", "lrp", "smoothgrad", "gradient-shap"]
)
def test_every_method_explains_each_step(method):
    found = explained(Steps(), method, ("each", 2))
    torch.testing.assert_close(found, by_prefixes(Steps(), method, 2), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("against", ["mean", "sampled"])
def test_absence_may_be_drawn_for_each_step(against):
    options = {"against": against, "steps": 4, "baseline_samples": 3}
    found = explained(Steps(), "integrated-gradients", ("each", 0), **options)
    expected = by_prefixes(Steps(), "integrated-gradients", 0, tolerance=float("inf"), **options)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_past_is_held_in_recurrent_layers(network):
    assert holds_all_past(EachStep(Flat(NETWORKS[network](), (TIME, CLASSES))), SERIES)


@pytest.mark.parametrize("network", OTHERS)
def test_other_memory_is_not_held(network):
    assert not holds_all_past(EachStep(Flat(OTHERS[network](), (TIME, CLASSES))), SERIES)


def test_the_sum_over_steps_is_that_of_the_network():
    model = EachStep(Flat(Steps(), (TIME, CLASSES)))
    torch.testing.assert_close(model(SERIES), Steps()(SERIES).sum(1))
    with torch.no_grad():
        torch.testing.assert_close(model(SERIES), Steps()(SERIES).sum(1))


@pytest.mark.parametrize("output", ["logit", "probability"])
@pytest.mark.parametrize("method", ["saliency", "feature-ablation"])
def test_classes_may_differ_from_step_to_step(method, output):
    classes = (torch.arange(SAMPLES)[:, None] + torch.arange(TIME)) % CLASSES
    found = explained(Steps(), method, ("each", classes), output=output)
    torch.testing.assert_close(found, by_prefixes(Steps(), method, classes, output=output), rtol=1e-9, atol=1e-13)
    of_samples = explained(Steps(), method, ("each", [0, 1, 2, 0]), output=output)
    for sample, name in enumerate([0, 1, 2, 0]):
        one = explained(Steps(), method, ("each", name), output=output)
        torch.testing.assert_close(of_samples[sample], one[sample])


def test_no_class_is_the_one_predicted_at_each_step():
    predicted = Steps()(SERIES).argmax(2)
    assert len(predicted.unique()) > 1
    found = explained(Steps(), "saliency", ("each", None))
    assert torch.equal(found, explained(Steps(), "saliency", ("each", predicted)))
    assert torch.equal(found.target, predicted)


def test_each_step_may_be_one_of_several_targets():
    found = explained(Steps(), "saliency", None, targets=[("each", 0), ("each", 1)])
    assert found.shape == (2, SAMPLES, TIME, FEATURES)
    assert torch.equal(found[1], explained(Steps(), "saliency", ("each", 1)))
    mixed = explained(Steps(), "saliency", None, targets=[("each", 0), (3, 1)])
    assert torch.equal(mixed[1], explained(Steps(), "saliency", (3, 1)))
    assert mixed.target is None


def test_held_features_stay_at_each_step():
    found = explained(Steps(), "saliency", ("each", 1), hold=[0])
    whole = explained(Steps(), "saliency", ("each", 1))
    torch.testing.assert_close(found[..., 1:], whole[..., 1:])
    assert not found[..., 0].any()


class Normalised(Steps):
    """Takes the mean of the whole series away."""

    def forward(self, inputs):
        return super().forward(inputs - inputs.mean(1, keepdim=True))


class Ahead(Steps):
    """Sees one step ahead."""

    def forward(self, inputs):
        return super().forward(torch.cat([inputs[:, 1:], inputs[:, -1:]], 1))


class AtTheEnd(Steps):
    """Sees the last step from the last but one, and no other."""

    def forward(self, inputs):
        outputs = super().forward(inputs)
        ahead = outputs[:, -2:-1] + inputs[:, -1:].sum(2, keepdim=True)
        return torch.cat([outputs[:, :-2], ahead, outputs[:, -1:]], 1)


class Fixed(Convolution):
    """Takes series of one length."""

    def forward(self, inputs):
        return super().forward(inputs + torch.linspace(0, 1, TIME, dtype=inputs.dtype)[:, None])


@pytest.mark.parametrize("model", [Normalised(), Ahead(), AtTheEnd(), Steps(bidirectional=True)])
@pytest.mark.parametrize("method", ["saliency", "feature-ablation"])
def test_a_network_that_looks_ahead_is_refused(method, model):
    with pytest.raises(
        UnsupportedOperationError, match="takes a network that looks at no later ones, got another"
    ) as at:
        explained(model, method, ("each", 1))
    assert "\n" not in str(at.value)


def test_prefixes_take_a_network_of_any_length():
    with pytest.raises(
        UnsupportedOperationError, match=r"which takes a network of series of any length, got .* for 1 ste"
    ):
        explained(Fixed(), "feature-ablation", ("each", 1))


@pytest.mark.parametrize(
    ("model", "target", "error", "message"),
    [
        (Steps(), ("each", 3), ParameterError, r"classes in 0 … 2, one, \(4,\) or \(4, 8\) of them, got 3"),
        (Steps(), ("each", [0, 1]), ParameterError, r"classes in 0 … 2, one, \(4,\) or \(4, 8\) of them, got \[0, 1\]"),
        (Steps(), ("every", 1), ParameterError, "must be a tensor, an array or nested lists of numbers, got str"),
        (
            saltbench.adapted(Forecaster(), output="value"),
            ("each", 1),
            ParameterError,
            r"needs outputs \(batch, 8, classes\), of each step, got \(batch, 5, 2\); name one output",
        ),
        (
            saltbench.adapted(Steps(), output="multi-label"),
            ("each", None),
            ParameterError,
            r"target=\('each', label\) must name one of the outputs, got None; none is predicted",
        ),
    ],
)
def test_mistakes_are_told_in_one_line(model, target, error, message):
    with pytest.raises(error, match=message) as caught:
        explained(model, "saliency", target)
    assert "\n" not in str(caught.value)


def test_a_network_of_one_answer_has_none_of_each_step():
    with pytest.raises(ParameterError, match=r"needs outputs \(batch, 8, classes\), of each step, got \(batch, 3\)"):
        explained(saltbench.adapted(Steps(), item=-1), "saliency", ("each", 1))
