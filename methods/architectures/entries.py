"""The architectures that ship with saltbench."""

from .spec import ArchitectureSpec

_ONE_LAYER = {"hidden": 5, "dropout": 0.1}
_ATTENTION = {"hops": 20, "attention_hidden": 50}
_CHECKS = "saltbench.methods.architectures.parameter_checks"
_ISMAIL = (
    "A. A. Ismail, M. Gunady, L. Pessoa, H. Corrada Bravo, S. Feizi, Input-Cell Attention Reduces Vanishing "
    "Saliency of Recurrent Neural Networks, NeurIPS 2019, arXiv:1910.12370"
)

ENTRIES: tuple[ArchitectureSpec, ...] = (
    ArchitectureSpec(
        name="lstm",
        version=2,
        description="one LSTM layer, classified from the last time step",
        reference="S. Hochreiter, J. Schmidhuber, Long Short-Term Memory, Neural Computation 9(8), 1997, 1735-1780",
        factory="saltbench.methods.architectures.recurrent:lstm",
        parameters=_ONE_LAYER,
        check=f"{_CHECKS}:check_layer",
        tags=("recurrent",),
    ),
    ArchitectureSpec(
        name="bi-lstm",
        version=2,
        description="one bidirectional LSTM layer, classified from the last time step of both directions",
        reference=(
            "A. Graves, J. Schmidhuber, Framewise phoneme classification with bidirectional LSTM and other "
            "neural network architectures, Neural Networks 18(5-6), 2005, 602-610"
        ),
        factory="saltbench.methods.architectures.recurrent:bi_lstm",
        parameters=_ONE_LAYER,
        check=f"{_CHECKS}:check_layer",
        tags=("recurrent",),
    ),
    ArchitectureSpec(
        name="lstm-self-attention",
        version=2,
        description="one LSTM layer, classified from a structured self-attention over all time steps",
        reference=(
            "Z. Lin, M. Feng, C. N. dos Santos, M. Yu, B. Xiang, B. Zhou, Y. Bengio, A Structured "
            "Self-attentive Sentence Embedding, ICLR 2017, arXiv:1703.03130"
        ),
        factory="saltbench.methods.architectures.attention:lstm_self_attention",
        parameters={**_ONE_LAYER, **_ATTENTION},
        check=f"{_CHECKS}:check_layer",
        tags=("recurrent", "attention"),
    ),
    ArchitectureSpec(
        name="input-cell-lstm",
        version=2,
        description="one LSTM layer whose gates read an attention over the series so far",
        reference=_ISMAIL,
        factory="saltbench.methods.architectures.input_cell:input_cell_lstm",
        parameters={**_ONE_LAYER, **_ATTENTION, "variant": "mean"},
        check=f"{_CHECKS}:check_input_cell",
        tags=("recurrent", "attention"),
    ),
    ArchitectureSpec(
        name="gru-per-step",
        version=1,
        description="one GRU layer, which classifies every time step; 200 hidden units in the papers",
        reference=(
            "S. Tonekaboni, S. Joshi, K. Campbell, D. Duvenaud, A. Goldenberg, What went wrong and when? Instance-wise "
            "Feature Importance for Time-series Black-box Models, NeurIPS 2020; J. Enguehard, time_interpret, 2023"
        ),
        factory="saltbench.methods.architectures.gru_per_step:gru_per_step",
        parameters={"hidden": 50, "dropout": 0.5},
        check=f"{_CHECKS}:check_layer",
        tags=("recurrent", "per-step"),
        per_step=True,
    ),
)
