"""Which DeepLIFT rule each PyTorch function follows; what is not listed has none and is refused."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional

from .compositions import composition, layer_norm, log_softmax, logcumsumexp, logsumexp, normalize, softmax
from .difference_rules import (
    division,
    einsum,
    kinked,
    linear,
    product,
    reflected_division,
    rescale,
    singular,
    smooth,
    switched_off_batch_norm,
    switched_off_dropout,
)
from .interception import Function, Rule
from .recurrent_rules import gru_step, layers, lstm_step, rnn_step, single_step

_SPACES = (torch, Tensor, functional, torch.special)

_METADATA = """
    size dim ndimension numel nelement stride storage_offset is_contiguous is_floating_point is_complex
    get_device element_size __len__ zeros_like ones_like empty_like full_like new_zeros new_ones new_empty
    new_full
"""

_LINEAR = """
    add sub subtract rsub neg negative positive __add__ __radd__ __sub__ __rsub__ __neg__ __pos__
    sum mean cumsum diff trace
    reshape view view_as reshape_as flatten unflatten ravel squeeze unsqueeze expand expand_as broadcast_to
    transpose t permute movedim moveaxis swapaxes swapdims adjoint contiguous clone
    to type_as float double half bfloat16 cpu cuda
    cat concat concatenate stack hstack vstack dstack chunk split tensor_split split_with_sizes unbind
    select narrow index_select gather take_along_dim masked_select diagonal diag_embed unfold __getitem__
    flip roll repeat tile repeat_interleave tril triu masked_fill where pad constant_pad_nd
    avg_pool1d avg_pool2d adaptive_avg_pool1d adaptive_avg_pool2d
"""

_SMOOTH = """
    sigmoid logsigmoid tanh exp expm1 sin cos erf gelu silu mish softplus softsign square atan arctan
    sinh cosh asinh expit __rpow__
"""

_SINGULAR = "log log2 log10 sqrt rsqrt reciprocal pow __pow__"

_KINKED = """
    relu leaky_relu abs absolute __abs__ elu selu celu relu6 hardtanh clamp clip clamp_min clamp_max
    hardsigmoid hardswish prelu
"""

_PRODUCTS = "mul multiply __mul__ __rmul__ matmul __matmul__ mm bmm mv dot inner outer linear conv1d conv2d"

_SUMMED_PRODUCTS = "addmm addbmm baddbmm addmv addcmul"


def _named(names: str) -> Iterable[Function]:
    for name in names.split():
        yield from (getattr(space, name) for space in _SPACES if hasattr(space, name))


def _rules(names: str, rule: Rule) -> dict[Function, Rule]:
    return dict.fromkeys(_named(names), rule)


METADATA: frozenset[Function] = frozenset(_named(_METADATA))

RULES: dict[Function, Rule] = {
    **_rules(_LINEAR, linear),
    **dict.fromkeys((Tensor.T.__get__, Tensor.mT.__get__), linear),  # type: ignore[attr-defined]
    **_rules(_SMOOTH, rescale(smooth)),
    **_rules(_SINGULAR, rescale(singular)),
    **_rules(_KINKED, rescale(kinked)),
    **_rules(_PRODUCTS, product()),
    **_rules(_SUMMED_PRODUCTS, product(1, 2)),
    **_rules("__rmatmul__", product()),
    **_rules("einsum", einsum),
    **_rules("div divide true_divide __truediv__ __div__", division),
    **_rules("__rtruediv__ __rdiv__", reflected_division),
    **_rules("dropout dropout1d alpha_dropout feature_dropout feature_alpha_dropout", switched_off_dropout),
    **_rules("batch_norm", switched_off_batch_norm),
    **_rules("softmax", composition(softmax)),
    **_rules("log_softmax", composition(log_softmax)),
    **_rules("logsumexp", composition(logsumexp)),
    **_rules("logcumsumexp", composition(logcumsumexp)),
    functional.layer_norm: composition(layer_norm),
    **_rules("normalize", composition(normalize)),
    **_rules("lstm", layers(lstm_step)),
    **_rules("gru", layers(gru_step)),
    **_rules("rnn_tanh", layers(rnn_step(torch.tanh))),
    **_rules("rnn_relu", layers(rnn_step(torch.relu))),
    **_rules("lstm_cell", single_step(lstm_step)),
    **_rules("gru_cell", single_step(gru_step)),
    **_rules("rnn_tanh_cell", single_step(rnn_step(torch.tanh))),
    **_rules("rnn_relu_cell", single_step(rnn_step(torch.relu))),
}
