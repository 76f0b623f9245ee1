"""Table of DeepLIFT's rules by PyTorch function; functions that are not listed are refused."""

import torch
from torch.nn import functional

from ....operations import Kind
from ...decompositions import complex_numbers, elementwise
from ...decompositions.composition import composition, of_complex, of_tensors
from ...decompositions.compositions import COMPOSITIONS
from ...decompositions.normalisation import group_norm, instance_norm, layer_norm
from ...interception import operation_names as names
from ...interception.evaluation_rules import adding, of_tensor, running_batch_norm, switched_off_dropout
from ...interception.interception import DISCRETE, Operation, Rule
from ...interception.operation_names import rules
from ...interception.recurrence import (
    backward_through_cells,
    backward_through_states,
    gru_states,
    lstm_states,
    rnn_states,
)
from ...interception.recurrent_layers import layers
from ...interception.separate_rule import separately
from ..paired_pass import PairedPass
from .angle_rule import atan2
from .compositions import log_softmax, logsumexp, softmax
from .difference_recurrence import gru_multipliers, lstm_multipliers, paired, relu_multipliers, tanh_multipliers
from .difference_rules import (
    division,
    kinked,
    linear,
    move,
    near_minus_one,
    power,
    product,
    reciprocal,
    reflected_division,
    rescale,
    scaling,
    singular,
    smooth,
    softplus,
)
from .maximum_rules import (
    adaptive_max_pool,
    extremum,
    larger,
    largest_along_axes,
    max_pool,
    smaller,
    smallest_along_axes,
    with_places,
)
from .order_rules import sort, sorted_places, topk
from .path_rules import einsum, multilinear, product_along_axis
from .place_rules import extremal_place
from .prefix_attention_rule import attention, attention_per_hop
from .steps import branch, cast, comparison, constant, discrete, logical, position, search, step

Table = dict[Operation, Rule[PairedPass]]

LINEAR: Table = {
    **rules(f"{names.MOVES} {names.NEGATIONS}", move),
    **rules(names.COPIES, of_tensor(move)),
    **rules(names.CASTS, cast(move)),
    **dict.fromkeys(names.TRANSPOSED, move),
    **dict.fromkeys((*names.PROPERTIES, *names.FOURIER, *names.SHIFTS, *names.PADDED), linear),
    **rules(f"{names.PARTS} {names.CONJUGATES} {names.SPECTRA}", linear),
    **rules(names.SEPARATE, separately),
    **rules(f"{names.ADDITIONS} {names.REDUCTIONS} {names.SUMS} {names.INTERPOLATIONS}", linear),
    **rules(names.REDUCED, adding(linear, linear)),
    **rules(names.DROPOUTS, switched_off_dropout),
    **rules("batch_norm", running_batch_norm(linear)),
}

RESCALED: Table = {
    **rules(f"{names.SMOOTH} {names.SMOOTH_GATES}", rescale(smooth)),
    **rules("softplus", softplus),
    **rules(names.SINGULAR, rescale(singular)),
    **rules(names.LOG1P, rescale(near_minus_one)),
    **rules(names.RECIPROCALS, reciprocal),
    **rules(names.POWERS, power),
    **rules(f"{names.KINKED} {names.KINKED_GATES} {names.CLAMPS}", rescale(kinked)),
    **rules("clamp clip", of_tensors(elementwise.clamp, rescale(kinked))),
    **rules("abs absolute __abs__", of_complex(complex_numbers.size, rescale(kinked))),
    **rules(f"{names.JUMPS} {names.WHOLE_NUMBERS} {names.TESTS}", step),
    **rules(names.COMPARISONS, comparison),
    **rules(names.LOGIC, logical),
}

SPLIT: Table = {
    **rules(names.SCALINGS, scaling),
    **rules(names.CONTRACTIONS, product()),
    **rules(names.SUMMED_CONTRACTIONS, product(1, 2)),
    **rules("__rmatmul__", product()),
    **rules("einsum", einsum),
    **rules("bilinear multi_dot chain_matmul", multilinear),
    **rules("prod cumprod", product_along_axis),
    **rules(names.DIVISIONS, division),
    **rules(names.REFLECTED_DIVISIONS, reflected_division),
}

ALONG_THE_WAY: Table = {
    **rules("atan2 arctan2", atan2),
    **rules("angle", of_complex(complex_numbers.angle, step)),
    **rules("amax", largest_along_axes),
    **rules("amin", smallest_along_axes),
    **rules("max", extremum(largest_along_axes, larger)),
    **rules("min", extremum(smallest_along_axes, smaller)),
    **rules("argmax argmin", extremal_place),
    **rules("argsort", sorted_places),
    **rules("sort", sort),
    **rules("topk", topk),
    **rules("maximum fmax", larger),
    **rules("minimum fmin", smaller),
    **rules("max_pool1d", max_pool(1)),
    **rules("max_pool2d", max_pool(2)),
    **rules("max_pool3d", max_pool(3)),
    functional.adaptive_max_pool1d: adaptive_max_pool(1),
    functional.adaptive_max_pool2d: adaptive_max_pool(2),
    functional.adaptive_max_pool3d: adaptive_max_pool(3),
}

DECOMPOSED: Table = {
    **COMPOSITIONS,
    **{function: with_places(COMPOSITIONS[function]) for function in names.named("kthvalue median cummax cummin")},
    **rules("addcmul", product(1, 2)),
    **rules("softmax", composition(softmax)),
    **rules("log_softmax", composition(log_softmax)),
    **rules("logsumexp", composition(logsumexp)),
    functional.layer_norm: composition(layer_norm),
    functional.group_norm: composition(group_norm),
    functional.instance_norm: instance_norm(running_batch_norm(linear), composition(group_norm)),
    **rules("lstm", layers(paired(lstm_states, lstm_multipliers, backward_through_cells))),
    **rules("gru", layers(paired(gru_states, gru_multipliers, backward_through_states))),
    **rules("rnn_tanh", layers(paired(rnn_states(torch.tanh), tanh_multipliers, backward_through_states))),
    **rules("rnn_relu", layers(paired(rnn_states(torch.relu), relu_multipliers, backward_through_states))),
    Kind.PREFIX_ATTENTION: attention,
    Kind.PREFIX_ATTENTION_PER_HOP: attention_per_hop,
}

CONSTANT: Table = {
    **rules("nonzero argwhere one_hot", position),
    **rules("searchsorted", search),
    **rules(names.BRANCHES, branch),
    **rules("detach", constant),
    DISCRETE: discrete,
}

# By what a rule is; `docs/hooks/operations_page.py` says it in words
KINDS: dict[str, Table] = {
    "linear": LINEAR,
    "rescale": RESCALED,
    "split": SPLIT,
    "along the way": ALONG_THE_WAY,
    "in other operations": DECOMPOSED,
    "constant": CONSTANT,
}

RULES: Table = {operation: rule for table in KINDS.values() for operation, rule in table.items()}
