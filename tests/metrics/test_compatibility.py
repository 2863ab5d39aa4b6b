"""Cross-test matrix, criterion, update gain, AdvBCT's scores and flips."""

import numpy as np
import pytest
import torch

from rbcl_lite.features import Features
from rbcl_lite.metrics import (
    adv_scores,
    cross_test,
    evaluate_distances,
    evaluate_ranking,
    is_compatible,
    negative_flips,
    positive_flips,
    update_gain,
)


def model(seed, n, dim, noise=0.6, shared=None):
    """Features of n images of 11 people whose centres are seed's own, or those of the model ``shared``."""
    ids = torch.arange(n) % 11
    centres = torch.randn(11, 24, generator=torch.Generator().manual_seed(seed if shared is None else shared))[:, :dim]
    vectors = centres[ids] + noise * torch.randn(n, dim, generator=torch.Generator().manual_seed(seed + n))
    return Features(vectors, ids, cams=torch.arange(n) % 4, model=f"model {seed}")


def test_rows_are_query_models_and_columns_are_gallery_models():
    queries = {"old": model(0, 30, 12), "new": model(1, 30, 12)}
    galleries = {"old": model(0, 70, 12), "new": model(1, 70, 12), "other": model(2, 70, 12)}
    table = cross_test(queries, galleries)
    assert table.shape == (2, 3) and list(table.index) == ["old", "new"] and table.columns[2] == "other"
    assert (table.index.name, table.columns.name) == ("query", "gallery")
    assert table.dtypes.eq(float).all()
    for row, query in queries.items():
        for column, gallery in galleries.items():
            assert table.loc[row, column] == evaluate_ranking(query, gallery).mAP
    assert table.loc["old", "old"] > 2 * table.loc["old", "new"]  # unrelated spaces do not meet


@pytest.mark.parametrize(("metric", "value"), [("rank1", lambda r: r.rank(1)), ("mINP", lambda r: r.mINP)])
def test_other_metrics(metric, value):
    query, gallery = model(0, 30, 12), model(0, 70, 12)
    table = cross_test({"m": query}, {"m": gallery}, metric=metric, chunk=4)
    assert table.loc["m", "m"] == value(evaluate_ranking(query, gallery))


def test_the_query_is_brought_to_the_width_of_the_stored_gallery():
    wide, narrow = model(3, 30, 24, shared=9), model(4, 70, 10, shared=9)
    table = cross_test({"wide": wide, "narrow": narrow}, {"wide": model(3, 70, 24, shared=9), "narrow": narrow})
    assert table.loc["wide", "narrow"] == evaluate_ranking(wide.fit(10), narrow).mAP
    assert table.loc["narrow", "wide"] == evaluate_ranking(narrow.fit(24), model(3, 70, 24, shared=9)).mAP


def test_a_cross_test_does_not_see_the_lengths_of_the_vectors():
    """Trap: an old gallery stored before normalising, compared by distance with unit queries."""
    query, gallery = model(0, 30, 12), model(1, 70, 12, shared=0)
    lengths = torch.linspace(0.1, 9, 70)[:, None]
    long = Features(lengths * gallery.vectors, gallery.ids, gallery.cams)
    table = cross_test({"new": query}, {"unit": gallery, "long": long})
    assert table.loc["new", "long"] == pytest.approx(table.loc["new", "unit"], abs=1e-6)
    euclidean = torch.cdist(query.vectors, lengths * gallery.vectors)
    wrong = evaluate_distances(euclidean, query.ids, gallery.ids, query.cams, gallery.cams).mAP
    assert abs(wrong - table.loc["new", "unit"]) > 0.05  # lengths would matter


def test_cross_test_errors_name_the_models():
    good = model(0, 30, 12)
    with pytest.raises(ValueError, match="mAP, rank1 or mINP, got 'map'"):
        cross_test({"a": good}, {"a": good}, metric="map")
    with pytest.raises(ValueError, match="both sides"):
        cross_test({}, {"a": good})
    strangers = Features(good.vectors, good.ids + 100)
    with pytest.raises(ValueError, match="query model 'new' against gallery model 'old': none of the 30"):
        cross_test({"new": good}, {"old": strangers})


