"""The table that evaluate returns: a leaderboard that shows itself in a few columns."""

import io

import pandas as pd
import pytest
from rich.console import Console
from torch import nn

import saltbench
from saltbench.benchmark.networks.evaluation import Evaluation
from saltbench.benchmark.style import progress_bar


def test_a_table_shows_a_few_columns_and_has_all():
    columns = ["task", "architecture", "method", "status", "reason", "seeds", "samples", "accuracy", "at_chance"]
    columns += ["needs_truth"]
    metrics = ["average_precision", "average_precision_low", "average_precision_high"]
    rows = [
        ["t", "model", "saliency", "ok", "", 1, 9, 0.51234, "true", "false", 0.31234, 0.2, 0.4],
        ["t", "model", "lrp", "skipped", "<no> rule", 1, 9, None, "false", "true", None, None, None],
        ["t", "", "oracle", "ok", "", 1, 9, None, "", "", 1.0, 1.0, 1.0],
    ]
    table = Evaluation.of(pd.DataFrame(rows, columns=[*columns, *metrics]))
    assert list(table.columns) == [*columns, *metrics]
    assert table.at_chance.dtype == "boolean"
    assert table.at_chance.tolist() == [True, False, pd.NA]
    assert table[~table.at_chance.fillna(True)].method.tolist() == ["lrp"]
    for shown in (repr(table), str(table), table._repr_html_()):
        assert "average_precision_low" not in shown
        assert "0.312" in shown
        assert "0.51234" not in shown
        assert "skipped" in shown
        assert "8 further columns" in shown
    page = table._repr_html_()
    assert "<td></td>" in page  # where there is no network, or no score
    assert not [word for word in ("NA", "NaN", "None", "<th>0</th>") if word in page]
    whole = table[table.status == "ok"]
    assert type(whole) is type(table.copy()) is type(pd.DataFrame(table)) is pd.DataFrame
    assert "status" not in repr(Evaluation.of(whole.assign(at_chance=["true", ""])))


@pytest.mark.parametrize("live", [True, False])
def test_progress_is_shown_where_a_bar_can_be_drawn(live, monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(progress_bar, "Console", lambda **_: Console(file=screen, force_terminal=live, width=100))
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    table = saltbench.evaluate(network, "digits/rows", methods=["saliency"], samples=5)
    assert ("8/8" in screen.getvalue()) is live
    assert table.at_chance.isna().tolist() == [False] + [True] * (len(table) - 1)
