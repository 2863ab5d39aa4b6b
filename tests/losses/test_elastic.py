import math

import pytest
import reference_losses as slow
import torch
from reference_losses import LABELS, vectors

from rbcl_lite.losses.elastic import ElasticBoundary, class_spheres, elastic_radii, point_to_set_loss

CENTRES, RADII = class_spheres(vectors(seed=1), LABELS, 4)


def test_centres_are_means_that_are_not_normalised_again():
    old = vectors(seed=1)
    for c in range(4):
        members = [old[i] / old[i].norm() for i in range(11) if LABELS[i] == c]
        centre = torch.stack(members).mean(0)
        torch.testing.assert_close(CENTRES[c], centre)
        torch.testing.assert_close(RADII[c], torch.stack([(m - centre).norm() for m in members]).max())
    assert CENTRES[:3].norm(dim=1).max() < 0.99


def test_a_wild_image_does_not_widen_the_sphere():
    calm = torch.tensor([[1.0, 0.01 * i] for i in range(9)])
    _, tight = class_spheres(calm, torch.zeros(9, dtype=torch.long), 1)
    _, radii = class_spheres(torch.cat([calm, torch.tensor([[-1.0, 0.0]])]), torch.zeros(10, dtype=torch.long), 1)
    assert radii[0] < tight[0] + 0.25  # the centre itself moves by a fifth


def test_radii_follow_the_formula_with_both_signs():
    radii, w = torch.tensor([0.3, 1.4]), torch.tensor([0.7, -0.2])
    ours = elastic_radii(radii, w, 1.0)
    for r, x, got in zip(radii.tolist(), w.tolist(), ours.tolist()):
        sigma = 1 / (1 + math.exp(-x))
        assert got == pytest.approx(r + abs(r - 1.0) * sigma if r < 1.0 else r - abs(r - 1.0) * sigma, abs=1e-6)


def test_mean_over_the_violators_alone():
    new, radii = vectors(), RADII + 0.3
    outside = ((new / new.norm(dim=1, keepdim=True) - CENTRES[LABELS]).norm(dim=1) > radii[LABELS]).sum()
    assert 0 < outside < 11
    expected = slow.point_to_set(new, CENTRES, radii, LABELS)
    assert point_to_set_loss(new, CENTRES, radii, LABELS).item() == pytest.approx(expected, abs=1e-12)


def test_training_can_only_widen_the_boundary_towards_the_threshold():
    boundary = ElasticBoundary(CENTRES, RADII * 0.1, threshold=1.0)
    boundary(vectors(), LABELS).backward()
    assert (boundary.elasticity.grad <= 0).all() and (boundary.elasticity.grad < 0).any()
    assert {n for n, _ in boundary.named_parameters()} == {"elasticity"}
    assert set(boundary.state_dict()) == {"elasticity", "centres", "radii"}


def test_gradients():
    new, radii = vectors().requires_grad_(), (RADII * 0.5).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, r: point_to_set_loss(x, CENTRES, r, LABELS), (new, radii))
    w = vectors(1, 4)[0].requires_grad_()
    assert torch.autograd.gradcheck(lambda w: elastic_radii(RADII, w), (w,))


def test_nobody_outside_empty_batch_one_class_and_bf16():
    new, radii = vectors().requires_grad_(), torch.full((4,), 3.0).double().requires_grad_()
    loss = point_to_set_loss(new, CENTRES, radii, LABELS)
    loss.backward()
    assert loss.item() == 0 and new.grad.norm() == 0 and radii.grad.norm() == 0
    assert point_to_set_loss(vectors(0), CENTRES, RADII, torch.empty(0, dtype=torch.long)).item() == 0
    centres, radii = class_spheres(vectors(seed=1), LABELS * 0, 1)
    assert torch.isfinite(point_to_set_loss(vectors(), centres, radii, LABELS * 0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = point_to_set_loss(vectors(dtype=torch.bfloat16), CENTRES.bfloat16(), RADII.bfloat16(), LABELS)
    assert loss.dtype == torch.float32 and torch.isfinite(loss)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="class 4 has no image"):
        class_spheres(vectors(), LABELS, 5)
    with pytest.raises(ValueError, match=r"radii must be \[4\]"):
        point_to_set_loss(vectors(), CENTRES, RADII[:3], LABELS)
    with pytest.raises(ValueError, match="labels must lie"):
        point_to_set_loss(vectors(), CENTRES[:3], RADII[:3], LABELS)
