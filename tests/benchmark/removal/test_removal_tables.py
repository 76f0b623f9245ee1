"""The tables of removal for a suite of boxes: computed once, and as found by hand from the weights."""

import dataclasses
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_suite import TINY

from saltbench.benchmark.execution.explaining import Explained
from saltbench.benchmark.execution.plan import jobs
from saltbench.benchmark.execution.stored.run import MAPS, SCORES
from saltbench.benchmark.metrics.faithfulness.removal import draw_replacement
from saltbench.benchmark.removal import curves, real_steps
from saltbench.benchmark.removal.analysis import RemovalTables, tabulate_removal
from saltbench.benchmark.removal.summary import report_curves, summarise_removal, summarise_reported
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.statistics.intervals import mean_interval, prediction_interval
from saltbench.benchmark.storage.store import Store
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.errors import NonFiniteError

pytestmark = pytest.mark.usefixtures("undrawn")

REGISTRIES = load_registries()
SAMPLES, CELLS = 6, 120


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    (folder / "tiny.toml").write_text(TINY)
    suite = load_suite(str(folder / "tiny.toml"), REGISTRIES, {"methods": ["saliency"]})
    run = run_suite(suite, folder)
    return suite, run, tabulate_removal(run.stored, REGISTRIES)


def test_every_network_is_asked_about_every_map_at_every_share(finished):
    _, _, tables = finished
    assert len(tables.reported) == 2 * 2 * (2 + 2) * 5 * SAMPLES  # tasks, seeds, maps, shares, samples
    assert len(tables.removal) == 2 * 2 * (2 + 2) * 2 * 2 * 6 * SAMPLES  # and replacements and networks
    pairs = tables.removal[["architecture", "ranked_by", "method"]].drop_duplicates()
    assert len(pairs) == 2 * 4
    assert set(tables.removal.replacement) == {"mean", "sampled"}
    assert not tables.removal.duplicated([column for column in tables.removal if column != "correct"]).any()


def test_one_answer_by_hand(finished):
    suite, run, tables = finished
    job = next(job for job in jobs(suite, "cpu") if job.architecture and job.architecture.name == "input-cell-lstm")
    other = next(job for job in jobs(suite, "cpu") if job.architecture and job.architecture.name == "lstm")
    asked, ranking = network(run, job), network(run, other)
    data = REGISTRIES.tasks.get(job.task.name).load()(job.seeds.data, **job.task.parameters)
    inputs = torch.tensor(data.test.inputs[:SAMPLES], requires_grad=True)
    labels = torch.tensor(data.test.labels[:SAMPLES])
    ranking(inputs)[range(SAMPLES), labels].sum().backward()
    mean = torch.tensor(data.train.inputs.astype(np.float64).mean(axis=0), dtype=torch.float32)
    removed = inputs.detach().clone()
    for sample, gradient in enumerate(inputs.grad.abs()):
        first = gradient.flatten().argsort(descending=True)[: round(0.3 * CELLS)]
        removed[sample].view(-1)[first] = mean.view(-1)[first]
    expected = (asked(removed).argmax(dim=1) == labels).int().tolist()
    rows = tables.removal[(tables.removal.task == job.task.name) & (tables.removal.seed == 0)]
    rows = rows[(rows.architecture == "input-cell-lstm") & (rows.ranked_by == "lstm") & (rows.method == "saliency")]
    rows = rows[(rows.replacement == "mean") & (rows.removed == 0.3)].sort_values("sample")
    assert rows.correct.tolist() == expected


def network(run, job):
    from safetensors.torch import load

    data = REGISTRIES.tasks.get(job.task.name).load()(job.seeds.data, **job.task.parameters)
    factory = REGISTRIES.architectures.get(job.architecture.name).load()
    model = factory(features=data.features, classes=data.classes, **job.architecture.parameters)
    model.load_state_dict(load(Store(run.folder).get("models", job.model_key()).files["weights.safetensors"]))
    return model.eval()


def test_nothing_removed_is_the_accuracy_of_the_leaderboard(finished):
    suite, run, tables = finished
    whole = tables.removal[(tables.removal.removed == 0)]
    per_model = whole.groupby(["task", "architecture", "seed"]).correct
    assert (per_model.nunique() <= 2).all()
    for (task, architecture, seed), rows in whole.groupby(["task", "architecture", "seed"]):
        job = next(
            job for job in jobs(suite, "cpu")
            if job.architecture and (job.task.name, job.architecture.name, job.repetition) == (task, architecture, seed)
        )  # fmt: skip
        data = REGISTRIES.tasks.get(task).load()(job.seeds.data, **job.task.parameters)
        with torch.no_grad():
            answers = network(run, job)(torch.tensor(data.test.inputs[:SAMPLES])).argmax(dim=1).numpy()
        assert rows.correct.mean() == pytest.approx((answers == data.test.labels[:SAMPLES]).mean())


