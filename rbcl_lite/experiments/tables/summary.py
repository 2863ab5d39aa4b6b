"""Summary table: a result's means over its seeds, as the book shows them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd

from rbcl_lite.experiments.rotation import BASELINES
from rbcl_lite.experiments.tables.runs import summary

COLUMNS = {
    "old_old": "old/old",
    "new_old": "new/old",
    "new_old_std": "± new/old",
    "gap": "new/old − old/old",
    "new_new": "new/new",
    "new_new_std": "± new/new",
}
"""Columns of :func:`~rbcl_lite.experiments.tables.runs.summary` and their headings."""


def summary_table(result: dict[str, Any], methods: Collection[str] | None = None) -> pd.DataFrame:
    """:func:`~rbcl_lite.experiments.tables.runs.summary` to one decimal, with headings for readers.

    Args:
        result: what :func:`rbcl_lite.experiments.tables.runs.load_result` returned for a setting.
        methods: rows to keep; all by default.

    Returns:
        one row per method, best new/old first: the chosen weight (a dash for a baseline, which has none), the
        number of seeds, then mAP in per cent.

    Raises:
        ValueError: a method that the result does not hold.
    """
    table = summary(result)
    missing = sorted(set(methods or ()) - set(table.index))
    if missing:
        raise ValueError(f"no run of {missing[0]!r} at its chosen weight; this result holds {sorted(table.index)}")
    kept = table if methods is None else table[table.index.isin(list(methods))]
    shown = kept[["seeds", *COLUMNS]].rename(columns=COLUMNS).round(1)
    weights = ["–" if method in BASELINES else f"{weight:g}" for method, weight in kept["weight"].items()]
    shown.insert(0, "weight", weights)
    return shown.rename_axis("mAP in %")
