import inspect

import pytest
import torch
from toy import CONFIG, PEOPLE, toy_batch, toy_upgrade

from rbcl_lite.base.tensors import zero_loss
from rbcl_lite.learners import Supervised
from rbcl_lite.losses.adversarial import adversarial_loss
from rbcl_lite.losses.identity import arcface_loss
from rbcl_lite.losses.influence import influence_loss
from rbcl_lite.losses.nccl import nccl_loss
from rbcl_lite.methods import METHODS, MixBCT, UniBCT
from rbcl_lite.methods.ranking import MEASURE_EVERY
from rbcl_lite.models.embedder import EmbedderConfig
from rbcl_lite.protocol import Epoch
from rbcl_lite.training.loop import train

COMPATIBLE = [name for name in METHODS if name != "independent"]
ADDED = [name for name in COMPATIBLE if not METHODS[name].replaces_identity]


def prepared(name, upgrade, **options):
    learner = Supervised()
    learner.prepare(upgrade)
    method = METHODS[name](**options)
    method.prepare(upgrade, learner)
    method.on_epoch(Epoch(0, 4), learner.on_epoch(Epoch(0, 4)))
    return method


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("dims", [(16, 16), (16, 12), (12, 16)])
def test_every_method_trains(name, dims):
    upgrade = toy_upgrade(*dims)
    learner, method = Supervised(), METHODS[name]()
    if name == "mixbct" and dims[1] > dims[0]:
        with pytest.raises(ValueError, match="16 old coordinates do not fit into 12"):
            train(upgrade, learner, method, CONFIG)
        return
    before = {k: v.clone() for k, v in upgrade.model.state_dict().items()}
    vectors = upgrade.old.vectors.clone()
    history = train(upgrade, learner, method, CONFIG)
    assert history["loss"].notna().all()
    assert torch.equal(upgrade.old.vectors, vectors)
    assert not torch.equal(upgrade.model.embed.weight, before["embed.weight"])
    if name in ("smooth-ap", "supap", "rbcl"):
        steps = learner.steps()
        measured = [any(step % MEASURE_EVERY == 0 for step in range(e * steps, (e + 1) * steps)) for e in range(3)]
        assert history["saturation"].notna().tolist() == history["ranked"].notna().tolist() == measured
        assert history["saturation"][measured].between(0, 1).all() and (history["ranked"][measured] > 0).all()


@pytest.mark.parametrize("name", COMPATIBLE)
def test_gradient_reaches_the_new_model_and_nothing_old(name):
    upgrade = toy_upgrade()
    method = prepared(name, upgrade)
    own = {k: v.clone() for k, v in method.named_buffers()}
    loss = method.step(toy_batch(upgrade, list(range(20))))
    assert loss.ndim == 0 and loss.isfinite() and loss > 0
    loss.backward()
    assert upgrade.model.embed.weight.grad.abs().sum() > 0
    assert upgrade.old.vectors.grad is None and upgrade.old_classifier.grad is None
    counts = (
        "discriminator.layers.1.running_mean",
        "discriminator.layers.1.running_var",
        "discriminator.layers.1.num_batches_tracked",
    )
    assert all(torch.equal(v, own[k]) for k, v in method.named_buffers() if k not in counts)
    assert {k.split(".")[0] for k, _ in method.named_parameters()} <= {"discriminator", "boundary"}


@pytest.mark.parametrize("name", ADDED)
def test_weight_zero_is_the_independent_model(name):
    models = []
    for method in (METHODS["independent"](), METHODS[name](weight=0.0)):
        upgrade = toy_upgrade()
        train(upgrade, Supervised(), method, CONFIG)
        models.append(upgrade.model.state_dict())
    for key, value in models[0].items():
        torch.testing.assert_close(models[1][key], value, rtol=0, atol=0, msg=key)


class Killed(Exception):
    pass


@pytest.mark.parametrize("name", ["rbcl", "nccl", "unibct", "advbct", "mixbct", "bct"])
def test_resume_gives_the_same_model(name, tmp_path):
    straight = toy_upgrade()
    train(straight, Supervised(), METHODS[name](), CONFIG)

    broken, method = toy_upgrade(), METHODS[name]()
    on_epoch = method.on_epoch

    def kill(epoch, labels):
        if epoch.number == 2:
            raise Killed
        on_epoch(epoch, labels)

    method.on_epoch = kill
    with pytest.raises(Killed):
        train(broken, Supervised(), method, CONFIG, state=tmp_path / "state")
    again = toy_upgrade()
    train(again, Supervised(), METHODS[name](), CONFIG, state=tmp_path / "state")
    for key, value in straight.model.state_dict().items():
        torch.testing.assert_close(again.model.state_dict()[key], value, rtol=0, atol=0, msg=key)


