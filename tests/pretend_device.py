"""A CUDA device that is not there: tensors in the CPU's memory that say they are on it and refuse to meet the CPU's.

`with pretend_cuda():` makes `device="cuda"` work on a machine without a GPU, closely enough to find what fails on one:
a tensor of the CPU among those of the device, NumPy asked to read one, a generator of the CPU, an in-between tensor
made on the wrong device. Every operation runs the CPU's kernel.

To Python a tensor is on cuda:0, so that code that asks for the device's type takes the branches it takes on a GPU. To
PyTorch's C++ it is on "meta", the only other device whose backward pass runs in the calling thread in every build.

What it cannot see: kernels that CUDA lacks or that round otherwise, memory, streams, and cuDNN, but for the two rules
of its recurrent layers that `_Recurrence` knows.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._mode_utils import no_dispatch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

DEVICE = torch.device("cuda", 0)

_aten = torch.ops.aten
_COPIES = {_aten.copy_, _aten.to, _aten._to_copy}
_INDEXING = {_aten.index.Tensor, _aten.index_put.default, _aten.index_put_.default, _aten._index_put_impl_.default}


class PretendTensor(Tensor):
    """A tensor on the device; `held` is where its numbers are."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> "PretendTensor":
        with torch.inference_mode(held.is_inference()):  # a view of an ordinary tensor is ordinary in every mode
            wrapper = torch.Tensor._make_wrapper_subclass(
                cls,
                held.shape,
                strides=held.stride(),
                storage_offset=held.storage_offset(),
                dtype=held.dtype,
                layout=held.layout,
                device="meta",
            )
        wrapper.held = held
        return wrapper

    device = property(lambda self: DEVICE)
    is_cuda = property(lambda self: True)
    is_cpu = is_meta = property(lambda self: False)

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(_without_lists(key))

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_without_lists(key), value)

    def __repr__(self, **_options: Any) -> str:
        return f"PretendTensor({self.held})"

    def numpy(self, **_options: Any) -> Any:
        raise TypeError(
            f"can't convert {DEVICE} device type tensor to numpy. "
            "Use Tensor.cpu() to copy the tensor to host memory first."
        )

    __array__ = numpy

    def tolist(self) -> Any:
        return self.held.tolist()

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        copied: Tensor = PretendTensor(self.held.clone())
        copied = nn.Parameter(copied, self.requires_grad) if isinstance(self, nn.Parameter) else copied
        memo[id(self)] = copied
        return copied

    def data_ptr(self) -> int:
        return self.held.data_ptr()

    def get_device(self) -> int:
        return 0

    def new_tensor(self, data: Any, **options: Any) -> Tensor:
        return torch.tensor(data, **{"dtype": self.dtype, "device": DEVICE, **options})


