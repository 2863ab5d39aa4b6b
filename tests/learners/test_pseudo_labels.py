import numpy as np
import pytest
import torch
import torch.nn.functional as F
from toy import CONFIG, toy_batch, toy_upgrade

from rbcl_lite.clustering import pseudo_labels
from rbcl_lite.learners import PseudoLabels
from rbcl_lite.learners.clusters import Clustering, centre_cameras
from rbcl_lite.losses.influence import class_prototypes
from rbcl_lite.methods import METHODS
from rbcl_lite.models.extract import extract
from rbcl_lite.protocol import Epoch
from rbcl_lite.training.loop import train

SMALL = {"eps": 0.6, "k1": 5, "k2": 2, "min_samples": 2}


def learner(upgrade, **options):
    made = PseudoLabels(**{**SMALL, **options})
    made.prepare(upgrade)
    return made


@pytest.mark.parametrize("name", METHODS)
def test_with_every_method(name):
    upgrade = toy_upgrade(classes=0)
    if METHODS[name].fixed_labels:
        with pytest.raises(ValueError, match="labels of PseudoLabels change in every epoch"):
            train(upgrade, PseudoLabels(**SMALL), METHODS[name](), CONFIG)
        return
    history = train(upgrade, PseudoLabels(**SMALL), METHODS[name](), CONFIG)
    assert history["loss"].notna().all() and (history["clusters"] >= 2).all()
    assert history["clustered"].between(0, 1).all() and (history["contrast"] > 0).all()
    if name != "independent":
        assert history["compatibility"].iloc[-1] > 0


def test_old_vectors_are_clustered_at_the_start_and_new_ones_later():
    upgrade = toy_upgrade(classes=0)
    made = learner(upgrade, start=0.5)

    def expected(vectors):
        return pseudo_labels(centre_cameras(vectors, torch.from_numpy(upgrade.train.cams)), **SMALL)

    new = extract(upgrade.model, upgrade.train).vectors
    assert torch.equal(made.on_epoch(Epoch(0, 4)), expected(upgrade.old.vectors))
    assert torch.equal(made.on_epoch(Epoch(1, 2)), expected(new))
    alone = learner(toy_upgrade(old_dim=None, classes=0), start=0.5)
    assert torch.equal(alone.on_epoch(Epoch(0, 4)), expected(new))


def test_extraction_leaves_the_model_as_it_was():
    upgrade = toy_upgrade(classes=0)
    upgrade.model.train()
    before = {k: v.clone() for k, v in upgrade.model.state_dict().items()}
    learner(upgrade).on_epoch(Epoch(0, 4))
    assert upgrade.model.training
    assert all(torch.equal(v, before[k]) for k, v in upgrade.model.state_dict().items())


def test_batches_are_constant_in_number_and_hold_no_outliers():
    upgrade = toy_upgrade(classes=0)
    made = learner(upgrade, eps=0.35, min_samples=4)
    labels = made.on_epoch(Epoch(0, 4))
    assert (labels < 0).any()  # else this test shows nothing
    for number in range(3):
        batches = list(made.batches(number))
        assert len(batches) == made.steps() == round(len(upgrade.train) / 12)
        assert (labels[np.concatenate(batches)] >= 0).all()


def test_memory_starts_at_the_means_and_takes_every_instance():
    upgrade = toy_upgrade(classes=0)
    made = learner(upgrade)
    labels = made.on_epoch(Epoch(0, 4))
    new = extract(upgrade.model, upgrade.train).vectors
    for cluster in range(int(labels.max()) + 1):
        mean = F.normalize(new[labels == cluster].mean(0), dim=0)
        torch.testing.assert_close(made._clusters.memory.keys[cluster], mean)
    index = next(iter(made.batches(0))).tolist()
    batch = toy_batch(upgrade, index, labels)
    keys = made._clusters.memory.keys.clone()
    terms = made.step(batch)
    features = F.normalize(batch.outputs.embedding, dim=1)
    torch.testing.assert_close(terms["contrast"], F.cross_entropy(features @ keys.T / 0.05, batch.labels))
    terms["contrast"].backward()
    made.after_step(batch)
    for row, label in zip(features.detach(), batch.labels):
        keys[label] = F.normalize(0.1 * keys[label] + 0.9 * row, dim=0)
    torch.testing.assert_close(made._clusters.memory.keys, keys)


