import math

import pytest
import reference_losses as slow
import torch
from reference_losses import LABELS, vectors

from rbcl_lite.losses.influence import class_prototypes, extend_prototypes, influence_loss


def test_equals_the_loop_and_leaves_out_images_without_prototype():
    new, prototypes = vectors(), vectors(4, seed=1)
    labels = torch.where(torch.arange(11) % 3 == 0, -1, LABELS)
    ours = influence_loss(new, prototypes, labels, logit_scale=7.0).item()
    assert ours == pytest.approx(slow.influence(new, prototypes, labels, 7.0), abs=1e-12)
    assert ours != pytest.approx(slow.influence(new, prototypes, LABELS, 7.0), abs=1e-3)


def test_the_scale_is_applied():
    """With bare cosines a perfect match among many classes would still cost nearly log C."""
    prototypes = torch.eye(200)
    perfect = influence_loss(prototypes, prototypes, torch.arange(200)).item()
    unscaled = influence_loss(prototypes, prototypes, torch.arange(200), logit_scale=1.0).item()
    assert perfect < 1e-3 and unscaled > math.log(200) - 1.1


def test_gradient_reaches_the_new_side_alone():
    new, prototypes = vectors().requires_grad_(), vectors(4, seed=1).requires_grad_()
    influence_loss(new, prototypes, LABELS).backward()
    assert new.grad.norm() > 0 and prototypes.grad is None
    assert torch.autograd.gradcheck(lambda x: influence_loss(x, prototypes, LABELS), (new,))


@pytest.mark.parametrize("rows", [0, 3])
def test_no_known_class_is_a_zero_with_a_graph(rows):
    new = vectors(rows).requires_grad_()
    loss = influence_loss(new, vectors(4), torch.full((rows,), -1))
    loss.backward()
    assert loss.item() == 0 and new.grad.norm() == 0


def test_one_class_and_bf16():
    assert influence_loss(vectors(3), vectors(1), torch.zeros(3, dtype=torch.long)).item() == 0
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = influence_loss(vectors(dtype=torch.bfloat16), vectors(4, dtype=torch.bfloat16), LABELS)
    assert loss.dtype == torch.float32 and torch.isfinite(loss)


def test_prototypes_are_the_normalised_mean_of_unit_vectors():
    x = vectors()
    x[3] *= 50  # length must not count
    ours = class_prototypes(x, LABELS, 4)
    for c in range(4):
        row = torch.stack([x[i] / x[i].norm() for i in range(11) if LABELS[i] == c]).mean(0)
        torch.testing.assert_close(ours[c], row / row.norm())
    assert not class_prototypes(x.requires_grad_(), LABELS, 4).requires_grad


def test_outliers_are_left_out_of_the_prototypes():
    labels = LABELS.clone()
    labels[0] = -1
    torch.testing.assert_close(class_prototypes(vectors(), labels, 4), class_prototypes(vectors()[1:], LABELS[1:], 4))


def test_known_classes_keep_the_row_of_the_old_classifier():
    old_weight, synthesised = vectors(3, seed=1), vectors(4, seed=2)
    rows = extend_prototypes(old_weight, torch.tensor([2, -1, 0, -1]), synthesised)
    expected = torch.stack([old_weight[2], synthesised[1], old_weight[0], synthesised[3]])
    torch.testing.assert_close(rows, expected / expected.norm(dim=1, keepdim=True))


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"0\.\.3, or be -1.*got 1\.\.4"):
        influence_loss(vectors(2), vectors(4), torch.tensor([4, 1]))
    with pytest.raises(ValueError, match=r"got -2\.\.1"):
        influence_loss(vectors(2), vectors(4), torch.tensor([-2, 1]))
    with pytest.raises(ValueError, match="scale must be positive"):
        influence_loss(vectors(2), vectors(4), torch.tensor([0, 1]), logit_scale=-1)
    with pytest.raises(ValueError, match="fit_dimension"):
        influence_loss(vectors(2), vectors(4, 5), torch.tensor([0, 1]))
    with pytest.raises(ValueError, match="1 of 5 classes have no image, first class 4"):
        class_prototypes(vectors(), LABELS, 5)
    with pytest.raises(ValueError, match="old_class_of must lie"):
        extend_prototypes(vectors(3), torch.tensor([3, -1]), vectors(2))
