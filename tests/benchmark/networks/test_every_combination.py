"""Every method with every kind of input and output: it gives a map, or says in one line why it has none."""

import numpy as np
import pandas as pd
import pytest
import torch
from explained_alone import METHODS, random
from few_passes import FEWER
from torch import nn

import saltbench
from saltbench.errors import MissingPackageError, SaltbenchError

TIME, FEATURES, SAMPLES = 6, 3, 2
SERIES, BACKGROUND, STATIC = (
    random(SAMPLES, TIME, FEATURES),
    random(4, TIME, FEATURES, seed=2),
    random(SAMPLES, 2, seed=3),
)
CODES = torch.tensor([[[0], [1], [2], [3], [1], [2]], [[3], [2], [1], [0], [0], [2]]])
FREE = {name for name, spec in METHODS.items() if "perturbation" in spec.tags}
REPLACING = FREE - {"fit"}
ALONG_TIME = {name for name, spec in METHODS.items() if {"mask", "rescaled", "attention"} & set(spec.tags)} | {"fit"}


class Network(nn.Module):
    """A recurrent network of series, static features, codes and lengths, as far as it is given them, in many forms."""

    def __init__(self, form=lambda steps: steps[:, -1], features=FEATURES, causal=True):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.recurrent = nn.GRU(features, 4, batch_first=True, bidirectional=not causal)
            self.output, self.codes = nn.Linear(4 if causal else 8, 2), nn.Embedding(4, features)
        self.form = form
        self.double().eval()

    def forward(self, series, static=None, codes=None, lengths=None):
        series = series if codes is None else series + self.codes(codes[..., 0])
        steps = self.output(self.recurrent(series)[0])
        if lengths is not None:
            steps = steps[torch.arange(len(steps)), lengths - 1][:, None]
        return self.form(steps if static is None else steps + static[:, None])


class Missing(Network):
    def forward(self, series):
        return super().forward(torch.where(series.isnan(), 0.5, series))


def function(arrays):
    with torch.no_grad():
        return Network()(torch.from_numpy(np.array(arrays))).numpy()


def long(values):
    index = pd.MultiIndex.from_product([range(len(values)), range(TIME)])
    return pd.DataFrame(values.reshape(-1, FEATURES).numpy(), index, columns=list("abc"))


