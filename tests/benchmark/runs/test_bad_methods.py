"""Methods of third parties that misbehave: their cells fail with the reason, and no other method notices."""

from pathlib import Path

import pandas as pd
import pytest
from plugin_runs import place, row, tiny_run

from saltbench.benchmark.leaderboards.finished_run import Result

pytestmark = pytest.mark.usefixtures("undrawn")

METHODS = """
import random
import numpy as np
import torch
from saltbench import MethodSpec

def misbehave(model, inputs, target, baseline, background, *, how):
    gradient = torch.ones_like(inputs)
    match how:
        case "tuple":
            return gradient, gradient
        case "none":
            return None
        case "integers":
            return gradient.long()
        case "complex":
            return gradient * 1j
        case "meta":
            return gradient.to("meta")
        case "infinite":
            return gradient / 0
        case "too-large":
            return gradient.double() * 1e300
        case "inputs":
            inputs.mul_(0)
        case "inputs-in-numpy":
            inputs.numpy()[:, 0] = 0
        case "target":
            target.zero_()
        case "baseline":
            baseline.add_(1)
        case "background":
            background.add_(1)
        case "weights":
            with torch.no_grad():
                next(model.parameters()).zero_()
        case "layer":
            model.classifier = torch.nn.Identity()
        case "raise-and-damage":
            inputs.mul_(0)
            with torch.no_grad():
                next(model.parameters()).zero_()
            model.forward = None
            raise RuntimeError
        case "mode":
            model.train()
        case "hook":
            model.register_forward_hook(lambda *_: None)
        case "requires-grad":
            next(model.parameters()).requires_grad_(True)
        case "random":
            return torch.rand_like(inputs)
        case "random-numpy":
            return gradient * np.random.normal()
        case "random-python":
            return gradient * random.random()
        case "random-unseeded":
            return gradient * float(np.random.default_rng().random())
        case "settings":
            torch.set_grad_enabled(False)
            torch.set_default_dtype(torch.float64)
            torch.set_num_threads(3)
        case "deep":
            torch.zeros(2).reshape(3)
        case "interrupt":
            class Stop(BaseException):
                pass
            raise Stop("at\\nonce")
        case "no-text":
            class Mute(Exception):
                def __str__(self):
                    raise KeyError(self)
            raise Mute
    return gradient

WRONG = {wrong}
for number, how in enumerate(WRONG):
    globals()[f"method_{{number}}"] = MethodSpec(
        name=how, version=1, description="d", reference="r", factory=misbehave, parameters={{"how": how}},
    )
"""
CHANGED = "in place; let it work on a copy"
RANDOM = (
    "the method gave two maps of the same samples under other global random numbers; let it take the argument seeds,"
)
REASONS = {
    "tuple": "the method must return attributions of the inputs' shape (2, 10, 12), got tuple",
    "none": "got NoneType",
    "integers": "must return floating-point attributions on cpu, got torch.int64 on cpu; convert them with .to(inputs)",
    "complex": "must return floating-point attributions on cpu, got torch.complex64 on cpu",
    "meta": "must return floating-point attributions on cpu, got torch.float32 on meta",
    "infinite": "attributions must be finite, got NaN or infinity",
    "too-large": "attributions must be finite, got NaN or infinity",
    "inputs": f"the method changed its inputs {CHANGED}, inputs.clone()",
    "inputs-in-numpy": f"the method changed its inputs {CHANGED}, inputs.clone()",
    "target": f"the method changed its target {CHANGED}, target.clone()",
    "baseline": f"the method changed its baseline {CHANGED}, baseline.clone()",
    "background": f"the method changed its background {CHANGED}, background.clone()",
    "weights": f"the method changed recurrent.weight_ih_l0 of the model {CHANGED}, copy.deepcopy(model)",
    "layer": "the method changed the layer 'classifier' of the model; let it undo what it does to the model",
    "raise-and-damage": f"RuntimeError {place(METHODS, 'raise RuntimeError')}",
    "mode": "the method changed the mode (train or eval) of the model; let it undo what it does to the model",
    "hook": "the method changed the hooks of the model; let it undo what it does to the model",
    "requires-grad": "the method changed requires_grad of ",
    **dict.fromkeys(("random", "random-numpy", "random-python", "random-unseeded"), RANDOM),
    "deep": f"RuntimeError: shape '[3]' is invalid for input of size 2 {place(METHODS, 'reshape(3)')}",
    "interrupt": f"Stop: at once {place(METHODS, 'raise Stop')}",
    "no-text": f"Mute: its text cannot be read, that raises KeyError {place(METHODS, 'raise Mute')}",
}
SOUND_METHODS = ("saliency", "smoothgrad", "integrated-gradients", "tsr-saliency")  # the last wraps another method


@pytest.fixture(scope="module")
def misbehaved(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("methods")
    wrong = [*REASONS, "settings"]
    # each is followed by a sound method's cells, which must not notice
    methods = [SOUND_METHODS[0], *wrong, *SOUND_METHODS[1:]]
    return tiny_run(folder, METHODS.format(wrong=wrong), methods=methods)


@pytest.mark.parametrize("how", REASONS)
def test_a_method_fails_with_its_reason(misbehaved: Result, how: str) -> None:
    found = row(misbehaved, how)
    assert found.status == "failed"
    assert found.reason.startswith("seed 0: ")
    assert REASONS[how] in found.reason
    assert "\n" not in found.reason
    assert pd.isna(found.weighted_jaccard)


def test_others_do_not_notice(misbehaved: Result, tmp_path: Path) -> None:
    alone = tiny_run(tmp_path, METHODS.format(wrong=["settings"]), methods=list(SOUND_METHODS))
    for method in SOUND_METHODS:
        pd.testing.assert_series_equal(row(misbehaved, method), row(alone, method))
    references = misbehaved.table[misbehaved.table.architecture == ""]
    pd.testing.assert_frame_equal(references, alone.table[alone.table.architecture == ""])
    assert row(misbehaved, "settings").status == "ok"
    assert len(misbehaved.failures) == len(REASONS)
