"""Measures of a roll-out: one upgrade at every share of its backfill, on test people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rbcl_lite.gallery.fusion import Normaliser, quantile_norm, z_norm
from rbcl_lite.gallery.mixed import (
    NEW,
    OLD,
    MixedGallery,
    done_after,
    new_among_first,
    traffic,
    two_halves,
    weighted_map,
)
from rbcl_lite.gallery.orders import by_camera, least_certain, most_searched, random_order, worst_placed
from rbcl_lite.gallery.pairs import Pairs
from rbcl_lite.gallery.thresholds import Rates, by_version, calibrate, rates

SHARES = tuple(i / 10 for i in range(11))
"""Backfilled shares at which everything is measured."""
DAYS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Backfilled shares at which thresholds are measured."""
DRAWS = 3
"""Random orders that a curve is the mean of."""
FUSIONS: dict[str, Callable[[np.ndarray], Normaliser] | None] = {
    "none": None,
    "z-norm": z_norm,
    "quantile": quantile_norm,
}

Order = Callable[[np.ndarray], list[str]]
"""From the positions of the queries that were logged to the keys in the order of the backfill."""


def orders(gallery: MixedGallery, seed: int) -> dict[str, list[Order]]:
    """The orders that are compared; of the random one several draws.

    The log of ``most-searched`` and ``least-certain`` is what old queries found in the old gallery,
    people being searched unequally often (:func:`~rbcl_lite.gallery.mixed.traffic`). ``worst-placed``
    asks the old gallery by new queries.
    """
    keys, cams = list(gallery.new_gallery.keys or ()), gallery.new_gallery.cams
    asked, persons = gallery.new_query.ids.numpy(), gallery.new_gallery.ids.numpy()
    weights = traffic(asked, seed=seed)
    old, new = gallery.own_scores[OLD], gallery.scores[OLD]

    def shuffled(draw: int) -> Order:
        return lambda _: random_order(keys, seed=DRAWS * seed + draw)

    found: dict[str, list[Order]] = {
        "random": [shuffled(draw) for draw in range(DRAWS)],
        "most-searched": [lambda at: most_searched(keys, gallery.log(old, queries=at), weights=weights[at], seed=seed)],
        "least-certain": [lambda at: least_certain(keys, gallery.log(old, queries=at), seed=seed)],
        "worst-placed": [lambda at: worst_placed(keys, persons, gallery.log(new, len(keys), at), asked[at], seed=seed)],
    }
    if cams is not None:
        found["by-camera"] = [lambda _: by_camera(keys, cams.numpy(), seed=seed)]
    return found


def order_curve(gallery: MixedGallery, order: Order, weights: np.ndarray) -> dict[str, np.ndarray]:
    """mAP, mAP as the traffic meets it, and the flips against the old system, at each of
    :data:`SHARES`, in per cent.

    An order that is made from a log is judged on other queries than those of its log: each half of
    the queries is judged on the order that the other half's log gives.

    Args:
        gallery: old and new vectors.
        order: what gets new vectors first.
        weights: [Q] traffic of each query.
    """
    keys = list(gallery.new_gallery.keys or ())
    before = gallery.pairs(gallery.own_scores[OLD]).ranking()
    half = two_halves(gallery.new_query.ids.numpy())
    sides = [(half, order(np.flatnonzero(~half))), (~half, order(np.flatnonzero(half)))]
    if sides[0][1] == sides[1][1]:  # no log is asked
        sides = [(np.ones(len(half), bool), sides[0][1])]
    rows: dict[str, list[float]] = {name: [] for name in ("mAP", "traffic", "broken", "mended")}
    for share in SHARES:
        ap, hit = np.full(len(half), np.nan), np.zeros(len(half), bool)
        for judged, keys_in_order in sides:
            result = gallery.mixed(done_after(keys, keys_in_order, share)).ranking()
            ap[judged], hit[judged] = result.ap[judged], result.hit()[judged]
        valid = before.valid
        was, now = before.hit()[valid], hit[valid]
        rows["mAP"].append(ap[valid].mean())
        rows["traffic"].append(np.average(ap[valid], weights=weights[valid]))
        rows["broken"].append((was & ~now).mean())
        rows["mended"].append((~was & now).mean())
    return {name: 100 * np.array(values) for name, values in rows.items()}