GAPS = SERIES.masked_fill(torch.arange(TIME * FEATURES).reshape(TIME, FEATURES) % 5 == 2, torch.nan)
SEVERAL = (SERIES, STATIC)
CASES = {
    # name: (network, inputs, options, the methods that refuse)
    "one series": (Network(), SERIES, {}, set()),
    "no target": (Network(), SERIES, {"target": None}, set()),
    "probability": (Network(), SERIES, {"output": "probability"}, set()),
    "several targets": (Network(), SERIES, {"target": None, "targets": [0, 1]}, set()),
    "value": (saltbench.adapted(Network(lambda s: s[:, -1, 0]), output="value"), SERIES, {"target": None}, {"fit"}),
    "single logit": (saltbench.adapted(Network(lambda s: s[:, -1, :1]), output="single-logit"), SERIES, {}, set()),
    "probabilities": (
        saltbench.adapted(Network(lambda s: s[:, -1].softmax(1)), output="probabilities"),
        SERIES,
        {},
        set(),
    ),
    "forecasts": (saltbench.adapted(Network(lambda s: s[:, -3:]), output="value"), SERIES, {"target": (1, 0)}, {"fit"}),
    "labels": (saltbench.adapted(Network(), output="multi-label"), SERIES, {}, {"fit"}),
    "a step": (Network(lambda s: s, causal=False), SERIES, {"target": (2, 1)}, {"fit"}),
    "each step": (Network(lambda s: s), SERIES, {"target": ("each", 1)}, {"fit"}),
    "each step of a network that looks ahead": (
        Network(lambda s: s, causal=False),
        SERIES,
        {"target": ("each", 1)},
        set(METHODS),
    ),
    "function": (function, SERIES.numpy(), {}, METHODS.keys() - FREE),
    "static features": (Network(), SEVERAL, {"background": (BACKGROUND, STATIC[[0, 1, 0, 1]])}, ALONG_TIME),
    "held static features": (Network(), SEVERAL, {"background": (BACKGROUND, None), "hold": (1,)}, set()),
    "codes": (
        Network(),
        {"series": SERIES, "codes": CODES},
        {"background": {"series": BACKGROUND, "codes": CODES[[0, 1, 0, 1]]}},
        METHODS.keys() - REPLACING,
    ),
    "held codes": (
        Network(),
        {"series": SERIES, "codes": CODES},
        {"background": {"series": BACKGROUND}, "hold": ("codes",)},
        set(),
    ),
    "embedding": (
        Network(),
        {"series": SERIES, "codes": CODES},
        {"background": BACKGROUND, "embedding": "codes"},
        set(),
    ),
    "held features": (Network(), SERIES, {"hold": [1]}, set()),
    "lengths": (Network(), SERIES, {"lengths": [6, 5]}, set()),
    "lengths as an input": (
        Network(),
        {"series": SERIES, "lengths": torch.tensor([6, 5])},
        {"background": {"series": BACKGROUND}, "lengths": "lengths"},
        {"fit"},
    ),
    "padding in front": (Network(), SERIES, {"mask": torch.arange(TIME) >= torch.tensor([[0], [1]])}, set()),
    "a mask with gaps": (Network(), SERIES, {"mask": torch.arange(TIME) % 3 != torch.tensor([[0], [1]])}, set()),
    "missing values": (Missing(), GAPS, {}, set()),
    "missing values that are not taken": (Network(), GAPS, {}, set(METHODS)),
    "infinite values": (Network(), SERIES / 0, {}, set(METHODS)),
    "channels first": (Network(), SERIES.transpose(1, 2).numpy(), {"axes": "nct", "background": None}, {"needs it"}),
    "long frame": (Network(), long(SERIES), {}, set()),
    "whole numbers": (Network(), (10 * SERIES).round().int(), {}, set()),
    "single precision": (Network().float(), SERIES.float(), {}, set()),
    "half precision": (Network().half(), SERIES.half(), {"tolerance": float("inf")}, {"extremal-mask", "fit"}),
    "one sample, one step": (Network(), SERIES[:1, :1], {"background": BACKGROUND[:, :1]}, {"fit"}),
    "no sample": (Network(), SERIES[:0], {}, set()),
}
NEEDED = {name for name in METHODS if "background" in METHODS[name].takes().required}


def options_of(method, options):
    own = {"target": 1, "background": BACKGROUND, "seed": 5, **FEWER.get(method, {}), **options}
    if method == "occlusion":
        own |= {"time_window": 1, "feature_window": 1}
    return own


def outcome(model, inputs, method, options):
    try:
        found = saltbench.explain(model, inputs, method=method, **options_of(method, options))
    except MissingPackageError:
        return None
    except SaltbenchError as error:
        return error
    return found


def maps_in(found):
    if isinstance(found, dict):
        return list(found.values())
    return list(found) if isinstance(found, tuple) else [found]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_every_method_gives_a_map_or_a_reason(case):
    model, inputs, options, refusing = CASES[case]
    refusing = NEEDED if refusing == {"needs it"} else refusing
    for method in METHODS.keys() - {"attention"}:
        found = outcome(model, inputs, method, options)
        if isinstance(found, SaltbenchError):
            assert "\n" not in str(found)
            assert len(str(found)) > 40
            assert method in refusing or "has no rule for isnan" in str(found), f"{method}: {found}"
        elif found is not None:
            assert method not in refusing or case == "no sample", method
            assert all(np.isfinite(np.asarray(part)).all() for part in maps_in(found))


@pytest.mark.parametrize("case", CASES)
def test_attention_gives_no_map_of_a_network_without_it(case):
    model, inputs, options, _ = CASES[case]
    found = outcome(model, inputs, "attention", options)
    assert case == "no sample" or (isinstance(found, SaltbenchError) and "\n" not in str(found))
