"""Who is held out, and which images ask and answer."""

import numpy as np
import pytest

from rbcl_lite.data.holdout import part_of, query_gallery, split_people


def keys(n):
    return [f"image{i}" for i in range(n)]


NAMES = [f"person{i}" for i in range(400)]


def test_groups_are_disjoint_complete_and_drawn_by_seed():
    groups = split_people(NAMES * 3, [0.2, 0.3], seed=5)
    assert sorted(n for g in groups for n in g) == sorted(NAMES)
    assert groups == split_people(NAMES[::-1], [0.2, 0.3], seed=5) and all(g == sorted(g) for g in groups)
    assert groups[2] != split_people(NAMES, [0.2, 0.3], seed=6)[2]
    for group, share in zip(groups, (0.5, 0.2, 0.3)):
        assert len(group) / 400 == pytest.approx(share, abs=3 * (share * (1 - share) / 400) ** 0.5)


@pytest.mark.parametrize("share", [0.1, 0.35])
def test_shares_hold_in_expectation(share):
    held = np.mean([part_of("anna", [share], seed) for seed in range(5000)])
    assert held == pytest.approx(share, abs=0.02)


def test_nobody_changes_sides_when_people_join_or_leave():
    before = split_people(NAMES[:90], [0.2, 0.3], seed=1)
    for later in (NAMES, NAMES[30:], sorted(NAMES, key=lambda n: n[::-1])):
        for part, group in enumerate(split_people(later, [0.2, 0.3], seed=1)):
            assert set(before[part]) & set(later) <= set(group)
    assert all(part_of(n, [0.2, 0.3], 1) == part for part, group in enumerate(before) for n in group)


def test_an_earlier_share_leaves_later_parts_alone():
    a, b = (split_people(NAMES, [share, 0.3], seed=0) for share in (0.1, 0.4))
    assert a[2] == b[2] and set(a[1]) < set(b[1])


def test_spellings_of_one_person_are_in_one_part():
    for seed in range(50):
        assert len({part_of(n, [0.5], seed) for n in ("7", "007", "7.0")}) == 1
        assert part_of("Zo\u00eb", [0.5], seed) == part_of("Zoe\u0308", [0.5], seed)


@pytest.mark.parametrize(
    ("names", "shares", "message"),
    [
        (NAMES, [1.5], "must lie between 0 and 1, got 1.5"),
        (NAMES, [0.5, 0.5], r"shares \[0.5, 0.5\] leave nobody of toy for training; lower them"),
        (["anna"] * 9, [0.5], "all 9 images of toy have one identity"),
        (["anna", "bo", "cy"], [0.5], "toy has 3 people; 2 disjoint splits need 2 people each, 4 in all"),
        (NAMES[:12], [0.001], r"put \[12, 0\] of the 12 people of toy .* each needs 2: add people, or .* other shares"),
        (NAMES[:6], [0.2, 0.2], r"another seed \(seed \d+ would do\) or other shares"),
    ],
)
def test_splits_that_cannot_be(names, shares, message):
    with pytest.raises(ValueError, match=message):
        split_people(names, shares, 3, "toy")


@pytest.mark.parametrize("seed", range(5))
def test_each_query_can_be_found_under_the_camera_rule(seed):
    r = np.random.default_rng(seed)
    ids, cams = r.integers(0, 25, 120), r.integers(0, 6, 120)
    query, gallery = query_gallery(ids, cams, keys(120), seed)
    assert sorted([*query, *gallery]) == list(range(120))
    pairs = list(zip(ids[query], cams[query]))
    assert len(set(pairs)) == len(pairs), "one for each person and camera"
    for q in query:
        assert ((ids[gallery] == ids[q]) & (cams[gallery] != cams[q])).any()
    asked = set(ids[query].tolist())
    assert asked == {p for p in set(ids.tolist()) if len(set(cams[ids == p])) > 1}, "whoever can be asked for, is"


def test_single_images_per_camera_still_give_one_query():
    ids, cams = np.repeat([1, 2, 3], 2), np.tile([0, 1], 3)
    query, gallery = query_gallery(ids, cams, keys(6), 0)
    assert sorted(ids[query].tolist()) == [1, 2, 3] == sorted(ids[gallery].tolist())


def test_one_camera_or_one_image_is_never_a_query():
    query, _ = query_gallery(np.array([1, 1, 1]), np.array([4, 4, 4]), keys(3), 0)
    assert len(query) == 0
    query, _ = query_gallery(np.array([1, 2, 2]), None, keys(3), 0)
    assert len(query) == 1 and query[0] > 0


def test_the_image_that_asks_follows_the_seed():
    ids = np.repeat(np.arange(4), 9)
    chosen = [tuple(query_gallery(ids, None, keys(36), s)[0].tolist()) for s in (3, 3, *range(6))]
    assert chosen[0] == chosen[1] and len(set(chosen)) > 1


@pytest.mark.parametrize("cameras", [True, False])
def test_the_image_that_asks_stays_when_other_people_join(cameras):
    r = np.random.default_rng(0)
    ids, cams, names = r.integers(0, 40, 600), r.integers(0, 3, 600) if cameras else None, keys(600)
    few = np.flatnonzero(ids < 10)

    def asked(rows):
        some = None if cams is None else cams[rows]
        return {names[rows[i]] for i in query_gallery(ids[rows], some, [names[i] for i in rows], 2)[0]}

    everyone = asked(r.permutation(600))
    assert asked(few) == {k for k in everyone if ids[names.index(k)] < 10}
