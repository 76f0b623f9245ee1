"""saltbench.explain on networks that answer otherwise than with logits: refused with the adapter that helps."""

import pytest
import torch
from own_networks import FEATURES, TIME, Own, series

import saltbench
from saltbench.errors import ParameterError, ShapeError


@pytest.mark.parametrize(
    ("model", "adaptation"),
    [
        (lambda: Own(lambda z: torch.softmax(z, 1)), {"output": "probabilities"}),
        (lambda: Own(lambda z: (z, z)), {"item": 0}),
        (lambda: Own(lambda z: {"logits": z}), {"item": "logits"}),
        (lambda: Own(lambda z: z[:, 0]), {"output": "single-logit"}),
        (lambda: Own(lambda z: z[:, :1]), {"output": "single-logit"}),
        (lambda: Own(batch_first=False), {"time_first": True}),
    ],
)
def test_models_of_other_forms_are_refused_with_the_adapter_that_helps(model, adaptation):
    own = model().eval()
    (key, value), *_ = adaptation.items()
    with pytest.raises((ShapeError, ParameterError), match=rf"saltbench\.adapted\(model, {key}={value!r}\)"):
        saltbench.explain(own, series(), method="saliency")
    maps = saltbench.explain(saltbench.adapted(own, **adaptation), series(), method="saliency")
    assert maps.shape == (6, TIME, FEATURES)


@pytest.mark.parametrize("answer", [lambda z: z[:, 0].sigmoid(), lambda z: z[:, :1].sigmoid()])
def test_a_single_number_in_0_to_1_may_be_a_probability_or_a_logit(answer):
    advice = r"adapted\(model, output='single-logit'\) .* logit, .*output='probabilities'\) .* probability"
    with pytest.raises(ShapeError, match=advice):
        saltbench.explain(Own(answer), series(), method="saliency")
    model = Own(answer).eval()
    inputs = series().requires_grad_()
    (expected,) = torch.autograd.grad(model(inputs).log().sum(), inputs)
    adapted = saltbench.adapted(model, output="probabilities")
    torch.testing.assert_close(saltbench.explain(adapted, series(), 1, method="saliency"), expected.abs())


def test_a_single_number_outside_is_no_probability():
    with pytest.raises(ShapeError, match=r"single-logit'\) makes two classes of one logit$"):
        saltbench.explain(Own(lambda z: z[:, 0] - 100), series(), method="saliency")


@pytest.mark.parametrize(
    "answer", [lambda z: z, lambda z: z.sigmoid(), lambda z: z[:, 0] - 5, lambda z: z[:, :1] + 5, lambda z: -z.abs()]
)
def test_what_is_no_probability_is_not_taken_for_one(answer):
    model = saltbench.adapted(Own(answer), output="probabilities")
    with pytest.raises(ParameterError, match="needs probabilities, at least 0 with sum 1, got others; if they are lo"):
        saltbench.explain(model, series(), method="saliency")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_probabilities_of_every_precision_are(dtype):
    model = Own(lambda z: torch.softmax(z, 1)).to(dtype)
    assert saltbench.explain(saltbench.adapted(model, output="probabilities"), series(), method="saliency").any()


def test_probabilities_of_many_classes_are_in_half_precision():
    model = Own(lambda z: torch.softmax(torch.nn.functional.pad(z, (0, 297), value=-20.0), 1)).half().eval()
    assert saltbench.explain(saltbench.adapted(model, output="probabilities"), series(), method="saliency").any()
