import pytest
import torch

from saltbench.methods.attributions import references

INPUTS = torch.tensor([[[1.0, -2.0], [0.0, 3.0]], [[-4.0, 5.0], [6.0, -7.0]]])


def test_maps_without_randomness():
    truth = (INPUTS > 0).float()
    assert torch.equal(references.oracle(truth), truth)
    assert references.oracle(truth) is not truth
    assert torch.equal(references.ones(INPUTS), torch.full((2, 2, 2), 1.0))
    assert torch.equal(references.zeros(INPUTS), torch.full((2, 2, 2), 0.0))
    assert torch.equal(references.abs_input(INPUTS)[0], torch.tensor([[1.0, 2.0], [0.0, 3.0]]))
    assert torch.equal(references.last_step(INPUTS)[1], torch.tensor([[0.0, 0.0], [1.0, 1.0]]))


@pytest.mark.parametrize("draw", [references.random_uniform, references.random_normal])
def test_each_sample_has_its_own_generator(draw):
    first = draw(INPUTS, [7, 8])
    assert torch.equal(draw(INPUTS.flip(0), [8, 7]), first.flip(0))
    assert not torch.equal(first[0], first[1])


@pytest.mark.parametrize(
    ("draw", "mean", "deviation"),
    [(references.random_uniform, 0.5, 12**-0.5), (references.random_normal, 0.0, 1.0)],
)
def test_distribution(draw, mean, deviation):
    drawn = draw(torch.zeros(1, 200, 200, dtype=torch.float64), [11])
    assert drawn.mean().item() == pytest.approx(mean, abs=0.02)
    assert drawn.std().item() == pytest.approx(deviation, abs=0.02)


def test_uniform_stays_on_the_unit_interval():
    drawn = references.random_uniform(torch.zeros(1, 100, 100), [1])
    assert drawn.min() >= 0
    assert drawn.max() < 1
