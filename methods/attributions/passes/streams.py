"""Independent random streams from one seed a sample."""

from enum import IntEnum

import torch

_WORD = (1 << 64) - 1


class Stream(IntEnum):
    """What a stream of random numbers is for; the values are part of every result that draws from it."""

    BASELINES = 1
    PATH = 2
    NOISE = 3


def rewind(generator: torch.Generator, seed: int, stream: Stream, draw: int = 0) -> torch.Generator:
    """Return generator at the beginning of the stream of one draw of the sample with this seed.

    Any draw can be had again at any time, so that no random number depends on the order in which samples and
    draws are computed.
    """
    return generator.manual_seed(_mixed(_mixed(_mixed(seed) + stream) + draw))


def _mixed(word: int) -> int:
    """Return the output of SplitMix64 at a state: a bijection of 64 bits in which every bit depends on all.

    Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
    """
    word = (word + 0x9E3779B97F4A7C15) & _WORD
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _WORD
    return word ^ (word >> 31)
