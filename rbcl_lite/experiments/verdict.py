"""When one method may be called better than another."""

from __future__ import annotations

from typing import Any

from scipy import stats

from rbcl_lite.experiments.tables import chosen_runs

SEEDS = 5
"""Paired seeds below which nothing is called higher or lower."""


def verdict(result: dict[str, Any], method: str, other: str, column: str = "new_old", part: str = "test") -> str:
    """The paired difference of two methods at their chosen weights, in words that the number of seeds allows.

    ``higher`` or ``lower`` takes at least five seeds that both methods were run on, and a 95 % interval (Student's t,
    of the mean difference) without zero. Everything else is ``not separated``.

    Args:
        result: what :func:`rbcl_lite.experiments.tables.load_result` returned.
        method: name of a method in it.
        other: the one it is compared with.
        column: ``new_old``, ``new_new`` or another score in per cent.
        part: test or validation.

    Raises:
        ValueError: a method that the result does not hold.

    >>> runs = [
    ...     {"method": m, "weight": 1.0, "seed": s, "seconds": 1.0, "test": {"new_old": 20.0 + s + 2 * (m == "bct")}}
    ...     for m in ("l2", "bct") for s in range(3)
    ... ]
    >>> verdict({"runs": runs, "chosen": {"l2": 1.0, "bct": 1.0}}, "bct", "l2")
    'bct minus l2: +2.0 points over 3 paired seeds: not separated (fewer than 5)'
    """
    runs = chosen_runs(result, part).pivot(index="seed", columns="method", values=column)
    missing = [m for m in (method, other) if m not in runs]
    if missing:
        raise ValueError(f"no run of {missing[0]!r} at its chosen weight; this result holds {sorted(runs.columns)}")
    gap = (runs[method] - runs[other]).dropna()
    text = f"{method} minus {other}: {gap.mean():+.1f} points over {len(gap)} paired seed{'s' * (len(gap) != 1)}"
    if len(gap) < SEEDS:
        return f"{text}: not separated (fewer than {SEEDS})"
    low, high = stats.t.interval(0.95, len(gap) - 1, loc=gap.mean(), scale=stats.sem(gap))
    word = "higher" if low > 0 else "lower" if high < 0 else "not separated"
    return f"{text}, 95 % interval {low:+.1f} to {high:+.1f}: {word}"
