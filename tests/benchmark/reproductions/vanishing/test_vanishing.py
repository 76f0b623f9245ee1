"""`reproduce vanishing` in small, the profiles it is made of, and its rates on curves known beforehand."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from saltbench.benchmark.commands import reproduce
from saltbench.benchmark.execution.plan import jobs
from saltbench.benchmark.reproductions.vanishing import figure as vanishing_figure
from saltbench.benchmark.reproductions.vanishing import reproduction as vanishing
from saltbench.benchmark.reproductions.vanishing.rates import log10_relevance, report, summarise
from saltbench.benchmark.reproductions.vanishing.relevance import euclidean, only_lstm, relevance_profile
from saltbench.benchmark.reproductions.vanishing.reproduction import VANISHING
from saltbench.benchmark.storage.index_file import FOLDER as INDEX
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite, load_suite
from saltbench.errors import ParameterError

REGISTRIES = load_registries()
ARCHITECTURES = ("lstm", "bi-lstm", "lstm-self-attention", "input-cell-lstm")
STRANGE_SEED = 5


def tiny(name: str) -> Suite:
    """The suite on short series, few samples and two seeds."""
    time = {"vanishing": 10, "vanishing-long": 20}[name]
    sizes = {"time": time, "features": 6, "train": 20, "validation": 10, "test": 10}
    boxes = {"box/earlier": [0, time // 2, 1, 5], "box/latter": [time // 2, time, 1, 5]}
    parameters = {task: {**sizes, "layouts": [[box]]} for task, box in boxes.items()}
    overrides = {"seeds": 2, "samples": 4, "training": {"epochs": 2}, "parameters": parameters}
    return load_suite(name, REGISTRIES, overrides)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reproduce, "load_suite", lambda name, _registries: tiny(name))
        return folder, list(reproduce.reproduce_one(VANISHING, folder, "cpu", 1, {}))


def network(name: str, seed: int = STRANGE_SEED, features: int = 6) -> nn.Module:
    torch.manual_seed(seed)
    model: nn.Module = REGISTRIES.architectures.get(name).load()(features=features, classes=2)
    return model.eval()


def series(time: int, features: int = 6, batch: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(batch, time, features, generator=generator), torch.arange(batch) % 2


@pytest.mark.slow
def test_the_tables_in_small(finished: tuple[Path, list[str]]) -> None:
    folder, lines = finished
    table = pd.read_csv(folder / "vanishing" / "relevance.csv")
    condition = ["time", "task", "architecture", "trained", "seed"]
    assert len(table) == 2 * 4 * 2 * 2 * (10 + 20)
    assert not table.duplicated([*condition, "distance"]).any()
    assert set(table.architecture) == set(ARCHITECTURES)
    assert (table[table.time == 20].groupby(condition).distance.max() == 19).all()
    assert (table.relevance > 0).all()
    # the box covers the first half of the earlier task: the far half of the distances
    earlier = table[(table.task == "box/earlier") & (table.time == 10)]
    np.testing.assert_allclose(earlier.evidence, np.where(earlier.distance >= 5, 4 / 6, 0))
    assert earlier[earlier.trained == "no"].accuracy.isna().all()
    assert earlier[earlier.trained == "yes"].accuracy.between(0, 1).all()
    summary = pd.read_csv(folder / "vanishing" / "summary.csv")
    assert len(summary) == 2 * 2 * 4 * 2
    assert set(summary.seeds) == {2}
    assert (summary.first_to_last_low <= summary.first_to_last).all()
    assert summary.chain_rule_deviation.max() < 1e-9
    assert lines[-1].endswith("vanishing.png")
    assert sum(line.startswith("lstm, box/") for line in lines) == 8


def test_training_changes_the_profile_and_untrained_means_the_initial_weights(
    finished: tuple[Path, list[str]],
) -> None:
    table = pd.read_csv(finished[0] / "vanishing" / "relevance.csv")
    chosen = table[
        (table.time == 10) & (table.task == "box/latter") & (table.architecture == "lstm") & (table.seed == 0)
    ]
    before, after = (chosen[chosen.trained == trained].relevance.to_numpy() for trained in ("no", "yes"))
    assert not np.allclose(before, after, rtol=1e-6)
    suite = tiny("vanishing")
    job = next(job for job in jobs(suite, "cpu") if job.task.name == "box/latter" and job.architecture)
    data = REGISTRIES.tasks.get(job.task.name).load()(job.seeds.data, **job.task.parameters)
    initial = network("lstm", job.seeds.training)
    profile = relevance_profile(initial, *(torch.from_numpy(v[:4]) for v in (data.test.inputs, data.test.labels)))
    np.testing.assert_allclose(profile.relevance, before, rtol=1e-8)


def test_a_second_run_computes_what_was_lost_alone_and_writes_the_same_bytes(
    finished: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, lines = finished
    kept = {path: path.read_bytes() for path in folder.glob("*/*.*") if path.name not in (".lock", INDEX)}
    assert {"relevance.csv", "summary.csv", "vanishing.png"} <= {path.name for path in kept}
    next((folder / "vanishing" / "profiles").glob("*/profile.parquet")).write_bytes(b"damaged")
    (folder / "vanishing" / "relevance.csv").unlink()
    measured = []
    real = vanishing.relevance_profile
    monkeypatch.setattr(reproduce, "load_suite", lambda name, _registries: tiny(name))
    monkeypatch.setattr("saltbench.benchmark.execution.evaluator.train", None)
    monkeypatch.setattr(vanishing, "relevance_profile", lambda *given: measured.append(1) or real(*given))
    assert list(reproduce.reproduce_one(VANISHING, folder, "cpu", 1, {})) == lines
    assert measured == [1]
    assert {path: path.read_bytes() for path in kept} == kept


def test_the_figure_shows_the_measured_curves(
    finished: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    drawn: list[Figure] = []
    real = vanishing_figure._figure
    monkeypatch.setattr(vanishing_figure, "_figure", lambda rows: drawn.append(real(rows)) or drawn[-1])
    profiles = pd.read_csv(finished[0] / "vanishing" / "relevance.csv")
    path = vanishing_figure.draw_vanishing(profiles, tmp_path)
    assert path.read_bytes().startswith(b"\x89PNG")
    axes = drawn[0].axes
    assert [axis.get_title(loc="left") for axis in axes[::2]] == [
        "10 steps, before training",
        "10 steps, trained on box/earlier",
        "10 steps, trained on box/latter",
        "20 steps, before training",
    ]
    lstm = profiles[(profiles.time == 10) & (profiles.task == "box/earlier") & (profiles.architecture == "lstm")]
    seeds = lstm[lstm.trained == "yes"].pivot_table(index="distance", columns="seed", values="relevance")
    expected = np.log10(seeds / seeds.mean()).mean(axis=1)
    np.testing.assert_allclose(axes[2].lines[0].get_ydata(), expected, rtol=1e-6)
    assert len(axes[1].lines) == 3  # two architectures with attention, and the flat map


def test_a_profile_is_the_gradient_by_finite_differences() -> None:
    model = network("bi-lstm").double()
    inputs, labels = series(4)
    profile = relevance_profile(model, inputs, labels).set_index("distance")
    step, squares = 1e-5, torch.zeros(3, 4, dtype=torch.float64)
    for t in range(4):
        for feature in range(6):
            nudge = torch.zeros(1, 4, 6, dtype=torch.float64)
            nudge[0, t, feature] = step
            with torch.no_grad():
                difference = model(inputs.double() + nudge) - model(inputs.double() - nudge)
            squares[:, t] += (difference.gather(1, labels[:, None])[:, 0] / (2 * step)).square()
    expected = squares.sqrt().mean(dim=0)
    np.testing.assert_allclose(profile.relevance.sort_index(ascending=False), expected, rtol=1e-7)


def test_lengths_whose_squares_underflow() -> None:
    vectors = torch.tensor([[3e-200, 4e-200], [0.0, 0.0], [5e-324, 0.0], [3e200, 4e200]], dtype=torch.float64)
    assert euclidean(vectors).tolist() == pytest.approx([5e-200, 0.0, 5e-324, 5e200], rel=1e-14, abs=0)


@pytest.mark.parametrize("name", ["lstm", "bi-lstm"])
def test_the_chain_rule_agrees_with_autograd_and_goes_on_where_float64_ends(name: str) -> None:
    model = network(name)
    lstm = only_lstm(model)
    with torch.no_grad():
        lstm.weight_hh_l0.mul_(0.1)
        lstm.bias_ih_l0[5:10] = -2.0  # forget gates at about .15: 1e-290 is reached after some 340 steps
    profile = relevance_profile(model, *series(500))
    held = profile[(profile.underflow == 0) & profile.log10_chain_rule.notna()]
    assert len(held) > 300
    np.testing.assert_allclose(np.log10(held.relevance), held.log10_chain_rule, rtol=0, atol=1e-11)
    lost = profile[profile.relevance.isna()]
    assert len(lost) > 100
    assert (lost.underflow > 0).all()
    assert (lost.underflow_float32 == 1).all()
    assert np.isfinite(lost.log10_chain_rule).all()
    assert np.isfinite(log10_relevance(profile)).all()
    assert (profile.log10_chain_rule.dropna().diff().dropna() < 0).mean() > 0.8
    assert profile.underflow_float32.iloc[0] == 0


@pytest.mark.parametrize("name", ["lstm-self-attention", "input-cell-lstm"])
def test_attention_has_other_paths_than_the_state(name: str) -> None:
    profile = relevance_profile(network(name), *series(60))
    assert profile.log10_chain_rule.isna().all()
    assert np.isfinite(profile.log10_state_product).all()
    assert profile.log10_state_product.iloc[-1] < -5
    assert profile.relevance.iloc[-1] > 0.1 * profile.relevance.iloc[0]


def test_a_profile_leaves_the_model_as_it_was() -> None:
    model = network("lstm").train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    relevance_profile(model, *series(5))
    assert model.training
    assert all(parameter.requires_grad and parameter.dtype == torch.float32 for parameter in model.parameters())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def profiles_of(curves: dict[int, list[float]], **columns: float) -> pd.DataFrame:
    """Profiles of an LSTM by seed, from log10 relevance by distance."""
    parts = []
    for seed, logs in curves.items():
        part = pd.DataFrame({"distance": range(len(logs)), "log10_chain_rule": logs})
        part["relevance"] = 10.0**part.log10_chain_rule
        for product in ("state_product", "source_product", "source_approximation", "forget_gates"):
            part[f"log10_{product}"] = columns.get(product, -1.0) * part.distance
        parts.append(part.assign(seed=seed))
    identity = {"time": 10, "task": "box/earlier", "architecture": "lstm", "trained": "yes"}
    facts = {"accuracy": 0.5, "epochs": 3, "kept_epoch": 1, "underflow": 0.0, "underflow_float32": 0.0}
    evidence = {"evidence": pd.concat(parts).distance >= 7}
    return pd.concat(parts).assign(**identity, **facts, **evidence)


def test_rates_of_exact_exponentials() -> None:
    slopes = {0: -0.5, 1: -0.7}
    rows = profiles_of({seed: [slope * d for d in range(10)] for seed, slope in slopes.items()}, source_product=-2.0)
    (row,) = summarise(rows).to_dict("records")
    assert row["decades_per_step"] == pytest.approx(0.6)
    assert row["decades_per_step_high"] == pytest.approx(0.6 + 12.706 * 0.1, rel=1e-3)  # Student's t, 1 degree
    assert row["decades_per_step_source_product"] == pytest.approx(2.0)
    assert row["first_to_last"] == pytest.approx(-5.4)
    expected = [(1 - 10**slope) / (1 - 10 ** (10 * slope)) for slope in slopes.values()]
    assert row["share_last_10"] == pytest.approx(np.mean(expected))
    assert row["share_last_10_high"] == 1  # of the interval, what is possible
    assert row["flat_evidence"] == pytest.approx(0.3)
    assert math.isnan(row["blind_float32"])
    assert row["chain_rule_deviation"] == pytest.approx(0, abs=1e-12)


def test_relevance_below_float64_is_taken_from_the_chain_rule_and_blindness_is_reported() -> None:
    rows = profiles_of({0: [-100.0 * d for d in range(10)]})
    rows["relevance"] = rows.relevance.where(rows.log10_chain_rule > -290)
    rows["underflow"] = rows.relevance.isna().astype(float)
    rows["underflow_float32"] = (rows.distance >= 1).astype(float)
    (row,) = summarise(rows).to_dict("records")
    assert row["decades_per_step"] == pytest.approx(100)
    assert math.isnan(row["decades_per_step_low"])
    assert row["blind_float32"] == 1
    lines = list(report(summarise(rows)))
    assert any("10^-900.0" in line for line in lines)
    assert any(line.endswith("vanished (first step below 1/1000 of the last) in 1 of 1 networks") for line in lines)


def test_long_series_keep_every_tenth_distance() -> None:
    profiles = pd.DataFrame({"time": 1000, "distance": range(1000)})
    assert list(vanishing.thin(profiles).distance) == list(range(0, 1000, 10))


def test_nothing_trained_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="no network was trained, so that there is no relevance to report"):
        list(vanishing.write_vanishing(pd.DataFrame(), tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("count", [0, 2])
def test_a_network_needs_one_lstm(count: int) -> None:
    model = nn.Sequential(*(nn.LSTM(2, 2) for _ in range(count)))
    with pytest.raises(ParameterError, match=rf"need a network with one nn\.LSTM, Sequential has {count}; choose"):
        only_lstm(model)
