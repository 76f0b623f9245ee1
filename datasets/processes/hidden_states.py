"""Hidden states that change from step to step."""

import numpy as np
from numpy.typing import NDArray

States = NDArray[np.int64]


def two_states(rng: np.random.Generator, count: int, steps: int) -> States:
    """Return states 0 and 1, (count, steps), in which state 1 is left the sooner the longer it has lasted.

    P(1 | 1) = .95 − d / 500, d being the steps spent in the state before this one, 0 just after a change, and
    P(1 | 0) = .05. The state before the first step is 0 or 1, each with probability ½.
    """
    found = np.empty((count, steps), dtype=np.int64)
    last, spent = rng.integers(2, size=count), np.zeros(count, dtype=np.int64)
    for step in range(steps):
        chance = np.where(last == 1, 0.95 - spent / 500, 0.05)
        found[:, step] = rng.random(count) < chance
        spent = np.where(found[:, step] == last, spent + 1, 0)
        last = found[:, step]
    return found


def markov_states(
    rng: np.random.Generator, count: int, steps: int, first: NDArray[np.float64], moves: NDArray[np.float64]
) -> States:
    """Return states of a Markov chain, (count, steps).

    Args:
        rng: of the draws.
        count: number of chains.
        steps: of each.
        first: probabilities of the first state, (states,).
        moves: probabilities of the next state in the row of each, (states, states).
    """
    found = np.empty((count, steps), dtype=np.int64)
    for step in range(steps):
        chances = np.broadcast_to(first, (count, len(first))) if step == 0 else moves[found[:, step - 1]]
        found[:, step] = (rng.random((count, 1)) >= chances.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return found


def changes(states: States) -> NDArray[np.bool_]:
    """Return where a state is another than at the step before, (batch, time), and true at the first step.

    Args:
        states: (batch, time).
    """
    return np.asarray(np.diff(states, axis=1, prepend=-1) != 0)
