"""mAP, CMC and mINP against the slow loop, on purpose with ties, junk and queries that nobody can answer."""

import numpy as np
import pytest
import torch
from reference_ranking import slow_ranking, worst_over_all_orders

from rbcl_lite.features import Features
from rbcl_lite.metrics import evaluate_distances, evaluate_ranking


def random_case(seed, queries=13, images=90, people=9, cameras=3, levels=None):
    """Shuffled ids of unequal frequency; ``levels`` rounds the distances so that many are equal."""
    rng = np.random.default_rng(seed)
    distances = rng.random((queries, images)).astype(np.float32)
    if levels:
        distances = np.floor(distances * levels).astype(np.float32) / levels
    weight = rng.dirichlet(np.ones(people))
    ids = [rng.choice(people, n, p=weight) + 5 for n in (queries, images)]
    cams = [rng.integers(0, cameras, n) for n in (queries, images)]
    return distances, ids[0], ids[1], cams[0], cams[1]


def assert_equal(result, expected):
    assert result.mAP == pytest.approx(expected["mAP"], abs=1e-9)
    assert result.mINP == pytest.approx(expected["mINP"], abs=1e-9)
    np.testing.assert_allclose(result.cmc, expected["cmc"], atol=1e-9)
    np.testing.assert_allclose(result.ap, expected["ap"], atol=1e-9)
    np.testing.assert_array_equal(result.valid, expected["valid"])


@pytest.mark.parametrize("levels", [None, 1, 3, 20])
@pytest.mark.parametrize("seed", range(8))
def test_equals_the_slow_loop(seed, levels):
    case = random_case(seed, levels=levels)
    assert_equal(evaluate_distances(*case), slow_ranking(*case))


@pytest.mark.parametrize("people", [3, 60, 400])
def test_many_and_few_positives_take_the_same_value(people):
    """A row is sorted where positives are many and counted where they are few; here each way occurs."""
    case = random_case(1, queries=6, images=3000, people=people, levels=50)
    assert_equal(evaluate_distances(*case), slow_ranking(*case))


def test_several_blocks(monkeypatch):
    case = random_case(2, queries=31)
    monkeypatch.setattr("rbcl_lite.metrics.retrieval._BLOCK", 400)
    assert_equal(evaluate_distances(*case), slow_ranking(*case))


@pytest.mark.parametrize("seed", range(20))
def test_ties_take_the_worst_order_that_the_distances_allow(seed):
    rng = np.random.default_rng(seed)
    row = rng.integers(0, 3, 7).astype(float)
    positive = rng.permutation([True, True, True, False, False, False, False])
    result = evaluate_distances(row[None], [1], np.where(positive, 1, 2))
    ap, first, inp = worst_over_all_orders(row.tolist(), positive.tolist())
    assert (result.mAP, result.first_hit[0], result.mINP) == (pytest.approx(ap), first, pytest.approx(inp))


@pytest.mark.parametrize("side", ["query", "gallery", "both"])
def test_unknown_cameras_leave_no_junk(side):
    distances, query_ids, gallery_ids, query_cams, gallery_cams = random_case(3)
    if side in ("query", "both"):
        query_cams = None
    if side in ("gallery", "both"):
        gallery_cams = None
    result = evaluate_distances(distances, query_ids, gallery_ids, query_cams, gallery_cams)
    assert_equal(result, slow_ranking(distances, query_ids, gallery_ids))
    assert result.mAP != pytest.approx(evaluate_distances(*random_case(3)).mAP)  # the cameras do matter here


def test_junk_changes_no_rank():
    """An image of the same person and camera is removed, neither right nor wrong."""
    with_junk = evaluate_distances([[0.0, 0.1, 0.2, 0.3]], [1], [1, 2, 1, 1], [0], [0, 0, 1, 2])
    without = evaluate_distances([[0.1, 0.2, 0.3]], [1], [2, 1, 1], [0], [0, 1, 2])
    assert with_junk.mAP == without.mAP == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_same_camera_of_another_person_is_no_junk():
    result = evaluate_distances([[0.1, 0.2]], [1], [2, 1], [0], [0, 1])
    assert result.mAP == pytest.approx(0.5)


