"""The rates at which relevance vanishes, measured and predicted, with 95 % intervals over seeds."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...statistics.intervals import Interval, mean_interval

CONDITION = ["time", "task", "architecture", "trained"]
PREDICTIONS = {
    "state_product": "exact Jacobians of (h, c)",
    "forget_gates": "forget gates alone, Π f",
    "source_product": "the source's closed form",
    "source_approximation": "the source's o (1 − tanh² c) f",
}
RATE = "decades_per_step"
GONE = -3.0  # log10 of the first step's relevance over the last's, below which it counts as vanished


def summarise(profiles: pd.DataFrame) -> pd.DataFrame:
    """Return one row a (time, task, architecture, trained).

    Columns: seeds; accuracy, epochs and kept_epoch (means over seeds); then, each followed by the bounds _low and
    _high of its mean's 95 % interval: decades_per_step, (log10 R(last) − log10 R(first)) / (T − 1); the same rate of
    every product of Jacobians; first_to_last, log10 of the first step's relevance over the last's; share_last_10 and
    share_evidence, of the summed relevance that the last 10 % of steps and the steps with evidence hold, and
    flat_evidence, what the latter would be in a flat map. At the end vanished_seeds, those
    whose first step has less than 1/1000 of the last one's relevance, blind_float32, the smallest distance from which
    most samples' relevance is zero in float32 (empty: none), and chain_rule_deviation, the largest relative deviation
    of the closed form from autograd (empty: not applicable).

    Args:
        profiles: as `collect_profiles` returns them.
    """
    return pd.DataFrame([_row(dict(zip(CONDITION, key, strict=True)), rows) for key, rows in _groups(profiles)])


def log10_relevance(profile: pd.DataFrame) -> NDArray[np.float64]:
    """Return log10 of the measured relevance, and that of the chain rule where float64 does not hold it, (time,)."""
    measured = np.log10(profile.relevance.to_numpy())
    logs: NDArray[np.float64] = np.where(np.isnan(measured), profile.log10_chain_rule.to_numpy(), measured)
    return logs


def report(summary: pd.DataFrame) -> Iterator[str]:
    """Yield the summary as lines for people."""
    yield f"{'time':>5} {'task':12}{'architecture':21}{'trained':9}{'first / last step':>21}{'share of last 10 %':>20}"
    for row in summary.itertuples():
        yield (
            f"{row.time:5d} {row.task:12}{row.architecture:21}{row.trained:9}"
            f"{'10^' + format(row.first_to_last, '.1f'):>21}{row.share_last_10:20.3f}"
        )
    for architecture, rows in summary.groupby("architecture", sort=False):
        gone, all_networks = rows.vanished_seeds.sum(), rows.seeds.sum()
        yield f"{architecture}: vanished (first step below 1/1000 of the last) in {gone} of {all_networks} networks"
    rows = summary[summary.architecture == "lstm"]
    yield from (line for row in rows.to_dict("records") for line in _rates(row))
    deviation = summary.chain_rule_deviation.max()
    yield f"largest relative deviation of the closed form of the state (h, c) from autograd: {deviation:.1e}"


def _groups(profiles: pd.DataFrame) -> Any:
    return profiles.groupby(CONDITION, sort=False)


def _row(condition: dict[str, Any], rows: pd.DataFrame) -> dict[str, Any]:
    per_seed = [_of_one_seed(profile) for _, profile in rows.groupby("seed")]
    quantities = {name: _interval(name, [one[name] for one in per_seed]) for name in per_seed[0]}
    firsts = rows.groupby("seed")[["accuracy", "epochs", "kept_epoch"]].first()
    return {
        **condition,
        "seeds": len(per_seed),
        **firsts.mean().to_dict(),
        **{column: value for name, found in quantities.items() for column, value in _bounded(name, found)},
        "vanished_seeds": sum(one["first_to_last"] < GONE for one in per_seed),
        "blind_float32": _blind_from(rows),
        "chain_rule_deviation": _deviation(rows),
    }


def _interval(name: str, values: list[float]) -> Interval:
    found = mean_interval(values)
    return found.within(0, 1) if name.startswith("share_") else found


def _bounded(name: str, found: Interval) -> Iterator[tuple[str, float]]:
    yield from ((name, found.mean), (f"{name}_low", found.low), (f"{name}_high", found.high))


def _of_one_seed(profile: pd.DataFrame) -> dict[str, float]:
    near_to_far = profile.sort_values("distance")
    logs = log10_relevance(near_to_far)
    steps = max(len(logs) - 1, 1)
    predicted = {name: near_to_far[f"log10_{name}"].to_numpy() for name in PREDICTIONS}
    share = near_to_far.relevance.fillna(0).to_numpy()
    share = share / share.sum()
    evident = near_to_far.evidence.to_numpy() > 0
    return {
        RATE: (logs[0] - logs[-1]) / steps,
        **{f"{RATE}_{name}": (values[0] - values[-1]) / steps for name, values in predicted.items()},
        "first_to_last": logs[-1] - logs[0],
        "share_last_10": share[: math.ceil(0.1 * len(share))].sum(),
        "share_evidence": share[evident].sum(),
        "flat_evidence": evident.mean(),
    }


def _blind_from(rows: pd.DataFrame) -> float:
    zero = rows.groupby("distance").underflow_float32.mean() > 0.5
    return float(zero.index[zero].min()) if zero.any() else math.nan


def _deviation(rows: pd.DataFrame) -> float:
    measured = np.log10(rows.relevance.where(rows.underflow == 0))
    return float(np.expm1((measured - rows.log10_chain_rule).abs().max() * math.log(10)))


def _rates(row: dict[str, Any]) -> Iterator[str]:
    when = "after" if row["trained"] == "yes" else "before"
    yield (
        f"lstm, {row['task']}, {row['time']} steps, {when} training: relevance loses {row[RATE]:.3f} decades a step "
        f"({row[RATE + '_low']:.3f} … {row[RATE + '_high']:.3f}); predicted by"
    )
    yield "    " + "; ".join(f"{words} {row[f'{RATE}_{name}']:.3f}" for name, words in PREDICTIONS.items())
