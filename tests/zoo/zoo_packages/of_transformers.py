"""transformers: the networks of series, and those of texts on embedded steps."""

import importlib
import re

import torch
from examples import Encoder, Example
from torch import nn

SERIES = {
    "prediction_length": 4,
    "context_length": 12,
    "lags_sequence": [1, 2],
    "num_time_features": 1,
    "input_size": 3,
    "d_model": 8,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 16,
    "decoder_ffn_dim": 16,
}
PATCHES = {"num_input_channels": 3, "context_length": 16, "patch_length": 4, "patch_stride": 2, "d_model": 8}
TEXTS = {"hidden_size": 8, "num_hidden_layers": 1, "intermediate_size": 16, "vocab_size": 11}
HEADS = {"num_attention_heads": 2}
SINGLE = 1e-6  # of networks that compute in float32 inside
GROUPED = {**HEADS, "num_key_value_heads": 1, "head_dim": 4}


def made(name, **options):
    """The model of a name, by its configuration."""
    package = importlib.import_module("transformers")
    known = re.sub(r"(Encoder)?Model$|For(Time|Classification|Prediction|Regression)\w*$", "", name)
    model = getattr(package, name)(getattr(package, f"{known}Config")(**options))
    model.config.use_cache = False
    return model


class Forecaster(nn.Module):
    """What an encoder-decoder of series makes of the last step, (batch, 2)."""

    def __init__(self, name, width=8, **options):
        super().__init__()
        self.network = made(name, **SERIES, **options)
        self.classify = nn.Linear(width, 2)

    def forward(self, inputs):
        steps, ahead = inputs.shape[1], SERIES["prediction_length"]
        times = torch.linspace(-1, 1, steps + ahead, dtype=inputs.dtype)[None, :, None].expand(len(inputs), -1, -1)
        found = self.network(
            past_values=inputs,
            past_time_features=times[:, :steps],
            past_observed_mask=torch.ones_like(inputs),
            future_values=inputs[:, -ahead:],
            future_time_features=times[:, steps:],
        )
        return self.classify(found.last_hidden_state[:, -1])


def on_steps(name, width=8, **options):
    """A network of texts on embedded steps."""
    return Encoder(
        made(name, **options), 3, width, call=lambda network, steps: network(inputs_embeds=steps).last_hidden_state
    )


def masked(name, **options):
    """A network of texts on embedded steps, of which it is told that all are real."""

    def call(network, steps):
        seen = torch.ones(steps.shape[:2], dtype=torch.long)
        return network(inputs_embeds=steps, attention_mask=seen).last_hidden_state

    return Encoder(made(name, **options), 3, 8, call=call)


