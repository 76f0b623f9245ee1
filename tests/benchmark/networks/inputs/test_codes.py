"""Whole numbers: held, replaced as a whole, or explained by what embeds them."""

import pytest
import torch
from explained_alone import BACKGROUND, CLASSES, FEATURES, METHODS, SAMPLES, SERIES, TIME, Noting, random
from few_passes import FEWER
from torch import nn

import saltbench
from saltbench.errors import MissingPackageError, ParameterError, ShapeError, UnsupportedOperationError

WORDS, WIDTH = 7, 3
CODES = torch.tensor(
    [[1, 2, 3, 4, 5, 6, 0, 1], [3, 3, 1, 0, 2, 2, 4, 6], [0, 1, 0, 5, 5, 5, 1, 2], [6, 6, 6, 1, 1, 1, 2, 3]]
)
REGIONS = torch.tensor([1, 2, 3, 4])
REPLACING = ["feature-ablation", "occlusion", "feature-permutation", "shapley-sampling", "kernel-shap", "lime"]


class Coded(Noting):
    """A series, a code at each of its steps, (batch, time, 1), and the code of a region, (batch,)."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(2)
            self.words, self.regions = nn.Embedding(WORDS, WIDTH), nn.Embedding(WORDS, WIDTH)
            self.recurrent = nn.GRU(FEATURES + WIDTH, 5, batch_first=True)
            self.output = nn.Linear(5 + WIDTH, 2)
        self.double().eval()

    def forward(self, series, codes, region):
        assert (codes.dtype, region.dtype) == (torch.int64, torch.int64)
        with torch._C.DisableTorchFunction():
            self.note((codes.clone(), region.clone()))
        hidden = self.recurrent(torch.cat([series, self.words(codes[..., 0])], 2))[0].tanh().mean(1)
        return self.output(torch.cat([hidden, self.regions(region)], 1))


INPUTS = {"series": SERIES, "codes": CODES[..., None], "region": REGIONS}
DRAWN = {"series": BACKGROUND[0], "codes": torch.randint(0, WORDS, (6, TIME, 1)), "region": torch.arange(6)}


def explained(method, model=None, inputs=INPUTS, **others):
    options = {"background": DRAWN, "seed": 5, **FEWER.get(method, {}), **others}
    try:
        return saltbench.explain(Coded() if model is None else model, inputs, CLASSES, method=method, **options)
    except MissingPackageError as error:
        pytest.skip(str(error))


def score(series=SERIES, codes=CODES[..., None], region=REGIONS):
    with torch.no_grad():
        return Coded()(series, codes, region).gather(1, CLASSES[:, None])[:, 0]


@pytest.mark.parametrize("method", REPLACING)
def test_methods_that_replace_values_replace_codes_as_a_whole(method):
    model = Coded()
    found = explained(method, model)
    assert {name: part.shape for name, part in found.items()} == {name: part.shape for name, part in INPUTS.items()}
    assert all(part.any() for part in found.values())
    assert all(part.is_floating_point() for part in found.values())
    drawn = {*range(WORDS)} if method == "feature-permutation" else {0, *CODES.flatten().tolist()}
    for codes, region in model.seen:
        assert set(codes.flatten().tolist()) <= drawn
        assert set(region.tolist()) <= set(range(6))


def test_the_effect_of_a_code_is_that_of_its_replacement():
    baseline = {"codes": torch.full((TIME, 1), 6), "region": torch.tensor(5)}
    options = {"time_segments": TIME, "feature_segments": 3, "baseline": baseline}
    found = explained("feature-ablation", **options)
    torch.testing.assert_close(found["region"], score() - score(region=torch.full((SAMPLES,), 5)))
    for step in range(TIME):
        codes = CODES[..., None].clone()
        codes[:, step] = 6
        torch.testing.assert_close(found["codes"][:, step, 0], score() - score(codes=codes))


@pytest.mark.parametrize("method", ["shapley-sampling", "kernel-shap"])
def test_complete_maps_of_codes_sum_to_their_change(method):
    found = explained(method)
    change = score() - score(0 * SERIES, 0 * CODES[..., None], 0 * REGIONS)
    total = found["series"].sum((1, 2)) + found["codes"].sum((1, 2)) + found["region"]
    torch.testing.assert_close(total, change, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {*REPLACING, "fit", "attention"}))
def test_methods_of_fractions_say_what_to_do_with_codes(method):
    with pytest.raises(
        UnsupportedOperationError, match=r"must be floating point, got codes of torch.int64; hold it, hol"
    ) as at:
        explained(method, hold=("region",))
    assert all(name in str(at.value) for name in REPLACING)
    assert explained(method, hold=("codes", "region"))["series"].any()


def test_a_method_of_ones_own_may_make_no_fractions():
    def mixing(model, inputs, target):
        return inputs * model(inputs / 2)[:, :1, None]

    spec = saltbench.MethodSpec(name="mixing", version=1, description="", reference="", factory=mixing)
    with pytest.raises(
        UnsupportedOperationError, match="whole numbers are replaced as a whole, got fractions or a gra"
    ):
        saltbench.explain(Coded(), INPUTS, CLASSES, method=spec, hold=("region",))


def test_truth_values_are_replaced_as_a_whole():
    class Gated(nn.Module):
        def forward(self, series, gate):
            assert gate.dtype == torch.bool
            return torch.where(gate[:, None], series.sum(1)[:, :2], 0)

    gate = torch.tensor([True, False, True, True])
    _, found = saltbench.explain(Gated(), (SERIES, gate), 1, method="feature-ablation")
    torch.testing.assert_close(found, torch.where(gate, SERIES.sum(1)[:, 1], 0))


class Reader(nn.Module):
    """Texts of codes, (batch, time)."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(2)
            self.words, self.recurrent = nn.Embedding(WORDS, WIDTH), nn.GRU(WIDTH, 5, batch_first=True)
            self.output = nn.Linear(5, 2)
        self.double().eval()

    def forward(self, codes):
        return self.embedded(self.words(codes))

    def embedded(self, rows):
        return self.output(self.recurrent(rows)[0].tanh().mean(1))


