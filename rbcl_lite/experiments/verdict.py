"""Verdict on paired seeds: when one method may be called better than another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd

from rbcl_lite.experiments.tables.runs import chosen_runs
from rbcl_lite.metrics.interval import reach

SEEDS = 5
"""Paired seeds below which nothing is called higher or lower."""


Verdict = Literal["higher", "lower", "not separated"]
"""The words of a verdict."""


def separated(differences: Iterable[float]) -> Verdict:
    """Whether two methods differ on the same seeds, in one of three words.

    ``higher`` or ``lower`` takes at least five differences, and a 95 % interval (Student's t, of
    the mean difference) without zero. Everything else is ``not separated``.

    Args:
        differences: in points, one for each seed that both methods were run on.

    >>> separated([2.0, 1.0, 3.0, 2.0, 2.0]), separated([2.0, 1.0, 3.0])
    ('higher', 'not separated')
    """
    gap = np.asarray(list(differences), dtype=float)
    if len(gap) < SEEDS or abs(gap.mean()) <= reach(gap):
        return "not separated"
    return "higher" if gap.mean() > 0 else "lower"


def paired_verdict(differences: Iterable[float]) -> str:
    """The mean difference of two methods on the same seeds with its interval, and the word of :func:`separated`.

    Args:
        differences: in points, one for each seed that both methods were run on.

    >>> paired_verdict([2.0, 1.0, 3.0])
    '+2.0 points over 3 paired seeds: not separated (fewer than 5)'
    >>> paired_verdict([2.0, 1.0, 3.0, 2.0, 2.0])
    '+2.0 points over 5 paired seeds, 95 % interval +1.1 to +2.9: higher'
    """
    gap = np.asarray(list(differences), dtype=float)
    text = f"{gap.mean():+.1f} points over {len(gap)} paired seed{'s' * (len(gap) != 1)}"
    if len(gap) < SEEDS:
        return f"{text}: not separated (fewer than {SEEDS})"
    half = reach(gap)
    return f"{text}, 95 % interval {gap.mean() - half:+.1f} to {gap.mean() + half:+.1f}: {separated(gap)}"


def paired(result: dict[str, Any], method: str, other: str, column: str = "new_old", part: str = "test") -> pd.Series:
    """What two methods differ by at their chosen weights, seed by seed.

    Args:
        result: what :func:`rbcl_lite.experiments.tables.runs.load_result` returned.
        method: name of a method in it.
        other: the one whose scores are subtracted.
        column: ``new_old``, ``new_new`` or another score in per cent.
        part: test or validation.

    Returns:
        points, one for each seed that both were run on, on one kind of hardware.

    Raises:
        ValueError: a method that the result does not hold.
    """
    return paired_rows(chosen_runs(result, part), method, other, column, "at its chosen weight")


def paired_rows(table: pd.DataFrame, method: str, other: str, column: str, where: str) -> pd.Series:
    """What two methods differ by in a table of runs, seed by seed, on one kind of hardware.

    Args:
        table: one row for each method, seed and hardware.
        method, other, column: see :func:`paired`.
        where: what the rows have in common, in words, for the message.

    Raises:
        ValueError: a method without a row.
    """
    runs = table.pivot(index=["seed", "hardware"], columns="method", values=column)
    missing = [m for m in (method, other) if m not in runs]
    if missing:
        raise ValueError(f"no run of {missing[0]!r} {where}; measured there: {', '.join(runs) or 'nothing'}")
    return (runs[method] - runs[other]).dropna().droplevel("hardware")


def verdict(result: dict[str, Any], method: str, other: str, column: str = "new_old", part: str = "test") -> str:
    """:func:`paired_verdict` of two methods at their chosen weights.

    Args:
        result: what :func:`rbcl_lite.experiments.tables.runs.load_result` returned.
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
    return f"{method} minus {other}: {paired_verdict(paired(result, method, other, column, part))}"
