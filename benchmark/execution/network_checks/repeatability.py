"""Whether a network answers the same series alike in every call, and what it keeps or draws if not."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor, nn

from ....errors import ParameterError
from ....methods.attributions.passes.kept_state import KeptState
from ....random_states import Generator, generators
from .trial_passes import are_close, attempted, trial

_SEEDS = range(1, 5)  # of a generator that a network draws from, to see whether its outputs depend on it
_FEWER = 2  # series of a batch of another size than the probe's
_ROUNDING = 2 / 3  # batches of one size are rounded alike, but for sums that a GPU makes in any order


def check_repeated(model: nn.Module, probe: Tensor, other: Tensor) -> None:
    """Raise unless a network answers a probe alike when asked again, and whatever it was asked before.

    Args:
        model: answers the probe with finite logits, (batch, classes).
        probe: (batch, time, features), more than two series.
        other: (batch, time, features), unlike the probe; it counts only where the network answers it.

    Raises:
        ParameterError: outputs that depend on earlier calls, naming the attribute, buffer or parameter that the network
            keeps, or on random numbers, naming the generator that it draws from.
    """
    expected = [_afresh(model, series) for series in (probe, probe[:_FEWER])]
    with _from_the_start(model, probe):
        before = [(generator, generator.state()) for generator in _generators(model)]
        versions = _versions(model)
        again = attempted(model, probe.clone())
        drawn = [generator for generator, state in before if not generator.is_at(state)]
        learned = [name for name, version in _versions(model).items() if version != versions.get(name)]
    for generator in drawn:
        _check_drawn(model, probe, expected[0], generator)
    if learned and not _is(again, expected[0]):
        raise _refusal(f"it changes its parameter `{learned[0]}` in each call; leave that to training")
    if not _is(again, expected[0]):
        raise _refusal(
            "it depends on something else, such as a random generator of its own, the time or a global variable"
        )
    for earlier in (probe, other):
        _check_kept(model, earlier, probe, expected)


def _check_kept(model: nn.Module, earlier: Tensor, probe: Tensor, expected: Sequence[object]) -> None:
    """Raise if a call with earlier series makes a network answer the probe, or fewer series of it, otherwise."""
    with _from_the_start(model, probe) as kept:
        is_answered = isinstance(attempted(model, earlier.clone()), Tensor)
        changed = kept.changed()
        is_steady = _is_steady(model, probe, expected)
    if is_answered and not is_steady:
        culprit = _culprit(model, earlier, probe, expected, changed)
        raise _refusal(f"it keeps {culprit} from call to call; reset it in forward")


def _versions(model: nn.Module) -> dict[str, int]:
    """Return how often each parameter was written to in place, by name."""
    return {name: parameter._version for name, parameter in model.named_parameters()}


@contextmanager
def _from_the_start(model: nn.Module, series: Tensor) -> Iterator[KeptState]:
    """Lend a network, and put back whatever its calls change of it, numbers too: each block finds the same network."""
    kept = KeptState(model, with_buffers=True)
    try:
        with trial(model, series):
            yield kept
    finally:
        kept.restore_all_but("")


def _afresh(model: nn.Module, series: Tensor) -> object:
    with _from_the_start(model, series):
        return attempted(model, series.clone())


def _generators(model: nn.Module) -> list[Generator]:
    return generators(parameter.device for parameter in model.parameters())


def _is(found: object, expected: object) -> bool:
    """Return whether a network answered as expected, where it can be expected to answer."""
    if not isinstance(expected, Tensor):
        return True
    return isinstance(found, Tensor) and found.shape == expected.shape and are_close(found, expected, _ROUNDING)


def _is_steady(model: nn.Module, probe: Tensor, expected: Sequence[object]) -> bool:
    """Return whether a lent network that was called before answers a probe, and fewer series of it, as afresh."""
    return all(
        _is(attempted(model, series.clone()), outputs)
        for series, outputs in zip((probe, probe[:_FEWER]), expected, strict=True)
    )


def _check_drawn(model: nn.Module, probe: Tensor, expected: object, generator: Generator) -> None:
    """Raise if a generator that a network draws from makes a difference: some draw for layers that training skips."""
    for seed in _SEEDS:
        with _from_the_start(model, probe):
            generator.seed(seed)
            found = attempted(model, probe.clone())
        if not _is(found, expected):
            raise _refusal(
                f"it draws random numbers from {generator.name} in evaluation mode; draw in training only, as in "
                "functional.dropout(x, p, self.training), and make layers in __init__"
            )


def _culprit(
    model: nn.Module, earlier: Tensor, probe: Tensor, expected: Sequence[object], changed: Sequence[str]
) -> str:
    """Return which of the attributes that a call with earlier series changed makes the next one answer otherwise."""
    for name in changed:
        with _from_the_start(model, probe) as kept:
            attempted(model, earlier.clone())
            kept.restore_all_but(name)
            if not _is_steady(model, probe, expected):
                return f"`{name}`"
    return " and ".join(f"`{name}`" for name in changed) or "something outside of its attributes"


def _refusal(why: str) -> ParameterError:
    return ParameterError(
        f"the model must answer each sample by itself, got other outputs for the same series in another call: {why}"
    )
