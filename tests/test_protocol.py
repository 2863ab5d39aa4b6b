"""What a training is given: checked before it begins."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from stranger import strange_upgrade
from toy import toy_batch, toy_old, toy_upgrade

from rbcl_lite.protocol import Epoch, Learner, Method


def test_progress_of_an_epoch_is_what_is_done_at_its_start():
    assert [Epoch(n, 4).progress for n in range(4)] == [0.0, 0.25, 0.5, 0.75]


def test_old_vectors_must_be_those_of_the_training_images():
    upgrade = toy_upgrade()
    for old in (upgrade.old[:-1], upgrade.old[np.arange(len(upgrade.old))[::-1].copy()]):
        with pytest.raises(ValueError, match=r"not those of the \d+ training images row by row.*Features.align"):
            replace(upgrade, old=old)
    shuffled = upgrade.old[np.random.default_rng(0).permutation(len(upgrade.old))]
    again = replace(upgrade, old=upgrade.old.align(shuffled))
    assert torch.equal(again.old.vectors, upgrade.old.vectors)


def test_old_vectors_of_stored_vectors_are_checked_too():
    upgrade = strange_upgrade()
    with pytest.raises(ValueError, match="row by row"):
        replace(upgrade, old=upgrade.old[np.r_[1, 0, 2 : len(upgrade.old)]][:-1])


@pytest.mark.parametrize("width", [12, 16, 20])
def test_a_pair_has_the_old_width(width):
    upgrade = replace(toy_upgrade(), old=None)
    upgrade = replace(upgrade, old=toy_old(upgrade.train, width))
    batch = toy_batch(upgrade, [3, 0, 5])
    new, old = batch.pair
    assert new.shape == old.shape == (3, width)
    common = min(width, 16)
    assert torch.equal(new[:, :common], batch.outputs.embedding[:, :common]) and not new[:, 16:].any()


def test_the_bases_ask_for_what_is_missing():
    with pytest.raises(NotImplementedError):
        Learner().on_epoch(Epoch(0, 1))
    with pytest.raises(NotImplementedError):
        Method().step(toy_batch(toy_upgrade(), [0, 1]))
    assert Method().on_epoch(Epoch(0, 1), torch.zeros(1)) is None
    assert Learner().observe() == Method().observe() == {}
