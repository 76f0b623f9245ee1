"""neuralforecast: forecasters of one series or of several."""

import importlib
import logging

import torch
from examples import Example
from torch import nn

HORIZONS, TIME, SERIES = 4, 24, 3
TRANSFORMER = {"hidden_size": 8, "n_head": 2, "conv_hidden_size": 16, "encoder_layers": 1, "decoder_layers": 1}
UNITS = {"mlp_units": [[16, 16]] * 3}
RECURRENT = {"encoder_hidden_size": 8, "decoder_hidden_size": 8, "encoder_n_layers": 1}
INVERTED = {"hidden_size": 8, "e_layers": 1, "d_ff": 16}

# of one series
SINGLE = {
    "Autoformer": TRANSFORMER,
    "BiTCN": {"hidden_size": 4},
    "DeepNPTS": {"hidden_size": 8},
    "DilatedRNN": {"encoder_hidden_size": 8, "decoder_hidden_size": 8, "dilations": [[1, 2]]},
    "DLinear": {"moving_avg_window": 5},
    "FEDformer": {**TRANSFORMER, "n_head": 8, "hidden_size": 16, "modes": 4},
    "GRU": RECURRENT,
    "Informer": TRANSFORMER,
    "KAN": {"hidden_size": 8},
    "LSTM": RECURRENT,
    "MLP": {"hidden_size": 16},
    "NBEATS": UNITS,
    "NHITS": UNITS,
    "NLinear": {},
    "PatchTST": {"hidden_size": 8, "linear_hidden_size": 16, "n_heads": 2, "encoder_layers": 1, "patch_len": 8},
    "TCN": {"encoder_hidden_size": 8, "decoder_hidden_size": 8},
    "TFT": {"hidden_size": 8, "n_head": 2},
    "TiDE": {"hidden_size": 8, "decoder_output_dim": 4, "temporal_decoder_dim": 8},
    "TimesNet": {"hidden_size": 4, "conv_hidden_size": 4, "encoder_layers": 1, "top_k": 2, "num_kernels": 2},
    "VanillaTransformer": TRANSFORMER,
}

# of several
JOINT = {
    "iTransformer": {**INVERTED, "n_heads": 2},
    "MLPMultivariate": {"hidden_size": 16},
    "RMoK": {},
    "SOFTS": {**INVERTED, "d_core": 8},
    "StemGNN": {"multi_layer": 2},
    "TimeMixer": {"d_model": 4, "d_ff": 8, "e_layers": 1, "moving_avg": 5, "down_sampling_layers": 1},
    "TimeXer": {**INVERTED, "n_heads": 2, "patch_len": 8},
    "TSMixer": {"n_block": 1, "ff_dim": 8},
    "XLinear": {"hidden_size": 8, "temporal_ff": 16, "channel_ff": 8},
}


NARROW = {"FEDformer", "RMoK", "TFT"}  # they make tensors of float32 inside
# they detach the mean and spread by which they normalise, or divide by it in place
HIDING = {"iTransformer", "PatchTST", "RMoK", "SOFTS", "TimeMixer", "TimeXer", "TSMixer", "XLinear"}


class Windows(nn.Module):
    """A forecaster of windows, as one of series (batch, time, series)."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, inputs):
        without = dict.fromkeys(("futr_exog", "hist_exog", "stat_exog"))
        return self.network({"insample_y": inputs, "insample_mask": torch.ones_like(inputs), **without})


def forecaster(name, **options):
    logging.getLogger("lightning_fabric").setLevel(logging.ERROR)
    made = getattr(importlib.import_module("neuralforecast.models"), name)
    return Windows(made(h=HORIZONS, input_size=TIME, max_steps=1, **options))


def example(name, options, series, target, **others):
    dtype = torch.float32 if name in NARROW else torch.float64
    return Example(
        lambda: forecaster(name, **options, **others),
        TIME,
        series,
        output="value",
        target=target,
        dtype=dtype,
        hides=name in HIDING,
    )


EXAMPLES = {
    **{f"neuralforecast/{name}": example(name, options, 1, (2, 0)) for name, options in SINGLE.items()},
    **{
        f"neuralforecast/{name}": example(name, options, SERIES, (2, 1), n_series=SERIES)
        for name, options in JOINT.items()
    },
}
