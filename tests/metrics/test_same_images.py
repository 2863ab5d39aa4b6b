"""An image is never its own match, images of nobody are nobody's, and a result says which rule it was measured by."""

import time
import warnings

import numpy as np
import pytest
import torch
from reference_ranking import slow_ranking
from test_retrieval import assert_equal, random_case

from rbcl_lite.features import Features
from rbcl_lite.metrics import cross_test, evaluate_distances, evaluate_ranking, negative_flips, positive_flips


def keyed(seed, cameras):
    """A case in which every third query lies in the gallery, some of them twice."""
    distances, query_ids, gallery_ids, query_cams, gallery_cams = random_case(seed, levels=20)
    keys = [f"q{i}" for i in range(13)], [f"g{i}" for i in range(90)]
    for q in range(0, 13, 3):
        same = np.flatnonzero(gallery_ids == query_ids[q])[: 1 + q % 2]
        for g in same:
            keys[1][g] = keys[0][q] if keys[1][g].startswith("g") else keys[1][g]
    return (distances, query_ids, gallery_ids, *((query_cams, gallery_cams) if cameras else (None, None))), keys


@pytest.mark.parametrize("cameras", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_equals_the_slow_loop_with_keys(seed, cameras):
    case, keys = keyed(seed, cameras)
    result = evaluate_distances(*case, query_keys=keys[0], gallery_keys=keys[1])
    assert_equal(result, slow_ranking(*case, keys=keys))
    if not cameras:
        assert result.mAP != evaluate_distances(*case).mAP, "the keys matter here"


@pytest.mark.parametrize("seed", range(4))
def test_equals_the_slow_loop_with_images_of_nobody(seed, monkeypatch):
    monkeypatch.setattr("rbcl_lite.metrics.retrieval._BLOCK", 400)
    case = random_case(seed, levels=20)
    case[1][[2, 5]] = -1
    case[2][::7] = -1
    case[2][3] = -2
    with pytest.warns(UserWarning, match="2 queries and 14 gallery images have an identity below 0"):
        result = evaluate_distances(*case)
    assert_equal(result, slow_ranking(*case))
    assert not result.valid[[2, 5]].any()


def random_features(n=300, people=30, cams=None, keys=True, seed=0, prefix="k"):
    vectors = torch.randn(n, 16, generator=torch.Generator().manual_seed(seed))
    return Features(vectors, np.arange(n) % people, cams, keys=[f"{prefix}{i}" for i in range(n)] if keys else None)


def test_random_vectors_do_not_find_themselves():
    f = random_features()
    result = evaluate_ranking(f, f)
    assert result.valid.all() and result.rank(1) < 0.15, "chance, not 100 %"
    shuffled = f[np.random.default_rng(0).permutation(300)]
    assert evaluate_ranking(f[:50], shuffled).mAP == pytest.approx(result.ap[:50].mean())
    distances = -f.vectors @ f.vectors.T
    for a, b in ((f.keys, f.keys), (list(f.keys), np.array(f.keys))):
        assert evaluate_distances(distances, f.ids, f.ids, query_keys=a, gallery_keys=b).rank(1) == result.rank(1)


def test_without_keys_a_warning():
    f = random_features(keys=False)
    for query, gallery, count in (
        (f, f, 300),
        (f[:20], f, 20),
        (f, Features.concat([f[5:8], random_features(seed=1)]), 3),
    ):
        with pytest.warns(UserWarning, match=f"{count} of {len(query)} queries have bitwise the vector .* give both"):
            evaluate_ranking(query, gallery)
    with pytest.warns(UserWarning, match="300 of 300 queries"):
        evaluate_ranking(random_features(), f)  # keys of one side only


def test_no_warning_where_nothing_is_wrong():
    f, other = random_features(keys=False), random_features(keys=False, seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evaluate_ranking(f, other)
        evaluate_ranking(random_features(), random_features())  # keys
        near = Features(torch.cat([f.vectors[:, :15], f.vectors[:, 15:] + 0.01], 1), f.ids)
        near = Features(torch.where(torch.arange(16) == 0, f.vectors, near.vectors), f.ids)  # one coordinate is equal
        evaluate_ranking(f, near)
        evaluate_ranking(f, Features(f.vectors, f.ids + 7))  # the same vector of somebody else
        cams = np.arange(300) // 30
        known = random_features(cams=cams, keys=False)
        evaluate_ranking(known, known)  # the camera rule leaves the image out


def test_the_same_vector_under_another_camera_is_told():
    a, b = (random_features(cams=np.full(300, c), keys=False) for c in (0, 1))
    with pytest.warns(UserWarning, match="300 of 300 queries"):
        evaluate_ranking(a, b)


def test_cross_test_and_flips_leave_the_image_itself_out():
    old, new = random_features(seed=0), random_features(seed=1)
    table = cross_test({"old": old, "new": new}, {"old": old, "new": new}, metric="rank1")
    assert (table < 0.2).all(axis=None)
    results = [evaluate_ranking(f, f) for f in (old, new)]
    gain = positive_flips(*results) - negative_flips(*results)
    assert gain == pytest.approx(results[1].rank(1) - results[0].rank(1))


def test_queries_whose_only_image_is_itself_are_left_out():
    f = Features(torch.eye(4), [1, 1, 2, 3], keys=list("abcd"))
    result = evaluate_ranking(f, f)
    assert result.valid.tolist() == [True, True, False, False]
    with pytest.raises(
        ValueError, match=r"no identity is on both sides in another image \(equal keys are one image\)$"
    ):
        evaluate_ranking(f[2:], f[2:])


@pytest.mark.parametrize(
    ("query", "gallery", "message"),
    [
        (
            ["a", "b"],
            ["c", "a", "d"],
            r"key 'a' is identity 1 at one place and 2 in the gallery \(1 such keys\): a key",
        ),
        (["x", "y"], ["c", "c", "d"], "key 'c' is identity 1 at one place and 2 in the gallery"),
        (["a"], ["c", "d", "e"], "query_keys must be 2 names, one for each image, got 1"),
        (["a", "b"], ["c"], "gallery_keys must be 3 names"),
        (["a", "b"], None, "for one side only"),
    ],
)
def test_keys_that_cannot_be(query, gallery, message):
    with pytest.raises(ValueError, match=message):
        evaluate_distances(np.eye(2, 3), [1, 2], [1, 2, 2], query_keys=query, gallery_keys=gallery)


def test_a_result_says_under_which_rule_it_was_measured():
    distances, cams = np.array([[0.1, 0.2, 0.3]]), ([0], [0, 1, 2])
    known = evaluate_distances(distances, [1], [1, 2, 1], *cams)
    unknown = evaluate_distances(distances, [1], [1, 2, 1])
    half = evaluate_distances(distances, [1], [1, 2, 1], [0], None)
    assert known.camera_rule == "same-camera images left out"
    assert unknown.camera_rule == "cameras unknown: same-camera images count"
    assert half.camera_rule == "cameras unknown on one side: same-camera images count"
    for result in (known, unknown, half):
        assert result.camera_rule in repr(result) and result.camera_rule in str(result)
    with pytest.raises(
        ValueError, match=r"flips compare results under one rule, got 'same-camera .* and 'cameras unkn"
    ):
        negative_flips(known, unknown)


def test_keys_cost_little():
    n = 100_000
    keys = [f"query/{i:06d}_c1s1_000451_03.jpg" for i in range(n)]
    f = Features(torch.randn(n, 4, generator=torch.Generator().manual_seed(0)), np.arange(n) // 2, keys=keys)
    g = Features(torch.randn(n, 4, generator=torch.Generator().manual_seed(1)), np.arange(n) // 2)
    start = time.perf_counter()
    evaluate_ranking(f[:5], Features.concat([f]))
    evaluate_ranking(f[:5], g)
    assert time.perf_counter() - start < 5
