"""Tables as a reader sees them: a fixed number of decimals in each column, and a dash where there is no number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd


def shown(table: pd.DataFrame, formats: Mapping[str, str] | None = None, *, default: str = ".1f") -> pd.DataFrame:
    """A table of numbers as one of texts, for display alone.

    Args:
        table: whole numbers and texts stay as they are.
        formats: column to a format specification, such as ``".2f"`` or ``"g"``.
        default: that of every other column of fractions.

    >>> shown(pd.DataFrame({"weight": [0.25, 2.0], "mAP": [47.04, float("nan")]}), {"weight": "g"}).values.tolist()
    [['0.25', '47.0'], ['2', '–']]
    """

    def text(value: Any, how: str) -> Any:
        if pd.api.types.is_scalar(value) and pd.isna(value):
            return "–"
        if not isinstance(value, float):
            return value
        written = f"{value:{how}}"
        return written if written.strip("-0.") else written.lstrip("-")  # no minus in front of zero

    formats = formats or {}
    texts = {name: [text(v, formats.get(str(name), default)) for v in table[name].astype(object)] for name in table}
    return pd.DataFrame(texts, index=table.index, columns=table.columns)
