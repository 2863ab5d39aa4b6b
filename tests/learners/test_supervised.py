"""The supervised learner: its loss, its batches, its options."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from toy import CONFIG, toy_batch, toy_upgrade

from rbcl_lite.learners import Supervised
from rbcl_lite.losses import cross_entropy_loss, triplet_loss
from rbcl_lite.methods import METHODS
from rbcl_lite.protocol import Epoch
from rbcl_lite.training.loop import train


def prepared(**options):
    upgrade, learner = toy_upgrade(), Supervised(**options)
    learner.prepare(upgrade)
    return upgrade, learner


def test_terms_and_their_options():
    upgrade, learner = prepared(label_smoothing=0.2, margin=0.7, triplet=3.0)
    batch = toy_batch(upgrade, list(range(20)))
    terms = learner.step(batch)
    assert list(terms) == ["identity", "triplet"]
    expected = cross_entropy_loss(batch.outputs.logits, batch.labels, label_smoothing=0.2)
    torch.testing.assert_close(terms["identity"], expected)
    torch.testing.assert_close(terms["triplet"], 3 * triplet_loss(batch.outputs.feature, batch.labels, margin=0.7))


def test_labels_are_the_people_in_every_epoch():
    upgrade, learner = prepared()
    assert learner.fixed_labels
    for number in range(3):
        assert learner.on_epoch(Epoch(number, 3)).tolist() == upgrade.train.labels.tolist()


@pytest.mark.parametrize("steps", [None, 1, 13])
def test_the_number_of_batches_is_given_or_that_of_one_pass(steps):
    upgrade, learner = prepared(steps=steps)
    expected = steps or round(len(upgrade.train) / 12)
    for number in range(2):
        batches = list(learner.batches(number))
        assert len(batches) == learner.steps() == expected and all(len(b) == 12 for b in batches)
        assert all(len(np.unique(upgrade.train.labels[b])) == 4 for b in batches)
    history = train(upgrade, learner, METHODS["l2"](), replace(CONFIG, epochs=1))
    assert len(history) == 1 and history["loss"].notna().all()


def test_inputs_are_the_images_at_these_positions():
    upgrade, learner = prepared()
    index = np.array([5, 0, 5])
    found = learner.inputs(index, torch.Generator())
    assert found.dtype == torch.uint8 and found.shape == (3, 3, 32, 16)
    assert np.array_equal(found.permute(0, 2, 3, 1).numpy(), upgrade.train.images[index])
