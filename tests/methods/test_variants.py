"""Variants of the published methods: each differs from its method exactly as its name says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from toy import CONFIG, toy_batch, toy_upgrade

from rbcl_lite.learners import Supervised
from rbcl_lite.losses import Reactivation
from rbcl_lite.losses.influence import class_prototypes
from rbcl_lite.methods import BCT, RBCL, RBCLWithBCT, SmoothAP
from rbcl_lite.methods.references import References
from rbcl_lite.models.outputs import Outputs
from rbcl_lite.protocol import Epoch, Upgrade
from rbcl_lite.training.loop import train

ROWS = [0, 1, 2, 3, 5, 8, 13, 21, 30]


def ready(method, upgrade: Upgrade, epoch: Epoch | None = None):
    """The method after its preparation and the start of an epoch."""
    method.prepare(upgrade, Supervised())
    method.on_epoch(epoch or Epoch(0, 4), torch.from_numpy(upgrade.train.labels))
    return method


def batch_of(upgrade: Upgrade):
    """A batch whose new vectors stand beside their old ones, so that most rankings are right, and want a gradient."""
    batch = toy_batch(upgrade, ROWS)
    assert batch.old is not None
    noise = torch.randn(batch.old.shape, generator=torch.Generator().manual_seed(3))
    vectors = (batch.old + 0.1 * noise).requires_grad_()
    return replace(batch, outputs=Outputs(feature=vectors, embedding=vectors, logits=None)), vectors


def gradient(method, upgrade: Upgrade) -> torch.Tensor:
    batch, vectors = batch_of(upgrade)
    return torch.autograd.grad(method.step(batch), vectors)[0]


def test_resized_gradients_are_as_long_as_reactivated_ones_and_point_where_plain_ones_do() -> None:
    upgrade = toy_upgrade()
    plain, resized, reactivated = (
        gradient(ready(m, upgrade), upgrade) for m in (SmoothAP(), SmoothAP(resized=True), RBCL(agents=0))
    )
    assert resized.norm().item() == pytest.approx(reactivated.norm().item(), rel=1e-4)
    torch.testing.assert_close(resized / resized.norm(), plain / plain.norm(), atol=1e-5, rtol=1e-4)
    assert not torch.allclose(plain, resized)


def test_a_resized_batch_with_nothing_to_rank() -> None:
    upgrade = toy_upgrade()
    method = ready(SmoothAP(resized=True), upgrade)
    labels = torch.from_numpy(upgrade.train.labels)
    strangers = [int((labels == person).nonzero()[0, 0]) for person in range(4)]
    assert method.step(toy_batch(upgrade, strangers)).item() == 0


def test_late_reactivation_begins_in_the_epoch_that_it_names() -> None:
    upgrade = toy_upgrade()
    for number in range(4):
        late, plain, always = (
            gradient(ready(m, upgrade, Epoch(number, 4)), upgrade)
            for m in (RBCL(agents=0, start=0.5), SmoothAP(), RBCL(agents=0))
        )
        assert torch.equal(late, plain if number < 2 else always)


@pytest.mark.parametrize("start", [-0.1, 1.1])
def test_a_start_is_a_share(start: float) -> None:
    with pytest.raises(ValueError, match=f"start is a share of the training, 0..1, got {start}"):
        RBCL(start=start)


def test_negatives_only_takes_the_positives_of_the_batch_alone() -> None:
    upgrade = toy_upgrade()
    both = {only: ready(RBCL(agents=6, negatives_only=only), upgrade) for only in (False, True)}
    batch, _ = batch_of(upgrade)
    reference = both[True].references(batch.index)
    seen: dict[bool, torch.Tensor] = {}
    for only, method in both.items():
        method.loss = lambda query, reference, ignore, only=only: seen.update({only: ignore}) or ignore.sum()  # type: ignore[method-assign]
        method.step(batch)
    brought = torch.tensor([i not in ROWS for i in reference.index.tolist()])
    same = batch.labels[:, None] == reference.labels
    assert (same & brought & ~seen[False]).any()  # agents of one image that show the person of another
    assert torch.equal(seen[True], seen[False] | (same & brought))


def test_agents_of_new_vectors_follow_the_batches() -> None:
    upgrade = toy_upgrade()
    assert upgrade.old is not None
    labels = torch.from_numpy(upgrade.train.labels)
    new, old = References(3, lookup="new"), References(3)
    for references in (new, old):
        references.prepare(upgrade)
        references.update(labels)
    assert torch.equal(new.agents, old.agents)  # nothing seen yet
    batch, vectors = batch_of(upgrade)
    new.remember(batch), old.remember(batch)
    new.update(labels), old.update(labels)
    cosine = torch.nn.functional.normalize(vectors.detach(), dim=1) @ upgrade.old.vectors.T
    for row, i in enumerate(ROWS):
        cosine[row, labels == labels[i]] = -2
        assert new.agents[i].tolist() == cosine[row].topk(3).indices.tolist()
    rest = [i for i in range(len(labels)) if i not in ROWS]
    assert torch.equal(new.agents[rest], old.agents[rest])
    assert not torch.equal(new.agents[ROWS], old.agents[ROWS])
    assert "seen" in new.state_dict() and "seen" not in old.state_dict()


@pytest.mark.parametrize("centers", [False, True])
def test_agents_of_new_vectors_survive_a_resume(tmp_path: Path, centers: bool) -> None:
    def method() -> RBCL:
        return RBCL(agents=3, centers=centers, lookup="new")

    straight, broken = toy_upgrade(), toy_upgrade()
    train(straight, Supervised(), method(), CONFIG)

    def stop(epoch: Epoch) -> None:
        if epoch.number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(broken, Supervised(), method(), CONFIG, state=tmp_path / "state", watch=stop)
    again = toy_upgrade()
    train(again, Supervised(), method(), CONFIG, state=tmp_path / "state")
    for name, value in straight.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name]), name


def test_an_unknown_lookup() -> None:
    with pytest.raises(ValueError, match=r"lookup must be one of \('old', 'new'\), got 'newer'"):
        RBCL(lookup="newer")


def test_bct_with_means_leaves_the_old_classifier_alone() -> None:
    upgrade = toy_upgrade()
    assert upgrade.old is not None
    classes = upgrade.train.classes[:3]
    upgrade = replace(upgrade, old_classifier=torch.randn(3, 16), old_logit_scale=12.0, old_classes=classes)
    means, rows = ready(BCT(means=True), upgrade), ready(BCT(), upgrade)
    labels = torch.from_numpy(upgrade.train.labels)
    assert torch.equal(means.prototypes, class_prototypes(upgrade.old.vectors, labels, upgrade.train.num_ids))
    assert not torch.allclose(rows.prototypes[:3], means.prototypes[:3])
    torch.testing.assert_close(rows.prototypes[3:], means.prototypes[3:])
    assert means.logit_scale == 12.0


def test_ranking_with_bct_is_the_sum_of_both() -> None:
    upgrade = toy_upgrade()
    both, ranking, influence = (
        gradient(ready(m, upgrade), upgrade) for m in (RBCLWithBCT(share=3.0), RBCL(agents=0), BCT())
    )
    torch.testing.assert_close(both, ranking + 3 * influence)
    with pytest.raises(ValueError, match="must not be negative, got -1"):
        RBCLWithBCT(share=-1)


def test_logarithm_reaches_the_loss() -> None:
    upgrade = toy_upgrade()
    batch, _ = batch_of(upgrade)
    for make in (SmoothAP, lambda **o: RBCL(agents=0, kind="none", **o)):
        plain, logged = ready(make(), upgrade).step(batch), ready(make(log=True), upgrade).step(batch)
        assert logged > plain  # -log(1 - x) > x
    assert Reactivation() == RBCL(log=True).reactivation
