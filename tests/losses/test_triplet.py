import pytest
import reference_losses as slow
import torch
from reference_losses import IDS, vectors

from rbcl_lite.losses.distance import unit_distances
from rbcl_lite.losses.triplet import cross_triplet_loss, triplet_loss

QUERY_IDS = torch.tensor([7, 5, 3, 2, 9])  # nobody has identity 3


@pytest.mark.parametrize("hardest", [1, 3, 9, 50])
@pytest.mark.parametrize("masked", [False, True])
def test_equals_the_loop(hardest, masked):
    query, reference = vectors(5, seed=1), vectors()
    ignore = torch.rand(5, 11, generator=torch.Generator().manual_seed(3)) < 0.4 if masked else None
    ours = cross_triplet_loss(query, reference, QUERY_IDS, IDS, margin=0.6, hardest=hardest, ignore=ignore).item()
    assert ours == pytest.approx(slow.cross_triplet(query, reference, QUERY_IDS, IDS, 0.6, hardest, ignore), abs=1e-9)


def test_own_old_vector_as_the_only_positive():
    new, old = vectors(seed=1), vectors()
    ignore = (IDS[:, None] == IDS[None, :]) & ~torch.eye(11, dtype=torch.bool)
    ours = cross_triplet_loss(new, old, IDS, IDS, margin=0.8, hardest=10, ignore=ignore).item()
    terms = []
    for i in range(11):
        negatives = sorted(slow.distance(new[i], old[j]) for j in range(11) if IDS[j] != IDS[i])[:10]
        terms.append(slow.mean([max(0.0, slow.distance(new[i], old[i]) - n + 0.8) for n in negatives]))
    assert ours == pytest.approx(slow.mean(terms), abs=1e-9)


def test_gradient_reaches_the_query_alone():
    query, reference = vectors(5, seed=1).requires_grad_(), vectors().requires_grad_()
    cross_triplet_loss(query, reference, QUERY_IDS, IDS, margin=0.9).backward()
    assert query.grad[2].norm() == 0 and query.grad[0].norm() > 0 and reference.grad is None
    assert torch.autograd.gradcheck(lambda x: cross_triplet_loss(x, reference, QUERY_IDS, IDS, margin=0.9), (query,))


@pytest.mark.parametrize(("queries", "references"), [(0, 3), (3, 0), (3, 3)])
def test_nothing_to_compare_is_a_zero_with_a_graph(queries, references):
    query = vectors(queries).requires_grad_()
    same = torch.zeros(3, dtype=torch.long)
    loss = cross_triplet_loss(query, vectors(references), same[:queries], same[:references])
    loss.backward()
    assert loss.item() == 0 and query.grad.norm() == 0


def test_a_query_on_its_positive_has_a_finite_gradient():
    query = torch.eye(3).requires_grad_()
    cross_triplet_loss(query, torch.eye(3), torch.arange(3), torch.arange(3), margin=2.0).backward()
    assert torch.isfinite(query.grad).all()


def test_unit_distances():
    a, b = vectors(3), vectors(4, seed=1)
    expected = [[slow.distance(x, y) for y in b] for x in a]
    torch.testing.assert_close(unit_distances(a, b), torch.tensor(expected, dtype=torch.float64))


def test_bf16_autocast():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = cross_triplet_loss(vectors(dtype=torch.bfloat16), vectors(seed=1, dtype=torch.bfloat16), IDS, IDS)
    assert loss.dtype == torch.float32 and torch.isfinite(loss)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="hardest is a number of negatives, at least 1, got 0"):
        cross_triplet_loss(vectors(), vectors(), IDS, IDS, hardest=0)
    with pytest.raises(ValueError, match="reference has 4 dimensions, expected 6"):
        cross_triplet_loss(vectors(), vectors(dim=4), IDS, IDS)


def test_triplet_equals_the_loop():
    x = vectors()
    assert triplet_loss(x, IDS, margin=0.7).item() == pytest.approx(slow.triplet(x, IDS, 0.7), abs=1e-12)


def test_triplet_leaves_out_an_anchor_without_a_positive():
    x = vectors()
    alone = IDS == 9
    x.requires_grad_()
    triplet_loss(x[alone | (IDS == 5)], IDS[alone | (IDS == 5)], margin=9.0).backward()
    # The lonely image is only ever a negative; three of the anchors' terms still push it.
    assert triplet_loss(x[alone], IDS[alone]).item() == 0
    assert x.grad[alone].norm() > 0


@pytest.mark.parametrize("rows", [0, 1, 4])
def test_triplet_of_one_class_or_nothing_is_a_zero_with_a_graph(rows):
    x = vectors(rows).requires_grad_()
    loss = triplet_loss(x, torch.zeros(rows, dtype=torch.long))
    loss.backward()
    assert loss.item() == 0 and torch.equal(x.grad, torch.zeros_like(x))


def test_triplet_of_equal_vectors_has_a_finite_gradient():
    x = torch.ones(4, 3).requires_grad_()
    triplet_loss(x, torch.tensor([0, 0, 1, 1])).backward()
    assert torch.isfinite(x.grad).all()