def test_queries_without_a_positive_are_left_out_and_counted():
    distances = np.array([[0.1, 0.2, 0.3], [0.3, 0.1, 0.2], [0.1, 0.2, 0.3]])
    result = evaluate_distances(distances, [1, 9, 2], [1, 2, 3], [0, 0, 0], [1, 0, 1])
    assert result.valid.tolist() == [True, False, False]  # 9 is nowhere, 2 only under its own camera
    assert np.isnan(result.ap[1:]).all() and np.isnan(result.first_hit[1:]).all()
    assert result.mAP == result.mINP == 1.0 and result.left_out == 2
    assert "2 without a positive left out" in str(result)


def test_a_collapsed_model_does_not_look_good():
    rng = np.random.default_rng(0)
    gallery_ids = rng.permutation(np.repeat(np.arange(40), 5))
    point = torch.full((1, 17), 0.3) + torch.linspace(0, 1, 17)
    query = Features(point.repeat(40, 1), torch.arange(40))
    gallery = Features(point.repeat(200, 1), torch.as_tensor(gallery_ids))
    worst = np.mean([j / (195 + j) for j in range(1, 6)])
    for chunk in (None, 1, 7):
        result = evaluate_ranking(query, gallery, chunk=chunk)
        assert result.mAP == pytest.approx(worst)  # 0.015; 0.025 are positives
        assert result.rank(1) == 0.0 and result.mINP == pytest.approx(5 / 200)


def test_cmc_longer_than_the_gallery():
    result = evaluate_distances([[0.3, 0.1], [0.1, 0.3]], [1, 1], [1, 2], max_rank=6)
    assert result.cmc.tolist() == [0.5, 1.0, 1.0, 1.0, 1.0, 1.0]
    assert result.rank(1) == 0.5 and result.rank(1000) == 1.0
    with pytest.raises(ValueError, match="k=0"):
        result.rank(0)


@pytest.mark.parametrize(("ranks", "exact"), [([1, 2, 5, 20], 0.7), ([3], 1 / 3)])
def test_average_precision_is_a_sum_not_a_trapezoid(ranks, exact):
    """Trap: the trapezoid under the precision-recall curve gives 0.682 and 0.167 here."""
    gallery = [1 if rank in ranks else 2 for rank in range(1, 21)]
    assert evaluate_distances([list(range(20))], [1], gallery).mAP == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_galleries_shorter_than_the_curve(seed):
    """Trap: with fewer images than ``max_rank`` left after the junk, curves get ragged or keep a former query's."""
    case = random_case(seed, images=20, people=4)
    assert_equal(evaluate_distances(*case), slow_ranking(*case))


@pytest.mark.parametrize("kind", [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64])
def test_types_of_distances(kind):
    values = torch.tensor([[3, 1, 2, 4], [4, 3, 1, 2]])
    given = values.to(kind)
    expected = slow_ranking(values, [1, 2], [1, 2, 1, 2])
    assert_equal(evaluate_distances(given, torch.tensor([1, 2]), np.array([1, 2, 1, 2])), expected)
    assert torch.equal(given, values.to(kind)), "the input was changed"


def test_input_array_is_not_changed_and_may_be_strided_or_read_only():
    case = random_case(4)
    wide = np.repeat(case[0], 2, axis=1)
    strided = wide[:, ::2]
    wide.flags.writeable = False
    assert_equal(evaluate_distances(strided, *case[1:]), slow_ranking(*case))
    np.testing.assert_array_equal(strided, case[0])


def test_distances_may_need_a_gradient():
    distances = torch.rand(2, 3, requires_grad=True)
    assert evaluate_distances(distances, [1, 2], [1, 2, 3]).valid.all()


@pytest.mark.parametrize("chunk", [None, 1, 4, 1000])
def test_features_equal_the_slow_loop_for_every_chunk(chunk):
    generator = torch.Generator().manual_seed(0)
    _, query_ids, gallery_ids, query_cams, gallery_cams = random_case(5)
    query = Features(torch.randn(13, 6, generator=generator), query_ids, query_cams)
    vectors = torch.randn(90, 6, generator=generator)
    vectors[10:40] = vectors[40:70]  # images with the same vector: exact ties
    gallery = Features(vectors, gallery_ids, gallery_cams)
    cosine = query.vectors.double() @ gallery.vectors.double().T
    expected = slow_ranking((-cosine).float(), query_ids, gallery_ids, query_cams, gallery_cams)
    assert_equal(evaluate_ranking(query, gallery, chunk=chunk), expected)