@pytest.mark.parametrize("name", COMPATIBLE)
def test_old_vectors_are_asked_for(name):
    with pytest.raises(ValueError, match="no old model was given"):
        train(toy_upgrade(old_dim=None), Supervised(), METHODS[name](), CONFIG)


class Changing(Supervised):
    fixed_labels = False


@pytest.mark.parametrize("name", [n for n in COMPATIBLE if METHODS[n].fixed_labels])
def test_changing_labels_are_refused(name):
    with pytest.raises(ValueError, match="labels of Changing change in every epoch"):
        train(toy_upgrade(), Changing(), METHODS[name](), CONFIG)


@pytest.mark.parametrize("name", [n for n in COMPATIBLE if not METHODS[n].fixed_labels])
def test_images_without_a_label_change_nothing_for_the_others(name):
    if name == "l2":
        pytest.skip("L2 needs no labels")
    upgrade = toy_upgrade()
    labels = torch.from_numpy(upgrade.train.labels).clone()
    index = list(range(24))
    unknown = [0, 3, 7, 8]
    labels[unknown] = -1
    learner = Changing()
    learner.prepare(upgrade)
    method = METHODS[name](**({"bank": None} if name == "nccl" else {}))
    method.prepare(upgrade, learner)
    method.on_epoch(Epoch(0, 4), labels)
    with torch.no_grad():
        batch = toy_batch(upgrade, index, labels)
        keep = torch.tensor([i not in unknown for i in index])
        outputs = type(batch.outputs)(
            *(o[keep] for o in (batch.outputs.feature, batch.outputs.embedding, batch.outputs.logits))
        )
        known = type(batch)(
            batch.index[keep],
            batch.labels[keep],
            batch.cams[keep],
            outputs,
            batch.old[keep],
            0,
            0.5,
            torch.Generator().manual_seed(3),
        )
        torch.testing.assert_close(method.step(batch), method.step(known))


@pytest.mark.parametrize("name", [n for n in COMPATIBLE if not METHODS[n].fixed_labels])
def test_nobody_known_is_a_zero(name):
    if name in ("l2", "bct"):
        pytest.skip("needs no labels, or asks for a class")
    upgrade = toy_upgrade()
    method = prepared(name, upgrade)
    labels = torch.full((len(upgrade.train),), -1)
    if name != "nccl":
        batch = toy_batch(upgrade, [0, 1, 2], labels)
        loss = method.step(batch)
        loss.backward()
        assert loss == 0


@pytest.mark.parametrize("name", COMPATIBLE)
def test_half_precision_outputs(name):
    upgrade = toy_upgrade()
    method = prepared(name, upgrade)
    with torch.autocast("cpu", torch.bfloat16):
        loss = method.step(toy_batch(upgrade, list(range(20))))
    assert loss.isfinite()


@pytest.mark.parametrize("name", METHODS)
def test_a_negative_weight_is_refused(name):
    with pytest.raises(ValueError, match="weight"):
        METHODS[name](weight=-0.1)


def test_without_a_classifier():
    for name in ("mixbct", "lce"):
        with pytest.raises(ValueError, match=f"num_classes = {PEOPLE}, it has no classifier"):
            prepared(name, toy_upgrade(classes=0))
    upgrade = toy_upgrade(classes=0)
    assert prepared("nccl", upgrade).step(toy_batch(upgrade, list(range(12)))) > 0


@pytest.mark.parametrize("name", ["mixbct", "lce"])
def test_a_classifier_for_other_people_is_refused(name):
    """Trap: rows of people who are not in the training set are negatives that are never right."""
    with pytest.raises(ValueError, match=f"num_classes = {PEOPLE}, it has a classifier of {PEOPLE + 3} classes"):
        prepared(name, toy_upgrade(classes=PEOPLE + 3))


def test_all_cosine_classifiers_have_one_scale():
    """Trap: an old classifier read at another scale than it was trained with is no classifier."""
    scales = {METHODS[name]().logit_scale for name in ("bct", "unibct", "mixbct", "nccl")}
    assert scales == {EmbedderConfig().logit_scale}
    defaults = [inspect.signature(loss).parameters["logit_scale"].default for loss in (influence_loss, arcface_loss)]
    assert set(defaults) == scales


def test_mixbct_ratio_and_credibility():
    with pytest.raises(ValueError, match=r"0\.\.1, got 1.2"):
        MixBCT(weight=1.2)
    upgrade = toy_upgrade()
    index = list(range(20))
    plain = prepared("mixbct", upgrade, weight=0.0)
    batch = toy_batch(upgrade, index)
    expected = arcface_loss(batch.outputs.embedding, upgrade.model.classifier.weight, batch.labels)
    torch.testing.assert_close(plain.step(batch), expected)

    mixed = prepared("mixbct", upgrade, weight=0.3)
    assert 0 < (~mixed.credible).sum() <= upgrade.train.num_ids  # 5 to 8 images of each: one of each is left out
    batch = toy_batch(upgrade, index)
    batch.outputs.embedding.retain_grad()
    mixed.step(batch).backward()
    replaced = batch.outputs.embedding.grad.abs().sum(1) == 0
    assert replaced.sum() == 6  # floor(0.3 * 20)
    assert mixed.credible[batch.index[replaced]].all()
    assert upgrade.model.classifier.weight.grad.abs().sum() > 0
    assert prepared("mixbct", upgrade, keep=1.0).credible.all()


