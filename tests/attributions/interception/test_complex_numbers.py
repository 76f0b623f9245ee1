"""Spectra and complex numbers: the maps of the same networks written with sines, cosines and real numbers."""

import math

import pytest
import torch
from attribution_models import FEATURES, TIME, Formula, Scores, classes, output_change, series
from torch.nn import functional as F

from saltbench.errors import UnsupportedOperationError
from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.lrp.lrp import lrp, lrp_half, lrp_proportional

RELEVANCE = {"lrp": lrp, "lrp-half": lrp_half, "lrp-proportional": lrp_proportional}
OTHER = torch.linspace(-1, 1, TIME * FEATURES, dtype=torch.float64).reshape(TIME, FEATURES)
WEIGHTS = torch.complex(OTHER, OTHER.flip(0) + 0.3)
BINS = TIME // 2 + 1
ANGLES = 2 * math.pi * torch.outer(torch.arange(BINS), torch.arange(TIME)).double() / TIME
COSINES, SINES = ANGLES.cos(), -ANGLES.sin()


def spectrum(x):
    return torch.fft.rfft(x, dim=1)


def parts(z):
    return torch.cat([z.real, z.imag], 1)


def by_hand(x):
    """The real and the imaginary part of the spectrum."""
    return COSINES @ x, SINES @ x


def multiplied(first, second):
    (a, b), (c, d) = first, second
    return a * c - b * d, a * d + b * c


def relevance(method):
    return lambda model, inputs, target, _baseline: method(model, inputs, target, epsilon=0.0)


METHODS = {"deeplift": deeplift, **{name: relevance(method) for name, method in RELEVANCE.items()}}

# With complex numbers, and with real ones
FORMS = {
    "rfft": (lambda x: parts(spectrum(x)).tanh(), lambda x: torch.cat(by_hand(x), 1).tanh()),
    "fft": (
        lambda x: torch.fft.fft(x, dim=1)[:, 1:3].imag.sigmoid() * x[:, 1:3],
        lambda x: by_hand(x)[1][:, 1:3].sigmoid() * x[:, 1:3],
    ),
    "size": (
        lambda x: spectrum(x).abs() + torch.abs(torch.fft.fft(x, dim=1))[:, :BINS],
        lambda x: 2 * torch.hypot(*by_hand(x)),
    ),
    "power": (
        lambda x: (spectrum(x) * spectrum(x).conj()).real,
        lambda x: by_hand(x)[0] * by_hand(x)[0] + by_hand(x)[1] * by_hand(x)[1],
    ),
    "weighted": (
        lambda x: parts(spectrum(x) * WEIGHTS[:BINS]).tanh(),
        lambda x: torch.cat(
            [
                torch.sub(by_hand(x)[0] * WEIGHTS.real[:BINS], by_hand(x)[1] * WEIGHTS.imag[:BINS]),
                torch.add(by_hand(x)[0] * WEIGHTS.imag[:BINS], by_hand(x)[1] * WEIGHTS.real[:BINS]),
            ],
            1,
        ).tanh(),
    ),
    "multiplied": (
        lambda x: parts(spectrum(x) * spectrum(x.tanh())),
        lambda x: torch.cat(multiplied(by_hand(x), by_hand(x.tanh())), 1),
    ),
    "view_as_real": (
        lambda x: torch.view_as_real(spectrum(x)).relu(),
        lambda x: torch.stack(by_hand(x), -1).relu(),
    ),
    "complex": (
        lambda x: parts(torch.complex(x, x.flip(1)) * 2).sin(),
        lambda x: (torch.cat([x, x.flip(1)], 1) * 2).sin(),
    ),
    "masked": (
        lambda x: parts(torch.where(spectrum(x).abs().detach() > 1, spectrum(x), 0)),
        lambda x: torch.cat(by_hand(x), 1) * (torch.hypot(*by_hand(x)).detach() > 1).repeat(1, 2, 1),
    ),
    "written": (
        lambda x: [
            z := torch.zeros(len(x), BINS, FEATURES, dtype=torch.complex128),
            z.__setitem__((slice(None), slice(2)), spectrum(x)[:, :2]),
            parts(z).tanh(),
        ][-1],
        lambda x: torch.cat([F.pad(part[:, :2], (0, 0, 0, BINS - 2)) for part in by_hand(x)], 1).tanh(),
    ),
}
CASES = [(name, method) for name in FORMS for method in METHODS if (name, method) != ("masked", "deeplift")]


@pytest.mark.parametrize(("name", "method"), CASES)
def test_complex_numbers_have_the_map_of_their_parts(name, method):
    formula, expected = map(Formula, FORMS[name])
    inputs, baseline, target = series(3), series(3, seed=7), classes(3) % 2
    torch.testing.assert_close(formula(inputs), expected(inputs), rtol=1e-11, atol=1e-11)
    maps = [METHODS[method](model, inputs, target, baseline) for model in (formula, expected)]
    assert maps[0].abs().max() > 0.01
    torch.testing.assert_close(*maps, rtol=1e-8, atol=1e-9)


def transformed(x):
    window = torch.hann_window(4, dtype=torch.float64)
    found = torch.stack([torch.stft(one.T, 4, 2, window=window, return_complex=True) for one in x])
    return torch.view_as_real(found)