def test_criterion_is_strict():
    assert is_compatible(0.4001, 0.4)
    assert not is_compatible(0.4, 0.4)
    assert not is_compatible(0.3, 0.4)
    with pytest.raises(ValueError, match="old_old must be a finite score, got nan"):
        is_compatible(0.3, float("nan"))


def test_update_gain():
    assert update_gain(0.229, 0.229, 0.42) == 0.0
    assert update_gain(0.42, 0.229, 0.42) == pytest.approx(1.0)
    assert update_gain(0.013, 0.229, 0.42) == pytest.approx((0.013 - 0.229) / 0.191)
    assert update_gain(30.0, 20.0, 60.0) == pytest.approx(update_gain(0.3, 0.2, 0.6))  # percent or 0..1
    with pytest.raises(ValueError, match="not defined"):
        update_gain(0.3, 0.1 + 0.2, 0.3)
    with pytest.raises(ValueError, match="new_old must be a finite"):
        update_gain(float("inf"), 0.2, 0.3)
    with pytest.warns(RuntimeWarning, match="worse than the old one"):
        assert update_gain(0.1, 0.2, 0.15) == pytest.approx(2.0)


def test_adv_scores_against_a_loop():
    own, cross, old, best = (0.795, 0.589), (0.761, 0.534), (0.743, 0.5434), (0.812, 0.639)
    up = [100 / (1 + np.exp(-(n - b) / b)) for n, b in zip(own, best)]
    comp = [100 / (1 + np.exp(-(c - o) / (b - o))) for c, o, b in zip(cross, old, best)]
    scores = adv_scores(own, cross, old, best)
    assert scores.up == pytest.approx(np.mean(up)) and scores.comp == pytest.approx(np.mean(comp))
    # the mean of the harmonic means, not the harmonic mean of the means
    assert scores.p1 == pytest.approx(np.mean([2 * u * c / (u + c) for u, c in zip(up, comp)]))
    assert scores.p1 != pytest.approx(2 * scores.up * scores.comp / (scores.up + scores.comp), rel=1e-9)


def test_adv_scores_of_no_change_and_bad_input():
    assert adv_scores(0.4, 0.2, 0.2, 0.4) == pytest.approx((50.0, 50.0, 50.0))
    with pytest.raises(ValueError, match="same test sets"):
        adv_scores((0.4, 0.5), 0.2, 0.2, 0.4)
    with pytest.raises(ValueError, match="scores 0"):
        adv_scores(0.4, 0.2, 0.2, 0.0)


def flips_by_loop(before, after, valid):
    worse = sum(bool(b and not a) for b, a, v in zip(before, after, valid) if v)
    better = sum(bool(a and not b) for b, a, v in zip(before, after, valid) if v)
    return worse / sum(valid), better / sum(valid)


@pytest.mark.parametrize("k", [1, 5])
def test_flips(k):
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 9, 60), rng.integers(1, 9, 40)  # identity 0 is not in the gallery
    distances = rng.random((60, 40))
    old = evaluate_distances(distances, *ids)
    new = evaluate_distances(distances + rng.random((60, 40)) * 0.3, *ids)
    assert old.left_out > 0
    negative, positive = flips_by_loop(old.first_hit <= k, new.first_hit <= k, old.valid)
    assert negative > 0 and positive > 0
    assert negative_flips(old, new, k=k) == pytest.approx(negative)
    assert positive_flips(old, new, k=k) == pytest.approx(positive)
    assert new.rank(k) == pytest.approx(old.rank(k) + positive - negative)
    assert negative_flips(old, old) == positive_flips(old, old) == 0.0


def test_flips_need_the_same_queries():
    one = evaluate_distances([[0.1, 0.2]], [1], [1, 2])
    two = evaluate_distances([[0.1, 0.2], [0.1, 0.2]], [1, 1], [1, 2])
    other = evaluate_distances([[0.1, 0.2], [0.1, 0.2]], [1, 7], [1, 2])
    with pytest.raises(ValueError, match="got 1 before and 2 after"):
        negative_flips(one, two)
    with pytest.raises(ValueError, match=r"1 queries have a positive in only one .* first query 1"):
        positive_flips(two, other)