def speech(name, **options):
    convolutions = {"conv_dim": (8, 8), "conv_kernel": (4, 3), "conv_stride": (2, 2), "num_feat_extract_layers": 2}
    sizes = {"num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2, **TEXTS, **HEADS, **convolutions}
    return Encoder(
        made(name, **sizes, **options), 3, 1, 8, call=lambda network, steps: network(steps[..., 0]).last_hidden_state
    )


def patches(name, **options):
    return made(name, **PATCHES, **options)


PATCH_LAYERS = {"num_hidden_layers": 1, "num_attention_heads": 2, "ffn_dim": 16}

EXAMPLES = {
    f"transformers/{name}": example
    for name, example in {
        "PatchTST-classification": Example(
            lambda: patches("PatchTSTForClassification", **PATCH_LAYERS, num_targets=2), item="prediction_logits"
        ),
        "PatchTST-cls-token": Example(
            lambda: patches(
                "PatchTSTForClassification", **PATCH_LAYERS, num_targets=2, use_cls_token=True, scaling=None
            ),
            item="prediction_logits",
        ),
        "PatchTST-forecast": Example(
            lambda: patches("PatchTSTForPrediction", **PATCH_LAYERS, prediction_length=4, loss="mse"),
            item="prediction_outputs",
            output="value",
            target=(2, 1),
        ),
        "PatchTST-regression": Example(
            lambda: patches("PatchTSTForRegression", **PATCH_LAYERS, num_targets=2, loss="mse"),
            item="regression_outputs",
            output="value",
        ),
        "PatchTSMixer-classification": Example(
            lambda: patches("PatchTSMixerForTimeSeriesClassification", num_layers=1, num_targets=2),
            item="prediction_outputs",
        ),
        "PatchTSMixer-forecast": Example(
            lambda: patches(
                "PatchTSMixerForPrediction", num_layers=1, prediction_length=4, loss="mse", mode="mix_channel"
            ),
            item="prediction_outputs",
            output="value",
            target=(2, 1),
        ),
        "TimeSeriesTransformer": Example(lambda: Forecaster("TimeSeriesTransformerModel"), time=14),
        "Informer-full": Example(lambda: Forecaster("InformerModel", attention_type="full"), time=14),
        "Informer-prob": Example(lambda: Forecaster("InformerModel"), time=14),
        "Autoformer": Example(lambda: Forecaster("AutoformerModel", width=13), time=14, dtype=torch.float32),
        "BERT": Example(lambda: on_steps("BertModel", **TEXTS, **HEADS)),
        "BERT-masked": Example(lambda: masked("BertModel", **TEXTS, **HEADS)),
        "DistilBERT": Example(
            lambda: on_steps("DistilBertModel", dim=8, n_layers=1, n_heads=2, hidden_dim=16, vocab_size=11)
        ),
        "RoFormer": Example(lambda: on_steps("RoFormerModel", **TEXTS, **HEADS)),
        "GPT2": Example(lambda: on_steps("GPT2Model", n_embd=8, n_layer=1, n_head=2, vocab_size=11)),
        "Llama": Example(lambda: on_steps("LlamaModel", **TEXTS, **GROUPED), accuracy=SINGLE),
        "Qwen3": Example(lambda: on_steps("Qwen3Model", **TEXTS, **GROUPED), accuracy=SINGLE),
        "ModernBERT": Example(lambda: on_steps("ModernBertModel", **TEXTS, **HEADS, pad_token_id=0)),
        "FNet": Example(lambda: on_steps("FNetModel", **TEXTS)),
        "Nystromformer": Example(
            lambda: on_steps("NystromformerModel", **TEXTS, **HEADS, num_landmarks=4, segment_means_seq_len=16)
        ),
        "ConvBERT": Example(
            lambda: on_steps("ConvBertModel", **TEXTS, num_attention_heads=2, embedding_size=8, conv_kernel_size=3)
        ),
        "Mamba": Example(
            lambda: on_steps("MambaModel", hidden_size=8, state_size=4, num_hidden_layers=1, vocab_size=11),
            accuracy=SINGLE,
        ),
        "Mamba2": Example(
            lambda: on_steps(
                "Mamba2Model",
                hidden_size=8,
                state_size=4,
                num_hidden_layers=1,
                vocab_size=11,
                num_heads=4,
                head_dim=4,
                n_groups=1,
                chunk_size=8,
            ),
            accuracy=SINGLE,
        ),
        "RecurrentGemma": Example(
            lambda: on_steps("RecurrentGemmaModel", **TEXTS, **HEADS, lru_width=8, attention_window_size=8)
        ),
        "xLSTM": Example(
            lambda: on_steps("xLSTMModel", hidden_size=8, num_heads=2, num_blocks=1, vocab_size=11, chunk_size=8),
            accuracy=SINGLE,
        ),
        "T5-encoder": Example(
            lambda: on_steps("T5EncoderModel", d_model=8, d_kv=4, d_ff=16, num_layers=1, num_heads=2, vocab_size=11),
            accuracy=SINGLE,
        ),
        "wav2vec2": Example(lambda: speech("Wav2Vec2Model"), time=64),
    }.items()
}
