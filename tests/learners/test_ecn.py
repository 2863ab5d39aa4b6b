from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from toy import CONFIG, toy_batch, toy_upgrade

from rbcl_lite.learners import ECN
from rbcl_lite.methods import METHODS
from rbcl_lite.protocol import Epoch
from rbcl_lite.training.loop import train

SMALL = {"k": 3, "eps": 0.6, "k1": 5, "k2": 2, "min_samples": 2, "warmup": 0.0, "start": 0.3}


def learner(upgrade=None, **options):
    made = ECN(**{**SMALL, **options})
    made.prepare(upgrade or toy_upgrade(labelled=True))
    return made


@pytest.mark.parametrize("name", METHODS)
def test_with_every_method(name):
    upgrade = toy_upgrade(labelled=True)
    if METHODS[name].fixed_labels:
        with pytest.raises(ValueError, match="labels of ECN change in every epoch"):
            train(upgrade, ECN(**SMALL), METHODS[name](), CONFIG)
        return
    history = train(upgrade, ECN(**SMALL), METHODS[name](), CONFIG)
    assert {"labelled", "target", "purity", "clustered"} <= set(history) and history["loss"].notna().all()
    assert history["purity"].iloc[1:].between(0, 1).all()
    if name != "independent":
        assert history["compatibility"].iloc[-1] > 0


def test_first_step_has_no_target_gradient_and_the_memory_fills_after_it():
    """A memory of zeros: the loss is log N and its gradient 0; the first epoch's momentum is 0."""
    upgrade = toy_upgrade(labelled=True)
    ecn = learner(upgrade)
    assert torch.equal(ecn.on_epoch(Epoch(0, 4)), torch.arange(len(upgrade.train)))
    batch = toy_batch(upgrade, [4, 9, 1])
    terms = ecn.step(batch)
    assert terms["target"].item() == pytest.approx(0.3 * np.log(len(upgrade.train)))
    terms["target"].backward()
    assert upgrade.model.embed.weight.grad.abs().max() < 1e-9
    assert not ecn.memory.keys.any()  # written after the optimiser's step
    ecn.after_step(batch)
    features = F.normalize(batch.outputs.embedding, dim=1)
    torch.testing.assert_close(ecn.memory.keys[batch.index], features.detach())
    assert (ecn.memory.keys.norm(dim=1) > 0).sum() == 3
    assert all(p is not ecn.memory.keys for p in ecn.parameters())


def test_momentum_keeps_its_end_and_its_shape():
    for epochs in (60, 8, 1):
        ecn = learner()
        alphas = []
        for number in range(epochs):
            ecn.on_epoch(Epoch(number, epochs))
            alphas.append(ecn.alpha)
        assert alphas == pytest.approx(np.linspace(0, 0.59 if epochs > 1 else 0, epochs).tolist())


def test_neighbours_from_the_sixth_of_sixty_epochs():
    ecn = learner(start=5 / 60)
    used = []
    for number in range(60):
        ecn.on_epoch(Epoch(number, 60))
        used.append(ecn._with_neighbours)
    assert used.index(True) == 5 and all(used[5:])
    ecn = learner(neighbours=False, start=0.0)
    ecn.on_epoch(Epoch(9, 10))
    assert not ecn._with_neighbours


def test_warm_up_writes_the_memory_and_leaves_the_source_alone():
    upgrade = toy_upgrade(labelled=True)
    ecn = learner(upgrade, warmup=0.5, start=0.25)
    for number, terms, neighbours in ((1, {"labelled"}, False), (2, {"labelled", "target"}, True)):
        ecn.on_epoch(Epoch(number, 4))
        batch = toy_batch(upgrade, [4, 9, 1])
        found = ecn.step(batch)
        assert set(found) == terms and ecn._with_neighbours is neighbours
        ecn.after_step(batch)
        assert (ecn.memory.keys.norm(dim=1) > 0).sum() == 3
    assert found["target"] > 0
    assert 0 < ECN().warmup < ECN().start < 1