def fusion_curves(validation: MixedGallery, test: MixedGallery, order: list[str]) -> dict[str, list[float]]:
    """mAP in per cent at each share for each fusion, normalised by validation strangers; the names that
    begin with "both" are those where each vector is asked by a query of its own model.
    """
    keys = list(test.new_gallery.keys or ())
    strangers = validation.pairs(validation.scores[NEW]).strangers
    out = {}
    for own in (False, True):
        scores = validation.own_scores if own else validation.scores
        for name, fit in FUSIONS.items():
            norm = {v: fit(scores[v][strangers]) for v in (OLD, NEW)} if fit else None
            maps = [test.mixed(done_after(keys, order, s), norm, own=own).ranking().mAP for s in SHARES]
            out[("both " if own else "") + name] = rounded(100 * np.array(maps))
    return out


def threshold_days(
    validation: MixedGallery, test: MixedGallery, order: list[str], rate: float, seed: int
) -> dict[str, Any]:
    """False matches and misses on test people on the days of a backfill, in per cent with 95 %
    intervals.

    Args:
        validation: what thresholds are calibrated on.
        test: what they are measured on.
        order: of the backfill of the test gallery.
        rate: false-match rate that each calibration allows.
        seed: of the mixed validation galleries.

    Returns:
        ``before``: the old system at its threshold. Then one row for each of :data:`DAYS`:
        ``carried`` keeps that threshold; ``recalibrated`` takes one from validation people's
        gallery, backfilled as far; ``by version`` has one for old vectors and one for new ones,
        calibrated once. A row is false matches, low, high, misses, low, high.
    """
    carried = calibrate(_strangers(validation.pairs(validation.own_scores[OLD])), rate)
    versions = np.array([OLD, NEW])
    fixed = {v: by_version(validation.pairs(validation.scores[v]), _all(validation, v), rate)[v] for v in versions}
    out: dict[str, Any] = {
        "rate": 100 * rate,
        "threshold": round(carried, 4),
        "versions": {v: round(t, 4) for v, t in fixed.items()},
        "before": _row(rates(test.pairs(test.own_scores[OLD]), carried)),
        "carried": [],
        "recalibrated": [],
        "by version": [],
    }
    shuffled = random_order(list(validation.new_gallery.keys or ()), seed=seed)
    for share in DAYS:
        done = done_after(list(test.new_gallery.keys or ()), order, share)
        there = done_after(list(validation.new_gallery.keys or ()), shuffled, share)
        pairs = test.mixed(done)
        new = calibrate(_strangers(validation.mixed(there)), rate)
        columns = np.where(done, fixed[NEW], fixed[OLD])
        for name, threshold in (("carried", carried), ("recalibrated", new), ("by version", columns)):
            out[name].append(_row(rates(pairs, threshold)))
    return out


def measure_rollout(validation: MixedGallery, test: MixedGallery, *, seed: int, rate: float) -> dict[str, Any]:
    """Everything that a result file keeps of one upgrade's roll-out, in per cent.

    Args:
        validation: vectors of validation people, for calibration alone.
        test: vectors of test people.
        seed: of orders and traffic.
        rate: false-match rate that thresholds are calibrated for.
    """
    asked = test.new_query.ids.numpy()
    weights = traffic(asked, seed=seed)
    curves = {}
    for name, draws in orders(test, seed).items():
        found = [order_curve(test, order, weights) for order in draws]
        curves[name] = {c: rounded(np.mean([f[c] for f in found], axis=0)) for c in found[0]}
    keys = list(test.new_gallery.keys or ())
    first = random_order(keys, seed=DRAWS * seed)
    before = test.pairs(test.own_scores[OLD]).ranking()
    return {
        "old_old": rounded(100 * before.mAP),
        "old_old_traffic": rounded(100 * weighted_map(before, weights)),
        "curves": curves,
        "new_in_first_ten": rounded([100 * new_among_first(test, done_after(keys, first, s)) for s in SHARES]),
        "fusion": fusion_curves(validation, test, first),
        "thresholds": threshold_days(validation, test, first, rate, seed),
    }


def rounded(values: Any) -> Any:
    """Two decimals, as plain numbers that a file can hold."""
    return np.round(np.asarray(values, np.float64), 2).tolist()


def _all(gallery: MixedGallery, version: str) -> np.ndarray:
    return np.full(len(gallery.new_gallery), version)


def _strangers(pairs: Pairs) -> np.ndarray:
    return pairs.scores[pairs.strangers]


def _row(found: Rates) -> list[float]:
    values = [v for name in ("false_match", "miss") for v in found.intervals[name]]
    return np.round(100 * np.array(values), 4).tolist()
