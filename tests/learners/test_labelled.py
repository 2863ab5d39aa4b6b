"""The labelled branch: statistics of batch norm, and what it needs."""

from dataclasses import replace

import pytest
import torch
from stranger import strange_upgrade
from toy import toy_batch, toy_upgrade

from rbcl_lite.data.augment import unchanged
from rbcl_lite.data.sampling import IdentitySampler
from rbcl_lite.learners.labelled import LabelledBranch, frozen_statistics
from rbcl_lite.losses import cross_entropy_loss, triplet_loss
from rbcl_lite.models.embedder import Embedder, EmbedderConfig


def test_no_batch_norm_escapes_the_freeze():
    """Trap: layers chosen by "bn" in their name leave out ``downsample.1`` of a ResNet, whose statistics then move."""
    torch.manual_seed(0)
    model = Embedder(EmbedderConfig("resnet18", dim=8)).train()
    images = torch.randint(0, 256, (2, 3, 32, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    for update in (False, True):
        before = {k: v.clone() for k, v in model.state_dict().items() if "running" in k}
        assert any("downsample.1" in k for k in before) and "neck.running_mean" in before
        with torch.no_grad(), frozen_statistics(model, update):
            model(images)
        after = model.state_dict()
        assert all(torch.equal(after[k], v) != update for k, v in before.items())


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.0}, {"triplet": 0.0}, {"triplet": 2.5, "margin": 0.6}])
def test_loss_is_that_of_the_drawn_images(options):
    upgrade = replace(toy_upgrade(labelled=True), augment=unchanged)
    batch = toy_batch(upgrade, [0, 1, 2])
    found = LabelledBranch(upgrade, "ecn", **options).loss(batch)

    turn = int(torch.randint(2**31, (), generator=torch.Generator().manual_seed(3)))
    index = next(IdentitySampler(upgrade.labelled.labels, 4, 3).epoch(turn))
    outputs, labels = upgrade.model(upgrade.labelled.inputs(index)), torch.from_numpy(upgrade.labelled.labels[index])
    used = {"label_smoothing": 0.1, "triplet": 1.0, "margin": 0.3, **options}
    expected = cross_entropy_loss(outputs.logits, labels, label_smoothing=used["label_smoothing"])
    expected = expected + used["triplet"] * triplet_loss(outputs.feature, labels, margin=used["margin"])
    torch.testing.assert_close(found, expected)


def test_labelled_vectors_serve_as_well():
    upgrade = strange_upgrade(labelled=True)
    batch = toy_batch(toy_upgrade(), [0, 1])
    loss = LabelledBranch(upgrade, "pseudo-labels").loss(batch)
    loss.backward()
    assert loss > 0 and upgrade.model.map.weight.grad.any()


def test_what_is_missing_is_named():
    with pytest.raises(ValueError, match=r"ecn learns from labelled images .* --labelled"):
        LabelledBranch(toy_upgrade(), "ecn")
    with pytest.raises(
        ValueError, match=r"for the 5 people of stored vectors: build .* num_classes = 5, it has 9 classes"
    ):
        upgrade = strange_upgrade(labelled=True)
        LabelledBranch(replace(upgrade, model=strange_upgrade().model), "ecn")
