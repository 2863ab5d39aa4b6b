"""The loop: seeds, resume, frozen things, schedules, precision, history."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from stranger import strange_upgrade
from toy_training import CONFIG, run, weights

from rbcl_lite.learners.pseudo_labels import PseudoLabels
from rbcl_lite.learners.supervised import Supervised
from rbcl_lite.methods.bct import BCT
from rbcl_lite.methods.contrastive import Contrastive
from rbcl_lite.methods.independent import Independent
from rbcl_lite.methods.l2 import L2
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.models.extract import extract
from rbcl_lite.protocol import Epoch
from rbcl_lite.training.loop import READ_EVERY, train
from rbcl_lite.training.schedule import learning_rate

COLUMNS = ["epoch", "loss", "identity", "triplet", "compatibility", "lr", "prepare_seconds", "seconds"]


@pytest.mark.parametrize("method", [Independent, L2, BCT, Contrastive])
def test_one_seed_gives_equal_weights(upgrade, method):
    a, rows = run(upgrade(), method())
    torch.manual_seed(123)  # the global state does not matter
    np.random.seed(5)  # noqa: NPY002
    b, again = run(upgrade(), method())
    assert torch.equal(a, b) and not torch.equal(a, weights(upgrade().model))
    assert rows.loss.tolist() == again.loss.tolist()


@pytest.mark.parametrize("part", ["weights", "batches", "augmentation"])
def test_another_seed_gives_other_weights(upgrade, part):
    a, _ = run(upgrade(seed=1))
    if part == "weights":
        other, config = replace(upgrade(seed=1), model=upgrade(seed=2).model), CONFIG
    elif part == "batches":
        other, config = replace(upgrade(seed=1), seed=2), CONFIG
    else:
        other, config = upgrade(seed=1), replace(CONFIG, seed=2)
    assert not torch.equal(a, run(other, config=config)[0])


def test_training_leaves_the_global_generators_alone(upgrade):
    given = upgrade()
    torch.manual_seed(7)
    before = torch.get_rng_state()
    run(given)
    assert torch.equal(torch.get_rng_state(), before)


def test_old_things_are_frozen(upgrade):
    given, method = upgrade(), BCT()
    vectors, classifier = given.old.vectors.clone(), given.old_classifier.clone()
    seen = []
    step = method.step
    method.step = lambda batch: seen.append((method.prototypes.clone(), batch.old.requires_grad)) or step(batch)
    run(given, method)
    assert torch.equal(given.old.vectors, vectors) and torch.equal(given.old_classifier, classifier)
    assert len(seen) == 15 and all(torch.equal(seen[0][0], p) and not grad for p, grad in seen)
    assert not list(method.parameters()) and not method.prototypes.requires_grad


def test_weight_decay_does_not_reach_what_has_no_gradient(upgrade):
    given = upgrade()
    before = given.model.neck.bias.clone()
    run(given, config=replace(CONFIG, weight_decay=0.5))
    assert torch.equal(given.model.neck.bias, before)


@pytest.mark.parametrize("method", [L2, BCT, Contrastive])
def test_weight_zero_is_the_independent_model(upgrade, method):
    independent, _ = run(upgrade(), Independent())
    assert torch.equal(run(upgrade(), method(weight=0.0))[0], independent)
    assert not torch.equal(run(upgrade(), method(weight=0.1))[0], independent)


def test_the_weight_scales_the_term(upgrade):
    one, two = (run(upgrade(), L2(weight=w), replace(CONFIG, epochs=1, lr=1e-9))[1] for w in (1.0, 3.0))
    assert two.compatibility[0] == pytest.approx(3 * one.compatibility[0], rel=1e-4)
    assert two.identity[0] == pytest.approx(one.identity[0], rel=1e-4)


def test_history(upgrade):
    _, rows = run(upgrade())
    assert rows.columns.tolist() == COLUMNS and rows.epoch.tolist() == [0, 1, 2]
    assert np.allclose(rows.loss, rows.identity + rows.triplet + rows.compatibility, atol=1e-5)
    assert (rows.seconds > 0).all()
    assert rows.lr.tolist() == [pytest.approx(learning_rate(CONFIG, s / 15)) for s in (4, 9, 14)]
    assert rows.loss.iloc[-1] < rows.loss.iloc[0]


class Observed(L2):
    def observe(self):
        return {"dead": 0.25}


def test_history_holds_what_a_method_observes(upgrade):
    _, rows = run(upgrade(), Observed())
    assert rows.dead.tolist() == [0.25] * 3


class Failing(L2):
    """NaN at one step; it counts how many steps were begun."""

    def __init__(self, fails):
        super().__init__()
        self.fails, self.begun = fails, 0

    def step(self, batch):
        self.begun += 1
        return super().step(batch) * (float("nan") if batch.step == self.fails else 1.0)


def test_a_loss_that_is_no_number_names_the_step(upgrade):
    with pytest.raises(FloatingPointError, match=r"nan at step 7 \(terms .*identity.*lower the learning rate"):
        run(upgrade(), Failing(7))


@pytest.mark.parametrize(
    ("step", "seen"),
    [(0, READ_EVERY), (19, 20), (20, 40), (27, 40), (45, 50), (49, 50), (53, 70)],  # 50 steps in an epoch
)
def test_a_loss_that_is_no_number_is_named_between_two_looks(step, seen, tmp_path):
    """All later losses are NaN too: the one that is named must be the first."""
    method, watched, state = Failing(step), [], tmp_path / "state"
    with pytest.raises(FloatingPointError, match=rf"nan at step {step} \(terms .*'compatibility': nan"):
        train(strange_upgrade(), Supervised(steps=50), method, CONFIG, watch=watched.append, state=state)
    assert method.begun == seen
    assert len(watched) == step // 50 and state.exists() == bool(watched)  # no epoch with NaN is kept


def test_what_was_measured_in_some_steps_has_the_mean_of_those(upgrade):
    class Sometimes(L2):
        def step(self, batch):
            self.number = batch.step
            return super().step(batch)

        def observe(self):
            return {"number": torch.tensor(float(self.number))} if self.number % 3 == 0 else {}

    _, rows = run(upgrade(), Sometimes())
    assert rows.number.tolist() == [1.5, 7.5, 12.0]  # of 0 and 3, 6 and 9, 12


class Watch:
    """A callback that does all that it can to disturb: random numbers, evaluation mode, reading the model."""

    def __init__(self, upgrade):
        self.upgrade, self.epochs, self.modes = upgrade, [], []

    def __call__(self, epoch):
        self.epochs.append(epoch)
        self.modes.append(self.upgrade.model.training)
        torch.manual_seed(77)
        torch.rand(5)
        np.random.rand(5)  # noqa: NPY002
        found = extract(self.upgrade.model, self.upgrade.train)
        self.upgrade.model.eval()
        return {"length": np.float32(found.vectors.abs().sum()), "tenth": torch.tensor(epoch.number / 10)}


def test_watch_is_called_after_each_epoch_and_its_numbers_are_kept(upgrade):
    given = upgrade()
    watch = Watch(given)
    _, rows = run(given, watch=watch)
    assert watch.epochs == [Epoch(0, 3), Epoch(1, 3), Epoch(2, 3)]
    assert watch.modes == [True] * 3
    assert rows.tenth.tolist() == pytest.approx([0, 0.1, 0.2])
    last = extract(given.model, given.train).vectors.abs().sum().item()
    assert rows.length.iloc[-1] == pytest.approx(last, rel=1e-6) and rows.length.nunique() == 3
    assert not given.model.training
    _, rows = run(upgrade(), watch=lambda epoch: None)
    assert rows.columns.tolist() == COLUMNS


@pytest.mark.parametrize("method", [Independent, BCT])
def test_watch_changes_nothing_in_the_training(upgrade, method):
    plain, rows = run(upgrade(), method())
    given = upgrade()
    watched, again = run(given, method(), watch=Watch(given))
    assert torch.equal(plain, watched)
    assert rows.loss.tolist() == again.loss.tolist()


class Drawing(L2):
    """A method that uses the global generator, and uses up more of it than another."""

    def __init__(self, extra=0):
        super().__init__()
        self.extra, self.drawn = extra, []

    def draw(self):
        self.drawn.append(torch.rand(()).item())
        torch.rand(self.extra)

    def on_epoch(self, epoch, labels):
        self.draw()

    def step(self, batch):
        self.draw()
        return super().step(batch)


def test_global_draws_depend_on_the_seed_and_the_step_alone(upgrade):
    """Neither on the state before, nor on what other parts or a watch have drawn."""
    plain, greedy, watched, other = Drawing(), Drawing(3), Drawing(), Drawing()
    run(upgrade(), plain)
    torch.manual_seed(5)
    run(upgrade(), greedy)
    given = upgrade()
    run(given, watched, watch=Watch(given))
    assert len(plain.drawn) == 3 + 15 == len(set(plain.drawn))
    assert plain.drawn == greedy.drawn == watched.drawn
    run(upgrade(), other, replace(CONFIG, seed=2))
    assert not set(other.drawn) & set(plain.drawn)


def test_watch_changes_nothing_for_a_learner_that_reads_the_model():
    """Pseudo labels are clustered from the model's own vectors at the start of an epoch, right after the watch."""
    models = []
    for watched in (False, True):
        upgrade = strange_upgrade(0)
        learner = PseudoLabels(eps=0.6, k1=5, k2=2, min_samples=2)
        train(upgrade, learner, L2(), CONFIG, watch=Watch(upgrade) if watched else None)
        models.append(weights(upgrade.model))
    assert torch.equal(*models)


