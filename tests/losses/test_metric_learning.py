"""Our losses inside pytorch-metric-learning: its call, its memory, its trainer."""

import pytest
import torch
from torch import nn

from rbcl_lite.losses import Reactivation, contrastive_loss, cross_triplet_loss, smooth_ap_loss, supap_loss
from rbcl_lite.losses.metric_learning import MetricLearningLoss, chosen_pairs, cross_batch_memory

LOSSES = {
    "smooth-ap": (smooth_ap_loss, {"temperature": 0.05}),
    "dgr": (smooth_ap_loss, {"temperature": 0.05, "reactivation": Reactivation(cap=0.5)}),
    "supap": (supap_loss, {"temperature": 0.05}),
    "contrastive": (contrastive_loss, {"temperature": 0.1}),
    "triplet": (cross_triplet_loss, {"margin": 0.2}),
}
LABELS = torch.tensor([4, 9, 4, 2, 9, 4, 7])  # classes of 3, 2, 1 and 1


@pytest.fixture
def batch():
    g = torch.Generator().manual_seed(0)
    return torch.randn(7, 5, generator=g, requires_grad=True), torch.randn(7, 5, generator=g)


@pytest.mark.parametrize("name", LOSSES)
def test_equal_to_the_direct_call(batch, name):
    loss, options = LOSSES[name]
    new, old = batch
    adapter = MetricLearningLoss(loss, **options)
    with_old = adapter(new, LABELS, ref_emb=old, ref_labels=LABELS)
    assert torch.equal(with_old, loss(new, old, LABELS, LABELS, **options)) and with_old > 0
    alone = adapter(new, LABELS)
    assert torch.equal(alone, loss(new, new, LABELS, LABELS, ignore=torch.eye(7, dtype=torch.bool), **options))
    (gradient,) = torch.autograd.grad(alone, new)
    assert bool(gradient.isfinite().all()) and gradient.abs().sum() > 0


def test_pairs_and_triplets_by_a_slow_loop():
    a, p, a2, n = torch.tensor([0, 2, 5]), torch.tensor([2, 0, 6]), torch.tensor([1, 0]), torch.tensor([3, 4])
    for given, wanted in (((a, p, a2, n), {(0, 2), (2, 0), (5, 6), (1, 3), (0, 4)}), ((a[:2], p[:2], n), None)):
        pairs = wanted or {(0, 2), (2, 0), (0, 3), (2, 4)}
        found = chosen_pairs(given, 7, 8)
        assert {(i, j) for i in range(7) for j in range(8) if found[i, j]} == pairs
    with pytest.raises(ValueError, match=r"3 \(triplets\) or 4 \(pairs\)"):
        chosen_pairs((a, p), 7, 7)


def test_references_without_labels(batch):
    with pytest.raises(ValueError, match="belong together"):
        MetricLearningLoss(smooth_ap_loss)(batch[0], LABELS, ref_emb=batch[1])


@pytest.mark.parametrize("name", LOSSES)
def test_with_a_miner_of_theirs(batch, name):
    miners = pytest.importorskip("pytorch_metric_learning.miners", reason="pip install rbcl-lite[bench]")
    loss, options = LOSSES[name]
    chosen = miners.MultiSimilarityMiner(epsilon=0.2)(batch[0], LABELS)
    ignore = torch.ones(7, 7, dtype=torch.bool)
    for i, j in zip(torch.cat([chosen[0], chosen[2]]).tolist(), torch.cat([chosen[1], chosen[3]]).tolist()):
        ignore[i, j] = False
    assert 0 < int((~ignore).sum()) < 42
    mined = MetricLearningLoss(loss, **options)(batch[0], LABELS, chosen)
    assert torch.equal(mined, loss(batch[0], batch[0], LABELS, LABELS, ignore=ignore, **options))


@pytest.mark.parametrize("name", LOSSES)
def test_inside_their_cross_batch_memory(name):
    pytest.importorskip("pytorch_metric_learning", reason="pip install rbcl-lite[bench]")
    loss, options = LOSSES[name]
    memory = cross_batch_memory(MetricLearningLoss(loss, **options), 5, memory_size=16)
    g = torch.Generator().manual_seed(1)
    seen = []
    for step in range(4):  # the fourth batch overwrites the oldest rows
        new = torch.randn(7, 5, generator=g, requires_grad=True)
        value = memory(new, LABELS)
        seen.append(new.detach())
        if step == 1:
            queue, labels = torch.cat(seen), LABELS.repeat(2)
            ignore = torch.zeros(7, 14, dtype=torch.bool)
            for i in range(7):
                ignore[i, 7 + i] = True  # the image itself, which lies in the memory already
            assert torch.allclose(value, loss(new, queue, LABELS, labels, ignore=ignore, **options))
        value.backward()
        assert value > 0 and bool(new.grad.isfinite().all())
    assert memory.has_been_filled


class Spy(MetricLearningLoss):
    """Compares every value that a trainer gets with a direct call."""

    def forward(self, embeddings, labels, indices_tuple=None, ref_emb=None, ref_labels=None):
        value = super().forward(embeddings, labels, indices_tuple, ref_emb, ref_labels)
        own = torch.eye(len(labels), dtype=torch.bool)
        assert torch.equal(value, self.loss(embeddings, embeddings, labels, labels, ignore=own, **self.options))
        self.values = [*getattr(self, "values", []), value.item()]
        return value


@pytest.mark.parametrize("name", ["dgr", "contrastive"])
def test_inside_their_trainer_with_their_sampler(name):
    samplers = pytest.importorskip("pytorch_metric_learning.samplers", reason="pip install rbcl-lite[bench]")
    trainers = pytest.importorskip("pytorch_metric_learning.trainers")
    loss, options = LOSSES[name]
    torch.manual_seed(0)
    labels = torch.arange(9).repeat_interleave(torch.tensor([5, 4, 7, 4, 6, 5, 4, 8, 5]))
    centres = torch.randn(9, 12)
    data = torch.utils.data.TensorDataset(centres[labels] + 1.5 * torch.randn(len(labels), 12), labels)
    trunk, spy = nn.Linear(12, 6), Spy(loss, **options)

    def whole():
        with torch.no_grad():
            vectors = trunk(data.tensors[0])
        own = torch.eye(len(labels), dtype=torch.bool)
        return loss(vectors, vectors, labels, labels, ignore=own, **options)

    before = whole()
    trainers.MetricLossOnly(
        {"trunk": trunk},
        {"trunk_optimizer": torch.optim.Adam(trunk.parameters(), 3e-2)},
        batch_size=12,
        loss_funcs={"metric_loss": spy},
        dataset=data,
        sampler=samplers.MPerClassSampler(labels, m=3, batch_size=12, length_before_new_iter=240),
        dataloader_num_workers=0,
        data_device=torch.device("cpu"),
    ).train(num_epochs=3)
    assert len(spy.values) == 60
    assert whole() < 0.8 * before
