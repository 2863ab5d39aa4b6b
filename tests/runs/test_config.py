"""Configuration of a run: what its key depends on, and its way through JSON."""

import json
from dataclasses import asdict, replace

import pytest
from small_runs import NEW, OLD

from rbcl_lite.data.images import Images
from rbcl_lite.runs.config import RunConfig


@pytest.mark.parametrize(
    "change",
    [
        {"train": replace(NEW.train, seed=4)},
        {"train": replace(NEW.train, epochs=2)},
        {"weight": 2.0},
        {"method": "l2"},
        {"method_options": {"logit_scale": 8.0}},
        {"learner_options": {"margin": 0.1}},
        {"model": replace(NEW.model, dim=32)},
        {"size": (64, 32)},
        {"batch": (3, 3)},
        {"share": 0.75},
        {"people_seed": 9},
        {"images": Images("street")},
        {"old": replace(OLD, train=replace(OLD.train, seed=4))},
        {"old": None},
        {"scale": "smoke"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_gives_another_key(change):
    assert replace(NEW, **change).key() != NEW.key()
    assert replace(NEW).key() == NEW.key()


@pytest.mark.parametrize("module", ["rbcl_lite.runs.config", "rbcl_lite.data.images"])
def test_changed_code_gives_another_key(module, monkeypatch):
    before = NEW.key()
    monkeypatch.setattr(f"{module}.fingerprint", lambda *modules: "another")
    assert NEW.key() != before


def test_the_code_of_a_run_is_all_that_its_weights_and_its_old_vectors_come_from(monkeypatch):
    asked = []
    monkeypatch.setattr("rbcl_lite.runs.config.fingerprint", lambda *modules: asked.extend(modules) or "code")
    assert replace(NEW, learner="pseudo-labels").code() == "code"
    assert set(asked) == {"training.loop", "runs.start", "models.extract", "methods.bct", "learners.pseudo_labels"}


def test_the_key_of_an_independent_run_ignores_what_it_does_not_use():
    independent = replace(NEW, method="independent")
    assert independent.key() == replace(independent, old=None).key() == replace(independent, weight=7.0).key()
    assert independent.key() != NEW.key()


def test_configurations_survive_json():
    full = replace(
        NEW,
        images=Images("/data/crops", pattern=r"(?P<id>\d+)"),
        labelled=Images("street"),
        method_options={"logit_scale": 8.0},
        people_seed=2,
    )
    back = RunConfig.from_dict(json.loads(json.dumps(asdict(full))))
    assert back == full and back.old == OLD and back.size == (32, 16)


def test_unknown_names():
    with pytest.raises(ValueError, match="unknown method 'magic': choose one of independent, l2, bct"):
        RunConfig(method="magic")
    with pytest.raises(ValueError, match="unknown learner 'magic': choose one of supervised"):
        RunConfig(learner="magic")
    with pytest.raises(ValueError, match="BCT has no option 'ratio'; its options: logit_scale"):
        RunConfig(method="bct", method_options={"ratio": 1})
    with pytest.raises(ValueError, match="unknown scale"):
        replace(OLD, scale="none").splits()
