"""Thresholds and their rates against loops over pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from two_models import two_models

from rbcl_lite.features import Features
from rbcl_lite.gallery.pairs import Pairs
from rbcl_lite.gallery.thresholds import by_version, calibrate, rates, wilson

UPGRADE = two_models(people=5, cams=3)
PAIRS = Pairs.of(UPGRADE.new_query, UPGRADE.new_gallery)


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.25, 0.5, 0.99])
@pytest.mark.parametrize("ties", [False, True])
def test_smallest_threshold_that_keeps_the_rate(rate: float, ties: bool) -> None:
    scores = np.random.default_rng(0).normal(size=200).astype(np.float32)
    scores = scores.round(1) if ties else scores
    t = calibrate(scores, rate)
    assert (scores >= t).mean() <= rate
    below = scores[scores < t].max()  # no smaller threshold would do
    assert (scores >= below).mean() > rate


def test_too_few_pairs_for_the_rate() -> None:
    with pytest.raises(ValueError, match=r"99 stranger pairs cannot show .* 0.001: at least 1,000"):
        calibrate(np.zeros(99), 0.001)
    with pytest.raises(ValueError, match=r"between 0 and 1, got 1\.5"):
        calibrate(np.zeros(99), 1.5)


@pytest.mark.parametrize("columns", [False, True])
def test_rates_count_pairs(columns: bool) -> None:
    t = np.linspace(0.1, 0.6, PAIRS.scores.shape[1]) if columns else np.full(PAIRS.scores.shape[1], 0.4)
    false = strangers = missed = positives = 0
    for i in range(len(PAIRS.query)):
        for j in range(len(PAIRS.gallery)):
            match = PAIRS.scores[i, j] >= np.float32(t[j])
            if PAIRS.query.ids[i] != PAIRS.gallery.ids[j]:
                strangers, false = strangers + 1, false + match
            elif PAIRS.query.cams[i] != PAIRS.gallery.cams[j]:
                positives, missed = positives + 1, missed + (not match)
    found = rates(PAIRS, t if columns else 0.4)
    assert (found.strangers.sum(), found.positives.sum()) == (strangers, positives)
    assert (found.false_match, found.miss) == (false / strangers, missed / positives)


def test_interval_over_people_is_wider_than_over_pairs_where_people_differ() -> None:
    pairs = PAIRS.with_scores(np.where(PAIRS.query.ids.numpy()[:, None] < 2, 1.0, 0.0) * np.ones(PAIRS.scores.shape))
    found = rates(pairs, 0.5)
    interval = found.intervals["miss"]
    naive = wilson(int(found.missed.sum()), int(found.positives.sum()))
    assert interval.low <= interval.share <= interval.high and interval.share == pytest.approx(0.6)
    assert interval.high - interval.low > 1.5 * (naive.high - naive.low)
    assert str(interval).startswith("60 % (")


def test_nothing_observed_still_has_an_interval() -> None:
    found = rates(PAIRS, 2.0)
    assert found.false_match == 0 and found.intervals["false_match"].high > 0
    assert found.miss == 1 and found.intervals["miss"].low < 1


def test_wilson_is_the_formula() -> None:
    k, n, z = 7, 90, 1.959964
    p = k / n
    middle, reach = p + z**2 / (2 * n), z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    expected = [(middle - reach) / (1 + z**2 / n), (middle + reach) / (1 + z**2 / n)]
    assert wilson(k, n)[1:] == pytest.approx(expected, rel=1e-5)


def test_a_threshold_for_each_version() -> None:
    versions = np.array(["old", "new"] * (PAIRS.scores.shape[1] // 2))
    found = by_version(PAIRS, versions, 0.1)
    for version, t in found.items():
        part = PAIRS.columns(versions == version)
        assert t == calibrate(part.scores[part.strangers], 0.1)


def test_people_that_cannot_be_measured() -> None:
    one = Features(torch.eye(2), [1, 1], [0, 0])
    with pytest.raises(ValueError, match="no strangers, or nobody under two cameras"):
        rates(Pairs.of(one, one), 0.5)
    with pytest.raises(ValueError, match="queries have 2 dimensions, the gallery 12"):
        Pairs.of(one, UPGRADE.new_gallery)
    with pytest.raises(ValueError, match=r"scores must be \[2, 2\]"):
        Pairs(np.zeros((3, 2)), one, one)
