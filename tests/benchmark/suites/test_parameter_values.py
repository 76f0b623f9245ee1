"""Impossible values of parameters are refused before anything trains, wherever they are given."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_suite import SMALLER

import saltbench
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.datasets.planted import planted_files
from saltbench.entry import Entry, resolve
from saltbench.errors import ParameterError, SaltbenchError, UnknownNameError

REGISTRIES = load_registries()
KINDS = ("tasks", "architectures", "methods", "metrics")
ENTRIES = [entry for kind in KINDS for entry in getattr(REGISTRIES, kind)]
WITH_PARAMETERS = [*(entry for entry in ENTRIES if entry.parameters), planted_files.LISTED]
FREE = {"deletion", "normalise", "id", "time", "label", "columns"}  # any switch, or the name of a column

# a value of every parameter that no entry can have
IMPOSSIBLE: dict[str, Any] = {
    **dict.fromkeys(("steps", "noise_samples", "baseline_samples", "path_samples", "time_segments"), -1),
    **dict.fromkeys(("feature_segments", "draws", "permutations", "perturbations", "masks", "epochs", "hidden"), 0),
    **dict.fromkeys(("time_window", "feature_window", "time_stride", "feature_stride", "generator_seed"), -1),
    **dict.fromkeys(("noise_level", "size_weight", "time_weight", "mask_weight", "perturbation_weight"), -0.5),
    **dict.fromkeys(("kernel_width", "penalty", "size_growth", "learning_rate", "blur_width", "noise"), 0.0),
    **dict.fromkeys(("threshold", "area", "momentum", "dropout", "share", "autocorrelation"), 1.5),
    **dict.fromkeys(("epsilon", "shift", "signal", "drift", "delay", "strength"), -1.0),
    **dict.fromkeys(("hops", "attention_hidden", "features", "train", "validation", "test", "parcels", "active"), 0),
    **dict.fromkeys(("train_subjects", "validation_subjects", "test_subjects", "frames"), 0),
    **dict.fromkeys(("length", "width", "subjects"), -1),
    **dict.fromkeys(("against", "perturbation", "variant", "replacement", "incomplete", "shape"), "elsewhere"),
    **dict.fromkeys(("validation_share", "test_share"), 1.0),
    **dict.fromkeys(
        ("process", "scaling", "rare", "sets", "kind", "background", "feature", "target", "continuation"), "elsewhere"
    ),
    **dict.fromkeys(("sign", "ties", "answer", "over", "truth"), "elsewhere"),
    **dict.fromkeys(("k", "neighbours", "subsets", "entries"), 0),
    **dict.fromkeys(("deviation", "radius"), -1.0),
    "quantile": 1.5,
    "column": -2,
    "trained": 1.5,
    "time_start": [-1],
    "feature_start": [-1],
    "box": [0, 1],
    "support": 0,
    "start": 2.0,
    "salient": 0,
    "coalitions": 1,
    "shares": [0.1, 2.0],
    "layouts": [[[0, 10**6, 0, 1]]],
    "tasks": ["MOTOR", "SLEEP"],
}


def impossible(entry: Entry, name: str) -> Any:
    """A value that a parameter cannot have."""
    if name == "window":
        return {int: -1, float: 1.0, str: "elsewhere", list: [5, 5, 0, 1]}[type(entry.parameters[name])]
    if name == "time" and isinstance(entry.parameters[name], int):
        return 0
    if entry.name == "effective_complexity":  # of sizes, not of a share
        return -1.0
    return IMPOSSIBLE[name]


# one of the entries with the same parameters
DISTINCT = {(str(entry.check), *entry.parameters): entry for entry in WITH_PARAMETERS}.values()
CASES = [
    pytest.param(entry, name, id=f"{entry.name}-{name}")
    for entry in DISTINCT
    for name in entry.parameters
    if name not in FREE or (name == "time" and isinstance(entry.parameters[name], int))
]


@pytest.mark.parametrize("entry", WITH_PARAMETERS, ids=lambda entry: entry.name)
def test_every_entry_with_parameters_says_what_they_can_be(entry: Entry) -> None:
    assert entry.check is not None
    assert entry.configure({}) == entry.parameters


@pytest.mark.parametrize("entry", WITH_PARAMETERS, ids=lambda entry: entry.name)
def test_every_default_is_possible(entry: Entry) -> None:
    resolve(entry.check)(**entry.parameters)


@pytest.mark.parametrize(("entry", "name"), CASES)
def test_an_impossible_value_is_refused(entry: Entry, name: str) -> None:
    with pytest.raises((ParameterError, UnknownNameError), match=f"^{entry.name}: ") as caught:
        entry.configure({name: impossible(entry, name)})
    assert "\n" not in str(caught.value)


def test_values_that_fit_together_alone_are_judged_together() -> None:
    simulated, occlusion = REGISTRIES.tasks.get("fmri/simulated"), REGISTRIES.methods.get("occlusion")
    assert simulated.configure({"parcels": 20, "active": 5})["active"] == 5
    with pytest.raises(ParameterError, match="active must be at least 1 and less than parcels=20, got 30"):
        simulated.configure({"parcels": 20})
    assert occlusion.configure({"time_window": 4, "time_stride": 4})["time_stride"] == 4
    with pytest.raises(ParameterError, match="time_stride must lie in 1 … 4, the window"):
        occlusion.configure({"time_window": 4, "time_stride": 5})


def suite_with(folder: Path, parameters: str) -> Path:
    path = folder / "smaller.toml"
    path.write_text(SMALLER.replace('"saliency", "smoothgrad"', '"saliency", "integrated-gradients"') + parameters)
    return path


BAD = {
    "[parameters.integrated-gradients]\nsteps = -1\n": (
        "integrated-gradients: steps must be at least 1, got -1",
        "steps = -1",
    ),
    '[parameters.input-cell-lstm]\nvariant = "median"\n': ("unknown variant of input-cell-lstm 'median'", "variant ="),
    "[parameters.comprehensiveness]\nshare = 1.5\n": ("comprehensiveness needs a share in 0 to 1, got 1.5", "share ="),
    '[parameters."box/mixed"]\nnoise = 0.0\n': ("boxes need shift >= 0 and noise > 0", "noise = 0.0"),
    "[parameters.occlusion]\ntime_window = 2\ntime_stride = 3\n": (
        "time_stride must lie in 1 … 2",
        "[parameters.occlusion]",
    ),
    '[parameters."planted/a.csv"]\nshape = "star"\n': ("shape must be one of box", "shape ="),
}


@pytest.mark.parametrize("parameters", BAD)
def test_a_suite_with_an_impossible_value_is_refused_at_its_line(tmp_path: Path, parameters: str) -> None:
    path = suite_with(tmp_path, parameters)
    message, line = BAD[parameters]
    number = next(n for n, text in enumerate(path.read_text().splitlines(), start=1) if text.startswith(line))
    with pytest.raises(SaltbenchError, match=f"smaller.toml, line {number}: .*{re.escape(message)}") as caught:
        load_suite(str(path), REGISTRIES)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("command", ["run", "run --dry-run", "status", "removal"])
def test_no_command_begins_anything(tmp_path: Path, command: str) -> None:
    path = suite_with(tmp_path, "[parameters.integrated-gradients]\nsteps = -1\n")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "saltbench", *command.split(), str(path), "--results", str(tmp_path / "results")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.endswith("integrated-gradients: steps must be at least 1, got -1")
    assert not (tmp_path / "results").exists()


def untrained(features: int, classes: int) -> torch.nn.Module:
    pytest.fail("a network was made")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"integrated-gradients": {"steps": -1}}, "integrated-gradients: steps must be at least 1, got -1"),
        ({"digits/rows": {"validation": 10**4}}, "digits/rows: digits/rows has 1797 images"),
    ],
)
def test_evaluate_trains_nothing(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        saltbench.evaluate(untrained, "digits/rows", ["integrated-gradients"], parameters=parameters)


def test_explain_asks_the_network_nothing() -> None:
    class Silent(torch.nn.Module):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            pytest.fail("the network was asked")

    with pytest.raises(ParameterError, match="integrated-gradients: steps must be at least 1, got -1"):
        saltbench.explain(Silent(), np.zeros((2, 3, 4)), steps=-1)


def checked(check: Callable[..., None] | str | None) -> Entry:
    return Entry(
        name="mine", version=1, description="", reference="", factory=dict, parameters={"width": 5}, check=check
    )


def test_an_entry_of_ones_own_says_what_its_values_can_be() -> None:
    def even(*, width: int) -> None:
        if width % 2:
            raise ParameterError(f"width must be even, got {width}")

    with pytest.raises(ParameterError, match=r"^mine: width must be even, got 7$"):
        checked(even).configure({"width": 7})
    assert checked(even).configure({"width": 8}) == {"width": 8}
    assert checked(even).configure({}) == {"width": 5}  # defaults are the author's
    assert checked(None).configure({"width": 7}) == {"width": 7}
