import pytest
import reference_losses as slow
import torch
from reference_losses import IDS, vectors

from rbcl_lite.losses.contrastive import contrastive_loss

QUERY_IDS = torch.tensor([7, 5, 3, 2, 9])  # nobody has identity 3


@pytest.mark.parametrize("masked", [False, True])
def test_equals_the_loop(masked):
    query, reference = vectors(5, seed=1), vectors()
    ignore = torch.rand(5, 11, generator=torch.Generator().manual_seed(3)) < 0.4 if masked else None
    ours = contrastive_loss(query, reference, QUERY_IDS, IDS, temperature=0.2, ignore=ignore).item()
    assert ours == pytest.approx(slow.contrastive(query, reference, QUERY_IDS, IDS, 0.2, ignore), abs=1e-12)


def test_a_query_without_a_positive_gets_no_gradient():
    query, reference = vectors(5, seed=1).requires_grad_(), vectors().requires_grad_()
    contrastive_loss(query, reference, QUERY_IDS, IDS).backward()
    assert query.grad[2].norm() == 0 and query.grad[1].norm() > 0 and reference.grad is None


def test_an_ignored_pair_has_no_influence():
    query, reference = vectors(5, seed=1), vectors()
    ignore = torch.zeros(5, 11, dtype=torch.bool)
    ignore[:, 4] = True
    moved = reference.clone()
    moved[4] = query[0]
    torch.testing.assert_close(
        contrastive_loss(query, moved, QUERY_IDS, IDS, ignore=ignore),
        contrastive_loss(query, reference, QUERY_IDS, IDS, ignore=ignore),
    )
    assert contrastive_loss(query, moved, QUERY_IDS, IDS) != contrastive_loss(query, reference, QUERY_IDS, IDS)


def test_gradient():
    ignore = torch.zeros(5, 11, dtype=torch.bool)
    ignore[1, 0] = ignore[4] = True  # the whole last row: nothing is left of it
    query = vectors(5, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: contrastive_loss(x, vectors(), QUERY_IDS, IDS, temperature=0.3, ignore=ignore), (query,)
    )


@pytest.mark.parametrize(("queries", "references"), [(0, 3), (3, 0), (0, 0), (3, 3)])
def test_nothing_to_contrast_is_a_zero_with_a_graph(queries, references):
    query = vectors(queries).requires_grad_()
    loss = contrastive_loss(query, vectors(references), torch.arange(queries), torch.arange(references) + 9)
    loss.backward()
    assert loss.item() == 0 and query.grad.norm() == 0


def test_one_class_pulls_towards_the_middle_of_the_positives():
    query, reference = vectors(3, seed=1), vectors(4)
    ids = torch.zeros(4, dtype=torch.long)
    ours = contrastive_loss(query, reference, ids[:3], ids).item()
    assert ours == pytest.approx(slow.contrastive(query, reference, ids[:3], ids, 0.05), abs=1e-10)


def test_bf16_autocast():
    query, reference = vectors(5, seed=1, dtype=torch.bfloat16), vectors(dtype=torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = contrastive_loss(query, reference, QUERY_IDS, IDS)
    torch.testing.assert_close(loss, contrastive_loss(query.float(), reference.float(), QUERY_IDS, IDS))


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="temperature must be positive, got 0"):
        contrastive_loss(vectors(5), vectors(), QUERY_IDS, IDS, temperature=0)
    with pytest.raises(ValueError, match=r"ignore must be bool \[5, 11\]"):
        contrastive_loss(vectors(5), vectors(), QUERY_IDS, IDS, ignore=torch.zeros(11, 5, dtype=torch.bool))
    with pytest.raises(ValueError, match="reference has 4 dimensions, expected 6"):
        contrastive_loss(vectors(5), vectors(dim=4), QUERY_IDS, IDS)
