"""The check of the metrics: known scores of known maps, each verdict, and the command."""

import csv
import io
import json
import math

import numpy as np
import pytest
from command_line import ended

from saltbench.benchmark.formats import quality_check
from saltbench.benchmark.metrics.entries import ENTRIES
from saltbench.benchmark.metrics.quality_check import COLUMNS, MAPS, PAIRS, check_metrics, known_maps
from saltbench.benchmark.metrics.spec import MetricSpec
from saltbench.benchmark.metrics.truth import localisation as metrics
from saltbench.errors import ParameterError

# measured by others on one map of each kind of this truth: weighted Jaccard, Euclidean, average precision, ROC AUC
KNOWN = {
    "oracle": (1.0, 0.0, 1.0, 1.0),
    "noisy-oracle": (0.358, 0.638, 0.999, 1.0),
    "informative": (0.150, 0.847, 0.541, 0.697),
    "random-uniform": (0.193, 1.178, 0.238, 0.498),
    "random-normal": (0.114, 0.924, 0.237, 0.499),
    "zeros": (0.0, 1.0, 0.240, 0.5),
    "ones": (0.240, 1.780, 0.240, 0.5),
    "inverted": (0.0, 2.041, 0.240, 0.0),
    "last-steps": (0.0, 1.042, 0.138, 0.039),
}
OWN = [entry for entry in ENTRIES if "compatibility" not in entry.tags]
NAMES = ("weighted_jaccard", "euclidean", "average_precision", "roc_auc")


def metric(function, **changed):
    options = {"name": "mine", "higher_is_better": True, "low": 0.0, "high": 1.0, **changed}
    return MetricSpec(version=1, description="", reference="", factory=function, **options)


def checked(function, samples=6, **changed):
    (row,) = check_metrics([metric(function, **changed)], samples=samples).to_dict("records")
    return row


@pytest.fixture(scope="module")
def table():
    return check_metrics(OWN).set_index("metric")


@pytest.fixture(scope="module")
def papers():
    areas = [entry for entry in ENTRIES if entry.name.partition(":")[0] in PAPERS]
    return check_metrics(areas, samples=6).set_index("metric")


@pytest.mark.parametrize("kind", KNOWN)
@pytest.mark.parametrize("position", range(4), ids=NAMES)
def test_scores_are_the_known_ones_up_to_sampling_and_rounding(kind, position):
    scores = np.concatenate([getattr(metrics, NAMES[position])(maps) for maps in known_maps(40, 1, kind)])
    # the known score is of one map: its own deviation, and that of the mean of 40, and its three digits
    sampling = 3.5 * scores.std(ddof=1) * math.sqrt(1 + 1 / 40)
    assert abs(scores.mean() - KNOWN[kind][position]) <= sampling + 0.0005


def test_verdicts_on_the_shipped_metrics(table):
    assert table.order.to_dict() == {
        "weighted_jaccard": "fails",
        "euclidean": "holds",
        "average_precision": "undecided",
        "roc_auc": "holds",
        "top_k_jaccard": "holds",
        "relevance_mass": "holds",
        "time_average_precision": "fails",
        "feature_average_precision": "fails",
        "positional_bias": "holds",
        "completeness_residual": "not defined",
        "comprehensiveness": "not defined",
        "on_task": "undecided",
        "accuracy_after_removal": "not defined",
        **dict.fromkeys(WITHOUT_TRUTH, "not defined"),
    }
    assert table.reason["weighted_jaccard"] == "random-uniform above informative"
    assert "noisy-oracle tied with oracle" in table.reason["time_average_precision"]
    assert "does not compare maps with the truth" in table.reason["completeness_residual"]
    assert table.reason["comprehensiveness"] == "it needs model, which these maps do not have"
    needs = table.reason["accuracy_after_removal"]
    assert needs == "it needs model and data, which these maps do not have"
    assert (table.reason[table.order == "holds"] == "").all()
    assert (table.reason[table.order != "holds"] != "").all()


WITHOUT_TRUTH = [entry.name for entry in OWN if "truth" not in entry.needs]
TSIB = ("tsib", "tsib-time", "tsib-feature")
# by area: whether it keeps the order of known maps, as each paper computes it
PAPERS = {
    "aup": {"tint", "dynamask-rare", "dynamask-state", "contralsp", "timex", *TSIB},
    "aur": {"tint", "dynamask-rare", "dynamask-state", "contralsp", "timex", *TSIB},
    "auprc": {"tint", "dynamask-state", "contralsp", "timex", "timex++", "xaitimesynth", *TSIB},
    "auroc": {"tint", "dynamask-state", "contralsp"},
}