@pytest.mark.gpu
def test_features_on_a_gpu_give_the_numbers_of_the_cpu():
    _, query_ids, gallery_ids, query_cams, gallery_cams = random_case(7, queries=200, images=9000, people=100)
    vectors = [torch.randn(n, 16, generator=torch.Generator().manual_seed(n)) for n in (200, 9000)]
    results = []
    for device in ("cpu", "cuda"):
        query = Features(vectors[0].to(device), query_ids, query_cams)
        gallery = Features(vectors[1].to(device), torch.as_tensor(gallery_ids).to(device), gallery_cams)
        results.append(evaluate_ranking(query, gallery))
    np.testing.assert_allclose(results[0].ap, results[1].ap, atol=1e-6)


def test_cosine_and_euclidean_distance_of_unit_vectors_agree():
    generator = torch.Generator().manual_seed(1)
    query = Features(torch.randn(20, 8, generator=generator), torch.arange(20) % 7)
    gallery = Features(torch.randn(50, 8, generator=generator), torch.arange(50) % 6)
    euclidean = torch.cdist(query.vectors.double(), gallery.vectors.double())
    result = evaluate_ranking(query, gallery)
    assert result.mAP == pytest.approx(evaluate_distances(euclidean, query.ids, gallery.ids).mAP, abs=1e-6)
    assert result.left_out == 2  # identity 6 is not in the gallery


def test_cameras_of_one_side_only_are_unknown():
    vectors = torch.eye(3)
    known = Features(vectors, [0, 1, 2], cams=[0, 0, 0])
    assert evaluate_ranking(known, Features(vectors, [0, 1, 2])).mAP == 1.0
    with pytest.raises(ValueError, match="same camera is junk"):
        evaluate_ranking(known, known)
    with pytest.raises(ValueError, match=r"no identity is on both sides$"):  # cameras are not the reason
        evaluate_ranking(known, Features(vectors, [7, 8, 9]))


def features(n, dim=3):
    return Features(torch.eye(8)[:n, :dim] + 0.1, list(range(n)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.1, 0.2], [1], [1, 2]), r"\[queries, gallery\], got shape \[2\]"),
        (([[0.1, float("nan")]], [1], [1, 2]), "nan at query 0, gallery image 1"),
        (([[0.1, 0.2], [float("inf"), 0.2]], [1, 2], [1, 2]), "inf at query 1, gallery image 0"),
        (([[0.1, 0.2]], [1, 2], [1, 2]), r"query_ids must be \[1\]"),
        (([[0.1, 0.2]], [1], [1]), r"gallery_ids must be \[2\]"),
        (([[0.1, 0.2]], [1], [1, 2], [0, 0], [0, 1]), r"query_cams must be \[1\]"),
        (([[0.1, 0.2]], [1], [1, 2], [0], [0]), r"gallery_cams must be \[2\]"),
        (([[0.1, 0.2]], [1.0], [1, 2]), "query_ids must be integers"),
        (([[True, False]], [1], [1, 2]), "real numbers, got bool"),
        ((np.zeros((0, 2)), [], [1, 2]), "queries side is empty"),
        ((np.zeros((2, 0)), [1, 2], []), "gallery side is empty"),
        (([[0.1, 0.2]], [7], [1, 2]), "no identity is on both sides"),
        (([[0.1, 0.2]], [1], [1, 2], [0], [0, 1]), "none of the 1 queries .* same camera is junk"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        evaluate_distances(*arguments)


def test_nan_in_a_later_block_is_named_by_its_query(monkeypatch):
    distances, *rest = random_case(6)
    distances[11, 4] = np.nan
    monkeypatch.setattr("rbcl_lite.metrics.retrieval._BLOCK", 200)
    with pytest.raises(ValueError, match="nan at query 11, gallery image 4"):
        evaluate_distances(distances, *rest)


def test_features_that_do_not_fit():
    with pytest.raises(ValueError, match=r"3 dimensions and gallery vectors 5; .*fit\(5\)"):
        evaluate_ranking(features(2), features(4, dim=5))
    with pytest.raises(ValueError, match="chunk must be at least 1 query, got 0"):
        evaluate_ranking(features(2), features(2), chunk=0)
    with pytest.raises(ValueError, match="max_rank must be at least 1, got 0"):
        evaluate_ranking(features(2), features(2), max_rank=0)
    empty = Features(torch.zeros(0, 3), [])
    with pytest.raises(ValueError, match="gallery side is empty"):
        evaluate_ranking(features(2), empty)
    with pytest.raises(ValueError, match="queries side is empty"):
        evaluate_ranking(empty, features(2))
