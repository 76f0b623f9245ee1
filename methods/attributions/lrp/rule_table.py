"""Table of LRP's rules by PyTorch function; functions that are not listed are refused."""

import torch
from torch.nn import functional

from ...operations import Kind
from ..deeplift.compositions import composition
from ..interception import operation_names as names
from ..interception.attention_compositions import multi_head_attention, scaled_dot_product_attention
from ..interception.evaluation_rules import running_batch_norm, switched_off_dropout
from ..interception.interception import Operation, Rule
from ..interception.normalisation import group_norm, instance_norm, layer_norm, normalize, rms_norm
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
from .relevance_pass import RelevancePass, Role
from .relevance_recurrence import gru_relevance, lstm_relevance, plain_relevance, relevant
from .relevance_rules import (
    activation,
    addition,
    contraction,
    division,
    einsum,
    linear,
    move,
    normalisation,
    power,
    reduction,
    reflected_division,
    scaling,
)

_LARGEST = """
    amax maximum minimum max_pool1d max_pool2d max_pool3d
    adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d
"""

RULES: dict[Operation, Rule[RelevancePass]] = {
    **rules(f"{names.MOVES} {_LARGEST}", move),
    **dict.fromkeys(names.TRANSPOSED, move),
    **rules(names.SEPARATE, separately),
    **rules(names.ADDITIONS, addition),
    **rules(names.REDUCTIONS, reduction),
    **rules(f"{names.SMOOTH_GATES} {names.KINKED_GATES} softmax", activation(Role.GATE)),
    **rules(names.RECIPROCALS, activation(Role.DIVISOR)),
    **rules(names.POWERS, power),
    **rules(f"{names.SMOOTH} {names.SINGULAR} {names.KINKED} log_softmax", activation(Role.SIGNAL)),
    **rules(f"{names.CLAMPS} {names.NEGATIONS}", activation()),
    **rules(names.SCALINGS, scaling),
    **rules(names.CONTRACTIONS, contraction()),
    **rules(names.SUMMED_CONTRACTIONS, contraction(1, 2)),
    **rules("__rmatmul__", contraction()),
    **rules("einsum", einsum),
    **rules(names.DIVISIONS, division),
    **rules(names.REFLECTED_DIVISIONS, reflected_division),
    **rules(names.DROPOUTS, switched_off_dropout),
    **rules("batch_norm", running_batch_norm(linear)),
    functional.layer_norm: normalisation(layer_norm),
    functional.group_norm: normalisation(group_norm),
    functional.instance_norm: instance_norm(running_batch_norm(linear), normalisation(group_norm)),
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
