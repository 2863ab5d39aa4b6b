"""Claim: a sentence of the book that fails where the committed results no longer say so."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import numpy as np

from rbcl_lite.experiments.verdict import SEEDS, Verdict, paired_verdict, separated


def claim(sentence: str, differences: Iterable[float], says: Verdict = "higher") -> None:
    """Print a finding with its verdict, and raise where the differences do not bear it out.

    Fewer than five paired seeds separate nothing (:func:`~rbcl_lite.experiments.verdict.separated`):
    the line says so, and only a mean with the wrong sign is refused.

    Args:
        sentence: what the book says.
        differences: in points, one for each seed.
        says: what the verdict has to be.

    Raises:
        AssertionError: the results say something else.

    >>> claim("BCT reads the old gallery better", [2.0, 1.0, 3.0, 2.0, 2.0])
    BCT reads the old gallery better: +2.0 points over 5 paired seeds, 95 % interval +1.1 to +2.9: higher
    >>> claim("BCT reads the old gallery better", [2.0])
    BCT reads the old gallery better: +2.0 points over 1 paired seed: not separated (fewer than 5)
    >>> claim("BCT reads the old gallery better", [-2.0, -1.0, -3.0, -2.0, -2.0])
    Traceback (most recent call last):
    AssertionError: BCT reads the old gallery better: the results say -2.0 points ...: lower; write the sentence anew
    """
    gap = np.asarray(list(differences), dtype=float)
    if not len(gap) or not np.isfinite(gap).all():
        raise AssertionError(f"{sentence}: the results hold no such pair of runs")
    found = paired_verdict(gap)
    if len(gap) < SEEDS:
        held = {"higher": gap.mean() > 0, "lower": gap.mean() < 0, "not separated": True}[says]
    else:
        held = separated(gap) == says
    if not held:
        raise AssertionError(f"{sentence}: the results say {found}; write the sentence anew")
    sys.stdout.write(f"{sentence}: {found}\n")
