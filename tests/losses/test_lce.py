import math

import pytest
import reference_losses as slow
import torch
from reference_losses import LABELS, vectors

from rbcl_lite.losses.extent import class_extent
from rbcl_lite.losses.influence import class_prototypes
from rbcl_lite.losses.lce import class_cones, classifier_alignment_loss, cone_loss


def on_circle(*degrees):
    angles = torch.tensor(degrees, dtype=torch.float64).deg2rad()
    return torch.stack([angles.cos(), angles.sin()], dim=1)


def test_extent_leaves_out_what_lies_beyond_the_fence():
    values = torch.tensor([9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 5.0, 100.0, 7.0])
    labels = torch.tensor([0, 1, 1, 1, 1, 1, 1, 1, 2])
    # Class 1: quartiles 2.5 and 5, fence 8.75, so 100 is out.
    assert class_extent(values, labels, 3).tolist() == [9.0, 5.0, 7.0]
    assert class_extent(values, labels, 3, reach=50).tolist() == [9.0, 100.0, 7.0]


def test_cones_have_the_angle_of_the_farthest_image():
    centres, angles = class_cones(on_circle(10, 200, 30, 20), torch.tensor([0, 1, 0, 0]), 2)
    torch.testing.assert_close(centres, on_circle(20, 200))
    torch.testing.assert_close(angles.rad2deg(), torch.tensor([10.0, 0.0], dtype=torch.float64), rtol=0, atol=1e-5)


def test_one_wild_image_does_not_widen_the_cone():
    calm = [0, 1, 2, 3, 4, 5, 6, 7, 8]
    _, with_wild = class_cones(on_circle(*calm, 120), torch.zeros(10, dtype=torch.long), 1)
    assert float(with_wild[0].rad2deg()) < 20


def test_cone_loss_equals_the_loop():
    new, old = vectors(), vectors(seed=1)
    centres, angles = class_cones(old, LABELS, 4)
    terms = [max(0.0, math.acos(slow.cosine(new[i], centres[y])) - float(angles[y])) for i, y in enumerate(LABELS)]
    assert cone_loss(new, centres, angles, LABELS).item() == pytest.approx(slow.mean(terms), abs=1e-12)
    assert cone_loss(centres, centres, angles, torch.arange(4)).item() == 0


def test_alignment_equals_the_loop():
    weight, centres = vectors(4), class_prototypes(vectors(seed=1), LABELS, 4)
    terms = [1 - slow.cosine(weight[y], centres[y]) for y in LABELS]
    assert classifier_alignment_loss(weight, centres, LABELS).item() == pytest.approx(slow.mean(terms), abs=1e-12)
    terms = [1 - slow.cosine(w, c) for w, c in zip(weight, centres)]
    assert classifier_alignment_loss(weight, centres).item() == pytest.approx(slow.mean(terms), abs=1e-12)


def test_gradients():
    centres, angles = class_cones(vectors(seed=1), LABELS, 4)
    new, weight = vectors().requires_grad_(), vectors(4).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: cone_loss(x, centres, angles, LABELS), (new,))
    assert torch.autograd.gradcheck(lambda w: classifier_alignment_loss(w, centres, LABELS), (weight,))
    centres.requires_grad_()
    (cone_loss(new, centres, angles, LABELS) + classifier_alignment_loss(weight, centres)).backward()
    assert centres.grad is None and new.grad.norm() > 0


def test_a_vector_on_the_axis_has_a_finite_gradient():
    new = torch.eye(2).requires_grad_()
    cone_loss(new, torch.eye(2), torch.zeros(2), torch.arange(2)).backward()
    assert torch.isfinite(new.grad).all()


def test_empty_batch_one_class_and_bf16():
    none = torch.empty(0, dtype=torch.long)
    assert cone_loss(vectors(0), vectors(4), torch.ones(4), none).item() == 0
    assert classifier_alignment_loss(vectors(4), vectors(4), none).item() == 0
    with torch.autocast("cpu", dtype=torch.bfloat16):
        old = vectors(dtype=torch.bfloat16)
        centres, angles = class_cones(old, LABELS * 0, 1)
        loss = cone_loss(old, centres, angles, LABELS * 0) + classifier_alignment_loss(centres.bfloat16(), centres)
    assert loss.dtype == torch.float32 and torch.isfinite(loss)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="classes have no image, first class 4"):
        class_cones(vectors(), LABELS, 5)
    with pytest.raises(ValueError, match=r"angles must be \[4\]"):
        cone_loss(vectors(), vectors(4), torch.ones(3), LABELS)
    with pytest.raises(ValueError, match="labels must lie"):
        cone_loss(vectors(), vectors(3), torch.ones(3), LABELS)
    with pytest.raises(ValueError, match="weight has 4 classes and centres has 3"):
        classifier_alignment_loss(vectors(4), vectors(3))