@pytest.mark.parametrize("method", [Independent, L2, BCT, Contrastive])
def test_bf16_on_the_cpu(upgrade, method):
    w, rows = run(upgrade(), method(), replace(CONFIG, precision="bf16"))
    assert torch.isfinite(w).all() and rows.loss.iloc[-1] < rows.loss.iloc[0]
    assert not torch.equal(w, run(upgrade(), method())[0])


def test_fp16_needs_cuda(upgrade):
    with pytest.raises(ValueError, match="fp16 needs a CUDA device"):
        run(upgrade(), config=replace(CONFIG, precision="fp16"))


def test_a_method_without_an_old_model(upgrade):
    with pytest.raises(ValueError, match="BCT keeps a model compatible with an old one, and no old model was given"):
        run(replace(upgrade(), old=None))
    run(replace(upgrade(), old=None), Independent())


def test_a_model_without_classifier(upgrade):
    given = replace(upgrade(), model=Embedder(EmbedderConfig("tiny", dim=8)))
    with pytest.raises(ValueError, match="needs a classifier: build the model with num_classes = 7"):
        run(given)


def test_the_model_is_left_ready_for_use(upgrade):
    given = upgrade()
    run(given)
    assert not given.model.training


@pytest.mark.parametrize("dim", [4, 8, 16])  # narrower than the old model, as wide, wider
@pytest.mark.parametrize("method", [L2, BCT, Contrastive])
def test_widths_may_differ(upgrade, method, dim):
    _, rows = run(upgrade(dim=dim), method(), replace(CONFIG, epochs=1))
    assert np.isfinite(rows.loss).all()


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["bf16", "fp16", "auto", "float32"])
@pytest.mark.parametrize("method", [Independent, L2, BCT, Contrastive])
def test_cuda(upgrade, method, precision, tmp_path):
    given = upgrade()
    w, rows = run(
        given, method(), replace(CONFIG, precision=precision), device="cuda", state=tmp_path / "s.safetensors"
    )
    assert w.device.type == "cuda" and torch.isfinite(w).all() and rows.loss.iloc[-1] < rows.loss.iloc[0]
