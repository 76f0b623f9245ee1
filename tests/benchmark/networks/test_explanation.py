"""saltbench.Explanation: a tensor in every use, that knows what it is of."""

import copy
import io
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import saltbench

TIME, FEATURES = 6, 4


class Network(nn.Module):
    """A small recurrent network; with what is named static it adds that."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.recurrent, self.classifier = nn.GRU(FEATURES, 5, batch_first=True), nn.Linear(5, 2)
        self.double()

    def forward(self, x, static=None):
        logits = self.classifier(self.recurrent(x)[0][:, -1])
        return logits if static is None else logits + static[:, :1]


@pytest.fixture(scope="module")
def network():
    with torch.random.fork_rng():
        return Network()


def series(batch=3):
    return torch.randn(batch, TIME, FEATURES, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_it_says_what_it_is_of(network):
    baseline = torch.ones(TIME, FEATURES, dtype=torch.float64)
    found = saltbench.explain(network, series(), 1, method="integrated-gradients", steps=30, baseline=baseline)
    assert (found.method, found.parameters["steps"]) == ("integrated-gradients", 30)
    assert found.version == saltbench.load_registries().methods.get("integrated-gradients").version
    assert torch.equal(found.baseline, baseline.expand(3, TIME, FEATURES))
    assert found.target.tolist() == [1, 1, 1]
    with torch.no_grad():
        change = network(series())[:, 1] - network(found.baseline)[:, 1]
    assert torch.allclose(found.residual, found.map.sum((1, 2)) - change, rtol=0, atol=1e-12)
    assert 0 < found.seconds < 60


@pytest.mark.parametrize(
    ("method", "baseline", "residual"),
    [("saliency", False, False), ("deeplift", True, True), ("occlusion", True, False)],
)
def test_there_is_a_baseline_and_a_residual_where_the_method_has_them(network, method, baseline, residual):
    found = saltbench.explain(network, series(), method=method)
    assert (found.baseline is not None, found.residual is not None) == (baseline, residual)


def test_the_residual_of_any_map_is_told_where_all_are_accepted(network):
    found = saltbench.explain(network, series(), 0, steps=1, tolerance=float("inf"))
    with torch.no_grad():
        change = network(series())[:, 0] - network(torch.zeros_like(series()))[:, 0]
    assert torch.allclose(found.residual, found.map.sum((1, 2)) - change, rtol=0, atol=1e-12)
    assert found.residual.abs().max() > 1e-6


def test_a_map_is_accepted_whose_absence_the_network_refuses():
    class OfItsMean(nn.Module):
        def forward(self, x):
            return torch.stack([x.sum((1, 2)) / x.square().sum((1, 2)).sqrt(), x.sum((1, 2))], 1)

    found = saltbench.explain(OfItsMean(), series(), 0, steps=4, tolerance=float("inf"))
    assert (found.residual, torch.isfinite(found).all()) == (None, True)


def test_each_of_several_inputs_has_its_own_baseline_and_the_residual_of_all(network):
    inputs = {"x": series(), "static": torch.arange(6, dtype=torch.float64).reshape(3, 2)}
    given = {"x": None, "static": torch.full((3, 2), 7.0)}
    found = saltbench.explain(network, inputs, 1, method="deeplift", hold={"x": [0]}, baseline=given)
    assert torch.equal(found["static"].baseline, given["static"].double())
    absent = torch.zeros_like(series())
    absent[..., 0] = series()[..., 0]
    assert torch.equal(found["x"].baseline, absent)
    assert found["x"].residual is found["static"].residual
    total = found["x"].sum((1, 2)) + found["static"].sum(1)
    with torch.no_grad():
        change = network(**inputs)[:, 1] - network(absent, given["static"].double())[:, 1]
    assert torch.allclose(found["x"].residual, total - change, rtol=0, atol=1e-12)


def test_what_is_held_as_a_whole_is_its_own_absence(network):
    static = torch.arange(6, dtype=torch.float64).reshape(3, 2)
    _, found = saltbench.explain(network, (series(), static), 1, method="deeplift", hold=("static",))
    assert torch.equal(found.baseline, static)


USES = {
    "item": lambda found: found[0],
    "iteration": lambda found: next(iter(found)),
    "reduction": lambda found: found.abs().mean(),
    "arithmetic": lambda found: 2 * found - found / 3,
    "function": lambda found: torch.stack([found, found]),
    "argument": lambda found: torch.zeros(3, TIME, FEATURES).add(found),
    "type": lambda found: found.float(),
    "copy": lambda found: found.clone(),
    "detached": lambda found: found.detach(),
    "pickled": lambda found: pickle.loads(pickle.dumps(found)),  # noqa: S301
    "shallow copy": copy.copy,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_what_is_made_of_it_is_a_plain_tensor(network, use):
    found = saltbench.explain(network, series(), 1, method="saliency")
    made = use(found)
    assert type(made) is torch.Tensor
    assert torch.equal(made, use(found.map))


def test_it_is_taken_as_a_tensor_and_as_an_array(network):
    found = saltbench.explain(network, series(), 1, method="saliency")
    assert isinstance(found, torch.Tensor)
    assert type(found.map) is torch.Tensor
    assert found.map.data_ptr() == found.data_ptr()
    for array in (found.numpy(), np.asarray(found)):
        assert type(array) is np.ndarray
        assert np.array_equal(array, found.map.numpy())
    assert torch.equal(torch.as_tensor(found), found.map)
    assert (np.ones(found.shape) * found.numpy()).shape == found.shape
    torch.testing.assert_close(found, found.map)
    assert (len(found), found.dtype, found.tolist()) == (3, torch.float64, found.map.tolist())


def test_a_saved_one_is_read_as_a_tensor_by_default(network):
    found = saltbench.explain(network, series(), 1, method="saliency")
    file = io.BytesIO()
    torch.save(found, file)
    file.seek(0)
    assert torch.equal(torch.load(file, weights_only=True), found.map)


def test_a_deep_copy_has_notes_and_numbers_of_its_own(network):
    found = saltbench.explain(network, series(), 1, method="deeplift")
    copied = copy.deepcopy(found)
    assert type(copied) is saltbench.Explanation
    assert repr(copied) == repr(found)
    copied[0] = 0
    copied.residual[0] = 5
    assert found[0].any()
    assert found.residual[0] != 5


def test_it_prints_itself_in_a_line(network):
    found = saltbench.explain(network, series(), 1, method="integrated-gradients", steps=30)
    for text in (repr(found), str(found), f"{found}"):
        assert "\n" not in text
        assert text.startswith("Explanation(integrated-gradients version 3, steps=30, ")
        assert "map (3, 6, 4) float64 on cpu, residual at most " in text
    assert "residual" not in repr(saltbench.explain(network, series(), method="saliency"))


def test_it_is_a_small_table_in_a_notebook_of_which_nothing_is_markup(network):
    found = saltbench.explain(network, series(), torch.tensor([0, 1, 1]), method="deeplift")
    page = found._repr_html_()
    assert page.count("<tr>") == 7
    for words in ("deeplift, version", "(3, 6, 4) float64 on cpu", "a class for each of 3 samples", "zeros", "at most"):
        assert words in page
    own = replace(saltbench.load_registries().methods.get("saliency"), name="<b>&own")
    page = saltbench.explain(network, series(), 1, method=own)._repr_html_()
    assert "&lt;b&gt;&amp;own, version" in page
    assert "class 1" in page
    assert "the method takes none" in page
    assert "<b>" not in page


@pytest.mark.parametrize("method", ["saliency", "deeplift"])
def test_no_sample_gives_an_empty_one(network, method):
    found = saltbench.explain(network, series(0), method=method)
    assert found.shape == (0, TIME, FEATURES)
    assert "map (0, 6, 4)" in repr(found)
    assert "<table>" in found._repr_html_()


def test_one_of_an_array_is_the_same_table_and_is_drawn(network):
    found = saltbench.explain(network, series().numpy(), 1, method="saliency")
    assert "saliency, version" in found._repr_html_()
    figure = saltbench.plot(series(), found)
    shown = np.stack([axis.collections[0].get_array().T for axis in figure.axes[:-1]])
    assert np.allclose(shown, np.asarray(found))
