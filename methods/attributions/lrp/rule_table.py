"""Table of LRP's rules by PyTorch function; functions that are not listed are refused."""

import torch
from torch.nn import functional

from ...operations import Kind
from ..decompositions import complex_numbers
from ..decompositions.attention import multi_head_attention, scaled_dot_product_attention
from ..decompositions.composition import composition, of_complex
from ..decompositions.compositions import COMPOSITIONS
from ..decompositions.normalisation import group_norm, instance_norm, layer_norm, normalize, rms_norm
from ..interception import operation_names as names
from ..interception.evaluation_rules import running_batch_norm, switched_off_dropout
from ..interception.interception import Operation, Rule
from ..interception.operation_names import rules
from ..interception.recurrence import (
    backward_through_cells,
    backward_through_states,
    gru_states,
    lstm_states,
    rnn_states,
)
from ..interception.recurrent_cells import gru_step, lstm_step, rnn_step, single_step
from ..interception.recurrent_layers import layers
from ..interception.separate_rule import separately
from .prefix_attention_rule import attention, attention_per_hop
from .products import chain, contraction, einsum, product_along_axis, scaling
from .relevance_pass import RelevancePass, Role
from .relevance_recurrence import gru_relevance, lstm_relevance, plain_relevance, relevant
from .relevance_rules import (
    activation,
    addition,
    cast,
    constant,
    division,
    linear,
    move,
    normalisation,
    power,
    reduction,
    reflected_division,
    soft_maximum,
    squashing,
)

_LARGEST = """
    amax amin max min maximum minimum fmax fmin sort topk cummax cummin max_pool1d max_pool2d max_pool3d
    adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d
"""

_LOGIC = "logical_and logical_or logical_xor"

RULES: dict[Operation, Rule[RelevancePass]] = {
    **rules(f"{names.MOVES} {_LARGEST}", move),
    **dict.fromkeys(names.TRANSPOSED, move),
    **dict.fromkeys((*names.PROPERTIES, *names.SHIFTS), move),
    **dict.fromkeys(names.FOURIER, linear),
    **rules(names.PARTS, move),
    **rules(names.SPECTRA, linear),
    **rules(names.CONJUGATES, activation()),
    **rules(names.CASTS, cast),
    **rules(names.SEPARATE, separately),
    **rules(names.ADDITIONS, addition),
    **rules(names.REDUCTIONS, reduction),
    **rules(f"{names.SUMS} {names.INTERPOLATIONS}", linear),
    **rules(f"{names.TESTS} {names.COMPARISONS} {names.POSITIONS} {names.BRANCHES} {_LOGIC} detach", constant),
    **rules(f"{names.SMOOTH_GATES} {names.KINKED_GATES} softmax", activation(Role.GATE)),
    **rules(names.RECIPROCALS, activation(Role.DIVISOR)),
    **rules(names.POWERS, power),
    **rules(
        f"{names.SMOOTH} {names.SINGULAR} {names.KINKED} {names.LOG1P} {names.JUMPS} log_softmax",
        activation(Role.SIGNAL),
    ),
    **rules("tanh erf", squashing),
    **rules("abs absolute __abs__", of_complex(complex_numbers.size, activation(Role.SIGNAL))),
    **rules("logsumexp", soft_maximum),
    **rules(f"{names.CLAMPS} {names.NEGATIONS}", activation()),
    **rules(names.SCALINGS, scaling),
    **rules(names.CONTRACTIONS, contraction()),
    **rules(names.SUMMED_CONTRACTIONS, contraction(1, 2)),
    **rules("__rmatmul__", contraction()),
    **rules("einsum", einsum),
    **rules("multi_dot chain_matmul", chain),
    **rules("prod cumprod", product_along_axis),
    **rules(names.DIVISIONS, division),
    **rules(names.REFLECTED_DIVISIONS, reflected_division),
    **rules(names.DROPOUTS, switched_off_dropout),
    **rules("batch_norm", running_batch_norm(linear)),
    functional.layer_norm: normalisation(layer_norm),
    functional.group_norm: normalisation(group_norm),
    functional.instance_norm: instance_norm(running_batch_norm(linear), normalisation(group_norm)),
    **COMPOSITIONS,
    **rules("normalize", composition(normalize)),
    functional.rms_norm: composition(rms_norm),
    functional.scaled_dot_product_attention: composition(scaled_dot_product_attention),
    functional.multi_head_attention_forward: composition(multi_head_attention),
    **rules("lstm", layers(relevant(lstm_states, lstm_relevance, backward_through_cells))),
    **rules("gru", layers(relevant(gru_states, gru_relevance, backward_through_states))),
    **rules("rnn_tanh", layers(relevant(rnn_states(torch.tanh), plain_relevance, backward_through_states))),
    **rules("rnn_relu", layers(relevant(rnn_states(torch.relu), plain_relevance, backward_through_states))),
    **rules("lstm_cell", single_step(lstm_step)),
    **rules("gru_cell", single_step(gru_step)),
    **rules("rnn_tanh_cell", single_step(rnn_step(torch.tanh))),
    **rules("rnn_relu_cell", single_step(rnn_step(torch.relu))),
    Kind.PREFIX_ATTENTION: attention,
    Kind.PREFIX_ATTENTION_PER_HOP: attention_per_hop,
}