@pytest.mark.parametrize("area", PAPERS)
def test_verdicts_on_the_areas_of_the_papers(papers, area):
    rows = papers[papers.index.str.startswith(f"{area}:")]
    assert {name.removeprefix(f"{area}:") for name in rows.index} == PAPERS[area]
    rows = rows[~rows.index.str.contains("tsib")]
    # precision and recall over thresholds favour maps with few large entries, or many
    assert (rows.order == "fails").all() if area in ("aup", "aur") else rows.order.isin(["holds", "undecided"]).all()
    if area in ("aup", "aur"):
        assert rows.reason.str.contains("noisy-oracle above oracle|random-uniform above informative").all()
        assert (rows.loc["aup:tint" if area == "aup" else "aur:tint", "oracle"]) == pytest.approx(
            0.62 if area == "aup" else 1, abs=1e-4
        )


def test_table_has_a_row_for_every_metric_and_a_score_for_every_map(table):
    assert [*table.reset_index().columns] == COLUMNS
    assert [*table.index] == [entry.name for entry in OWN]
    assert table.loc[table.order != "not defined", [*MAPS]].notna().all(axis=None)
    assert table.direction.to_dict() == {entry.name: "higher" if entry.higher_is_better else "lower" for entry in OWN}


def quality(maps):
    """The share of |a| on salient cells less that on the others."""
    return (maps.magnitude * (2 * maps.relevance - 1)).sum((1, 2)) / maps.magnitude.sum((1, 2)).clip(min=1)


def test_direction_is_respected():
    assert checked(quality)["order"] == "holds"
    assert checked(lambda maps: -quality(maps), higher_is_better=False)["order"] == "holds"
    reversed_ = checked(quality, higher_is_better=False)
    assert reversed_["order"] == "fails"
    assert reversed_["reason"].split("; ") == [f"{worse} above {better}" for better, worse in PAIRS]


def test_a_constant_metric_ties_everything():
    row = checked(lambda maps: np.full(len(maps.truth), 0.5))
    assert row["order"] == "fails"
    assert row["reason"].split("; ") == [f"{worse} tied with {better}" for better, worse in PAIRS]


def test_noise_alone_is_undecided():
    rng = np.random.default_rng(3)
    row = checked(lambda maps: rng.random(len(maps.truth)), samples=50)
    assert row["order"] == "undecided"
    assert row["reason"].count("within 3 standard errors of") == len(PAIRS)


def test_a_difference_counts_from_three_standard_errors():
    def shifted(by):
        def scores(maps):
            # mean 0 and a variance of 1 in the sample, so that the difference's standard error is sqrt(2 / 8)
            values = np.tile([-1.0, 1.0], len(maps.truth) // 2) * math.sqrt(7 / 8)
            kind = next(
                kind for kind in MAPS if np.array_equal(next(known_maps(8, 0, kind)).attributions, maps.attributions)
            )
            rank = {"random-normal": 1, "random-uniform": 1, "informative": 2, "noisy-oracle": 3, "oracle": 4}
            return values + by * rank.get(kind, 0)

        return checked(scores, samples=8)["order"]

    assert shifted(3.01 * 0.5) == "holds"
    assert shifted(2.99 * 0.5) == "undecided"
    assert shifted(-2.99 * 0.5) == "undecided"
    assert shifted(-3.01 * 0.5) == "fails"


def test_an_undefined_score_is_said_and_not_averaged_away():
    def sometimes(maps):
        scores = quality(maps)
        if not maps.magnitude[:, 0, 20].any():  # the inverted map, the last steps and zeros
            scores[:2] = np.nan
        return scores

    row = checked(sometimes)
    assert row["order"] == "not defined"
    assert row["reason"] == "NaN or infinite for maps: 2 inverted"
    assert math.isnan(row["inverted"])
    assert math.isfinite(row["oracle"])


def test_a_metric_undefined_off_the_order_is_still_ranked():
    row = checked(lambda maps: np.where(maps.magnitude.any((1, 2)), quality(maps), np.nan))
    assert row["order"] == "holds"
    assert math.isnan(row["zeros"])


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda maps: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda maps: 0.5, r"ParameterError: a metric must return one score a sample, (6,), got ()"),
        (
            lambda maps: maps.magnitude[:, 0],
            "ParameterError: a metric must return one score a sample, (6,), got (6, 100)",
        ),
    ],
)
def test_a_broken_metric_is_named_and_the_others_are_checked(function, reason):
    rows = check_metrics([metric(function), metric(quality)], samples=6).to_dict("records")
    assert (rows[0]["order"], rows[0]["reason"]) == ("failed", reason)
    assert rows[1]["order"] == "holds"