def test_loss_is_the_weighted_sum_and_only_the_source_without_memory():
    upgrade = toy_upgrade(labelled=True)
    full, alone = learner(upgrade, weight=0.25), learner(upgrade, exemplar=False, camera=False, neighbours=False)
    for ecn in (full, alone):
        ecn.on_epoch(Epoch(0, 4))
    source = alone.step(toy_batch(upgrade, [0, 1, 2]))
    both = full.step(toy_batch(upgrade, [0, 1, 2]))
    assert set(source) == {"labelled"}
    torch.testing.assert_close(both["labelled"], 0.75 * source["labelled"])
    with pytest.raises(ValueError, match="exemplar=True"):
        ECN(exemplar=False)


def test_dropout_after_normalising_as_in_the_official_code():
    upgrade = toy_upgrade(dim=256, old_dim=None, labelled=True)
    ecn = learner(upgrade, dropout=0.5)
    ecn.on_epoch(Epoch(0, 4))
    ecn.step(toy_batch(upgrade, list(range(20))))
    assert ecn._features.norm(dim=1).mean().item() == pytest.approx(2**0.5, abs=0.1)
    ecn = learner(upgrade)
    ecn.on_epoch(Epoch(0, 4))
    ecn.step(toy_batch(upgrade, list(range(20))))
    torch.testing.assert_close(ecn._features.norm(dim=1), torch.ones(20))


def test_the_memory_keeps_the_vector_that_met_it():
    """Trap: with dropout, what is written is the dropped-out vector of the forward pass, not a clean or a new one."""
    upgrade = toy_upgrade(dim=256, old_dim=None, labelled=True)
    ecn = learner(upgrade, dropout=0.5)
    ecn.on_epoch(Epoch(0, 4))  # momentum 0
    batch = toy_batch(upgrade, [4, 9, 1])
    ecn.step(batch)
    met = ecn._features.clone()
    ecn.after_step(batch)
    assert 0.4 < (met == 0).float().mean() < 0.6
    torch.testing.assert_close(ecn.memory.keys[batch.index], F.normalize(met, dim=1))


def test_camera_copies():
    upgrade = toy_upgrade(labelled=True)
    ecn, plain = learner(upgrade), learner(upgrade, camera=False)
    index = np.repeat(np.arange(len(upgrade.train)), 20)
    images = torch.from_numpy(upgrade.train.images[index]).permute(0, 3, 1, 2)
    g = torch.Generator()
    assert torch.equal(plain.inputs(index, g.manual_seed(0)), images)
    styled = ecn.inputs(index, g.manual_seed(0))
    untouched = (styled == images).flatten(1).all(1).float().mean()
    assert untouched.item() == pytest.approx(1 / 3, abs=0.06)  # three cameras
    assert torch.equal(styled, ecn.inputs(index, g.manual_seed(0)))
    with pytest.raises(ValueError, match="switch camera styles off"):
        learner(toy_upgrade(labelled=True, cams=False))
    learner(toy_upgrade(labelled=True, cams=False), camera=False)


def test_every_image_once_an_epoch_and_clusters_together():
    upgrade = toy_upgrade(labelled=True)
    ecn = learner(upgrade)
    n = len(upgrade.train)
    ecn.on_epoch(Epoch(0, 4))
    first = np.concatenate(list(ecn.batches(0)))
    assert len(first) == ecn.steps() * 12 and np.array_equal(np.sort(first[:n]), np.arange(n))
    assert not np.array_equal(first, np.concatenate(list(ecn.batches(1))))
    ecn._labels = torch.from_numpy(upgrade.train.labels)
    order = np.concatenate(list(ecn.batches(0)))
    assert np.array_equal(np.sort(order[:n]), np.arange(n))
    labels = upgrade.train.labels[order[:n]]
    runs = np.diff(np.nonzero(np.diff(np.r_[-1, labels, -1]))[0])
    assert runs.mean() > 2  # with 5 to 8 images of each and K = 3: pieces of 3, 3 and 2