class Head(nn.Module):
    """The network behind the embedding."""

    def __init__(self):
        super().__init__()
        self.reader = Reader()

    def forward(self, rows):
        return self.reader.embedded(rows)


EMBEDDED = Reader().words(CODES).detach()
ABSENT = Reader().words(torch.tensor(0)).detach().expand(TIME, WIDTH)


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"attention", "fit"}))
def test_what_an_embedding_returns_is_explained_by_name(method):
    options = {"background": random(6, TIME, WIDTH, seed=4), "baseline": ABSENT, "embedding": "words"}
    found = explained(method, Reader(), CODES, **options)
    assert found.shape == EMBEDDED.shape
    del options["embedding"]
    torch.testing.assert_close(found, explained(method, Head(), EMBEDDED, **options), rtol=1e-7, atol=1e-10)


def test_an_embedding_beside_other_inputs_and_padding():
    found = explained("integrated-gradients", embedding=["words", "regions"], background=None, steps=60)
    assert {name: part.shape for name, part in found.items()} == {
        "words": (SAMPLES, TIME, WIDTH),
        "regions": (SAMPLES, WIDTH),
    }
    zeroed = Coded()
    with torch.no_grad():
        zeroed.words.weight.zero_()
        zeroed.regions.weight.zero_()
        absent = zeroed(SERIES, CODES[..., None], REGIONS).gather(1, CLASSES[:, None])[:, 0]
    total = found["words"].sum((1, 2)) + found["regions"].sum(1)
    torch.testing.assert_close(total, score() - absent, rtol=1e-6, atol=1e-8)
    lengths = [8, 5, 5, 3]
    padded = explained("integrated-gradients", Reader(), CODES, embedding="words", lengths=lengths, background=None)
    assert not padded[torch.arange(TIME) >= torch.tensor(lengths)[:, None]].any()
    baseline = {"regions": torch.ones(WIDTH)}
    of_one = explained("deeplift", embedding=["words", "regions"], background=None, baseline=baseline)
    assert of_one["regions"].any()


class Twice(Reader):
    def forward(self, codes):
        return self.embedded(self.words(codes) + self.words(codes))


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (Reader(), {"embedding": "word"}, "embedding must name a module of the network, such as words, got 'word'"),
        (Reader(), {"embedding": "recurrent"}, "returns .batch, time, features. .* got tuple of 'recurrent'"),
        (Twice(), {"embedding": "words"}, "must name a module that is called once, got 2 calls of 'words'"),
        (Reader(), {"embedding": "words", "hold": [0]}, r"hold must be left out beside embedding, .*, got \[0\]"),
        (lambda x: x, {"embedding": "words"}, "must name a module of the network, which has none, got 'words'"),
        (
            Reader(),
            {"embedding": ["words"], "baseline": ABSENT},
            "baseline must be a dictionary of words, of which the m",
        ),
    ],
)
def test_modules_that_are_not_explained_are_told_in_one_line(model, options, message):
    with pytest.raises(ParameterError, match=message) as caught:
        explained("saliency", model, CODES, **options)
    assert "\n" not in str(caught.value)


def test_a_baseline_of_codes_holds_codes():
    with pytest.raises(
        ParameterError, match=r"baseline of codes must hold values of torch.int64, as it does, got others"
    ):
        explained("feature-ablation", baseline={"codes": torch.full((TIME, 1), 0.5)})
    with pytest.raises(ShapeError, match=r"baseline of codes must have the inputs' shape \(4, 8, 1\), got \(3, 1\)"):
        explained("feature-ablation", baseline={"codes": torch.zeros(3, 1)})
