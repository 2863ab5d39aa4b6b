"""Thresholds: above which cosine two images are called one person, and how often that is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import stats

from rbcl_lite.gallery.pairs import Pairs


class Interval(NamedTuple):
    """A share with its 95 % interval, 0 to 1."""

    share: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{100 * self.share:.3g} % ({100 * self.low:.3g} to {100 * self.high:.3g})"


def calibrate(scores: np.ndarray, rate: float) -> float:
    r"""The smallest threshold under which at most a share of stranger pairs is called one person.

    .. math:: t = \min \{t : \#\{s \ge t\} \le \text{rate} \cdot N\}

    Args:
        scores: N scores of stranger pairs, of validation people (``pairs.scores[pairs.strangers]``).
        rate: the share that is allowed, the false-match rate.

    Returns:
        t; a pair with a score of t or more is a match.

    Raises:
        ValueError: a rate outside (0, 1), or too few pairs to measure it.

    >>> calibrate(np.linspace(0.1, 1.0, 10), 0.2) < 0.9
    True
    """
    scores = np.asarray(scores).ravel()
    if not 0 < rate < 1:
        raise ValueError(f"a false-match rate lies between 0 and 1, got {rate}")
    allowed = int(np.floor(rate * len(scores) + 1e-9))
    if allowed < 1:
        raise ValueError(
            f"{len(scores)} stranger pairs cannot show a false-match rate of {rate:g}: at least {1 / rate:,.0f} are "
            "needed; take more validation people or a larger rate"
        )
    first_refused = np.partition(scores, len(scores) - 1 - allowed)[len(scores) - 1 - allowed]
    return float(np.nextafter(first_refused, np.array(np.inf, scores.dtype)))


@dataclass(frozen=True, eq=False)
class Rates:
    """False matches and misses at a threshold, counted for each of P people who were asked for.

    Args:
        false: [P] stranger pairs of the person's queries that are called one person.
        strangers: [P] stranger pairs of the person's queries.
        missed: [P] pairs of the person under two cameras that are not called one person.
        positives: [P] such pairs.
    """

    false: np.ndarray
    strangers: np.ndarray
    missed: np.ndarray
    positives: np.ndarray

    @property
    def false_match(self) -> float:
        """Share of stranger pairs that are called one person, 0 to 1."""
        return float(self.false.sum() / self.strangers.sum())

    @property
    def miss(self) -> float:
        """Share of pairs of one person that are not, 0 to 1."""
        return float(self.missed.sum() / self.positives.sum())

    @cached_property
    def intervals(self) -> dict[str, Interval]:
        """``false_match`` and ``miss`` with their bootstrap intervals over people (percentile,
        2,000 draws).

        Pairs of one person stand and fall together, so people are drawn, not pairs. The strangers
        in the gallery stay: of them the interval knows nothing.
        """
        out = {}
        for name, wrong, of in (
            ("false_match", self.false, self.strangers),
            ("miss", self.missed, self.positives),
        ):
            share = float(wrong.sum() / of.sum())
            wrong, of = wrong[of > 0], of[of > 0]  # who has no such pair says nothing
            if len(wrong) < 2 or wrong.sum() in (0, of.sum()):
                out[name] = wilson(int(wrong.sum()), int(of.sum()))  # draws of zeros have no width
                continue
            found = stats.bootstrap(
                (wrong, of),
                lambda w, n, axis: w.sum(axis=axis) / n.sum(axis=axis),
                paired=True,
                vectorized=True,
                n_resamples=2000,
                method="percentile",
                rng=np.random.default_rng(0),
            ).confidence_interval
            out[name] = Interval(share, float(found.low), float(found.high))
        return out


def wilson(count: int, of: int) -> Interval:
    """Wilson's 95 % interval of a share, for trials that have nothing to do with each other.

    >>> str(wilson(0, 1000))
    '0 % (0 to 0.383)'
    """
    found = stats.binomtest(count, of).proportion_ci(method="wilson")
    return Interval(count / of, float(found.low), float(found.high))


def rates(pairs: Pairs, threshold: float | np.ndarray) -> Rates:
    """False matches and misses of pairs at a threshold.

    Args:
        pairs: scored pairs of labelled people, other ones than the threshold was calibrated on.
        threshold: one for all, or [G] one for each gallery image, as where the version of its
            vector decides.

    Raises:
        ValueError: no stranger pair, or no pair of one person under two cameras.
    """
    match = pairs.scores >= np.asarray(threshold, pairs.scores.dtype)
    people, of = np.unique(pairs.query.ids.cpu().numpy(), return_inverse=True)
    strangers, positives = pairs.strangers, pairs.positives

    def counted(pair: np.ndarray) -> np.ndarray:
        return np.bincount(of, pair.sum(axis=1), len(people))

    out = Rates(*(counted(p) for p in (match & strangers, strangers, ~match & positives, positives)))
    if not out.strangers.sum() or not out.positives.sum():
        raise ValueError("the pairs hold no strangers, or nobody under two cameras; nothing can be measured")
    return out


def by_version(pairs: Pairs, versions: np.ndarray, rate: float) -> dict[str, float]:
    """A threshold for the vectors of each version.

    Args:
        pairs: scored pairs of validation people.
        versions: [G] which version made each gallery vector.
        rate: false-match rate that is allowed for each.

    Raises:
        ValueError: see :func:`calibrate`.
    """
    strangers = pairs.strangers
    out = {}
    for version in sorted(set(np.asarray(versions).tolist())):
        columns = np.asarray(versions) == version
        out[version] = calibrate(pairs.scores[:, columns][strangers[:, columns]], rate)
    return out
