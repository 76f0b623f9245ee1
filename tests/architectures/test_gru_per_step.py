"""The per-step GRU against its equations, one step after another."""

import torch

from saltbench.methods.architectures.gru_per_step import gru_per_step
from saltbench.methods.seeding import seeded


def network():
    with seeded(4):
        model = gru_per_step(features=2, classes=3, hidden=5)
        model.norm.running_mean.uniform_(-0.5, 0.5)
        model.norm.running_var.uniform_(0.5, 2)
        model.norm.weight.data.uniform_(0.5, 2)
        model.norm.bias.data.uniform_(-1, 1)
    return model.double().eval()


def series(batch=3, time=7):
    return torch.randn(batch, time, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


def by_equations(model, inputs):
    gru, norm = model.recurrent, model.norm
    state, found = torch.zeros(len(inputs), 5, dtype=torch.float64), []
    for step in range(inputs.shape[1]):
        of_input = inputs[:, step] @ gru.weight_ih_l0.T + gru.bias_ih_l0
        of_state = state @ gru.weight_hh_l0.T + gru.bias_hh_l0
        (r_x, z_x, n_x), (r_h, z_h, n_h) = of_input.chunk(3, 1), of_state.chunk(3, 1)
        update = torch.sigmoid(z_x + z_h)
        state = (1 - update) * torch.tanh(n_x + torch.sigmoid(r_x + r_h) * n_h) + update * state
        scaled = (state - norm.running_mean) / (norm.running_var + norm.eps).sqrt() * norm.weight + norm.bias
        found.append(scaled.clamp(min=0) @ model.classifier.weight.T + model.classifier.bias)
    return torch.stack(found, dim=1)


def test_logits_follow_the_equations():
    model, inputs = network(), series()
    torch.testing.assert_close(model(inputs), by_equations(model, inputs), rtol=0, atol=1e-12)


def test_a_step_does_not_see_later_ones():
    model, inputs = network(), series()
    torch.testing.assert_close(model(inputs)[:, :4], model(inputs[:, :4]), rtol=0, atol=1e-12)


def test_training_normalises_over_samples_and_steps():
    model, inputs = network().train(), series()
    seen = []
    model.norm.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    model(inputs)
    scaled = (seen[0] - model.norm.bias) / model.norm.weight
    assert scaled.shape == (21, 5)
    torch.testing.assert_close(scaled.mean(0), torch.zeros(5, dtype=torch.float64), rtol=0, atol=1e-12)
