"""Every method and learner trains a model that somebody else wrote, on vectors instead of images."""

import pytest
import torch
from stranger import IMAGES, OLD_WIDTH, PEOPLE, strange_upgrade

from rbcl_lite.learners import ECN, PseudoLabels, Supervised
from rbcl_lite.methods import METHODS
from rbcl_lite.metrics.retrieval import evaluate_ranking
from rbcl_lite.models.extract import embedding_dim, extract
from rbcl_lite.training.loop import train
from rbcl_lite.training.schedule import TrainConfig

CONFIG = TrainConfig(epochs=3, lr=1e-2)
CLUSTERS = {"eps": 0.6, "k1": 5, "k2": 2, "min_samples": 2}
FREE = [name for name in METHODS if not METHODS[name].fixed_labels]


def trained(upgrade, learner, name):
    before = {k: v.clone() for k, v in upgrade.model.state_dict().items()}
    old, inputs = upgrade.old.vectors.clone(), upgrade.train.features.vectors.clone()
    history = train(upgrade, learner, METHODS[name](), CONFIG)
    after = upgrade.model.state_dict()
    assert len(history) == 3 and history["loss"].notna().all()
    assert before.keys() == after.keys() and not torch.equal(after["map.weight"], before["map.weight"])
    assert all(v.isfinite().all() for v in after.values()) and not upgrade.model.training
    assert torch.equal(upgrade.old.vectors, old) and torch.equal(upgrade.train.features.vectors, inputs)
    if name != "independent":
        assert history["compatibility"].iloc[-1] > 0
    return history


@pytest.mark.parametrize("name", METHODS)
def test_supervised(name):
    upgrade = strange_upgrade()
    history = trained(upgrade, Supervised(steps=7), name)
    assert ("identity" in history) is not METHODS[name].replaces_identity
    if "identity" in history:
        assert history["identity"].iloc[-1] < history["identity"].iloc[0]


@pytest.mark.parametrize("name", FREE)
@pytest.mark.parametrize("labelled", [False, True])
def test_pseudo_labels(name, labelled):
    history = trained(strange_upgrade(0, labelled=labelled), PseudoLabels(**CLUSTERS), name)
    assert (history["clusters"] >= 2).all() and ("labelled" in history) is labelled


@pytest.mark.parametrize("name", FREE)
def test_ecn(name):
    learner = ECN(camera=False, k=3, warmup=0.0, start=0.3, **CLUSTERS)
    history = trained(strange_upgrade(labelled=True), learner, name)
    assert history["target"].notna().all() and learner.memory.keys.shape == (PEOPLE * IMAGES, OLD_WIDTH)


def test_vectors_have_no_colours_to_change():
    with pytest.raises(ValueError, match="puts images into the colours of other cameras; stored vectors: camera=False"):
        train(strange_upgrade(labelled=True), ECN(), METHODS["l2"](), CONFIG)


@pytest.mark.parametrize("name", ["mixbct", "lce"])
def test_a_missing_classifier_is_asked_for(name):
    with pytest.raises(ValueError, match=f"build the model with num_classes = {PEOPLE}, it has no classifier"):
        train(strange_upgrade(classes=0), Supervised(), METHODS[name](), CONFIG)


def test_two_trainings_of_one_seed_give_equal_weights():
    models = []
    for seed in (0, 0, 1):
        upgrade = strange_upgrade(seed=seed)
        torch.manual_seed(99 + len(models))
        train(upgrade, Supervised(steps=5), METHODS["rbcl"](), CONFIG)
        models.append(upgrade.model.state_dict())
    assert all(torch.equal(v, models[1][k]) for k, v in models[0].items())
    assert not torch.equal(models[0]["map.weight"], models[2]["map.weight"])


def test_a_compatible_stranger_finds_the_old_vectors():
    mAP = {}
    for name in ("independent", "contrastive"):
        upgrade = strange_upgrade()
        train(upgrade, Supervised(steps=30), METHODS[name](), CONFIG)
        assert embedding_dim(upgrade.model, upgrade.train) == OLD_WIDTH
        mAP[name] = evaluate_ranking(extract(upgrade.model, upgrade.train), upgrade.old).mAP
    assert mAP["contrastive"] > 0.6 > 0.3 > mAP["independent"], mAP  # measured: 0.77 and 0.15
