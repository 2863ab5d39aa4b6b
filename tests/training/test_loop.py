"""The loop: seeds, resume, frozen things, schedules, precision, history."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from rbcl_lite.base.files import read_note
from rbcl_lite.learners.supervised import Supervised
from rbcl_lite.methods.bct import BCT
from rbcl_lite.methods.contrastive import Contrastive
from rbcl_lite.methods.independent import Independent
from rbcl_lite.methods.l2 import L2
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.models.extract import extract
from rbcl_lite.protocol import Upgrade
from rbcl_lite.training.loop import train
from rbcl_lite.training.schedule import TrainConfig, learning_rate

CONFIG = TrainConfig(epochs=3, lr=3e-3, seed=1)
COLUMNS = ["epoch", "loss", "identity", "triplet", "compatibility", "lr", "prepare_seconds", "seconds"]


@pytest.fixture
def upgrade(toy):
    """A function that makes an untrained upgrade: 7 people x 4 images, an old model of 8 dimensions."""

    def make(seed=1, dim=16, **other):
        data = toy()
        torch.manual_seed(seed)
        old = Embedder(EmbedderConfig("tiny", dim=8, num_classes=7))
        model = Embedder(EmbedderConfig("tiny", dim=dim, num_classes=7))
        return Upgrade(
            data,
            model,
            extract(old, data),
            old.classifier.weight.detach(),
            data.classes,
            old.config.logit_scale,
            batch=(3, 2),
            seed=seed,
        )

    return make


def weights(model):
    return torch.cat([v.flatten().double() for v in model.state_dict().values()])


def run(upgrade, method=None, config=CONFIG, **other):
    history = train(upgrade, Supervised(), method or BCT(), config, **other)
    return weights(upgrade.model), history


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


class Interrupted(Exception):
    pass


@pytest.fixture
def stop_at(monkeypatch):
    """A function that lets the training stop before its n-th step."""

    def stop(step):
        count, inputs = [0], Supervised.inputs

        def counted(self, *args):
            count[0] += 1
            if count[0] > step:
                raise Interrupted
            return inputs(self, *args)

        monkeypatch.setattr(Supervised, "inputs", counted)

    yield stop
    monkeypatch.undo()


@pytest.mark.parametrize("schedule", ["onecycle", "multistep"])
@pytest.mark.parametrize("step", [5, 8, 10, 14])  # 5 steps in an epoch, 3 epochs
def test_an_interrupted_run_ends_in_the_same_weights(upgrade, stop_at, monkeypatch, tmp_path, schedule, step):
    config, state = replace(CONFIG, schedule=schedule), tmp_path / "state.safetensors"
    whole, rows = run(upgrade(), config=config)
    stop_at(step)
    with pytest.raises(Interrupted):
        run(upgrade(), config=config, state=state)
    assert len(read_note(state)["rows"]) == step // 5
    monkeypatch.undo()
    resumed, again = run(upgrade(seed=1), config=config, state=state)
    assert torch.equal(whole, resumed)
    clock = ["seconds", "prepare_seconds"]
    pd.testing.assert_frame_equal(rows.drop(columns=clock), again.drop(columns=clock), check_exact=True)
    assert not state.exists()


def test_a_state_after_the_last_epoch(upgrade, tmp_path, monkeypatch):
    state = tmp_path / "state.safetensors"
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.unlink", lambda *a, **k: None)  # killed between the last state and the end
        whole, _ = run(upgrade(), state=state)
    assert state.exists()
    given = upgrade()
    resumed, rows = run(given, state=state)
    assert torch.equal(whole, resumed) and len(rows) == 3 and not given.model.training


@pytest.mark.parametrize(
    ("method", "config", "name"),
    [
        (BCT(), replace(CONFIG, lr=1e-3), "config"),
        (BCT(), replace(CONFIG, epochs=9), "config"),
        (BCT(weight=2.0), CONFIG, "weight"),
        (L2(), CONFIG, "method"),
    ],
)
def test_a_state_of_another_configuration(upgrade, stop_at, tmp_path, method, config, name):
    state = tmp_path / "state.safetensors"
    stop_at(6)
    with pytest.raises(Interrupted):
        run(upgrade(), state=state)
    with pytest.raises(ValueError, match=rf"belongs to another configuration \({name} .*delete it to start afresh"):
        run(upgrade(), method, config, state=state)


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
    def step(self, batch):
        return super().step(batch) * (float("nan") if round(batch.progress * 15) == 7 else 1.0)


def test_a_loss_that_is_no_number_names_the_step(upgrade):
    with pytest.raises(FloatingPointError, match=r"nan at step 7 \(terms .*identity.*lower the learning rate"):
        run(upgrade(), Failing())


@pytest.mark.parametrize("schedule", ["onecycle", "multistep"])
def test_schedules(schedule):
    lr = [learning_rate(TrainConfig(lr=2.0, schedule=schedule), d) for d in np.linspace(0, 1, 1001)]
    top = int(np.argmax(lr))
    assert max(lr) == pytest.approx(2.0) and min(lr) >= 0
    assert 0 < lr[0] < 0.1 and (np.diff(lr[: top + 1]) > 0).all()  # warm-up
    assert (np.diff(lr[top:]) <= 0).all()
    if schedule == "onecycle":
        assert top == 200 and lr[-1] == pytest.approx(0) and lr[600] == pytest.approx(1.0)
    else:
        assert top < 150 and lr[449] == 2.0
        assert (
            lr[451] == pytest.approx(0.2) and lr[699] == pytest.approx(0.2) and lr[701:] == [pytest.approx(0.02)] * 300
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schedule": "cosine"}, "'cosine': choose onecycle or multistep"),
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"lr": 0.0}, "lr positive, got 8 and 0.0"),
    ],
)
def test_bad_configuration(change, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig(**change)


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
