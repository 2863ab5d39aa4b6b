"""Tables of the roll-out: the nested lists of its result file, one row for each number."""

from __future__ import annotations

from typing import Any

import pandas as pd

from rbcl_lite.experiments.rollout.measures import DAYS, SHARES

_ROW = ("false_match", "false_match_low", "false_match_high", "miss", "miss_low", "miss_high")


def order_table(result: dict[str, Any]) -> pd.DataFrame:
    """One row for each method, seed, order and share: ``mAP``, ``traffic``, ``broken`` and
    ``mended`` in per cent.

    Args:
        result: ``load_result("rollout")``.
    """
    tables = [
        pd.DataFrame(curve).assign(share=SHARES, order=order, method=r["method"], seed=r["seed"])
        for r in result["runs"]
        for order, curve in r["test"]["curves"].items()
    ]
    return pd.concat(tables, ignore_index=True)


def fusion_table(result: dict[str, Any]) -> pd.DataFrame:
    """One row for each method, seed, fusion and share: ``mAP`` in per cent."""
    tables = [
        pd.DataFrame({"mAP": values}).assign(share=SHARES, fusion=name, method=r["method"], seed=r["seed"])
        for r in result["runs"]
        for name, values in r["test"]["fusion"].items()
    ]
    return pd.concat(tables, ignore_index=True)


def threshold_table(result: dict[str, Any]) -> pd.DataFrame:
    """One row for each method, seed, rule and share: ``false_match`` and ``miss`` in per cent with
    their intervals.

    The rule ``before`` is the old system, with old queries; its share is 0.
    """
    rows = []
    for r in result["runs"]:
        found = r["test"]["thresholds"]
        about = {"method": r["method"], "seed": r["seed"]}
        rows.append({**about, "rule": "before", "share": 0.0, **dict(zip(_ROW, found["before"]))})
        for rule in ("carried", "recalibrated", "by version"):
            rows += [{**about, "rule": rule, "share": s, **dict(zip(_ROW, v))} for s, v in zip(DAYS, found[rule])]
    return pd.DataFrame(rows)


def level_table(result: dict[str, Any], seed: int = 0) -> pd.DataFrame:
    """The cosine that one stranger in a thousand reaches, with old and with new vectors, and how many
    of the first ten hits are new when a tenth of the gallery is; one row for each method.

    Args:
        result: ``load_result("rollout")``.
        seed: whose runs are read.
    """
    rows = {}
    for run in (r for r in result["runs"] if r["seed"] == seed):
        level = run["test"]["thresholds"]["versions"]
        crowd = run["test"]["new_in_first_ten"][1]
        rows[run["method"]] = {
            "new/old level": level["old"],
            "new/new level": level["new"],
            "new in first ten, in %": crowd,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def old_old(result: dict[str, Any]) -> pd.Series:
    """mAP of the old system in per cent, by seed."""
    return pd.Series({r["seed"]: r["test"]["old_old"] for r in result["runs"]}, name="old_old")


def by_seed(table: pd.DataFrame, column: str, **where: object) -> pd.Series:
    """One number for each seed, so that two of them can be subtracted pair by pair.

    Args:
        table: of this module.
        column: what is read.
        **where: columns and the value that each must have, such as ``method="bct", share=0.1``.

    Raises:
        ValueError: no row is left, or a seed has several.

    >>> table = pd.DataFrame({"seed": [0, 1, 0], "share": [0.0, 0.0, 1.0], "mAP": [40.0, 42.0, 90.0]})
    >>> by_seed(table, "mAP", share=0.0).tolist()
    [40.0, 42.0]
    """
    for name, value in where.items():
        table = table[table[name] == value]
    if table.empty or table["seed"].duplicated().any():
        raise ValueError(f"{'no' if table.empty else 'more than one'} row for each seed where {where}")
    return table.set_index("seed")[column].sort_index()