def test_every_epoch_starts_with_a_new_memory():
    """Trap: cluster numbers mean other people in the next epoch, so no running vector may outlive its epoch."""
    upgrade = toy_upgrade(classes=0)
    made = learner(upgrade)
    labels = made.on_epoch(Epoch(0, 4))
    batch = toy_batch(upgrade, next(iter(made.batches(0))).tolist(), labels)
    made.step(batch)
    made.after_step(batch)
    labels = made.on_epoch(Epoch(1, 4))
    means = class_prototypes(extract(upgrade.model, upgrade.train).vectors, labels, int(labels.max()) + 1)
    torch.testing.assert_close(made._clusters.memory.keys, means)


def test_fewer_clusters_than_people_in_a_batch(monkeypatch):
    upgrade = toy_upgrade(classes=0)
    made = learner(upgrade)
    made.on_epoch(Epoch(0, 4))
    two = torch.full((len(upgrade.train),), -1)
    two[:6], two[6:10] = 0, 1
    monkeypatch.setattr("rbcl_lite.learners.clusters.pseudo_labels", lambda *a, **k: two)
    made.on_epoch(Epoch(1, 2))
    batches = list(made.batches(1))
    assert len(batches) == made.steps() and all(len(b) == 2 * 3 for b in batches)


@pytest.mark.parametrize(("eps", "hint"), [(0.999, "lower eps"), (0.001, "raise eps")])
def test_too_few_clusters_are_explained(eps, hint):
    upgrade = toy_upgrade(classes=0)
    options = {"k1": len(upgrade.train) - 1, "k2": 1} if eps > 0.5 else {"min_samples": 4}
    with pytest.raises(ValueError, match=rf"epoch 0: . cluster .* eps = {eps}; {hint}"):
        learner(upgrade, eps=eps, **options).on_epoch(Epoch(0, 4))


def test_labelled_source_beside_the_clusters():
    upgrade = toy_upgrade(labelled=True)
    history = train(upgrade, PseudoLabels(**SMALL, start=0.5), METHODS["rbcl"](), CONFIG)
    assert history["contrast"].isna().tolist() == [True, True, False]  # epochs begin at 0, 1/3 and 2/3
    assert history["labelled"].notna().all() and (history["compatibility"] > 0).all()
    with pytest.raises(ValueError, match="num_classes = 5"):
        learner(toy_upgrade(labelled=True, classes=7))
    learner(toy_upgrade(labelled=True, classes=0), labelled=0.0)


def test_clusters_see_past_the_camera():
    g = torch.Generator().manual_seed(0)
    people, cams = torch.arange(12).repeat_interleave(6), torch.arange(6).repeat(12)
    vectors = torch.randn(12, 16, generator=g)[people] + 3 * torch.randn(6, 16, generator=g)[cams]
    vectors = F.normalize(vectors + 0.1 * torch.randn(72, 16, generator=g), dim=1)
    centred, plain = (Clustering(0.5, 3, 5, 2, c)(vectors, cams) for c in (True, False))
    same = (people[:, None] == people).fill_diagonal_(False)
    pairs = [((labels[:, None] == labels) & (labels >= 0)[:, None] & same).sum() for labels in (centred, plain)]
    assert pairs[0] > 0.6 * same.sum() and pairs[1] < 0.1 * same.sum()
    assert torch.equal(Clustering(0.5, 3, 5, 2, True)(vectors, None), plain)  # cameras unknown
    alone = torch.tensor([0, 0, 1])  # a camera with one image keeps its vector
    assert torch.equal(centre_cameras(vectors[:3], alone)[2], vectors[2])


class Killed(Exception):
    pass


def test_resume_gives_the_same_model(tmp_path):
    straight = toy_upgrade(classes=0)
    train(straight, PseudoLabels(**SMALL), METHODS["smooth-ap"](), CONFIG)

    broken, made = toy_upgrade(classes=0), PseudoLabels(**SMALL)
    on_epoch = made.on_epoch

    def kill(epoch):
        if epoch.number == 2:
            raise Killed
        return on_epoch(epoch)

    made.on_epoch = kill
    with pytest.raises(Killed):
        train(broken, made, METHODS["smooth-ap"](), CONFIG, state=tmp_path / "state")
    again = toy_upgrade(classes=0)
    train(again, PseudoLabels(**SMALL), METHODS["smooth-ap"](), CONFIG, state=tmp_path / "state")
    for key, value in straight.model.state_dict().items():
        torch.testing.assert_close(again.model.state_dict()[key], value, rtol=0, atol=0, msg=key)