def test_the_oracle_reports_the_box_and_chance_is_its_share_of_steps(finished):
    reported = finished[2].reported
    assert (reported.chance == 0.4).all()  # 4 of 10 steps
    oracle = reported[reported.method == "oracle"]
    # 24 of 120 cells are the box; beyond them the mean over all ways to break the tie: 24 of the other 96 are on task
    assert (oracle[oracle.reported <= 0.2].on_task == 1).all()
    assert oracle[oracle.reported == 0.5].on_task.to_numpy() == pytest.approx((24 + 36 * 24 / 96) / 60)


def test_what_is_stored_is_not_computed_again(finished, monkeypatch):
    _, run, tables = finished
    for name in ("planned_data", "stored_network", "report_on_task", "answer_by_length", "Evaluator"):
        monkeypatch.setattr(curves, name, lambda *_, name=name: pytest.fail(f"{name} was called again"))
    again = tabulate_removal(run.stored, REGISTRIES)
    pd.testing.assert_frame_equal(again.reported, tables.reported)
    pd.testing.assert_frame_equal(again.removal, tables.removal)


def test_maps_are_the_stored_ones_and_nothing_is_explained(finished, monkeypatch, tmp_path):
    _, run, tables = finished
    folder = shutil.copytree(run.folder, tmp_path / "tiny")
    drop_curves(folder)
    monkeypatch.setattr(curves, "Evaluator", None)
    again = tabulate_removal(dataclasses.replace(run, folder=folder).stored, REGISTRIES)
    pd.testing.assert_frame_equal(again.reported, tables.reported)
    pd.testing.assert_frame_equal(again.removal, tables.removal)


@pytest.mark.slow
def test_maps_that_are_not_kept_are_made_again(finished, tmp_path):
    _, run, tables = finished
    folder = shutil.copytree(run.folder, tmp_path / "tiny")
    drop_curves(folder)
    shutil.rmtree(folder / MAPS)
    unkept = dataclasses.replace(run, folder=folder, suite=dataclasses.replace(run.suite, keep_maps=False))
    run_suite(unkept.suite, tmp_path)
    assert not (folder / MAPS).exists()
    again = tabulate_removal(unkept.stored, REGISTRIES)
    pd.testing.assert_frame_equal(again.reported, tables.reported)
    pd.testing.assert_frame_equal(again.removal, tables.removal)


def drop_curves(folder):
    """Take away what removal has stored, and leave the maps, networks and scores."""
    dropped = 0
    for record in list((folder / SCORES).rglob("*.json")):
        if '"curve of"' in record.read_text("utf-8"):
            shutil.rmtree(record.parent)
            dropped += 1
    assert dropped