def test_labels_come_from_the_memory():
    upgrade = toy_upgrade(labelled=True)
    ecn = learner(upgrade)
    n = len(upgrade.train)
    ecn.memory.keys.copy_(upgrade.old.vectors)
    ecn.memory.keys[:3] = 0  # never seen yet
    labels = ecn.on_epoch(Epoch(1, 2))
    assert labels.shape == (n,) and labels.min() == 0
    assert sorted(labels.unique().tolist()) == list(range(int(labels.max()) + 1))
    counts = torch.bincount(labels)
    assert (counts[labels[:3]] == 1).all()  # their own class each
    assert (counts > 1).any()
    big = labels == counts.argmax()
    assert np.bincount(upgrade.train.labels[big.numpy()]).max() > 0.8 * big.sum()  # old vectors know the people well


def test_running_statistics_come_from_the_target():
    upgrade = toy_upgrade(labelled=True)
    for mixed in (False, True):
        ecn = learner(upgrade, mixed_statistics=mixed)
        ecn.on_epoch(Epoch(0, 4))
        batch = toy_batch(upgrade, [0, 1, 2, 3])
        before = upgrade.model.neck.running_mean.clone()
        ecn.step(batch)
        assert torch.equal(upgrade.model.neck.running_mean, before) != mixed
        assert upgrade.model.neck.momentum == 0.1


def test_source_images_depend_on_the_step_alone():
    upgrade = toy_upgrade(labelled=True)
    ecn = learner(upgrade)
    ecn.on_epoch(Epoch(0, 4))
    a, b = (ecn.step(toy_batch(upgrade, [0, 1, 2]))["labelled"] for _ in range(2))
    batch = replace(toy_batch(upgrade, [0, 1, 2]), generator=torch.Generator().manual_seed(4))
    torch.testing.assert_close(a, b)
    assert ecn.step(batch)["labelled"] != a


class Killed(Exception):
    pass


def test_resume_restores_the_memory(tmp_path):
    straight, reference = toy_upgrade(labelled=True), ECN(**SMALL)
    train(straight, reference, METHODS["rbcl"](), CONFIG)

    broken, ecn = toy_upgrade(labelled=True), ECN(**SMALL)
    on_epoch = ecn.on_epoch

    def kill(epoch):
        if epoch.number == 2:
            raise Killed
        return on_epoch(epoch)

    ecn.on_epoch = kill
    with pytest.raises(Killed):
        train(broken, ecn, METHODS["rbcl"](), CONFIG, state=tmp_path / "state")
    again, resumed = toy_upgrade(labelled=True), ECN(**SMALL)
    train(again, resumed, METHODS["rbcl"](), CONFIG, state=tmp_path / "state")
    assert torch.equal(resumed.memory.keys, reference.memory.keys)
    for key, value in straight.model.state_dict().items():
        torch.testing.assert_close(again.model.state_dict()[key], value, rtol=0, atol=0, msg=key)


def test_what_is_missing_is_named():
    with pytest.raises(ValueError, match="labelled"):
        learner(toy_upgrade())
    with pytest.raises(ValueError, match=r"num_classes = 5, it has 7 classes"):
        learner(toy_upgrade(labelled=True, classes=7))
    with pytest.raises(ValueError, match=r"num_classes = 5, it has no classifier"):
        learner(toy_upgrade(labelled=True, classes=0))
    with pytest.raises(ValueError, match=r"0\.\.1, got 1.5"):
        ECN(weight=1.5)


def test_classifier_is_for_the_source():
    upgrade = toy_upgrade(labelled=True)
    assert ECN.classes(upgrade.train, upgrade.labelled).tolist() == upgrade.labelled.classes.tolist()
    assert len(ECN.classes(upgrade.train, None)) == 0
