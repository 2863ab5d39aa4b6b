"""A table for display: decimals as asked, dashes for what is missing, and the numbers left alone."""

import math

import pandas as pd

from rbcl_lite.plots.tables import shown


def test_decimals_whole_numbers_and_gaps() -> None:
    table = pd.DataFrame(
        {"weight": [0.25, 720.0], "seeds": [5, 3], "cost": [-0.04, math.nan], "says": ["higher", None]}
    )
    text = shown(table, {"weight": "g"})
    assert text.to_dict("list") == {
        "weight": ["0.25", "720"], "seeds": [5, 3], "cost": ["0.0", "–"], "says": ["higher", "–"]
    }  # fmt: skip
    assert table["weight"].tolist() == [0.25, 720.0], "the table itself is not changed"


def test_rows_and_columns_keep_their_names() -> None:
    columns = pd.MultiIndex.from_product([["ms", "memory"], ["gpu", "large"]])
    table = pd.DataFrame([[1.26, 2.0, 3.0, 4.0]], index=pd.Index(["bct"], name="method"), columns=columns)
    text = shown(table)
    assert text.columns.equals(columns) and text.index.equals(table.index)
    assert text.loc["bct", ("ms", "gpu")] == "1.3"
