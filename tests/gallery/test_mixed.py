"""A mixed gallery: its ends are the cross-test's, its log is a real gallery's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from two_models import two_models

from rbcl_lite.gallery import Evidence, Gallery
from rbcl_lite.gallery.mixed import done_after, new_among_first, traffic, two_halves, weighted_map
from rbcl_lite.metrics import evaluate_ranking

UPGRADE = two_models()
G = len(UPGRADE.new_gallery)


def test_the_ends_are_the_cells_of_the_cross_test() -> None:
    for done, gallery in ((False, UPGRADE.old_gallery), (True, UPGRADE.new_gallery)):
        expected = evaluate_ranking(UPGRADE.new_query, gallery)
        found = UPGRADE.mixed(np.full(G, done)).ranking()
        np.testing.assert_array_equal(found.ap, expected.ap)
        np.testing.assert_array_equal(found.first_hit, expected.first_hit)
    own = UPGRADE.mixed(np.zeros(G, bool), own=True).ranking()
    np.testing.assert_array_equal(own.ap, evaluate_ranking(UPGRADE.old_query, UPGRADE.old_gallery).ap)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_real_gallery_says_the_same(share: float) -> None:
    keys = list(UPGRADE.new_gallery.keys or ())
    done = done_after(keys, keys[::-1], share)
    with Gallery(None, dim=UPGRADE.old_gallery.dim) as gallery:
        gallery.add(UPGRADE.old_gallery)
        gallery.register("new", {"old": Evidence(0.5, 0.3, "2026-11-02")})
        if done.any():
            gallery.backfill(UPGRADE.new_gallery[done])
        stored = evaluate_ranking(UPGRADE.new_query, replace(gallery.fetch(keys), model="mixed"))
        hits = gallery.search(UPGRADE.new_query, k=4)
    mixed = UPGRADE.mixed(done)
    np.testing.assert_array_equal(mixed.ranking().ap, stored.ap)
    log = UPGRADE.log(mixed.scores, 4)
    assert log.keys.tolist() == hits.keys.tolist() and log.persons.tolist() == hits.persons.tolist()
    fresh = {k for k, d in zip(keys, done) if d}
    assert new_among_first(UPGRADE, done, 4) == np.mean([k in fresh for k in hits.keys.ravel()])
    assert UPGRADE.log(mixed.scores, 4, np.array([5, 2])).keys.tolist() == hits.keys[[5, 2]].tolist()


def test_done_after_a_share() -> None:
    assert done_after(["a", "b"], ["b", "a"], 0.5).tolist() == [False, True]
    with pytest.raises(ValueError, match=r"share must lie between 0 and 1, got 1\.2"):
        done_after(["a"], ["a"], 1.2)
    with pytest.raises(ValueError, match="the order names 1 images, the gallery has 2"):
        done_after(["a", "b"], ["a"], 1.0)


def test_traffic_is_of_people_and_has_mean_one() -> None:
    persons = np.repeat(np.arange(9), 4)
    weights = traffic(persons, seed=3)
    assert weights.mean() == pytest.approx(1) and len(set(weights.round(12))) == 9
    by_rank = np.sort(weights[::4])[::-1]
    np.testing.assert_allclose(by_rank[0] / by_rank, np.arange(1, 10))


def test_halves_hold_every_second_query_of_a_person() -> None:
    half = two_halves(UPGRADE.new_query.ids.numpy())
    for person in range(7):
        assert half[UPGRADE.new_query.ids.numpy() == person].tolist() == [False, True, False]


def test_weighted_map_is_map_for_equal_weights() -> None:
    result = UPGRADE.mixed(np.zeros(G, bool)).ranking()
    assert weighted_map(result, np.full(len(result.ap), 3.0)) == pytest.approx(result.mAP)


def test_other_images_are_refused() -> None:
    with pytest.raises(ValueError, match="the same images row by row"):
        replace(UPGRADE, new_gallery=UPGRADE.new_gallery[::2])
