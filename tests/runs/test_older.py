"""What version 0.1 wrote is still read."""

import json
import shutil

import pytest
import torch
from small_runs import NEW, OLD, equal, weights

from rbcl_lite.data.augment import Augment
from rbcl_lite.data.images import Images
from rbcl_lite.models.embedder import EmbedderConfig
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.given_old import GivenOld
from rbcl_lite.runs.run import load_run
from rbcl_lite.runs.run_or_load import open_old, run_or_load

# as version 0.1 wrote it, old run and all
BEFORE = {
    "source": {"data": "station", "table": None, "pattern": None},
    "part": 0.75,
    "people_seed": None,
    "model": {
        "backbone": "tiny",
        "dim": 16,
        "num_classes": 0,
        "pooling": "gem",
        "scale": 20.0,
        "pretrained": False,
    },
    "size": [32, 16],
    "batch": [4, 3],
    "learner": "pseudo-labels",
    "learner_options": {"source": 0.5, "eps": 0.4},
    "labelled": {"data": "campus", "table": None, "pattern": None},
    "method": "bct",
    "weight": 2.0,
    "method_options": {"scale": 8.0},
    "old": {
        "source": {"data": "campus", "table": None, "pattern": None},
        "part": 0.5,
        "people_seed": 4,
        "model": {
            "backbone": "tiny",
            "dim": 8,
            "num_classes": 0,
            "pooling": "max",
            "scale": 16.0,
            "pretrained": False,
        },
        "size": [32, 16],
        "batch": [4, 3],
        "learner": "supervised",
        "learner_options": {},
        "labelled": None,
        "method": "independent",
        "weight": 1.0,
        "method_options": {},
        "old": None,
        "train": {
            "epochs": 1,
            "lr": 0.003,
            "weight_decay": 0.0005,
            "schedule": "onecycle",
            "precision": "auto",
            "seed": 3,
        },
        "scale": "tiny-test",
    },
    "train": {
        "epochs": 2,
        "lr": 0.003,
        "weight_decay": 0.0005,
        "schedule": "multistep",
        "precision": "auto",
        "seed": 3,
    },
    "scale": "tiny-test",
}


def test_every_field_is_in_its_place():
    config = RunConfig.from_dict(BEFORE)
    assert config.images == Images("station") and config.share == 0.75 and config.labelled == Images("campus")
    assert config.model == EmbedderConfig("tiny", dim=16, logit_scale=20.0)
    assert config.learner_options == {"labelled": 0.5, "eps": 0.4}
    assert config.method_options == {"logit_scale": 8.0} and config.weight == 2.0
    assert config.augment == Augment() and config.train.schedule == "multistep" and config.size == (32, 16)
    assert isinstance(config.old, RunConfig)
    assert config.old.share == 0.5 and config.old.images == Images("campus") and config.old.seed == 4
    assert config.old.model == EmbedderConfig("tiny", dim=8, pooling="max")


def test_reading_changes_nothing():
    text = json.dumps(BEFORE)
    RunConfig.from_dict(BEFORE)
    assert json.dumps(BEFORE) == text


@pytest.fixture
def before(new, folder, tmp_path):
    """The old run as version 0.1 left it."""
    old = run_or_load(OLD, folder=folder)
    place = shutil.copytree(old.folder, tmp_path / "before", ignore=shutil.ignore_patterns("features"))
    run = json.loads((place / "run.json").read_text())
    run["config"] = {**BEFORE["old"], "people_seed": None, "model": {**BEFORE["old"]["model"], "pooling": "gem"}}
    del run["people"]
    (place / "run.json").write_text(json.dumps(run))
    model = json.loads((place / "model.json").read_text())
    model["model"]["scale"] = model["model"].pop("logit_scale")
    (place / "model.json").write_text(json.dumps({**model, "classes": list(range(6, 12))}))
    return place


def test_a_run_of_before_is_loaded(before, folder):
    run, old = load_run(before), run_or_load(OLD, folder=folder)
    assert run.loaded and run.config == OLD and run.people == ()
    assert equal(weights(run), weights(old))
    assert torch.equal(run.features().vectors, old.features().vectors)


def test_a_run_of_before_is_an_old_model(before, tmp_path):
    given = GivenOld.at(before)
    assert open_old(given).classifier() is None  # nobody wrote down whose rows they are
    config = RunConfig(**{**vars(NEW), "old": given})
    assert run_or_load(config, folder=tmp_path / "runs").read_history()["loss"].notna().all()