def test_unibct_refines_at_the_shares():
    upgrade = toy_upgrade()
    method = prepared("unibct", upgrade, refine=[0.5])
    plain = method.prototypes.clone()
    upgrade.model.train()
    labels = torch.from_numpy(upgrade.train.labels)
    method.on_epoch(Epoch(1, 4), labels)
    assert torch.equal(method.prototypes, plain) and method.refined == 0
    statistics = upgrade.model.neck.running_mean.clone()
    method.on_epoch(Epoch(2, 4), labels)
    refined = method.prototypes.clone()
    assert not torch.allclose(refined, plain, atol=1e-3) and method.refined == 1
    assert upgrade.model.training and torch.equal(upgrade.model.neck.running_mean, statistics)
    upgrade.model.embed.weight.data.normal_()
    method.on_epoch(Epoch(3, 4), labels)
    assert torch.equal(method.prototypes, refined)
    with pytest.raises(ValueError, match="shares of the training"):
        UniBCT(refine=[3])


def test_nccl_bank_and_filter():
    upgrade = toy_upgrade()
    index = list(range(12))
    everything, large = (prepared("nccl", upgrade, bank=b) for b in (None, 10_000))
    small = prepared("nccl", upgrade, bank=5)
    batch = toy_batch(upgrade, index)
    torch.testing.assert_close(everything.step(batch), large.step(batch))
    assert small.step(batch) < everything.step(batch)  # fewer negatives
    with pytest.raises(ValueError, match="at least 1"):
        METHODS["nccl"](bank=0)
    sure = prepared("nccl", upgrade, confident=0.5)
    assert 0 < (sure.labels >= 0).sum() < len(upgrade.train)


def test_nccl_bank_holds_no_image_without_a_label():
    """Trap: rows without a label that stand in the bank count as negatives of everybody."""
    upgrade = toy_upgrade(classes=0)
    labels = torch.from_numpy(upgrade.train.labels).clone()
    labels[labels > 3] = -1
    known = (labels >= 0).nonzero()[:, 0]
    index = known[:12].tolist()
    for bank in (None, 10_000):
        method = METHODS["nccl"](bank=bank)
        method.prepare(upgrade, None)
        method.on_epoch(Epoch(0, 4), labels)
        batch = toy_batch(upgrade, index, labels)
        expected = nccl_loss(
            batch.pair[0], upgrade.old.vectors[known], labels[index], labels[known], upgrade.old.vectors[index]
        )
        torch.testing.assert_close(method.step(batch), expected)
    method.on_epoch(Epoch(1, 2), torch.full_like(labels, -1))  # nobody is known
    assert method.step(toy_batch(upgrade, index, torch.full_like(labels, -1))) == 0


def test_advbct_discriminator_does_not_touch_the_global_state():
    upgrade = toy_upgrade()
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    a = prepared("advbct", upgrade)
    assert torch.equal(torch.rand(3), expected)
    b = prepared("advbct", upgrade)
    assert torch.equal(a.discriminator.layers[0].weight, b.discriminator.layers[0].weight)
    early, late = (a.step(toy_batch(upgrade, list(range(12)), progress=p)) for p in (0.0, 1.0))
    assert early > late  # the adversarial term has left


def test_advbct_weighs_its_terms_by_what_is_left_of_the_training():
    upgrade = toy_upgrade()
    method = prepared("advbct", upgrade, adversarial=2.0)
    batch = toy_batch(upgrade, list(range(12)), progress=0.25)
    new, old = batch.pair
    expected = method.boundary(new, batch.labels) + 2 * 0.75 * adversarial_loss(method.discriminator, new, old)
    torch.testing.assert_close(method.step(batch), expected)


def test_triplet_positives():
    upgrade = toy_upgrade()
    batch = toy_batch(upgrade, list(range(20)))
    own, every = (prepared("triplet", upgrade, positives=p).step(batch) for p in ("own", "all"))
    assert own < every  # the farthest positive is farther than the own one
    with pytest.raises(ValueError, match="own or all"):
        METHODS["triplet"](positives="some")


def test_independent_is_zero():
    upgrade = toy_upgrade()
    batch = toy_batch(upgrade, [0, 1])
    assert METHODS["independent"]().step(batch) == zero_loss(batch.outputs.embedding)
