"""Explain a network of the zoo by a method, and hold the map against what is known of it."""

import functools
import itertools
from typing import NamedTuple

import torch
from captum.attr import IntegratedGradients
from examples import quiet
from few_passes import FEWER

import saltbench
from saltbench.errors import MissingPackageError, SaltbenchError, described
from saltbench.methods.attributions.entries import ENTRIES
from saltbench.methods.attributions.passes.segments import segments

WORKS, REFUSED, WRONG, ABSENT = "works", "refused", "wrong", "absent"
SAMPLES = 2
TRAINED = {"extremal-mask", "fit"}  # they train a network for each series
OWN = {"attention"}  # needs a network that was written for it
METHODS = {spec.name: spec for spec in ENTRIES if not spec.is_reference and spec.name not in TRAINED | OWN}
EXACT = {"deeplift", "deeplift-shap", "shapley-sampling", "kernel-shap"}  # complete but for rounding
DRAWN_FROM = {"feature-permutation", "gradient-shap", "deeplift-shap"}
INFINITE = float("inf")  # as many steps as Captum takes, whether they are enough or not
STEP = {torch.float64: 1e-5, torch.float32: 1e-2}  # of differences
ROUGH = {torch.float64: 1e-5, torch.float32: 0.05}
ACCURACY = {torch.float64: 1e-8, torch.float32: 1e-3}
COARSE = {"deeplift-captum": 1e-3}  # it divides differences down to 1e-10 by each other
ROUNDED = {"integrated-gradients": 1e-7}  # Captum's weights of nodes are in single precision


def groups():
    """The methods' names by the family they belong to."""
    found = {}
    for spec in METHODS.values():
        found.setdefault(spec.factory.partition("attributions.")[2].partition(".")[0], []).append(spec.name)
    return found


class Outcome(NamedTuple):
    """What came of a method on a network, and the sentence with which it was refused, or what is wrong."""

    outcome: str
    reason: str = ""


