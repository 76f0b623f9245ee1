"""The reference of operations: what DeepLIFT and LRP do at each of PyTorch's functions, from the tables of rules."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from saltbench.methods.attributions.deeplift.rules import rule_table as deeplift
from saltbench.methods.attributions.lrp import rule_table as lrp
from saltbench.methods.attributions.lrp.products import SHARED_BY_TERM
from saltbench.methods.operations import Kind

HEADING = """# Operations

DeepLIFT and LRP take a network apart into PyTorch's functions, whatever its layers are called. This is what they do at
each function that they know, given something that depends on the input. Where nothing does, a function runs as it is.
The same rules hold for methods of tensors, for operators such as `+` and `@`, for what writes in place (`relu_`, `+=`,
`y[:, t] = h`), and for arguments by name.

**Every other function is refused**, in a sentence that names it and the line that calls it, and so is `torch.vmap`; a
[registered rule](python.md#register_rule) says what a function of your own computes. Methods of gradients and of
perturbations need no rules.

| DeepLIFT | the multipliers of a change |
| --- | --- |
| linear | the derivative, exact |
| rescale | Δy/Δx, also of a jump at a threshold: a mask's change is owed to what is compared |
| split | exact: Δ(ab) = Δa·(b+b′)/2 + Δb·(a+a′)/2, quotients and products of several factors likewise |
| along the way | exact: the share of the way from the baseline on which an operand is largest, or has that place |
| in other operations | those of the operations that make it, or of a recurrent layer's cells |
| constant | none: the same for the baseline, or else missed, and `explain` says so |

| LRP | the relevance of an operand |
| --- | --- |
| moved | that of the value that it becomes |
| sum | its share in the sum; normalisation takes the standard deviation as a constant |
| activation | all |
| signal | all to what a sigmoid, softmax or exponential gates, none to gates and divisors; 1/N to each of N signals |
| 1/N | an N-th to each of N factors, none to divisors |
| size | in proportion to a factor's size, none to divisors; `size ¹` refuses two operands that depend on the input |
| in other operations | that by the operations that make it, or by a recurrent layer's cells |
| constant | none, as of a mask |

"""
COLUMNS = ("DeepLIFT", "lrp", "lrp-half", "lrp-proportional")
REFUSED = "refused"
# How each rule set shares a product
PRODUCTS = {"lrp": "signal", "lrp-half": "1/N", "lrp-proportional": "size"}
_ELEMENTWISE = {"mul", "multiply", "div", "divide", "true_divide", "prod", "cumprod", "multi_dot", "chain_matmul"}


def page() -> str:
    """Return the page: what the words mean, and a row for each function."""
    rows = [f"| `{name}` | {' | '.join(cells)} |" for name, cells in sorted(table().items())]
    header = [f"| function | {' | '.join(COLUMNS)} |", "| --- | --- | --- | --- | --- |"]
    return HEADING + "\n".join([*header, *rows, ""])


def table() -> dict[str, tuple[str, ...]]:
    """Return what each rule set does at each function, by the function's name."""
    differences, relevances = _kinds(deeplift.KINDS), _kinds(lrp.KINDS)
    return {
        name: (differences.get(name, REFUSED), *_shares(name, relevances.get(name, REFUSED)))
        for name in {**differences, **relevances}
    }


def _kinds(tables: Mapping[str, Mapping[Any, Any]]) -> dict[str, str]:
    return {name: kind for kind, functions in tables.items() for name in _names(functions)}


def _names(functions: Mapping[Any, Any]) -> Iterator[str]:
    for function in functions:
        if callable(function) and not isinstance(function, Kind):
            name = _name(function)
            if not name.startswith("__"):
                yield name


def _name(function: Callable[..., Any]) -> str:
    owner = getattr(function, "__self__", None)
    name = getattr(owner, "__name__", "") if function.__name__ == "__get__" else function.__name__
    for prefix in ("linalg_", "fft_", "special_", "_"):
        name = name.removeprefix(prefix) if not name.startswith("__") else name
    return name


def _shares(name: str, kind: str) -> Iterator[str]:
    for rule_set in COLUMNS[1:]:
        if kind != "product":
            yield kind
        elif rule_set == "lrp-proportional" and name not in {*SHARED_BY_TERM, *_ELEMENTWISE}:
            yield "size ¹"
        else:
            yield PRODUCTS[rule_set]
