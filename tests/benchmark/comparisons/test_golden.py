"""Golden tables: what counts as a difference, and how it is told."""

import pandas as pd
import pytest

from saltbench.benchmark.comparisons.golden import GoldenLeaderboard, check_golden, differences
from saltbench.benchmark.leaderboards.columns import LEADING
from saltbench.benchmark.storage.csv_tables import to_csv
from saltbench.errors import ParameterError, StoreError


def table(*methods, **changed):
    rows = [
        {
            "task": "box/latter",
            "architecture": "" if method == "oracle" else "lstm",
            "method": method,
            "status": "ok",
            "reason": "",
            "seeds": 2,
            "samples": 6,
            "accuracy": None if method == "oracle" else 0.9,
            "at_chance": "" if method == "oracle" else "false",
            "euclidean": 1 / 3,
            "euclidean_low": 0.2,
        }
        for method in methods or ("oracle", "saliency")
    ]
    return pd.DataFrame(rows, columns=[*LEADING, "euclidean", "euclidean_low"]).assign(**changed)


@pytest.fixture
def golden(tmp_path):
    path = tmp_path / "golden.csv"
    path.write_bytes(to_csv(table()))
    return path


def test_the_same_table_passes_to_the_last_digit(golden):
    check_golden(table(), golden, {})
    with pytest.raises(AssertionError, match=r"saliency: euclidean was 0\.333333, is 0\.333333 \(\+1\.1e-16; tol"):
        check_golden(table(euclidean=1 / 3 + 1e-16), golden, {})


def test_numbers_may_differ_by_their_columns_tolerance(golden):
    moved = table(euclidean=0.34, euclidean_low=0.21)
    check_golden(moved, golden, {"euclidean": 0.01, "*_low": 0.011})
    check_golden(moved, golden, {"euclidean_low": 0.011, "euclidean*": 0.007})  # the first that fits
    with pytest.raises(AssertionError, match="euclidean was") as caught:
        check_golden(moved, golden, {"euclidean": 0.001})
    assert str(caught.value).splitlines() == [
        f"the leaderboard differs from {golden} (--force-regen writes it anew):",
        "  box/latter, oracle: euclidean was 0.333333, is 0.34 (+0.0067; tolerance 0.001)",
        "  box/latter, oracle: euclidean_low was 0.2, is 0.21 (+0.01; tolerance 0)",
        "  box/latter, lstm, saliency: euclidean was 0.333333, is 0.34 (+0.0067; tolerance 0.001)",
        "  box/latter, lstm, saliency: euclidean_low was 0.2, is 0.21 (+0.01; tolerance 0)",
    ]


def test_rows_and_columns_of_one_side_are_named():
    before, now = table("oracle", "saliency"), table("oracle", "lime").rename(columns={"euclidean_low": "roc_auc"})
    assert differences(before, now, {"*": 9}) == [
        "column euclidean_low is missing",
        "column roc_auc is new",
        "row box/latter, lstm, saliency is missing",
        "row box/latter, lstm, lime is new",
    ]


def test_text_and_empty_numbers_are_compared_whatever_the_tolerance():
    assert differences(table("lime"), table("lime", status="failed", reason="no", accuracy=None), {"*": 9}) == [
        "box/latter, lstm, lime: status was 'ok', is 'failed'",
        "box/latter, lstm, lime: reason was '', is 'no'",
        "box/latter, lstm, lime: accuracy was 0.9, is nan (+nan; tolerance 9)",
    ]


def test_the_order_of_rows_does_not_matter(golden):
    check_golden(table().iloc[::-1], golden, {})


def test_a_long_list_of_differences_is_cut(tmp_path):
    path = tmp_path / "golden.csv"
    path.write_bytes(to_csv(table(*map(str, range(30)))))
    with pytest.raises(AssertionError, match="and 11 more") as caught:
        check_golden(table(*map(str, range(30)), seeds=[3] * 29 + [2], samples=[6] * 28 + [7, 7]), path, {})
    assert len(str(caught.value).splitlines()) == 22


def test_the_first_run_writes_and_fails_and_the_second_passes(tmp_path):
    check = GoldenLeaderboard(tmp_path / "new" / "golden.csv")
    with pytest.raises(AssertionError, match=r"^wrote the golden table .*golden\.csv since there was none; look at it"):
        check(table())
    assert check.path.read_bytes() == to_csv(table())
    check(table())


def test_regenerating_writes_and_fails(golden):
    moved = table(euclidean=0.5)
    with pytest.raises(AssertionError, match=r"^wrote the golden table .* as --force-regen says; look at it, commit"):
        GoldenLeaderboard(golden, regenerate=True)(moved)
    check_golden(moved, golden, {})


def test_mistakes_of_the_author(golden, tmp_path):
    with pytest.raises(ParameterError, match="the tolerance for euclid fits no column of the leaderboard; correct"):
        check_golden(table(), golden, {"euclid": 0.1})
    with pytest.raises(ParameterError, match="a tolerance must be a number of at least 0, got -1 for euclidean"):
        check_golden(table(), golden, {"euclidean": -1})
    with pytest.raises(StoreError, match="one row a task, architecture and method, got some twice"):
        check_golden(table("lime", "lime"), golden, {})
    golden.write_text("a,b\n1,2\n")
    with pytest.raises(StoreError, match=r"golden\.csv is not a leaderboard: it lacks the columns"):
        check_golden(table(), golden, {})
