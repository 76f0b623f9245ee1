"""tsai: classifiers of (batch, features, time)."""

import torch
from examples import ChannelsFirst, Example, imported

TIME = 24
IMAGES = ("torchvision", "torchvision.models", "torchvision.transforms")
TRANSFORMER = {"n_layers": 1, "d_model": 8, "n_heads": 2, "d_ff": 16}
DEEP = {"depth": 1, "d_model": 8}
CONVOLUTIONS = {"conv_layers": [8, 8, 8]}

# module, name, whether it is told how long the series are, and its other arguments
NETWORKS = {
    "FCN": ("FCN", False, {"layers": [8, 8, 8]}),
    "FCNPlus": ("FCNPlus", False, {"layers": [8, 8, 8], "residual": True}),
    "ResNet": ("ResNet", False, {}),
    "ResNetPlus": ("ResNetPlus", False, {"nf": 8, "se": 4}),
    "ResCNN": ("ResCNN", False, {}),
    "xresnet1d18": ("XResNet1d", False, {}),
    "InceptionTime": ("InceptionTime", False, {"nf": 4}),
    "InceptionTimePlus": ("InceptionTimePlus", False, {"nf": 4, "concat_pool": True}),
    "XceptionTime": ("XceptionTime", False, {"nf": 4, "adaptive_size": 10}),
    "XceptionTimePlus": ("XceptionTimePlus", False, {"nf": 4, "adaptive_size": 10}),
    "OmniScaleCNN": ("OmniScaleCNN", True, {"layers": [8 * 16, 16 * 16]}),
    "TCN": ("TCN", False, {"layers": [8, 8], "ks": 3}),
    "XCM": ("XCM", True, {"nf": 4}),
    "XCMPlus": ("XCMPlus", True, {"nf": 4}),
    "mWDN": ("mWDN", True, {"levels": 2, "nf": 4}),
    "MLP": ("MLP", True, {"layers": [16, 16], "ps": [0.1, 0.1]}),
    "gMLP": ("gMLP", True, {"d_model": 8, "d_ffn": 16, "depth": 1}),
    "RNN": ("RNN", False, {"hidden_size": 8}),
    "LSTM": ("RNN", False, {"hidden_size": 8, "n_layers": 2, "bidirectional": True}),
    "GRU": ("RNN", False, {"hidden_size": 8}),
    "LSTMPlus": ("RNNPlus", True, {"hidden_size": 8}),
    "LSTMAttention": ("RNNAttention", True, {"hidden_size": 8, "encoder_layers": 1, "n_heads": 2, "d_ff": 16}),
    "LSTM_FCN": ("RNN_FCN", True, {"hidden_size": 8, **CONVOLUTIONS}),
    "MLSTM_FCN": ("RNN_FCN", True, {"hidden_size": 8, "se": 4, **CONVOLUTIONS}),
    "GRU_FCNPlus": ("RNN_FCNPlus", True, {"hidden_size": 8, **CONVOLUTIONS}),
    "TransformerModel": ("TransformerModel", False, {"d_model": 8, "n_head": 2, "d_ffn": 16}),
    "TransformerLSTMPlus": ("TransformerRNNPlus", True, {"d_model": 8, "nhead": 2, "dim_feedforward": 16}),
    "TST": ("TST", True, TRANSFORMER),
    "TSTPlus": ("TSTPlus", True, TRANSFORMER),
    "TSiT": ("TSiTPlus", True, {**DEEP, "n_heads": 2}),
    "TSSequencer": ("TSSequencerPlus", True, DEEP),
    "TSPerceiver": (
        "TSPerceiver",
        True,
        {"n_latents": 4, "d_latent": 8, "n_layers": 1, "self_n_heads": 2, "cross_n_heads": 1},
    ),
    "ConvTran": ("ConvTranPlus", True, {"d_model": 16, "n_heads": 8, "dim_ff": 16}),
    "PatchTST": ("PatchTST", True, {**TRANSFORMER, "patch_len": 6, "stride": 3, "pred_dim": 4}),
    "Hydra": ("HydraPlus", True, {"k": 4, "g": 4, "device": "cpu"}),
    "MultiRocket": ("MultiRocketPlus", True, {"num_features": 2000, "zero_init": False}),
    "MiniRocketPlus": ("MINIROCKETPlus_Pytorch", True, {"num_features": 400, "zero_init": False}),
}


NARROW = {"Hydra", "MultiRocket", "MiniRocketPlus"}  # they make tensors of float32 inside


def classifier(name):
    module, knows_length, options = NETWORKS[name]
    made = getattr(imported(f"tsai.models.{module}", *IMAGES), name)
    return ChannelsFirst(made(3, 2, **options, **({"seq_len": TIME} if knows_length else {})))


def example(name):
    if name == "PatchTST":  # a forecaster, (batch, features, horizons)
        return Example(lambda: classifier(name), time=TIME, output="value", target=(1, 2), hides=True)
    return Example(lambda: classifier(name), time=TIME, dtype=torch.float32 if name in NARROW else torch.float64)


EXAMPLES = {f"tsai/{name}": example(name) for name in NETWORKS}