OPERATIONS = {
    "filter": lambda x: torch.fft.irfft(spectrum(x) * WEIGHTS[:BINS], n=TIME, dim=1),
    "modes": lambda x: parts(torch.einsum("bfi,io->bfo", spectrum(x), WEIGHTS[:FEATURES])),
    "correlation": lambda x: torch.fft.irfft(spectrum(x) * torch.conj(spectrum(x.tanh())), dim=1),
    "sizes": lambda x: spectrum(x).abs().pow(2) + torch.linalg.vector_norm(spectrum(x), dim=1, keepdim=True),
    "pairs": lambda x: parts(torch.view_as_complex(x.reshape(len(x), TIME, 2, 2)) * WEIGHTS[:, :2]),
    "rotations": lambda x: parts(torch.polar(x.abs(), x)) + parts(torch.exp(torch.complex(x, x.flip(1)))),
    "products": lambda x: parts(torch.fft.fft(x, dim=1).mT @ torch.fft.fft(x.sin(), dim=1)),
    "quotients": lambda x: parts(spectrum(x) / (x[:, :BINS].square() + 1)) + parts(spectrum(x) / 3),
    "complex-quotient": lambda x: parts(x / (torch.complex(x, x) + 3))[:, :BINS] + (spectrum(x) / WEIGHTS[:BINS]).imag,
    "two-axes": lambda x: torch.fft.ifft2(torch.fft.fft2(x) * WEIGHTS).real + torch.fft.rfft2(x).imag.sum(2, True),
    "short-time": transformed,
    "shifted": lambda x: torch.fft.fftshift(torch.fft.fft(x, dim=1), dim=1).imag,
    "cast": lambda x: parts(x.to(torch.complex128) * WEIGHTS) + parts(x.cdouble() * 2j),
    "chosen": lambda x: torch.fft.irfft(torch.where(spectrum(x).abs() > 1, spectrum(x), 0), n=TIME, dim=1),
}
ANGLED = {
    "angle": lambda x: torch.angle(spectrum(x)[:, 1:3]) + spectrum(x)[:, 1:3].angle(),
    "atan2": lambda x: torch.atan2(x, x.flip(1) + 0.3),
}


@pytest.mark.parametrize("name", OPERATIONS | ANGLED)
def test_operations_on_complex_numbers_are_complete(name):
    model, inputs, baseline = Formula((OPERATIONS | ANGLED)[name]), series(4), series(4, seed=7)
    target = classes(4) % 2
    explained = deeplift(model, inputs, target, baseline)
    change = output_change(model, inputs, baseline, target)
    torch.testing.assert_close(explained.sum((1, 2)), change, rtol=1e-10, atol=1e-10)
    alone = deeplift(model, inputs[:1], target[:1], baseline[:1])
    torch.testing.assert_close(explained[:1], alone, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("method", RELEVANCE)
@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - {"complex-quotient", "quotients"}))
def test_operations_on_complex_numbers_conserve_relevance(name, method):
    model, inputs, target = Formula(OPERATIONS[name]), series(4), classes(4) % 2
    explained = RELEVANCE[method](model, inputs, target, epsilon=0.0)
    output = model(inputs).gather(1, target[:, None]).squeeze(1)
    torch.testing.assert_close(explained.sum((1, 2)), output, rtol=1e-8, atol=1e-8)


def test_linear_filters_are_gradient_times_difference():
    model, inputs, baseline = Formula(OPERATIONS["filter"]), series(3), series(3, seed=7)
    rows, target = inputs.clone().requires_grad_(), classes(3) % 2
    model(rows).gather(1, target[:, None]).sum().backward()
    explained = deeplift(model, inputs, target, baseline)
    torch.testing.assert_close(explained, (inputs - baseline) * rows.grad, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("change", [1e-2, 1e-5, 1e-8, 1e-11])
def test_the_multipliers_of_a_small_turn_are_the_derivatives(change):
    def turned(x):
        return torch.atan2(x[:, :, 0], x[:, :, 1])

    baseline = torch.tensor([[[0.6, -0.8]]], dtype=torch.float64)
    inputs = baseline + change * torch.tensor([1.0, 0.3], dtype=torch.float64)
    explained = deeplift(Scores(turned), inputs, torch.tensor([0]), baseline)
    expected = (inputs - baseline) * torch.tensor([-0.8, -0.6], dtype=torch.float64)
    torch.testing.assert_close(explained, expected, rtol=3 * change + 1e-5, atol=0)


REFUSED = {
    "sign": (
        lambda *given, **_: deeplift(*given, torch.zeros_like(given[1])),
        lambda x: parts(spectrum(x).sgn()),
        "sgn",
    ),
    "vmap": (lrp, torch.vmap(torch.tanh), r"tanh in torch.vmap or another transform of torch.func"),
    "grad": (lrp, torch.func.grad(lambda y: y.tanh().sum()), r"\w+ in torch.vmap or another transform"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_rule_is_refused(name):
    method, formula, message = REFUSED[name]
    with pytest.raises(UnsupportedOperationError, match=f"has no rule for {message}"):
        method(Formula(formula), series(2), torch.tensor([0, 1]))
