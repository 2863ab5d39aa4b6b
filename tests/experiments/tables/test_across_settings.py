"""All settings at once: what is missing is named from the results, and each cell is the paired verdict."""

from __future__ import annotations

from typing import Any

from rbcl_lite.experiments.settings import SETTINGS, TABLE
from rbcl_lite.experiments.tables.across_settings import compare, coverage


def result(methods: dict[str, float], seeds: int) -> dict[str, Any]:
    """Methods with their new/old, the same on every seed but for the seed itself."""
    runs = [
        {"method": m, "weight": 1.0, "seed": s, "seconds": 1.0, "test": {"new_old": v + s, "new_new": 90.0 + s}}
        for m, v in methods.items()
        for s in range(seeds)
    ]
    return {"runs": runs, "chosen": dict.fromkeys(methods, 1.0)}


def test_coverage_names_what_is_missing() -> None:
    whole, some = result(dict.fromkeys(TABLE, 40.0), 5), result({"bct": 40.0, "l2": 30.0}, 5)
    some["runs"] = [r for r in some["runs"] if r["method"] != "l2" or r["seed"] < 3]
    first, second, *others = SETTINGS
    table = coverage({first: whole, second: some})
    assert list(table.index) == list(SETTINGS)
    assert table.loc[first, "not measured yet"] == "–" and table.loc[first, "runs"] == 5 * len(TABLE)
    missing = table.loc[second, "not measured yet"].split(", ")
    assert set(missing) == {m for m in TABLE if m not in ("bct", "l2")} | {"l2 (only 3 seeds)"}
    assert set(table.loc[others, "not measured yet"]) == {"all of it"} and not table.loc[others, "runs"].any()
    assert set(coverage({})["not measured yet"]) == {"all of it"}


def test_compare_is_the_paired_verdict_in_short() -> None:
    results = {"a": result({"bct": 40.0, "l2": 30.0}, 5), "b": result({"bct": 40.0, "l2": 42.0}, 3)}
    results["c"] = result({"bct": 40.0}, 5)
    table = compare(results, {"bct over l2": ("bct", "l2", "new_old"), "new/new": ("bct", "l2", "new_new")})
    assert table.loc["bct over l2"].tolist() == ["+10.0 ▲", "−2.0 ?", "–"]
    assert table.loc["new/new", "a"] == "+0.0 ·"