class Case:
    """A network, two series, and the explained output."""

    def __init__(self, example):
        self.network, self.target = example.network(), example.target
        self.inputs, self.background = example.series(SAMPLES), example.series(3, seed=1)
        self.accuracy, self.hides = example.accuracy or ACCURACY[example.dtype], example.hides

    def outcome(self, method):
        """What comes of a method."""
        before = facts(self.network)
        try:
            with quiet():
                found = self.explained(method, self.inputs)
                faults = [*self._faults(method, found), *self._depends_on_others(method, found)]
        except MissingPackageError as error:
            return Outcome(ABSENT, str(error))
        except SaltbenchError as error:
            return Outcome(REFUSED, str(error))
        except Exception as error:  # noqa: BLE001 - a traceback is what the zoo looks for
            return Outcome(WRONG, f"ended by {described(error)}")
        if not alike(before, facts(self.network)):
            faults.append("the network was changed")
        return Outcome(WRONG, "; ".join(faults)) if faults else Outcome(WORKS)

    def explained(self, method, inputs, **others):
        """The map of some series."""
        options = {**FEWER.get(method, {}), **others}
        if method == "occlusion":
            options["feature_window"] = min(options["feature_window"], inputs.shape[2])
        if method in DRAWN_FROM:
            options["background"] = self.background
        return saltbench.explain(self.network, inputs, self.target, method=method, seed=3, **options)

    def score(self, inputs):
        """The explained output, (batch,)."""
        position = self.target if isinstance(self.target, tuple) else (self.target,)
        return self.network(inputs)[(slice(None), *position)]

    @functools.cached_property
    def gradient(self):
        """By autograd, or by central differences where the network hides from it what depends on the series."""
        if self.hides:
            return self._slopes()
        inputs = self.inputs.clone().requires_grad_()
        return torch.autograd.grad(self.score(inputs).sum(), inputs)[0]

    @torch.no_grad()
    def _slopes(self):
        found = torch.zeros_like(self.inputs)
        for step, feature in itertools.product(*map(range, self.inputs.shape[1:])):
            near = torch.zeros_like(self.inputs)
            near[:, step, feature] = STEP[near.dtype]
            change = self.score(self.inputs + near) - self.score(self.inputs - near)
            found[:, step, feature] = change / (2 * STEP[near.dtype])
        return found

    def _faults(self, method, found):
        if not bool(torch.isfinite(found).all()):
            yield "not finite"
        if (expected := self._expected(method)) is not None:
            got = found if method != "integrated-gradients" else self.explained(method, self.inputs, tolerance=INFINITE)
            allowed = ROUGH[got.dtype] if self.hides else max(self.accuracy, ROUNDED.get(method, 0))
            if (miss := self._miss(got, expected)) > allowed:
                yield f"misses what is expected by {miss:.2g} of its largest entry"
        if method in EXACT:
            yield from self._incomplete(method, found)

    def _expected(self, method):
        if method == "integrated-gradients" and self.hides:  # Captum would miss what autograd does not see
            return None
        return EXPECTED[method](self) if method in EXPECTED else None

    def _miss(self, found, expected):
        scale = max(float(expected.abs().max()), float(self._ends().abs().max()) * torch.finfo(expected.dtype).eps)
        return float((found - expected).abs().max()) / scale if scale else float(found.abs().max())

    def _ends(self):
        with torch.no_grad():
            return torch.stack([self.score(self.inputs), self.score(torch.zeros_like(self.inputs))]).double()

    def _incomplete(self, method, found):
        ends, wide = self._ends(), found.double().flatten(1)
        missed = found.residual if method == "deeplift-shap" else wide.sum(1) - (ends[0] - ends[1])
        share = float((missed.abs() / (ends.abs().sum(0) + wide.abs().sum(1)).clamp_min(1e-300)).max())
        if share > self.accuracy:
            yield f"misses {share:.2g} of the change of the output"

    def _depends_on_others(self, method, found):
        alone = self.explained(method, self.inputs[:1])
        if (miss := self._miss(found[:1], alone)) > max(self.accuracy, COARSE.get(method, 0)):
            yield f"a sample alone has another map, by {miss:.2g} of its largest entry"

    def captum(self):
        """Captum's integrated gradients, of as many steps."""
        method = IntegratedGradients(self.score)
        return method.attribute(self.inputs, n_steps=FEWER["integrated-gradients"]["steps"], method="gausslegendre")

    @torch.no_grad()
    def ablated(self):
        """Each segment replaced by zero, one after the other."""
        time, features = self.inputs.shape[1:]
        numbers = FEWER["feature-ablation"]
        grid = segments(time, features, numbers["time_segments"], numbers["feature_segments"])
        found, whole = torch.zeros_like(self.inputs), self.score(self.inputs)
        for steps, columns in itertools.product(grid.time, grid.features):
            segment = (slice(None), slice(*steps), slice(*columns))
            without = self.inputs.clone()
            without[segment] = 0
            found[segment] = (whole - self.score(without))[:, None, None]
        return found


EXPECTED = {
    "saliency": lambda case: case.gradient.abs(),
    "input-x-gradient": lambda case: case.gradient * case.inputs,
    "integrated-gradients": Case.captum,
    "feature-ablation": Case.ablated,
}


def facts(network):
    """All that must be after an explanation as it was before."""
    state = {name: value.clone() for name, value in network.state_dict(keep_vars=False).items()}
    modes = [(module.training, len(module._forward_hooks)) for module in network.modules()]
    needs = [(value.requires_grad, value.grad is None) for value in network.parameters()]
    return state, modes, needs


def alike(first, second):
    """Whether two networks' facts are the same, to the bit."""
    states = all(torch.equal(value, second[0][name]) for name, value in first[0].items())
    return states and first[0].keys() == second[0].keys() and first[1:] == second[1:]
