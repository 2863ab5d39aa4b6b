"""Sparse clustering against the definition, on unequal and shuffled classes."""

import numpy as np
import pytest
import torch
from reference_clustering import encodings, jaccard_distance_by_loops, rerank_by_loops, squared_distances
from sklearn.cluster import DBSCAN
from sklearn.metrics import adjusted_rand_score

from rbcl_lite.clustering import jaccard_distance, jaccard_similarity, pseudo_labels, rerank
from rbcl_lite.clustering.encoding import encode, nearest
from rbcl_lite.features import Features
from rbcl_lite.metrics import evaluate_distances, evaluate_ranking

SETTINGS = [(20, 6), (7, 3), (5, 1), (6, 8), (1, 1), (49, 50)]


def people(sizes=(3, 9, 1, 20, 6, 11), noise=0.35, dim=24, seed=0, dtype=torch.float64):
    """50 vectors of 6 people of very different size, shuffled; and who they are."""
    g = torch.Generator().manual_seed(seed)
    ids = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))[torch.randperm(sum(sizes), generator=g)]
    centres = torch.nn.functional.normalize(torch.randn(len(sizes), dim, generator=g, dtype=torch.float64), dim=1)
    return (centres[ids] + noise * torch.randn(len(ids), dim, generator=g, dtype=torch.float64)).to(dtype), ids


@pytest.fixture(params=[None, 7])
def small_blocks(request, monkeypatch):
    """Once as it is, once in blocks so small that every border is crossed."""
    if request.param:
        monkeypatch.setattr("rbcl_lite.clustering.encoding.BLOCK", request.param)
        monkeypatch.setattr("rbcl_lite.clustering.jaccard.BUDGET", 300)


@pytest.mark.parametrize(("k1", "k2"), SETTINGS)
@pytest.mark.parametrize("noise", [0.1, 0.35])
def test_jaccard_distance_is_the_textbook_definition(small_blocks, k1, k2, noise):
    x, _ = people(noise=noise)
    ours = jaccard_distance(x, k1=k1, k2=k2)
    assert ours.dtype == torch.float32 and ours.shape == (50, 50)
    np.testing.assert_allclose(ours.numpy(), jaccard_distance_by_loops(x.numpy(), k1, k2), atol=1e-5)


@pytest.mark.parametrize(("k1", "k2"), SETTINGS)
@pytest.mark.parametrize("weight", [0.3, 0.0, 1.0])
def test_rerank_is_the_textbook_definition(small_blocks, k1, k2, weight):
    x, ids = people(seed=1)
    query, gallery = Features(x[:17], ids[:17]), Features(x[17:], ids[17:])
    ours = rerank(query, gallery, k1=k1, k2=k2, weight=weight)
    assert ours.dtype == torch.float32 and ours.shape == (17, 33)
    np.testing.assert_allclose(ours, rerank_by_loops(x[:17].numpy(), x[17:].numpy(), k1, k2, weight), atol=1e-5)


def test_encoding_rows_are_distributions_equal_to_the_loops():
    x, _ = people()
    unit = torch.nn.functional.normalize(x, dim=1)
    ours = encode(unit, k1=7, k2=3).toarray()
    np.testing.assert_allclose(ours, encodings(squared_distances(x.numpy()), 7, 3), atol=1e-6)
    np.testing.assert_allclose(ours.sum(1), 1, atol=1e-6)


def test_k1_counts_other_images():
    """Trap: k1 asked of an index that lists the image itself first leaves k1 - 1 neighbours."""
    pairs = torch.eye(3).repeat_interleave(2, 0)
    assert (jaccard_distance(pairs, k1=1, k2=1) == 0).sum() == 12  # each image and its copy


def test_expansion_and_scaling_change_the_encoding():
    """The reference would also pass if both left out the same step: each step must matter on this data."""
    x, _ = people()
    unit = torch.nn.functional.normalize(x, dim=1)
    plain, scaled = encode(unit, k1=7, k2=1), encode(unit, k1=7, k2=1, scaled=True)
    assert np.abs((plain - scaled).toarray()).max() > 1e-3
    assert encode(unit, k1=7, k2=3).nnz > plain.nnz, "query expansion brings new members"
    assert np.diff(plain.indptr).max() > 8, "expanded neighbourhoods outgrow k1 and the image itself"


