"""Table of LRP's rules by PyTorch function; functions that are not listed are refused."""

import torch
from torch.nn import functional

from ...operations import Kind
from ..decompositions import complex_numbers, elementwise
from ..decompositions.composition import of_complex, of_tensors
from ..decompositions.compositions import COMPOSITIONS
from ..decompositions.normalisation import group_norm, instance_norm, layer_norm
from ..interception import operation_names as names
from ..interception.evaluation_rules import adding, of_tensor, running_batch_norm, switched_off_dropout
from ..interception.interception import Operation, Rule
from ..interception.operation_names import rules
from ..interception.recurrence import (
    backward_through_cells,
    backward_through_states,
    gru_states,
    lstm_states,
    rnn_states,
)
from ..interception.recurrent_layers import layers
from ..interception.separate_rule import separately
from .prefix_attention_rule import attention, attention_per_hop
from .products import bilinear, chain, contraction, einsum, product_along_axis, scaling
from .relevance_pass import RelevancePass, Role
from .relevance_recurrence import gru_relevance, lstm_relevance, plain_relevance, relevant
from .relevance_rules import (
    activation,
    addition,
    arctangent,
    cast,
    constant,
    division,
    linear,
    move,
    normalisation,
    placed,
    power,
    reduction,
    reflected_division,
    soft_maximum,
    squashing,
)

_LARGEST = """
    amax amin max min maximum minimum fmax fmin sort topk max_pool1d max_pool2d max_pool3d
    adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d
"""

Table = dict[Operation, Rule[RelevancePass]]

MOVED: Table = {
    **rules(f"{names.MOVES} {_LARGEST}", move),
    **rules("index_put", placed),
    **rules(names.COPIES, of_tensor(move)),
    **dict.fromkeys(names.TRANSPOSED, move),
    **dict.fromkeys((*names.PROPERTIES, *names.SHIFTS, *names.PADDED), move),
    **rules(names.PARTS, move),
    **rules(names.CASTS, cast),
    **rules(names.SEPARATE, separately),
    **rules(names.REDUCED, adding(move, linear)),
    **rules(names.DROPOUTS, switched_off_dropout),
}

SUMS: Table = {
    **dict.fromkeys(names.FOURIER, linear),
    **rules(names.SPECTRA, linear),
    **rules(names.ADDITIONS, addition),
    **rules(names.REDUCTIONS, reduction),
    **rules(f"{names.SUMS} {names.INTERPOLATIONS}", linear),
    **rules("batch_norm", running_batch_norm(linear)),
    functional.layer_norm: normalisation(layer_norm),
    functional.group_norm: normalisation(group_norm),
    functional.instance_norm: instance_norm(running_batch_norm(linear), normalisation(group_norm)),
    **rules("logsumexp", soft_maximum),
}

ACTIVATIONS: Table = {
    **rules(names.CONJUGATES, activation()),
    **rules(f"{names.SMOOTH_GATES} {names.KINKED_GATES} softmax", activation(Role.GATE)),
    **rules(names.RECIPROCALS, activation(Role.DIVISOR)),
    **rules(names.POWERS, power),
    **rules(
        f"{names.SMOOTH} {names.SINGULAR} {names.KINKED} {names.LOG1P} {names.JUMPS} log_softmax",
        activation(Role.SIGNAL),
    ),
    **rules("tanh erf", squashing),
    **rules("atan2 arctan2", arctangent),
    **rules("angle", of_complex(complex_numbers.angle, constant)),
    **rules("abs absolute __abs__", of_complex(complex_numbers.size, activation(Role.SIGNAL))),
    **rules(f"{names.CLAMPS} {names.NEGATIONS}", activation()),
    **rules("clamp clip", of_tensors(elementwise.clamp, activation())),
}

PRODUCTS: Table = {
    **rules(names.SCALINGS, scaling),
    **rules(names.CONTRACTIONS, contraction()),
    **rules("bilinear", bilinear),
    **rules(names.SUMMED_CONTRACTIONS, contraction(1, 2)),
    **rules("__rmatmul__", contraction()),
    **rules("einsum", einsum),
    **rules("multi_dot chain_matmul", chain),
    **rules("prod cumprod", product_along_axis),
    **rules(names.DIVISIONS, division),
    **rules(names.REFLECTED_DIVISIONS, reflected_division),
}

DECOMPOSED: Table = {
    **COMPOSITIONS,
    **rules("lstm", layers(relevant(lstm_states, lstm_relevance, backward_through_cells))),
    **rules("gru", layers(relevant(gru_states, gru_relevance, backward_through_states))),
    **rules("rnn_tanh", layers(relevant(rnn_states(torch.tanh), plain_relevance, backward_through_states))),
    **rules("rnn_relu", layers(relevant(rnn_states(torch.relu), plain_relevance, backward_through_states))),
    Kind.PREFIX_ATTENTION: attention,
    Kind.PREFIX_ATTENTION_PER_HOP: attention_per_hop,
}

CONSTANT: Table = rules(
    f"{names.TESTS} {names.COMPARISONS} {names.POSITIONS} {names.BRANCHES} {names.LOGIC} detach", constant
)

# By what a rule is; `docs/hooks/operations_page.py` says it in words
KINDS: dict[str, Table] = {
    "moved": MOVED,
    "sum": SUMS,
    "activation": ACTIVATIONS,
    "product": PRODUCTS,
    "in other operations": DECOMPOSED,
    "constant": CONSTANT,
}

RULES: Table = {operation: rule for table in KINDS.values() for operation, rule in table.items()}
