"""braindecode: classifiers of EEG, (batch, channels, time)."""

import torch
from examples import ChannelsFirst, Example, imported

CHANNELS, RATE = 4, 100
AUDIO = ("torchaudio", "torchaudio.functional", "torchaudio.transforms")

# steps, and the arguments that make it small
NETWORKS = {
    "ATCNet": (250, {"input_window_seconds": 2.5, "n_windows": 2, "conv_block_n_filters": 4}),
    "CTNet": (128, {"num_layers": 1}),
    "Deep4Net": (450, {"n_filters_time": 4, "n_filters_spat": 4, "n_filters_2": 4, "n_filters_3": 4, "n_filters_4": 4}),
    "DeepSleepNet": (300, {"bilstm_hidden_size": 8, "bilstm_num_layers": 1}),
    "EEGConformer": (128, {"num_layers": 1, "n_filters_time": 10, "num_heads": 2, "pool_time_length": 20}),
    "EEGInceptionERP": (128, {"n_filters": 2}),
    "EEGInceptionMI": (100, {"input_window_seconds": 1.0, "n_convs": 2, "n_filters": 2}),
    "EEGITNet": (128, {}),
    "EEGNet": (128, {}),
    "EEGNeX": (128, {"filter_1": 2, "filter_2": 4}),
    "EEGTCNet": (128, {}),
    "MEDFormer": (64, {"patch_len_list": [8, 16], "embed_dim": 8, "num_heads": 2, "num_layers": 1}),
    "MSVTNet": (128, {"n_filters_list": (2, 2), "conv1_kernels_size": (7, 15), "num_heads": 2}),
    "PBT": (128, {"d_input": 32, "embed_dim": 8, "num_layers": 1, "num_heads": 2}),
    "SCCNet": (128, {"n_spatial_filters": 4, "n_spatial_filters_smooth": 4}),
    "ShallowFBCSPNet": (128, {"n_filters_time": 4, "n_filters_spat": 4}),
    "SincShallowNet": (128, {"num_time_filters": 4}),
    "SleepStagerChambon2018": (300, {}),
    "SPARCNet": (128, {"block_layers": 1, "growth_rate": 4, "bottleneck_size": 4}),
    "SSTDPN": (128, {"n_fused_filters": 9, "mvp_kernel_sizes": [10, 20, 30], "spt_attn_global_context_kernel": 25}),
    "SyncNet": (128, {}),
    "TCFormer": (128, {"n_filters_time": 4, "group_dim": 16, "n_transformer_layers": 1}),
    "BDTCN": (128, {"n_filters": 4}),
    "TIDNet": (128, {"s_growth": 4, "t_filters": 4}),
    "TSception": (128, {"hidden_size": 8}),
    "USleep": (300, {"depth": 2}),
    "BIOT": (200, {"embed_dim": 8, "num_heads": 2, "num_layers": 1, "hop_length": 50, "sfreq": 100}),
    "ContraWR": (200, {"emb_size": 8, "res_channels": [4, 8]}),
}


def classifier(name):
    steps, options = NETWORKS[name]
    sizes = {"n_chans": CHANNELS, "n_outputs": 2, "n_times": steps, "sfreq": RATE}
    return ChannelsFirst(getattr(imported("braindecode.models", *AUDIO), name)(**{**sizes, **options}))


EXAMPLES = {
    f"braindecode/{name}": Example(
        lambda name=name: classifier(name),
        time=steps,
        features=CHANNELS,
        dtype=torch.float32 if name == "SyncNet" else torch.float64,  # it makes tensors of float32 inside
        settles=name == "SSTDPN",
    )
    for name, (steps, _) in NETWORKS.items()
}