def test_nearest_takes_the_image_itself_first_even_among_copies():
    x = torch.nn.functional.normalize(torch.tensor([[1.0, 0], [1, 0], [1, 0], [0, 1], [0.1, 1]]), dim=1)
    index, farthest = nearest(x, 3)
    assert index[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert set(index[1].tolist()) == {0, 1, 2} and index[3, 1] == 4
    np.testing.assert_allclose(farthest, [2, 2, 2, 2, squared_distances(x.numpy())[4].max()], rtol=1e-6)


def test_distance_is_symmetric_with_zero_diagonal_within_bounds():
    d = jaccard_distance(people()[0].float(), k1=4, k2=2)
    assert (d.diagonal() == 0).all() and d.min() >= 0 and d.max() == 1
    torch.testing.assert_close(d, d.T, rtol=0, atol=1e-6)


def test_similarity_holds_the_shared_pairs_only():
    x, _ = people(noise=0.2)
    s, d = jaccard_similarity(x, k1=6, k2=3), jaccard_distance(x, k1=6, k2=3).numpy()
    assert s.nnz == (d < 1).sum() < d.size / 2
    np.testing.assert_allclose(s.toarray(), 1 - d, atol=1e-6)
    part = jaccard_similarity(x, k1=6, k2=3, smallest=0.4)
    assert 50 < part.nnz < s.nnz
    np.testing.assert_array_equal(part.toarray(), np.where(s.toarray() >= 0.4, s.toarray(), 0))


def test_arrays_lengths_and_precision_of_the_input_do_not_matter():
    x, _ = people()
    expected = jaccard_distance(x, k1=8)
    torch.testing.assert_close(jaccard_distance(x.numpy(), k1=8), expected)
    torch.testing.assert_close(jaccard_distance(x * (0.1 + torch.rand(50, 1)), k1=8), expected, rtol=0, atol=1e-6)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(jaccard_distance(x.float(), k1=8), expected, rtol=0, atol=1e-5)
    split = Features(x[:9].float(), torch.arange(9)), Features(x[9:].float(), torch.arange(41))
    expected = rerank(*split, k1=8)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(rerank(*split, k1=8), expected, rtol=0, atol=0)
    half = x.bfloat16()
    torch.testing.assert_close(jaccard_distance(half, k1=8), jaccard_distance(half.double(), k1=8), rtol=0, atol=1e-5)


def test_gradients_are_neither_needed_nor_kept():
    x = people()[0].requires_grad_()
    assert not jaccard_distance(x, k1=8).requires_grad


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("eps", "min_samples"), [(0.6, 4), (0.3, 2), (0.7, 6)])
def test_pseudo_labels_are_dbscan_on_the_textbook_distance(seed, eps, min_samples):
    x, _ = people(noise=0.15, seed=seed)
    dense = np.maximum(jaccard_distance_by_loops(x.numpy(), 6, 2), 0)
    expected = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit_predict(dense)
    ours = pseudo_labels(x, eps=eps, min_samples=min_samples, k1=6, k2=2)
    assert ours.dtype == torch.int64
    np.testing.assert_array_equal(ours.numpy(), expected)
    assert expected.max() > 0, "several clusters, or the test shows nothing"


def test_pseudo_labels_find_well_separated_people_and_leave_the_rare_ones_out():
    x, ids = people(noise=0.02)
    labels = pseudo_labels(x, k1=8, k2=3)
    frequent = torch.isin(ids, torch.tensor([1, 3, 4, 5]))
    assert adjusted_rand_score(ids[frequent], labels[frequent]) == 1
    assert (labels[~frequent] == -1).sum() >= 3, "a person with fewer images than min_samples makes no cluster"


