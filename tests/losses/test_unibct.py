import pytest
import reference_losses as slow
import torch
from reference_losses import LABELS, vectors

from rbcl_lite.losses.influence import class_prototypes
from rbcl_lite.losses.unibct import refine_prototypes


@pytest.mark.parametrize(("damping", "temperature"), [(0.9, 0.3), (0.5, 0.05)])
def test_equals_the_series(damping, temperature):
    new, old = vectors(), vectors(seed=1)
    ours = refine_prototypes(new, old, LABELS, 4, damping=damping, temperature=temperature)
    torch.testing.assert_close(ours, slow.refined(new, old, LABELS, 4, damping, temperature), rtol=0, atol=1e-9)


def test_rows_not_columns_sum_to_one():
    """With columns that sum to 1 the mean of the smoothed vectors is the plain mean: nothing would be refined."""
    new, old = vectors(), vectors(seed=1)
    plain = class_prototypes(old, LABELS, 4)
    ours = refine_prototypes(new, old, LABELS, 4)
    assert (ours - plain)[:3].norm(dim=1).min() > 0.01

    members = LABELS == 1
    n, o = (x[members] / x[members].norm(dim=1, keepdim=True) for x in (new, old))
    columns = (n @ n.t() / 0.05).fill_diagonal_(-torch.inf).softmax(dim=0)
    smooth = 0.1 * torch.linalg.solve(torch.eye(len(n), dtype=n.dtype) - 0.9 * columns, o)
    torch.testing.assert_close(smooth.mean(0), o.mean(0))  # the fault that the test above would see


def test_an_image_of_its_own_keeps_its_old_vector():
    old = vectors(seed=1)
    ours = refine_prototypes(vectors(), old, LABELS, 4)
    lonely = old[LABELS == 3][0]
    torch.testing.assert_close(ours[3], lonely / lonely.norm())


def test_no_damping_gives_the_plain_mean_and_order_does_not_matter():
    new, old = vectors(), vectors(seed=1)
    torch.testing.assert_close(refine_prototypes(new, old, LABELS, 4, damping=0.0), class_prototypes(old, LABELS, 4))
    order = torch.randperm(11, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(
        refine_prototypes(new[order], old[order], LABELS[order], 4), refine_prototypes(new, old, LABELS, 4)
    )


def test_dimensions_may_differ_and_no_graph_remains():
    ours = refine_prototypes(vectors(dim=9).requires_grad_(), vectors(seed=1), LABELS, 4)
    assert ours.shape == (4, 6) and not ours.requires_grad


def test_equal_new_vectors_and_bf16_and_nothing():
    same = refine_prototypes(torch.ones(11, 3), vectors(dtype=torch.float32), LABELS, 4)
    torch.testing.assert_close(same, class_prototypes(vectors(dtype=torch.float32), LABELS, 4), rtol=0, atol=1e-5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        ours = refine_prototypes(vectors(dtype=torch.bfloat16), vectors(seed=1, dtype=torch.bfloat16), LABELS, 4)
    assert ours.dtype == torch.float32 and torch.isfinite(ours).all()
    assert refine_prototypes(vectors(0), vectors(0), torch.empty(0, dtype=torch.long), 0).shape == (0, 6)


def test_bad_input_is_named():
    new, old = vectors(), vectors(seed=1)
    with pytest.raises(ValueError, match="class 4 has no image"):
        refine_prototypes(new, old, LABELS, 5)
    with pytest.raises(ValueError, match=r"damping must lie in \[0, 1\), got 1"):
        refine_prototypes(new, old, LABELS, 4, damping=1.0)
    with pytest.raises(ValueError, match="temperature must be positive"):
        refine_prototypes(new, old, LABELS, 4, temperature=0)
    with pytest.raises(ValueError, match="10 rows and old has 11"):
        refine_prototypes(new[:10], old, LABELS, 4)
