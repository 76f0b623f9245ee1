"""A value of a kind that a public function does not take is answered in a line, never by a traceback."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import saltbench
from saltbench.errors import SaltbenchError

WRONG: tuple[Any, ...] = (
    None, "2", 2.5, -1, float("nan"), float("inf"), object(), 10**30, True, [1], [None], (), {}, {"a": 1}, b"x",
)  # fmt: skip
SERIES = np.random.default_rng(0).normal(size=(20, 6, 2))
LABELS = np.arange(20) % 2
DATA = saltbench.planted(SERIES, LABELS)
ROWS = torch.from_numpy(SERIES[:2]).float()
ONCE = saltbench.Recipe(epochs=1)


class Small(nn.Sequential):
    """A linear network."""

    def __init__(self, features: int = 2, classes: int = 2) -> None:
        super().__init__(nn.Flatten(), nn.Linear(6 * features, classes))


NETWORK = Small()

Case = tuple[Callable[..., Any], dict[str, Any], tuple[str, ...]]

CASES: dict[str, Case] = {
    "planted": (
        saltbench.planted,
        {"series": SERIES},
        (
            "series", "labels", "lengths", "seed", "shape", "strength", "length", "width", "window",
            "validation_share", "test_share",
        ),
    ),
    "Recipe": (saltbench.Recipe, {}, ("learning_rate", "batch", "epochs", "patience", "tolerance")),
    "mask": (saltbench.mask, {"layout": [[0, 2, 0, 1]], "time": 5, "features": 3}, ("layout", "time", "features")),
    "standardise": (
        saltbench.standardise,
        {"train": DATA.train, "validation": DATA.validation, "test": DATA.test},
        ("train", "validation", "test"),
    ),
    "explain": (
        saltbench.explain,
        {"model": NETWORK, "inputs": ROWS},
        (
            "model", "inputs", "target", "targets", "method", "baseline", "background", "seed", "memory", "output",
            "hold", "lengths", "mask", "embedding", "axes", "tolerance",
        ),
    ),
    "evaluate": (
        saltbench.evaluate,
        {"model": NETWORK, "task": DATA, "methods": ["saliency"], "metrics": ["roc_auc"], "samples": 2},
        (
            "model", "task", "methods", "metrics", "name", "seeds", "target", "output", "training", "device",
            "memory", "tolerance", "parameters",
        ),
    ),
    "randomisation_check": (
        saltbench.randomisation_check,
        {"model": NETWORK, "inputs": ROWS},
        ("method", "parameters", "orders", "seed", "scale"),
    ),
    "calibrate_strength": (
        saltbench.calibrate_strength,
        {"network": Small, "series": SERIES, "labels": LABELS, "training": ONCE, "tries": 1},
        ("tries", "training", "device", "shape"),
    ),
    "plot": (
        saltbench.plot,
        {"series": SERIES[0], "attributions": SERIES[0]},
        ("series", "attributions", "truth", "times", "features", "samples", "kind", "signed", "width"),
    ),
    "plot_methods": (
        saltbench.plot_methods,
        {"network": NETWORK, "series": ROWS[0], "methods": ["saliency"]},
        ("network", "methods", "parameters", "features"),
    ),
}  # fmt: skip


def message_of(call: Callable[..., Any], given: dict[str, Any]) -> str:
    """Return with what a call refuses its arguments; empty where it takes them."""
    try:
        call(**given)
    except SaltbenchError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", CASES)
def test_another_kind_of_value_is_taken_or_refused_in_a_line(name: str) -> None:
    call, given, parameters = CASES[name]
    messages = [message_of(call, {**given, parameter: value}) for parameter in parameters for value in WRONG]
    refused = [message for message in messages if message]
    assert len(refused) > len(parameters)
    assert all("\n" not in message and len(message) > 20 for message in refused)


@pytest.mark.parametrize("parameter", ["id", "time", "label", "columns"])
@pytest.mark.parametrize("value", [None, 2.5, [None], object(), {"a": 1}])
def test_a_columns_name_is_a_text(tmp_path: Path, parameter: str, value: Any) -> None:
    file = tmp_path / "series.csv"
    file.write_text("id,time,a\n0,0,1\n0,1,2\n")
    with pytest.raises(SaltbenchError, match=r"^[^\n]+$"):
        saltbench.read_series(file, **{parameter: value})


def test_what_numpy_counts_with_is_a_number_and_what_python_calls_true_is_none() -> None:
    recipe = saltbench.Recipe(epochs=np.int64(3), learning_rate=np.float32(0.5))  # type: ignore[arg-type]
    assert (recipe.epochs, recipe.learning_rate) == (3, 0.5)
    saltbench.planted(SERIES, seed=np.uint32(1), strength=np.float64(1.5), window=np.array([0, 2, 0, 1]).tolist())
    with pytest.raises(saltbench.ParameterError, match=r"^epochs must be a whole number, got True$"):
        saltbench.Recipe(epochs=True)
    with pytest.raises(saltbench.ParameterError, match=r"^strength must be a number, got '2'$"):
        saltbench.planted(SERIES, strength="2")  # type: ignore[arg-type]
    with pytest.raises(saltbench.ParameterError, match=r"^seed must be at least 0, got -1$"):
        saltbench.planted(SERIES, seed=-1)