def test_parameters_of_a_metric_have_their_defaults():
    row = checked(lambda maps, *, factor: factor * quality(maps), parameters={"factor": 2.0})
    assert row["oracle"] == pytest.approx(2.0)


@pytest.mark.parametrize("kind", MAPS)
def test_more_maps_begin_with_the_same_ones(kind):
    few, many = ([maps.attributions for maps in known_maps(count, 5, kind)] for count in (33, 70))
    assert [len(part) for part in many] == [32, 32, 6]
    np.testing.assert_array_equal(np.concatenate(few), np.concatenate(many)[:33])


def test_another_seed_draws_other_maps():
    one, other = (next(known_maps(2, seed, "informative")).attributions for seed in (0, 1))
    assert not np.array_equal(one, other)
    assert not np.array_equal(one[0], one[1])


def test_truth_is_the_earlier_box():
    truth = next(known_maps(2, 0, "oracle")).truth
    assert truth[:, :30, 10:90].all()
    assert truth.sum() == 2 * 2400


@pytest.mark.parametrize("arguments", [{"samples": 1}, {"seed": -1}])
def test_impossible_sizes_are_refused(arguments):
    with pytest.raises(ParameterError, match="at least 2 samples and a seed of at least 0, got"):
        check_metrics([], **arguments)


PLUGIN = """
from saltbench import MetricSpec


def first_cell(maps):
    return maps.magnitude[:, 0, 0]


FIRST_CELL = MetricSpec(
    name="first_cell", version=1, description="", reference="", factory=first_cell,
    higher_is_better=True, low=0.0, high=1.0,
)
"""


CHOSEN = ("--metrics", *(entry.name for entry in OWN))


def call(capsys, *arguments):
    return ended("metrics-check", "--samples", "3", *arguments), capsys.readouterr().out


def test_command_prints_csv_of_the_table(capsys):
    code, out = call(capsys, "--format", "csv", *CHOSEN)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert not code
    assert [row["metric"] for row in rows] == [entry.name for entry in OWN]
    expected = check_metrics(OWN, samples=3).set_index("metric")
    assert float(rows[1]["noisy-oracle"]) == expected.loc["euclidean", "noisy-oracle"]


def test_command_prints_json_with_null_where_nothing_is_defined(capsys):
    _, out = call(capsys, "--format", "json", "--seed", "4", *CHOSEN)
    rows = json.loads(out)
    assert [*rows[0]] == COLUMNS
    assert rows[-1]["oracle"] is None
    expected = check_metrics(OWN, samples=3, seed=4).set_index("metric")
    assert rows[0]["informative"] == expected.loc["weighted_jaccard", "informative"]


def test_command_checks_the_metric_of_a_plugin(capsys, tmp_path, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)  # a narrower table breaks its lines elsewhere
    path = tmp_path / "mine.py"
    path.write_text(PLUGIN)
    code, out = call(capsys, "--plugin", str(path), *CHOSEN, "first_cell")
    line = next(line for line in out.splitlines() if line.strip().startswith("first_cell"))
    assert not code
    assert line.split()[1:3] == ["↑", "0.000"]
    assert "fails" in line
    assert "feature_average_precision" in out


def test_a_narrow_terminal_cuts_no_word_and_no_number(table, monkeypatch):
    monkeypatch.setattr(quality_check, "WIDTH", 80)
    lines = quality_check.table_of(table.reset_index()).decode().splitlines()
    shown = " ".join(" ".join(lines).split())
    assert max(map(len, lines)) <= 80
    assert "…" not in shown
    assert "feature_average_precision ↑ fails: noisy-oracle tied with oracle" in shown
    assert "oracle 1.000, noisy-oracle 0.3" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "xml"), "unknown format 'xml'; known: csv, json, table"),
        (("--metrics", "aup:tnt"), "unknown metric 'aup:tnt'; did you mean 'aup:tint'"),
        (("--samples", "1"), "Invalid value for '--samples': Input should be greater than or equal to 2"),
    ],
)
def test_mistakes_are_one_line(capsys, arguments, message):
    code, _ = call(capsys, *arguments)
    assert message in str(code)
    assert "\n" not in str(code)
