"""What every loss promises, on one batch of four people: a core in float32, and a value where there is nothing."""

import pytest
import torch
from reference_losses import LABELS, vectors
from torch import nn

from rbcl_lite import losses
from rbcl_lite.losses import (
    ElasticBoundary,
    Reactivation,
    adversarial_loss,
    arcface_loss,
    calibration_loss,
    class_cones,
    classifier_alignment_loss,
    cone_loss,
    contrastive_loss,
    cross_entropy_loss,
    cross_triplet_loss,
    hot_refresh_loss,
    influence_loss,
    invariance_loss,
    l2_loss,
    mix_features,
    nccl_class_loss,
    nccl_loss,
    point_to_set_loss,
    smooth_ap_loss,
    supap_loss,
    triplet_loss,
)
from rbcl_lite.losses.elastic import class_spheres

SINGLE = torch.float32
OLD = vectors(seed=1, dtype=SINGLE)
ROWS = vectors(4, seed=2, dtype=SINGLE)  # of a classifier
CONES, SPHERES = class_cones(OLD, LABELS, 4), class_spheres(OLD, LABELS, 4)
torch.manual_seed(0)
JUDGE = nn.Linear(6, 2)


def mixed(new, old, labels):
    return mix_features(new, old, ratio=0.5, generator=torch.Generator().manual_seed(0))[0].square().sum()


def with_constants(kind):
    return lambda n, o, y: smooth_ap_loss(n, o, y, y, reactivation=Reactivation(kind))


# Of new vectors (or logits) [B, 6], old vectors [B, 6] and labels [B] in 0..3.
LOSSES = {
    "adversarial_loss": lambda n, o, y: adversarial_loss(JUDGE, n, o),
    "arcface_loss": lambda n, o, y: arcface_loss(n, ROWS, y),
    "calibration_loss": lambda n, o, y: calibration_loss(n, o, y, y),
    "classifier_alignment_loss": lambda n, o, y: classifier_alignment_loss(n, o),
    "cone_loss": lambda n, o, y: cone_loss(n, *CONES, y),
    "contrastive_loss": lambda n, o, y: contrastive_loss(n, o, y, y),
    "cross_entropy_loss": lambda n, o, y: cross_entropy_loss(n, y),
    "cross_triplet_loss": lambda n, o, y: cross_triplet_loss(n, o, y, y),
    "ElasticBoundary": lambda n, o, y: ElasticBoundary(*SPHERES, threshold=0.1)(n, y),
    "hot_refresh_loss": lambda n, o, y: hot_refresh_loss(n, o, y),
    "influence_loss": lambda n, o, y: influence_loss(n, ROWS, y),
    "invariance_loss": lambda n, o, y: invariance_loss(n, y, k=3),
    "l2_loss": lambda n, o, y: l2_loss(n, o),
    "mix_features": mixed,
    "nccl_class_loss": lambda n, o, y: nccl_class_loss(n, o, y, y, o, ROWS),
    "nccl_loss": lambda n, o, y: nccl_loss(n, o, y, y, o),
    "point_to_set_loss": lambda n, o, y: point_to_set_loss(n, *SPHERES, y),
    "smooth_ap_loss": lambda n, o, y: smooth_ap_loss(n, o, y, y),
    "smooth_ap_loss, hardest": with_constants("hardest"),
    "smooth_ap_loss, pair": with_constants("pair"),
    "supap_loss": lambda n, o, y: supap_loss(n, o, y, y),
    "triplet_loss": lambda n, o, y: triplet_loss(n, y),
}
NO_LOSS = {"ModelDiscriminator", "Reactivation", "class_cones", "class_prototypes", "confident_samples"}
NO_LOSS |= {"credible_samples", "extend_prototypes", "neighbour_purity", "refine_prototypes", "saturation"}


def test_no_public_loss_is_forgotten_here():
    assert {name.split(",")[0] for name in LOSSES} | NO_LOSS == set(losses.__all__)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("single", [False, True])
def test_autocast_changes_no_bit(name, half, single):
    """Trap: matrix products under autocast are made in half precision, whatever they are given.

    The squared length of these vectors is beyond the range of fp16.
    """
    new, old = (300 * x.to(SINGLE if single else half) for x in (vectors(seed=3, dtype=SINGLE), OLD))
    assert half == torch.bfloat16 or new.square().sum(1).max() > 65504
    new.requires_grad_()
    with torch.autocast("cpu", dtype=half):
        loss = LOSSES[name](new, old, LABELS)
    assert loss.dtype == torch.float32 and torch.isfinite(loss)
    assert torch.equal(loss, LOSSES[name](new.float(), old.float(), LABELS))
    loss.backward()
    assert new.grad.dtype == new.dtype and torch.isfinite(new.grad).all()


@pytest.mark.parametrize("name", LOSSES)
def test_an_empty_batch_is_a_zero_with_a_graph(name):
    new = torch.empty(0, 6, requires_grad=True)
    loss = LOSSES[name](new, torch.empty(0, 6), torch.empty(0, dtype=torch.long))
    loss.backward()
    assert loss.item() == 0 and new.grad.shape == (0, 6)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("rows", [1, 5])
def test_a_batch_of_one_class_has_a_finite_value_and_gradient(name, rows):
    new = vectors(rows, seed=3, dtype=SINGLE).requires_grad_()
    loss = LOSSES[name](new, OLD[:rows], torch.full((rows,), 2))
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(new.grad).all()


@pytest.mark.parametrize("name", LOSSES)
def test_vectors_that_coincide_have_a_finite_gradient(name, monkeypatch):
    """Trap: the slope of a root or an arc cosine is infinite there. One axis for each person makes it exact."""
    axes = torch.eye(4, 6)
    old = axes[LABELS]
    for constant, value in (
        ("ROWS", axes),
        ("CONES", class_cones(old, LABELS, 4)),
        ("SPHERES", class_spheres(old, LABELS, 4)),
    ):
        monkeypatch.setitem(globals(), constant, value)
    new = old.clone().requires_grad_()
    loss = LOSSES[name](new, old, LABELS)
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(new.grad).all()
