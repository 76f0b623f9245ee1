"""PyTorch's functions by name, grouped by what they do."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn import functional

SPACES = (torch, Tensor, functional, torch.special, torch.linalg)

_Rule = TypeVar("_Rule")

METADATA_NAMES = """
    size dim ndimension numel nelement stride storage_offset is_contiguous is_floating_point is_complex is_signed
    is_same_size is_inference requires_grad_ retain_grad result_type get_device element_size __len__
    zeros_like ones_like empty_like full_like new_full new_zeros new_ones new_empty new_empty_strided
"""

# Of the first tensor they read only the shape, type or place, of what follows the values
FILLED_NAMES = "new_tensor new"

# Of a second tensor they read only the shape, type or place
LIKENESS_NAMES = "to type_as view_as reshape_as expand_as resize_as"

# Each value of the result is one of the arguments' values, or a constant
MOVES = """
    positive __pos__
    reshape view view_as reshape_as resize_as flatten unflatten ravel squeeze unsqueeze expand expand_as broadcast_to
    transpose t permute movedim moveaxis swapaxes swapdims adjoint contiguous clone
    cat concat concatenate stack hstack vstack dstack row_stack column_stack block_diag
    chunk split tensor_split hsplit vsplit dsplit split_with_sizes unsafe_chunk unsafe_split unbind
    select narrow index_select gather take_along_dim masked_select diagonal diag_embed unfold __getitem__
    as_strided index_put take narrow_copy embedding
    select_scatter slice_scatter diagonal_scatter index_copy index_fill masked_scatter
    flip fliplr flipud rot90 roll repeat tile repeat_interleave tril triu masked_fill where pad constant_pad_nd
    pixel_shuffle pixel_unshuffle channel_shuffle
"""

COPIES = "as_tensor asarray"

CASTS = "to type type_as float double half bfloat16 cfloat cdouble cpu cuda"

# Each value of the result is a part of a complex number, or made of two of them
PARTS = "real imag view_as_real view_as_complex complex resolve_conj resolve_neg"

CONJUGATES = "conj conj_physical"

# Several tensors become as many, each of its own values
SEPARATE = "broadcast_tensors atleast_1d atleast_2d atleast_3d"

ADDITIONS = "add sub subtract rsub __add__ __radd__ __sub__ __rsub__"

REDUCTIONS = """
    sum mean cumsum diff trace
    avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d
"""

# Sums of what comes from several tensors, and interpolation between entries of one
SUMS = "index_add scatter_add"

REDUCED = "scatter scatter_reduce"

SPECTRA = "stft istft"

INTERPOLATIONS = "interpolate upsample upsample_nearest upsample_bilinear fold"

NEGATIONS = "neg negative __neg__"

SMOOTH_GATES = "sigmoid expit exp"

KINKED_GATES = "hardsigmoid"

SMOOTH = """
    logsigmoid tanh expm1 sin cos erf gelu silu mish softplus softsign square atan arctan
    sinh cosh asinh exp2 erfc tanhshrink sinc deg2rad rad2deg __rpow__
"""

RECIPROCALS = "rsqrt reciprocal"

POWERS = "pow __pow__"

SINGULAR = "log log2 log10 sqrt"

LOG1P = "log1p"

CLAMPS = "clamp clip clamp_min clamp_max"

KINKED = """
    relu leaky_relu abs absolute __abs__ elu selu celu relu6 hardtanh hardswish prelu threshold hardshrink softshrink
    remainder __mod__ fmod frac logit asin acos atanh acosh arcsin arccos arctanh arccosh tan erfinv
"""

SCALINGS = "mul multiply __mul__ __rmul__"

CONTRACTIONS = """
    matmul __matmul__ mm bmm mv dot inner outer linear conv1d conv2d conv3d
    conv_transpose1d conv_transpose2d conv_transpose3d
    tensordot kron ger vdot vecdot cross
"""

SUMMED_CONTRACTIONS = "addmm addbmm baddbmm addmv"

DIVISIONS = "div divide true_divide __truediv__ __div__"

REFLECTED_DIVISIONS = "__rtruediv__ __rdiv__"

DROPOUTS = "dropout dropout1d dropout2d dropout3d alpha_dropout feature_dropout feature_alpha_dropout"

JUMPS = "round ceil floor trunc fix sign sgn heaviside floor_divide __floordiv__ __rfloordiv__"

WHOLE_NUMBERS = "long int short char byte bucketize"

TESTS = "isnan isinf isfinite isposinf isneginf signbit logical_not bool"

COMPARISONS = """
    eq ne lt le gt ge greater greater_equal less less_equal not_equal __eq__ __ne__ __lt__ __le__ __gt__ __ge__ isclose
"""

LOGIC = "logical_and logical_or logical_xor"

POSITIONS = "argmax argmin argsort searchsorted nonzero argwhere one_hot"

BRANCHES = "__bool__ is_nonzero"

# Their gradient is zero or missing wherever the value moves
FLAT_NAMES = f"""
    detach detach_ numpy __array__ item tolist __float__ __int__ __index__ histc count_nonzero
    {JUMPS} {WHOLE_NUMBERS} {TESTS} {COMPARISONS} {POSITIONS} {BRANCHES}
    {LOGIC} quantize_per_tensor fake_quantize_per_tensor_affine
"""

TRANSPOSED: tuple[Callable[..., Any], ...] = (Tensor.T.__get__, Tensor.mT.__get__)  # type: ignore[attr-defined]

PROPERTIES: tuple[Callable[..., Any], ...] = (Tensor.real.__get__, Tensor.imag.__get__)  # type: ignore[attr-defined]

_TRANSFORMS = """
    fft ifft rfft irfft fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn hfft ihfft hfft2 ihfft2 hfftn ihfftn
"""

FOURIER: tuple[Callable[..., Any], ...] = tuple(getattr(torch.fft, name) for name in _TRANSFORMS.split())

PADDED: tuple[Callable[..., Any], ...] = (torch._C._nn.pad_sequence,)

SHIFTS: tuple[Callable[..., Any], ...] = (torch.fft.fftshift, torch.fft.ifftshift)


def named(names: str) -> Iterable[Callable[..., Any]]:
    """Return the functions of these names in torch, torch.Tensor, torch.nn.functional and torch.special."""
    for name in names.split():
        yield from (getattr(space, name) for space in SPACES if hasattr(space, name))


def rules(names: str, rule: _Rule) -> dict[Callable[..., Any], _Rule]:
    """Return the rule under each of these functions."""
    return dict.fromkeys(named(names), rule)


METADATA: frozenset[Callable[..., Any]] = frozenset(named(METADATA_NAMES))
FILLED: frozenset[Callable[..., Any]] = frozenset(named(FILLED_NAMES))
FLAT: frozenset[Callable[..., Any]] = frozenset(named(FLAT_NAMES)) | {Tensor.data.__get__}  # type: ignore[attr-defined]
LIKENESSES: frozenset[Callable[..., Any]] = frozenset(named(LIKENESS_NAMES))
