"""Who is held out, and which images ask and answer."""

import numpy as np
import pytest

from rbcl_lite.data.holdout import query_gallery, split_people


def test_groups_are_disjoint_complete_and_drawn_by_seed():
    ids = np.random.default_rng(0).permutation(np.repeat(np.arange(100, 130), 3))
    groups = split_people(ids, [0.2, 0.3], seed=5)
    assert [len(g) for g in groups] == [15, 6, 9]
    assert sorted(np.concatenate(groups).tolist()) == list(range(100, 130))
    assert all(np.array_equal(a, b) for a, b in zip(groups, split_people(np.sort(ids), [0.2, 0.3], seed=5)))
    assert not np.array_equal(groups[2], split_people(ids, [0.2, 0.3], seed=6)[2])
    assert not np.array_equal(groups[2], np.arange(100, 109)), "the draw must not follow the numbers"


@pytest.mark.parametrize("seed", range(5))
def test_each_query_can_be_found_under_the_camera_rule(seed):
    r = np.random.default_rng(seed)
    ids, cams = r.integers(0, 25, 120), r.integers(0, 6, 120)
    query, gallery = query_gallery(ids, cams, seed)
    assert sorted([*query, *gallery]) == list(range(120))
    pairs = list(zip(ids[query], cams[query]))
    assert len(set(pairs)) == len(pairs), "one for each person and camera"
    for q in query:
        assert ((ids[gallery] == ids[q]) & (cams[gallery] != cams[q])).any()
    asked = set(ids[query].tolist())
    assert asked == {p for p in set(ids.tolist()) if len(set(cams[ids == p])) > 1}, "whoever can be asked for, is"


def test_single_images_per_camera_still_give_one_query():
    ids, cams = np.repeat([1, 2, 3], 2), np.tile([0, 1], 3)
    query, gallery = query_gallery(ids, cams, 0)
    assert sorted(ids[query].tolist()) == [1, 2, 3] == sorted(ids[gallery].tolist())


def test_one_camera_or_one_image_is_never_a_query():
    query, _ = query_gallery(np.array([1, 1, 1]), np.array([4, 4, 4]), 0)
    assert len(query) == 0
    query, _ = query_gallery(np.array([1, 2, 2]), None, 0)
    assert len(query) == 1 and query[0] > 0


def test_the_image_that_asks_follows_the_seed():
    ids = np.repeat(np.arange(4), 9)
    assert len({tuple(query_gallery(ids, None, s)[0].tolist()) for s in range(6)}) > 1
    assert np.array_equal(query_gallery(ids, None, 3)[0], query_gallery(ids, None, 3)[0])
