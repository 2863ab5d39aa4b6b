"""Tables of an axis: what each run found where one thing was varied, and what it found after each epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rbcl_lite.experiments.verdict import paired_rows

WATCHED = ("new_old", "new_new", "saturation")


def axis_table(result: Mapping[str, Any], name: str, part: str = "test") -> pd.DataFrame:
    """One row for each run of an axis (:func:`rbcl_lite.experiments.axes.axis`).

    Args:
        result: what :func:`rbcl_lite.experiments.tables.runs.load_result` returned.
        name: dotted name of what was varied, for example ``train.epochs``.
        part: test or validation.

    Returns:
        ``method``, ``seed``, ``hardware``, ``value`` of what was varied, ``dead``, the share of
            saturated pairs in the last epoch in per cent (NaN for methods that have none), and the
            scores of ``part`` in per cent.

    Raises:
        ValueError: nothing of that name was varied.

    >>> run = {"method": "bct", "seed": 0, "changes": {"train.epochs": 8}, "test": {"new_old": 20.0}}
    >>> axis_table({"runs": [run]}, "train.epochs").to_dict("records")
    [{'method': 'bct', 'seed': 0, 'hardware': 'unknown', 'value': 8, 'dead': nan, 'new_old': 20.0}]
    """
    varied = {key for run in result["runs"] for key in run.get("changes", {})}
    if name not in varied:
        raise ValueError(f"{name!r} was not varied here, but {', '.join(sorted(varied)) or 'nothing'}")
    rows = [
        {
            **{key: run.get(key, "unknown") for key in ("method", "seed", "hardware")},
            "value": run["changes"][name],
            "dead": 100 * run.get("saturation", run.get("epochs", {}).get("saturation", [math.nan])[-1]),
            **run[part],
        }
        for run in result["runs"]
        if name in run.get("changes", {})
    ]
    return pd.DataFrame(rows)


def axis_paired(table: pd.DataFrame, value: float, method: str, other: str, column: str = "new_old") -> pd.Series:
    """What two methods differ by at one place of an axis, seed by seed.

    Args:
        table: what :func:`axis_table` returned.
        value: of what was varied.
        method: name of a method in it.
        other: the one whose scores are subtracted.
        column: ``new_old``, ``new_new`` or another score in per cent.

    Returns:
        points, one for each seed that both were run on, on one kind of hardware.

    Raises:
        ValueError: a method without a run there.
    """
    return paired_rows(table[table["value"] == value], method, other, column, f"at {value:g}")


def axis_gaps(table: pd.DataFrame, methods: Sequence[str], other: str) -> pd.DataFrame:
    """What methods differ from another one by, at every place of an axis and on every seed.

    Args:
        table: what :func:`axis_table` returned.
        methods: names of methods in it.
        other: the one whose scores are subtracted.

    Returns:
        ``method``, ``other``, ``value``, ``seed``, and the differences ``new_old`` and ``new_new`` in
            points.

    Raises:
        ValueError: a method without a run at one of the places.
    """
    scores = ("new_old", "new_new")
    gaps = {
        (method, value): pd.concat([axis_paired(table, value, method, other, s).rename(s) for s in scores], axis=1)
        for method in methods
        for value in sorted(table["value"].unique())
    }
    return pd.concat(gaps, names=["method", "value"]).reset_index().assign(other=other)


def epoch_table(result: Mapping[str, Any], epochs: int) -> pd.DataFrame:
    """One row for each epoch of the watched runs of one length.

    Args:
        result: of the axis ``length``.
        epochs: the length.

    Returns:
        ``method``, ``seed``, ``epoch`` from 1 on, ``new_old`` and ``new_new`` on validation people in
        per cent, and ``dead``, the share of saturated pairs in per cent (NaN for methods that have
        none).

    Raises:
        ValueError: no run of that length was watched.

    >>> run = {"method": "smooth-ap", "seed": 0, "changes": {"train.epochs": 1, "watch": True}}
    >>> run["epochs"] = {"new_old": [30.0], "new_new": [50.0], "saturation": [0.25]}
    >>> epoch_table({"runs": [run]}, 1).to_dict("records")
    [{'method': 'smooth-ap', 'seed': 0, 'epoch': 1, 'new_old': 30.0, 'new_new': 50.0, 'dead': 25.0}]
    """
    tables = []
    for run in result["runs"]:
        if run.get("changes", {}).get("train.epochs") != epochs or "epochs" not in run:
            continue
        seen = pd.DataFrame({name: run["epochs"][name] for name in WATCHED if name in run["epochs"]})
        seen = seen.reindex(columns=list(WATCHED)).rename(columns={"saturation": "dead"})
        seen["dead"] *= 100
        which = pd.DataFrame({"method": run["method"], "seed": run["seed"], "epoch": seen.index + 1})
        tables.append(pd.concat([which, seen], axis=1))
    if not tables:
        raise ValueError(f"no run of {epochs} epochs was watched in this result")
    return pd.concat(tables, ignore_index=True)
