"""Table of DeepLIFT's rules by PyTorch function; functions that are not listed are refused."""

import torch
from torch.nn import functional

from ....operations import Kind
from ...decompositions import complex_numbers
from ...decompositions.attention import multi_head_attention, scaled_dot_product_attention
from ...decompositions.composition import composition, of_complex
from ...decompositions.compositions import COMPOSITIONS
from ...decompositions.normalisation import group_norm, instance_norm, layer_norm, normalize, rms_norm
from ...interception import operation_names as names
from ...interception.evaluation_rules import running_batch_norm, switched_off_dropout
from ...interception.interception import DISCRETE, Operation, Rule
from ...interception.operation_names import rules
from ...interception.recurrence import (
    backward_through_cells,
    backward_through_states,
    gru_states,
    lstm_states,
    rnn_states,
)
from ...interception.recurrent_cells import gru_step, lstm_step, rnn_step, single_step
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
)
from .order_rules import sort, topk
from .path_rules import einsum, multilinear, product_along_axis
from .prefix_attention_rule import attention, attention_per_hop
from .steps import branch, cast, comparison, constant, discrete, position, step

RULES: dict[Operation, Rule[PairedPass]] = {
    **rules(f"{names.MOVES} {names.NEGATIONS}", move),
    **rules(names.CASTS, cast(move)),
    **dict.fromkeys(names.TRANSPOSED, move),
    **dict.fromkeys((*names.PROPERTIES, *names.FOURIER, *names.SHIFTS), linear),
    **rules(f"{names.PARTS} {names.CONJUGATES} {names.SPECTRA}", linear),
    **rules(names.SEPARATE, separately),
    **rules(f"{names.ADDITIONS} {names.REDUCTIONS} {names.SUMS} {names.INTERPOLATIONS}", linear),
    **rules(f"{names.SMOOTH} {names.SMOOTH_GATES}", rescale(smooth)),
    **rules("softplus", softplus),
    **rules("angle", of_complex(complex_numbers.angle, step)),
    **rules("atan2 arctan2", atan2),
    **rules(names.SINGULAR, rescale(singular)),
    **rules(names.LOG1P, rescale(near_minus_one)),
    **rules(names.RECIPROCALS, reciprocal),
    **rules(names.POWERS, power),
    **rules(f"{names.KINKED} {names.KINKED_GATES} {names.CLAMPS}", rescale(kinked)),
    **rules("abs absolute __abs__", of_complex(complex_numbers.size, rescale(kinked))),
    **rules(names.SCALINGS, scaling),
    **rules(names.CONTRACTIONS, product()),
    **rules(names.SUMMED_CONTRACTIONS, product(1, 2)),
    **rules("addcmul", product(1, 2)),
    **rules("__rmatmul__", product()),
    **rules("einsum", einsum),
    **rules("multi_dot chain_matmul", multilinear),
    **rules("prod cumprod", product_along_axis),
    **rules(names.DIVISIONS, division),
    **rules(names.REFLECTED_DIVISIONS, reflected_division),
    **rules(names.DROPOUTS, switched_off_dropout),
    **rules("softmax", composition(softmax)),
    **rules("log_softmax", composition(log_softmax)),
    **rules("logsumexp", composition(logsumexp)),
    **COMPOSITIONS,
    **rules("normalize", composition(normalize)),
    **rules("batch_norm", running_batch_norm(linear)),
    functional.layer_norm: composition(layer_norm),
    functional.group_norm: composition(group_norm),
    functional.rms_norm: composition(rms_norm),
    functional.instance_norm: instance_norm(running_batch_norm(linear), composition(group_norm)),
    functional.scaled_dot_product_attention: composition(scaled_dot_product_attention),
    functional.multi_head_attention_forward: composition(multi_head_attention),
    **rules(f"{names.JUMPS} {names.WHOLE_NUMBERS} {names.TESTS}", step),
    **rules(names.COMPARISONS, comparison),
    **rules(names.POSITIONS, position),
    **rules(names.BRANCHES, branch),
    **rules("detach", constant),
    DISCRETE: discrete,
    **rules("amax", largest_along_axes),
    **rules("amin", smallest_along_axes),
    **rules("max", extremum(largest_along_axes, larger)),
    **rules("min", extremum(smallest_along_axes, smaller)),
    **rules("sort", sort),
    **rules("topk", topk),
    **rules("maximum", larger),
    **rules("minimum", smaller),
    **rules("max_pool1d", max_pool(1)),
    **rules("max_pool2d", max_pool(2)),
    **rules("max_pool3d", max_pool(3)),
    functional.adaptive_max_pool1d: adaptive_max_pool(1),
    functional.adaptive_max_pool2d: adaptive_max_pool(2),
    functional.adaptive_max_pool3d: adaptive_max_pool(3),
    **rules("lstm", layers(paired(lstm_states, lstm_multipliers, backward_through_cells))),
    **rules("gru", layers(paired(gru_states, gru_multipliers, backward_through_states))),
    **rules("rnn_tanh", layers(paired(rnn_states(torch.tanh), tanh_multipliers, backward_through_states))),
    **rules("rnn_relu", layers(paired(rnn_states(torch.relu), relu_multipliers, backward_through_states))),
    **rules("lstm_cell", single_step(lstm_step)),
    **rules("gru_cell", single_step(gru_step)),
    **rules("rnn_tanh_cell", single_step(rnn_step(torch.tanh))),
    **rules("rnn_relu_cell", single_step(rnn_step(torch.relu))),
    Kind.PREFIX_ATTENTION: attention,
    Kind.PREFIX_ATTENTION_PER_HOP: attention_per_hop,
}