class _Mode(TorchDispatchMode):
    """Takes the calls without a tensor of the device: those that make or bring one there."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # skipping it imports the whole compiler

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


class _Random:
    """The state of the device's default generator, which is not the CPU's."""

    def __init__(self) -> None:
        self.seed(0)

    def seed(self, seed: int) -> None:
        self.state = torch.Generator().manual_seed((seed + 1) % (1 << 63)).get_state()

    @contextlib.contextmanager
    def drawing(self) -> Iterator[None]:
        before = torch.get_rng_state()
        torch.set_rng_state(self.state)
        try:
            yield
            self.state = torch.get_rng_state()
        finally:
            torch.set_rng_state(before)


_RANDOM = _Random()


def _run(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    leaves = tree_leaves((args, kwargs))
    tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
    wrappers = {id(tensor.held): tensor for tensor in tensors if isinstance(tensor, PretendTensor)}
    if wrappers and func.overloadpacket not in _COPIES:
        _check_same_device(func, args, tensors)
    asked = [leaf.type != "cpu" for leaf in leaves if isinstance(leaf, torch.device)]
    is_there = asked[0] if asked else bool(wrappers)
    if is_there and kwargs.get("generator") is not None:
        raise RuntimeError("Expected a 'cuda' device type for generator but found 'cpu'")
    draws = is_there and torch.Tag.nondeterministic_seeded in func.tags
    with _RANDOM.drawing() if draws else contextlib.nullcontext():
        results = func(*tree_map(_on_cpu, args), **tree_map(_on_cpu, kwargs))
    if asked and tensors and is_there != bool(wrappers):  # brought to or from the device
        return PretendTensor(results.clone()) if is_there else results.clone()
    if wrappers and torch.Tag.inplace_view in func.tags:
        with no_dispatch():
            func(*args, **kwargs)  # gives the wrapper its new shape

    def placed(result: Any) -> Any:
        if not isinstance(result, Tensor) or any(result is tensor for tensor in tensors):
            return result
        if id(result) in wrappers:  # written in place
            assert wrappers[id(result)].shape == result.shape, f"the pretend device cannot follow {func}"
            return wrappers[id(result)]
        return PretendTensor(result) if is_there else result

    return tree_map(placed, results)


def _on_cpu(value: Any) -> Any:
    if isinstance(value, torch.device):
        return torch.device("cpu")
    return value.held if isinstance(value, PretendTensor) else value


def _check_same_device(func: Any, args: Any, tensors: list[Tensor]) -> None:
    if func in _INDEXING and isinstance(args[0], PretendTensor):
        tensors = tree_leaves(args[2:])  # indices may be on the CPU, the values not
    foreign = [t for t in tensors if isinstance(t, Tensor) and not isinstance(t, PretendTensor)]
    assert not any(tensor.is_meta for tensor in foreign), f"the pretend device cannot follow {func}"
    is_written = func._schema.is_mutable and bool(foreign) and foreign[0] is args[0]
    if is_written or any(tensor.ndim for tensor in foreign):  # a number that is only read may stay on the CPU
        raise RuntimeError(
            f"Expected all tensors to be on the same device, but found at least two devices, {DEVICE} and cpu! "
            f"(in {func})"
        )


def _without_lists(key: Any) -> Any:
    # PyTorch would make a tensor of the list where C++ believes this one to be
    parts = key if isinstance(key, tuple) else (key,)
    return tuple(torch.tensor(part) if isinstance(part, (list, range)) else part for part in parts)


def _brought(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    # PyTorch copies what these make to their device out of every mode's sight
    def made(*args: Any, device: Any = None, **options: Any) -> Tensor:
        tensor = make(*args, **options)
        return tensor if device is None else tensor.to(device)

    return made


def _numbered(to: Callable[..., Tensor]) -> Callable[..., Tensor]:
    # PyTorch asks CUDA itself which device "cuda" stands for
    def numbered(place: Any) -> Any:
        is_place = isinstance(place, (str, torch.device))
        return DEVICE if is_place and torch.device(place) == torch.device("cuda") else place

    def moved(tensor: Tensor, *args: Any, **options: Any) -> Tensor:
        return to(tensor, *map(numbered, args), **{name: numbered(value) for name, value in options.items()})

    return moved


class _Recurrence:
    """Two rules of cuDNN's recurrent layers: contiguous initial states, and no gradient but in train mode."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any) -> Any:
        results = self._function(*args)
        if not any(isinstance(leaf, PretendTensor) for leaf in tree_leaves(args)):
            return results
        is_packed = isinstance(args[1], Tensor) and isinstance(args[3], (list, tuple))
        states, training = (args[2], args[7]) if is_packed else (args[1], args[6])
        if not all(state.is_contiguous() for state in tree_leaves(states)):
            raise RuntimeError("rnn: hx is not contiguous")
        if training or not results[0].requires_grad:
            return results
        return tuple(_EvaluationMode.apply(result) for result in results)


class _EvaluationMode(torch.autograd.Function):
    @staticmethod
    def forward(_ctx: Any, value: Tensor) -> Tensor:
        return value.view_as(value)

    @staticmethod
    def backward(_ctx: Any, *_gradients: Tensor) -> Any:
        raise RuntimeError("cudnn RNN backward can only be called in training mode")


@contextlib.contextmanager
def pretend_cuda() -> Iterator[torch.device]:
    """Make cuda:0 a device that holds its tensors in the CPU's memory, inside the block."""
    stands_for = {
        "_lazy_init": lambda: None,
        "is_available": lambda: True,
        "device": contextlib.nullcontext,
        "current_device": lambda: 0,
        "is_current_stream_capturing": lambda: False,  # a build for CUDA asks the driver
        "device_count": lambda: 1,
        "synchronize": lambda device=None: None,
        "empty_cache": lambda: None,
        "mem_get_info": lambda device=None: (1 << 30, 1 << 30),
        "reset_peak_memory_stats": lambda device=None: None,
        "memory_allocated": lambda device=None: 0,
        "memory_reserved": lambda device=None: 0,
        "max_memory_allocated": lambda device=None: 1 << 16,
        "manual_seed": _RANDOM.seed,
        "manual_seed_all": _RANDOM.seed,
        "get_rng_state": lambda device=None: _RANDOM.state,
        "set_rng_state": lambda state, device=None: setattr(_RANDOM, "state", state),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, function in stands_for.items():
            patch.setattr(torch.cuda, name, function)
        patch.setattr(Tensor, "to", _numbered(Tensor.to))
        patch.setattr(Tensor, "cuda", lambda tensor, device=None, **options: tensor.to(DEVICE, **options))
        patch.setattr(torch.backends.cudnn, "is_acceptable", lambda tensor: False)
        for name in ("tensor", "as_tensor", "asarray"):
            patch.setattr(torch, name, _brought(getattr(torch, name)))
        for name in ("lstm", "gru", "rnn_tanh", "rnn_relu"):
            patch.setattr(torch._VF, name, _Recurrence(getattr(torch._VF, name)))
        with _Mode():
            yield DEVICE
