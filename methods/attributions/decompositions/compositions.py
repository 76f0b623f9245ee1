"""Table of functions that every rule set decomposes in the same way."""

from typing import Any

import torch
from torch.nn import functional

from ..interception.interception import Operation, Rule
from ..interception.operation_names import rules
from ..interception.recurrent_cells import gru_step, lstm_step, rnn_step, single_step
from . import complex_numbers, elementwise, exponential_sums, order, statistics
from .attention import multi_head_attention, scaled_dot_product_attention
from .composition import composition, in_operations
from .normalisation import normalize, rms_norm

COMPOSITIONS: dict[Operation, Rule[Any]] = {
    **rules("glu", in_operations(elementwise.glu)),
    **rules("lerp", in_operations(elementwise.lerp)),
    **rules("addcmul", in_operations(elementwise.addcmul)),
    **rules("addcdiv", in_operations(elementwise.addcdiv)),
    **rules("polar", in_operations(complex_numbers.polar)),
    **rules("hypot", in_operations(elementwise.hypot)),
    **rules("logaddexp", in_operations(exponential_sums.logaddexp)),
    **rules("logcumsumexp", in_operations(exponential_sums.logcumsumexp)),
    **rules("softmin", in_operations(elementwise.softmin)),
    **rules("nan_to_num", in_operations(elementwise.nan_to_num)),
    **rules("var", in_operations(statistics.variance)),
    **rules("std", in_operations(statistics.deviation)),
    **rules("var_mean", in_operations(statistics.variance_and_mean)),
    **rules("std_mean", in_operations(statistics.deviation_and_mean)),
    **rules("norm", composition(statistics.norm)),
    **rules("vector_norm", composition(statistics.vector_norm)),
    torch.linalg.norm: composition(statistics.linalg_norm),
    **rules("cosine_similarity", in_operations(statistics.cosine_similarity)),
    **rules("pairwise_distance", composition(statistics.pairwise_distance)),
    **rules("cdist", composition(statistics.cdist)),
    **rules("count_nonzero", in_operations(statistics.count_nonzero)),
    **rules("lp_pool1d", in_operations(statistics.lp_pool1d)),
    **rules("msort", in_operations(order.msort)),
    **rules("kthvalue", composition(order.kthvalue)),
    **rules("median", composition(order.median)),
    **rules("aminmax", in_operations(order.aminmax)),
    **rules("cummax", composition(order.cummax)),
    **rules("cummin", composition(order.cummin)),
    **rules("quantile", composition(order.quantile)),
    **rules("normalize", composition(normalize)),
    functional.rms_norm: composition(rms_norm),
    functional.scaled_dot_product_attention: composition(scaled_dot_product_attention),
    functional.multi_head_attention_forward: composition(multi_head_attention),
    **rules("lstm_cell", single_step(lstm_step)),
    **rules("gru_cell", single_step(gru_step)),
    **rules("rnn_tanh_cell", single_step(rnn_step(torch.tanh))),
    **rules("rnn_relu_cell", single_step(rnn_step(torch.relu))),
}
