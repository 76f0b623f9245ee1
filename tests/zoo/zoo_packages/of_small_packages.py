"""ncps, mambapy, xlstm, x-transformers, pytorch-tcn, time_interpret and others that hold a few networks each."""

from examples import Encoder, Example


def closed_form_continuous():
    from ncps.torch import CfC

    return Encoder(CfC(6, 8, batch_first=True), 3, 6, 8)


def wired(cell, **options):
    from ncps import torch as ncps
    from ncps.wirings import AutoNCP

    return Encoder(getattr(ncps, cell)(6, AutoNCP(10, 4), batch_first=True, **options), 3, 6, 4)


def mamba():
    from mambapy.mamba import Mamba, MambaConfig

    return Encoder(Mamba(MambaConfig(d_model=8, n_layers=1, d_state=4)), 3, 8)


def mamba_in_steps():
    from mambapy.mamba import Mamba, MambaConfig

    return Encoder(Mamba(MambaConfig(d_model=8, n_layers=1, d_state=4, pscan=False)), 3, 8)


def xlstm(slstm_at):
    import xlstm

    cell = xlstm.mLSTMLayerConfig(conv1d_kernel_size=4, qkv_proj_blocksize=4, num_heads=2)
    scalar = xlstm.sLSTMLayerConfig(backend="vanilla", num_heads=2, conv1d_kernel_size=4)
    config = xlstm.xLSTMBlockStackConfig(
        mlstm_block=xlstm.mLSTMBlockConfig(mlstm=cell),
        slstm_block=xlstm.sLSTMBlockConfig(slstm=scalar, feedforward=xlstm.FeedForwardConfig(proj_factor=1.3)),
        context_length=16,
        num_blocks=2,
        embedding_dim=8,
        slstm_at=slstm_at,
    )
    return Encoder(xlstm.xLSTMBlockStack(config), 3, 8)


def x_transformer(**options):
    from x_transformers import ContinuousTransformerWrapper
    from x_transformers import Encoder as Layers

    layers = Layers(dim=8, depth=1, heads=2, attn_dim_head=4, **options)
    return Encoder(ContinuousTransformerWrapper(dim_in=6, dim_out=8, max_seq_len=16, attn_layers=layers), 3, 6, 8)


def temporal_convolutions(**options):
    from pytorch_tcn import TCN

    return Encoder(TCN(6, [8, 8], kernel_size=3, input_shape="NLC", **options), 3, 6, 8)


def of_tint(name, *arguments, outputs=None, **options):
    from tint import models
    from torch import nn

    network = getattr(models, name)(*arguments, **options)
    return network if outputs is None else nn.Sequential(network, nn.Linear(outputs, 2))


def flow(solver):
    """A hidden state between observations by an ordinary differential equation, moved on by each of them."""
    import torch
    from torch import nn
    from torchdiffeq import odeint

    class Flow(nn.Module):
        def __init__(self):
            super().__init__()
            self.drift, self.cell = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 6)), nn.GRUCell(3, 6)
            self.classify = nn.Linear(6, 2)

        def forward(self, inputs):
            hidden, times = inputs.new_zeros(len(inputs), 6), torch.linspace(0, 1, 2, dtype=inputs.dtype)
            for step in inputs.unbind(1):
                moved = odeint(lambda _time, state: self.drift(state), hidden, times, method=solver)[-1]
                hidden = self.cell(step, moved)
            return self.classify(hidden)

    return Flow()


def controlled(interpolation):
    """A neural controlled differential equation."""
    import torch
    import torchcde
    from torch import nn

    class Field(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 18), nn.Tanh())

        def forward(self, _time, state):
            return self.layers(state).view(-1, 6, 3)

    class Controlled(nn.Module):
        def __init__(self):
            super().__init__()
            self.field, self.start, self.classify = Field(), nn.Linear(3, 6), nn.Linear(6, 2)

        def forward(self, inputs):
            if interpolation == "cubic":
                path = torchcde.CubicSpline(torchcde.hermite_cubic_coefficients_with_backward_differences(inputs))
            else:
                path = torchcde.LinearInterpolation(torchcde.linear_interpolation_coeffs(inputs))
            start = self.start(path.evaluate(path.interval[0]))
            options = {"method": "rk4", "options": {"step_size": 1.0}, "adjoint": False}
            states = torchcde.cdeint(path, self.field, start, torch.as_tensor(path.interval), **options)
            return self.classify(states[:, -1])

    return Controlled()


EXAMPLES = {
    "ncps/CfC": Example(closed_form_continuous),
    "ncps/CfC-AutoNCP": Example(lambda: wired("CfC")),
    "ncps/LTC-AutoNCP": Example(lambda: wired("LTC", ode_unfolds=2), time=8),
    "mambapy/Mamba": Example(mamba),
    "mambapy/Mamba-sequential": Example(mamba_in_steps),
    "xlstm/mLSTM": Example(lambda: xlstm([])),
    "xlstm/sLSTM": Example(lambda: xlstm([1])),
    "x-transformers/Encoder": Example(x_transformer, accuracy=1e-6),  # its softmax is of float32
    "x-transformers/Encoder-rotary-swiglu": Example(
        lambda: x_transformer(rotary_pos_emb=True, rotary_emb_dim=4, ff_swish=True, ff_glu=True, use_rmsnorm=True),
        accuracy=1e-6,
    ),
    "pytorch-tcn/TCN": Example(temporal_convolutions),
    "pytorch-tcn/TCN-gated": Example(lambda: temporal_convolutions(use_gate=True, causal=False)),
    "tint/RNN": Example(lambda: of_tint("RNN", input_size=3, rnn="gru", hidden_size=6, many_to_one=True, outputs=6)),
    "tint/TransformerEncoder": Example(
        lambda: of_tint("TransformerEncoder", d_model=4, nhead=2, many_to_one=True, outputs=4), features=4
    ),
    "torchdiffeq/rk4": Example(lambda: flow("rk4"), time=8),
    "torchdiffeq/dopri5": Example(lambda: flow("dopri5"), time=8),
    "torchcde/cubic": Example(lambda: controlled("cubic"), time=8),
    "torchcde/linear": Example(lambda: controlled("linear"), time=8),
}