def test_a_damaged_curve_is_computed_to_the_same_numbers_from_the_training_split(finished, monkeypatch):
    suite, run, tables = finished
    sources = []

    def record(name, inputs, training, seeds):
        sources.append((name, training))
        return draw_replacement(name, inputs, training, seeds)

    monkeypatch.setattr(real_steps, "draw_replacement", record)
    for stored in (run.folder / SCORES).rglob("scores.parquet"):
        if "accuracy_after_removal" in pd.read_parquet(stored).columns[0]:
            stored.write_bytes(b"damaged")
    again = tabulate_removal(run.stored, REGISTRIES)
    pd.testing.assert_frame_equal(again.removal, tables.removal)
    job = next(jobs(suite, "cpu"))
    data = REGISTRIES.tasks.get(job.task.name).load()(job.seeds.data, **job.task.parameters)
    assert {name for name, _ in sources} == {"mean", "sampled"}
    assert all((training == data.train.inputs).all() for _, training in sources[: len(sources) // 4])


def test_another_replacement_asks_for_its_answers_alone(finished, monkeypatch):
    _, run, tables = finished
    asked = []
    real = curves.answer_by_length
    monkeypatch.setattr(curves, "answer_by_length", lambda *given: asked.append(given) or real(*given))
    more = tabulate_removal(run.stored, REGISTRIES, ["zero", "mean"])
    assert len(asked) == 2 * 2 * (2 + 2) * 2  # tasks, seeds, maps, networks
    mean = tables.removal[tables.removal.replacement == "mean"].reset_index(drop=True)
    again = more.removal[more.removal.replacement == "mean"].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, mean)


def test_the_metrics_are_the_means_of_the_curves(finished, tmp_path):
    _, run, tables = finished
    shutil.copytree(run.folder, tmp_path / "tiny")
    chosen = ["average_precision", "on_task", "accuracy_after_removal"]
    suite = load_suite(str(run.folder.parent / "tiny.toml"), REGISTRIES, {"methods": ["saliency"], "metrics": chosen})
    scores = run_suite(suite, tmp_path).collection.scores
    key = ["task", "architecture", "method", "seed", "sample"]
    curves_on_task = tables.reported.groupby(key).on_task.mean()
    own = tables.removal[(tables.removal.architecture == tables.removal.ranked_by) & (tables.removal.removed > 0)]
    right = own[own.replacement == "mean"].groupby(key).correct.mean()
    found = scores.set_index(key)
    assert found.on_task[curves_on_task.index].to_numpy() == pytest.approx(curves_on_task.to_numpy())
    assert found.accuracy_after_removal[right.index].to_numpy() == pytest.approx(right.to_numpy())
    assert found.accuracy_after_removal.notna().sum() == len(right)  # of reference maps no network was explained


def test_a_network_that_answers_by_nan_is_named(finished, monkeypatch, tmp_path):
    _, run, _ = finished
    folder = shutil.copytree(run.folder, tmp_path / "tiny")
    drop_curves(folder)
    real = curves.stored_network

    def broken(job, *given):
        network = real(job, *given)
        if job.architecture.name == "input-cell-lstm":
            network.model.register_forward_hook(lambda _module, _inputs, logits: logits * float("nan"))
        return network

    monkeypatch.setattr(curves, "stored_network", broken)
    task = run.suite.tasks[0].name
    message = (
        f"^{task} input-cell-lstm seed 0, removed entries replaced by sampled: "
        "the network answers .* by NaN or infinity; leave out the network or that replacement$"
    )
    with pytest.raises(NonFiniteError, match=message):
        tabulate_removal(dataclasses.replace(run, folder=folder).stored, REGISTRIES, ["sampled"])


def test_a_network_is_asked_in_its_own_type():
    inputs = torch.ones(3, 4, 2)
    explained = Explained(inputs, torch.zeros(3, dtype=torch.int64), inputs, inputs, [0])
    asked = curves.Samples(None, explained, range(3)).ask(Double())
    assert asked.inputs.dtype == np.float64
    assert asked.logits(asked.inputs).shape == (3, 2)


class Double(torch.nn.Module):
    """A network in double precision."""

    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(2, 2).double()

    def forward(self, inputs):
        return self.head(inputs.mean(1))


def test_networks_that_are_not_there_are_left_out(finished, tmp_path):
    _, run, _ = finished
    empty = dataclasses.replace(run, folder=tmp_path / "tiny")
    assert tabulate_removal(empty.stored, REGISTRIES).reported.empty


def table(**columns):
    """Four samples of two seeds, correct as given, without removal and at half."""
    rows = [
        {"seed": seed, "removed": removed, "sample": sample, "correct": correct}
        for (removed, seed), answers in columns["correct"].items()
        for sample, correct in enumerate(answers)
    ]
    known = {"task": "box", "architecture": "lstm", "ranked_by": "lstm", "method": "saliency", "replacement": "mean"}
    return pd.DataFrame(rows).assign(**known)


def test_a_drop_is_the_mean_over_seeds_with_its_interval():
    answers = {(0.0, 0): [1, 1, 1, 1], (0.0, 1): [1, 1, 1, 0], (0.5, 0): [1, 0, 0, 0], (0.5, 1): [1, 1, 0, 0]}
    whole, half = summarise_removal(table(correct=answers)).to_dict("records")
    assert (whole["accuracy"], whole["accuracy_drop"], whole["accuracy_drop_low"]) == (0.875, 0, 0)
    drops = [0.75, 0.25]
    mean, run = mean_interval(drops).within(-1, 1), prediction_interval(drops).within(-1, 1)
    assert half["accuracy"] == 0.375
    assert (half["accuracy_drop"], half["accuracy_drop_low"], half["accuracy_drop_high"]) == pytest.approx(mean)
    assert (half["accuracy_drop_run_low"], half["accuracy_drop_run_high"]) == pytest.approx(run[1:])
    assert (half["seeds"], half["samples"], half["retrained"]) == (2, 8, "no")


def test_the_share_on_task_is_the_mean_over_seeds_and_stays_a_share():
    rows = [
        {"seed": seed, "sample": sample, "on_task": value, "chance": 0.4}
        for seed, values in enumerate([[0.9, 1.0], [0.7, 0.8]])
        for sample, value in enumerate(values)
    ]
    known = {"task": "box", "architecture": "lstm", "method": "saliency", "reported": 0.1}
    (row,) = summarise_reported(pd.DataFrame(rows).assign(**known)).to_dict("records")
    mean = mean_interval([0.95, 0.75])
    assert row["on_task"] == pytest.approx(mean.mean)
    assert (row["on_task_low"], row["on_task_high"]) == (pytest.approx(max(0, mean.low)), 1)
    assert (row["chance"], row["seeds"], row["samples"]) == (pytest.approx(0.4), 2, 4)


def test_the_report_has_a_line_a_curve(finished):
    tables: RemovalTables = finished[2]
    lines = list(report_curves(summarise_reported(tables.reported), summarise_removal(tables.removal)))
    assert len(lines) == 1 + 2 * 4 + 2 + 2 + 2 * 16
    assert any("not trained again" in line for line in lines)
