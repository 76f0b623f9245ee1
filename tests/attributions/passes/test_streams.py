"""Streams of random numbers: the published generator, and no two alike."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from saltbench.methods.attributions.passes.streams import Stream, rewind


def split_mix(state):
    """One step of SplitMix64 in wrapping 64-bit arithmetic."""
    with np.errstate(over="ignore"):
        z = np.uint64(state) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def test_the_oracle_is_the_published_generator():
    gamma = 0x9E3779B97F4A7C15
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [int(split_mix(gamma * step % 2**64)) for step in range(3)] == published


@given(st.integers(0, 2**63 - 1), st.sampled_from(Stream), st.integers(0, 10**6))
def test_a_stream_is_seeded_by_three_steps(seed, stream, draw):
    with np.errstate(over="ignore"):
        expected = split_mix(split_mix(split_mix(seed) + np.uint64(stream)) + np.uint64(draw))
    assert rewind(torch.Generator(), seed, stream, draw).initial_seed() == int(expected)


def test_streams_differ_in_the_bits_that_pytorch_seeds_with():
    generator = torch.Generator()
    named = itertools.product(range(20), Stream, range(20))
    seeds = [rewind(generator, *name).initial_seed() % 2**32 for name in named]
    assert len(set(seeds)) == 20 * len(Stream) * 20


def test_neighbouring_draws_and_seeds_are_uncorrelated():
    generator = torch.Generator()
    names = [(0, Stream.NOISE, 0), (0, Stream.NOISE, 1), (1, Stream.NOISE, 0), (0, Stream.PATH, 0)]
    rows = torch.stack([torch.randn(10_000, generator=rewind(generator, *name)) for name in names])
    correlations = torch.corrcoef(rows) - torch.eye(len(names))
    assert correlations.abs().max() < 0.05


def test_rewinding_repeats_the_stream():
    generator = torch.Generator()
    first = torch.rand(5, generator=rewind(generator, 7, Stream.PATH, 2))
    assert torch.equal(first, torch.rand(5, generator=rewind(generator, 7, Stream.PATH, 2)))
    assert not torch.equal(first, torch.rand(5, generator=generator))


def test_a_negative_seed_has_a_stream_too():
    assert rewind(torch.Generator(), -1, Stream.PATH).initial_seed() == pytest.approx(
        rewind(torch.Generator(), 2**64 - 1, Stream.PATH).initial_seed(), abs=0
    )
