"""PyPOTS: networks of partially observed series."""

import importlib

import torch
from examples import Example
from torch import nn

STEPS, FEATURES = 16, 3
SIZES = {"n_steps": STEPS, "n_features": FEATURES}
WIDTHS = {"d_model": 8, "n_heads": 2, "d_ffn": 16, "dropout": 0.1}
HEADS = {"n_layers": 1, **WIDTHS}
PROJECTED = {**HEADS, "d_k": 4, "d_v": 4, "attn_dropout": 0.1}
WEIGHTS = {"ORT_weight": 1, "MIT_weight": 1}

CLASSIFIERS = {
    "GRUD": {"rnn_hidden_size": 8},
    "BRITS": {"rnn_hidden_size": 8, "classification_weight": 1, "reconstruction_weight": 1},
    "SAITS": {**PROJECTED, "diagonal_attention_mask": True},
    "PatchTST": {**PROJECTED, "patch_size": 4, "patch_stride": 2},
    "iTransformer": PROJECTED,
    "Autoformer": {**HEADS, "factor": 1, "moving_avg_window_size": 5},
    "TEFN": {"n_fod": 2, "dropout": 0.1},
    "TimesNet": {"n_layers": 1, "top_k": 2, "d_model": 8, "d_ffn": 8, "n_kernels": 2, "dropout": 0.1},
}
IMPUTERS = {
    "DLinear": {"moving_avg_window_size": 5, "individual": False, "d_model": 8},
    "FITS": {"cut_freq": 8, "individual": False, "apply_nonstationary_norm": True},
    "FreTS": {"embed_size": 4, "hidden_size": 8, "channel_independence": False},
    "TCN": {"n_levels": 2, "d_hidden": 8, "kernel_size": 3, "dropout": 0.1},
    "MICN": {"n_layers": 1, "d_model": 8, "dropout": 0.1, "conv_kernel": [4, 8]},
    "SegRNN": {"seg_len": 4, "d_model": 8, "dropout": 0.1},
    "NonstationaryTransformer": {
        **HEADS,
        "attn_dropout": 0.1,
        "d_projector_hidden": [8],
        "n_projector_hidden_layers": 1,
    },
    "ETSformer": {**WIDTHS, "n_encoder_layers": 1, "n_decoder_layers": 1, "top_k": 2},
    "Crossformer": {**HEADS, "factor": 2, "seg_len": 4, "win_size": 2},
}
FOLDERS = {"NonstationaryTransformer": "nonstationary_transformer"}
NARROW = {"FITS", "MICN"}  # they make tensors of float32 inside


class Observed(nn.Module):
    """A network of PyPOTS on series of which nothing is missing, or NaN is."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, inputs):
        seen = (~inputs.isnan()).to(inputs.dtype)
        filled = torch.nan_to_num(inputs)
        since = torch.ones_like(inputs)
        given = {"X": filled, "missing_mask": seen, "deltas": since, "X_filledLOCF": filled}
        given["empirical_mean"] = torch.zeros_like(inputs[0, 0])
        back = {name: given[name].flip(1) for name in ("X", "missing_mask", "deltas")}
        found = self.network({**given, "forward": given, "backward": back})
        return next(found[name] for name in ("logits", "classification_proba", "reconstruction") if name in found)


def made(kind, name, **options):
    loss = importlib.import_module("pypots.nn.modules.loss").Criterion()
    core = getattr(importlib.import_module(f"pypots.{kind}.{FOLDERS.get(name, name.lower())}.core"), f"_{name}")
    return Observed(core(**SIZES, **options, training_loss=loss, validation_metric=loss))


def dtype_of(name):
    return torch.float32 if name in NARROW else torch.float64


def classifier(name):
    output = "probabilities" if name == "BRITS" else "logits"
    return Example(
        lambda: made("classification", name, **CLASSIFIERS[name], n_classes=2),
        STEPS,
        FEATURES,
        output=output,
        dtype=dtype_of(name),
    )


# they detach the last step, which they take off, or divide by the spread in place
HIDING = {"FITS", "NonstationaryTransformer", "SegRNN"}


def imputer(name):
    return Example(
        lambda: made("imputation", name, **IMPUTERS[name], **WEIGHTS),
        STEPS,
        FEATURES,
        output="value",
        target=(9, 1),
        dtype=dtype_of(name),
        hides=name in HIDING,
    )


EXAMPLES = {
    **{f"pypots/{name}": classifier(name) for name in CLASSIFIERS},
    **{f"pypots/{name}": imputer(name) for name in IMPUTERS},
}
