"""Independent, L2, BCT and contrastive: what each asks for and computes from a batch."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rbcl_lite.features import Features
from rbcl_lite.learners.supervised import Supervised
from rbcl_lite.losses.alignment import l2_loss
from rbcl_lite.losses.contrastive import contrastive_loss
from rbcl_lite.losses.influence import class_prototypes, influence_loss
from rbcl_lite.methods.bct import BCT
from rbcl_lite.methods.contrastive import Contrastive
from rbcl_lite.methods.independent import Independent
from rbcl_lite.methods.l2 import L2
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.models.outputs import Outputs
from rbcl_lite.protocol import Batch, Epoch, Upgrade

LABELS = torch.tensor([4, 0, 2, 0, 4, 4, 1, 6, 3])  # of the batch: unequal, one person with one image


@pytest.fixture
def upgrade(toy):
    """7 people x 4 images with random old vectors [28, 8]; the old classifier knows 3 of the people and 1 stranger."""
    data = toy()
    r = torch.Generator().manual_seed(0)
    vectors = Features(torch.randn(28, 8, generator=r), data.ids, data.cams, "old", data.keys)
    known = np.array([data.classes[5], -1, data.classes[0], data.classes[3]])
    model = Embedder(EmbedderConfig("tiny", dim=12, num_classes=7))
    return Upgrade(data, model, vectors, torch.randn(4, 8, generator=r), known, batch=(3, 2))


def prepared(method, upgrade, fixed=True):
    learner = Supervised()
    learner.fixed_labels = fixed
    learner.prepare(upgrade)
    method.prepare(upgrade, learner)
    method.on_epoch(Epoch(0, 4), torch.from_numpy(upgrade.train.labels))
    return method


def batch(upgrade, dim=12, labels=LABELS, seed=1):
    r = torch.Generator().manual_seed(seed)
    new = torch.randn(len(labels), dim, generator=r).requires_grad_()
    index = torch.tensor([int(np.nonzero(upgrade.train.labels == max(c, 0))[0][0]) for c in labels.tolist()])
    return Batch(index, labels, None, Outputs(new, new, None), upgrade.old.vectors[index], 0, 0.0, r)


def test_independent_is_a_zero_with_a_graph(upgrade):
    b = batch(upgrade)
    loss = prepared(Independent(), upgrade).step(b)
    loss.backward()
    assert loss.item() == 0 and not b.outputs.embedding.grad.any()


def test_l2(upgrade):
    b = batch(upgrade, dim=8)
    assert torch.equal(prepared(L2(), upgrade).step(b), l2_loss(b.outputs.embedding, b.old))


def test_contrastive(upgrade):
    b = batch(upgrade, dim=8)
    got = prepared(Contrastive(temperature=0.2), upgrade).step(b)
    assert torch.equal(got, contrastive_loss(b.outputs.embedding, b.old, LABELS, LABELS, temperature=0.2))
    assert not torch.equal(got, prepared(Contrastive(), upgrade).step(b))


def test_bct_keeps_learned_rows_and_makes_the_others(upgrade):
    method = prepared(BCT(), upgrade)
    rows, learned = method.prototypes, torch.nn.functional.normalize(upgrade.old_classifier)
    assert rows.shape == (7, 8) and torch.allclose(rows.norm(dim=1), torch.ones(7))
    for c, old in ((5, 0), (0, 2), (3, 3)):
        assert torch.allclose(rows[c], learned[old])
    for c in (1, 2, 4, 6):  # slow: the mean of the person's old vectors
        own = [v for v, i in zip(upgrade.old.vectors, upgrade.train.ids) if i == upgrade.train.classes[c]]
        mean = sum(own) / len(own)
        assert len(own) == 4 and torch.allclose(rows[c], mean / mean.norm(), atol=1e-6)


def test_bct_of_strangers_makes_every_row(upgrade):
    strangers = Upgrade(upgrade.train, upgrade.model, upgrade.old, upgrade.old_classifier, np.full(4, -1), batch=(3, 2))
    means = class_prototypes(upgrade.old.vectors, torch.from_numpy(upgrade.train.labels), 7)
    assert torch.allclose(prepared(BCT(), strangers).prototypes, means)
    nothing = Upgrade(upgrade.train, upgrade.model, upgrade.old, batch=(3, 2))
    assert torch.allclose(prepared(BCT(), nothing).prototypes, means)


def test_bct_can_be_used_for_a_second_upgrade(upgrade):
    method = prepared(BCT(), upgrade)
    first = method.prototypes
    other = Features(upgrade.old.vectors.flip(0), upgrade.train.ids)
    prepared(method, Upgrade(upgrade.train, upgrade.model, other, batch=(3, 2)))
    assert method.prototypes.shape == first.shape and not torch.allclose(method.prototypes, first)


def test_bct_step(upgrade):
    method, b = prepared(BCT(logit_scale=4.0), upgrade), batch(upgrade)
    loss = method.step(b)
    assert torch.equal(loss, influence_loss(b.outputs.embedding[:, :8], method.prototypes, LABELS, logit_scale=4.0))
    loss.backward()
    assert b.outputs.embedding.grad[:, :8].any() and not b.outputs.embedding.grad[:, 8:].any()


def test_bct_reads_the_old_classifier_at_its_own_scale(upgrade):
    """Trap: cosines at another scale than the old classifier was trained with are not its probabilities."""
    other = replace(upgrade, old_logit_scale=9.0)
    assert prepared(BCT(), other).logit_scale == 9.0
    assert prepared(BCT(logit_scale=4.0), other).logit_scale == 4.0  # who names one means it
    assert prepared(BCT(), replace(upgrade, old_logit_scale=None)).logit_scale == 16.0


def test_bct_rows_are_made_once_for_fixed_labels_and_again_for_others(upgrade):
    swapped = torch.from_numpy(upgrade.train.labels).clone()
    swapped[swapped == 6] = -1  # a person without a label
    for fixed, classes in ((True, 7), (False, 6)):
        method = prepared(BCT(), upgrade, fixed)
        first = method.prototypes.clone()
        method.on_epoch(Epoch(1, 2), swapped)
        assert len(method.prototypes) == classes
        assert torch.equal(method.prototypes, first[:classes])
    means = class_prototypes(upgrade.old.vectors, torch.from_numpy(upgrade.train.labels), 7)
    assert torch.allclose(first, means)  # learned rows belong to people, not to clusters


@pytest.mark.parametrize("method", [L2, BCT, Contrastive])
def test_only_the_new_vectors_receive_a_gradient(upgrade, method):
    upgrade.old.vectors.requires_grad_(True)
    b = batch(upgrade)
    prepared(method(), upgrade).step(b).backward()
    assert b.outputs.embedding.grad.abs().sum() > 0 and upgrade.old.vectors.grad is None


@pytest.mark.parametrize("method", [BCT, Contrastive])
def test_images_without_a_label_are_left_out(upgrade, method):
    some = torch.where(torch.arange(9) % 4 == 0, -1, LABELS)
    b = batch(upgrade, labels=some)
    prepared(method(), upgrade).step(b).backward()
    given = b.outputs.embedding.grad.abs().sum(1) > 0
    assert not given[some < 0].any() and given[some >= 0].any()


@pytest.mark.parametrize("method", [Independent, L2, BCT, Contrastive])
def test_negative_weight(method):
    with pytest.raises(ValueError, match="must not be negative, got -1"):
        method(weight=-1)


def test_a_batch_without_old_vectors(upgrade):
    b = batch(upgrade)
    bare = Batch(b.index, b.labels, None, b.outputs, None, 0, 0.0, b.generator)
    with pytest.raises(ValueError, match="no old vectors"):
        prepared(L2(), upgrade).step(bare)


def test_changing_labels_need_a_method_that_can(upgrade):
    class PerClass(L2):
        fixed_labels = True

    with pytest.raises(ValueError, match=r"PerClass keeps something for each class .* Supervised change"):
        prepared(PerClass(), upgrade, fixed=False)
