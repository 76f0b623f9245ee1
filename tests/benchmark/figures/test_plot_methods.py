"""saltbench.plot_methods: one call from a network to the figure of its maps."""

import numpy as np
import pytest
import torch
from torch import nn

import saltbench
from saltbench.errors import DuplicateNameError, UnknownNameError, UnsupportedOperationError


class Network(nn.Module):
    """A convolution and a mean."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.layer = nn.Conv1d(2, 3, 3)

    def forward(self, inputs):
        return self.layer(inputs.mT).relu().mean(2)


SERIES = torch.randn(2, 12, 2, generator=torch.Generator().manual_seed(1))


def picky(model, inputs, target):
    raise UnsupportedOperationError("picky has no rule for convolutions; choose another method")


PICKY = saltbench.MethodSpec(name="picky", version=1, description="", reference="", factory=picky)


def shown(figure):
    return [axis.collections[0].get_array().T if axis.collections else None for axis in figure.axes[:-1]]


def test_rows_are_the_maps_that_explain_returns():
    network, options = Network(), {"baseline": SERIES.mean(0)}
    figure = saltbench.plot_methods(
        network, SERIES, ["saliency", "smoothgrad"], 2, parameters={"smoothgrad": {"noise_samples": 3}}, **options
    )
    assert [axis.get_title(loc="left") for axis in figure.axes[:-1:2]] == ["sample 0\nsaliency", "smoothgrad"]
    for rows, method, own in ((slice(0, 2), "saliency", {}), (slice(2, 4), "smoothgrad", {"noise_samples": 3})):
        found = saltbench.explain(network, SERIES, 2, method=method, **options, **own).map
        for drawn, expected in zip(shown(figure)[rows], found / found.abs().max(), strict=True):
            np.testing.assert_allclose(drawn, expected, rtol=1e-6)


@pytest.mark.parametrize("series", [SERIES[0], SERIES[0].numpy(), SERIES[:1]])
def test_one_sample_may_stand_alone(series):
    (drawn,) = shown(saltbench.plot_methods(Network(), series, ["saliency"], 0))
    np.testing.assert_allclose(drawn, saltbench.explain(Network(), SERIES[:1], 0, method="saliency").map[0])


def test_a_method_that_cannot_be_applied_has_a_row_that_says_why():
    figure = saltbench.plot_methods(Network(), SERIES[0], [PICKY, "saliency"], 1)
    refused, drawn = shown(figure)
    assert refused is None
    assert drawn is not None
    assert "picky has no rule" in " ".join(figure.axes[0].texts[0].get_text().split())


def test_where_no_method_can_be_applied_the_refusal_is_raised():
    with pytest.raises(UnsupportedOperationError, match="picky has no rule"):
        saltbench.plot_methods(Network(), SERIES, [PICKY], 1)


def test_a_method_twice_is_refused():
    with pytest.raises(DuplicateNameError, match="each method must have a name of its own, got 'saliency' twice"):
        saltbench.plot_methods(Network(), SERIES, ["saliency", "saliency"])


def test_methods_may_be_chosen_by_patterns():
    figure = saltbench.plot_methods(Network(), SERIES[0], ["salienc?", "input-x-*"], 1)
    assert [axis.get_title(loc="left") for axis in figure.axes[:-1]] == ["saliency", "input-x-gradient"]
    with pytest.raises(UnknownNameError, match=r"unknown method 'salience\*'; did you mean 'saliency'"):
        saltbench.plot_methods(Network(), SERIES, ["salience*"])