def test_copies_of_an_image_are_neighbours_not_missing_entries():
    """Their distance is 0, which a sparse matrix may lose."""
    x = torch.eye(4).repeat_interleave(5, 0)
    assert (jaccard_distance(x, k1=4, k2=1)[0, :5] == 0).all()
    for order in (torch.arange(20), torch.randperm(20, generator=torch.Generator().manual_seed(0))):
        labels = pseudo_labels(x[order], k1=4, k2=1, min_samples=5)
        assert adjusted_rand_score(labels, order // 5) == 1 and (labels >= 0).all()


def test_a_collapsed_model_gives_defined_results():
    for x in (torch.ones(40, 8), torch.nn.functional.one_hot(torch.zeros(40, dtype=torch.long), 8).float()):
        assert torch.isfinite(jaccard_distance(x, k1=6)).all()
        assert pseudo_labels(x, k1=6).shape == (40,)
        result = rerank(Features(x[:9], torch.arange(9)), Features(x[9:], torch.arange(31)), k1=6)
        assert torch.isfinite(result).all() and (result >= 0).all() and (result <= 1).all()


def test_reranking_helps_where_neighbourhoods_tell_more_than_distances():
    """Two views per person, far apart, joined by views between them."""
    g = torch.Generator().manual_seed(3)
    person = torch.nn.functional.normalize(torch.randn(40, 32, generator=g), dim=1)
    view = torch.linspace(-1, 1, 9)
    drift = torch.nn.functional.normalize(torch.randn(40, 32, generator=g), dim=1)
    x = person[:, None] + 1.2 * view[None, :, None] * drift[:, None] + 0.07 * torch.randn(40, 9, 32, generator=g)
    ids = torch.arange(40)
    query = Features(x[:, 0], ids)
    gallery = Features(x[:, 1:].reshape(-1, 32), ids.repeat_interleave(8))
    before = evaluate_ranking(query, gallery).mAP
    after = evaluate_distances(rerank(query, gallery, k1=9, k2=3), query.ids, gallery.ids).mAP
    assert after > before + 0.02


def test_weight_one_keeps_the_order_of_the_vectors():
    x, ids = people()
    query, gallery = Features(x[:20], ids[:20]), Features(x[20:], ids[20:])
    order = rerank(query, gallery, k1=5, weight=1.0).argsort(1)
    assert torch.equal(order, (query.vectors @ gallery.vectors.T).argsort(1, descending=True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k1": 50}, "k1 = 50 neighbours .* among 50 images; choose k1 at 1 to 1.5 times the images per identity"),
        ({"k1": 0}, "k1 = 0 neighbours"),
        ({"k2": 51}, "k2 = 51 images in the query expansion, but there are 50"),
        ({"k2": 0}, "k2 = 0"),
    ],
)
def test_neighbourhoods_that_do_not_fit(arguments, message):
    x, ids = people()
    for call in (jaccard_distance, jaccard_similarity, pseudo_labels):
        with pytest.raises(ValueError, match=message):
            call(x, **arguments)
    with pytest.raises(ValueError, match=message):
        rerank(Features(x[:9], ids[:9]), Features(x[9:], ids[9:]), **arguments)


def test_other_bad_input():
    x, ids = people()
    for eps in (0, 1, 1.5, -0.1):
        with pytest.raises(ValueError, match=f"eps is a Jaccard distance strictly between 0 and 1, got {eps}"):
            pseudo_labels(x, eps=eps)
    with pytest.raises(ValueError, match="min_samples must be at least 1, got 0"):
        pseudo_labels(x, min_samples=0)
    x[4, 2] = torch.nan
    with pytest.raises(ValueError, match=r"NaN or infinity in 1 row\(s\), first row 4"):
        pseudo_labels(x)
    x[4] = 0
    with pytest.raises(ValueError, match="row 4 of vectors is a zero vector"):
        jaccard_distance(x)
    with pytest.raises(ValueError, match=r"k1 = 20 neighbours .* among 0 images"):
        pseudo_labels(torch.empty(0, 4))
    query = Features(people()[0][:5], ids[:5])
    with pytest.raises(ValueError, match="queries have 24 dimensions, the gallery 16"):
        rerank(query, query.fit(16))
    with pytest.raises(ValueError, match="the gallery is empty"):
        rerank(query, Features(torch.empty(0, 24), ids[:0]))
    with pytest.raises(ValueError, match=r"weight is the share .* got 1.2"):
        rerank(query, query, k1=3, k2=1, weight=1.2)
