"""Runs: trained once, loaded the next time, shared by processes, resumed after a kill."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace

import pytest
import torch

from rbcl_lite.base.files import read_note
from rbcl_lite.data.images import Images
from rbcl_lite.models.embedder import EmbedderConfig
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.run import load_run
from rbcl_lite.runs.run_or_load import run_or_load
from rbcl_lite.runs.start import make_upgrade
from rbcl_lite.training.schedule import TrainConfig

OLD = RunConfig(
    share=0.5,
    model=EmbedderConfig("tiny", dim=8),
    size=(32, 16),
    batch=(4, 3),
    train=TrainConfig(epochs=1, seed=3),
    scale="tiny-test",
)
NEW = replace(OLD, share=1.0, model=EmbedderConfig("tiny", dim=16), method="bct", old=OLD)

# Another process that trains LONG in one folder and then in another, step by step slowly enough to be met half-way.
CHILD = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
import conftest, test_runs
from rbcl_lite.learners.supervised import Supervised
from rbcl_lite.base.scale import SCALES

SCALES[conftest.TINY.name] = conftest.TINY
for pause, folder in zip((0.02, 600), sys.argv[1:]):  # the second run stops in its last epoch and is never complete
    Supervised.after_step = lambda self, batch: time.sleep(pause if batch.progress > 0.9 else 0.02)
    print(test_runs.run_or_load(test_runs.LONG, folder=Path(folder)).loaded, flush=True)
"""
LONG = replace(NEW, train=TrainConfig(epochs=6, seed=3))  # 12 steps in an epoch


@pytest.fixture(autouse=True)
def small(tiny_world):
    """The scale by its name."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def new(tiny_world, folder):
    """The small upgrade, trained once for all tests that only look at it."""
    return run_or_load(NEW, folder=folder)


def weights(run):
    return run.load_model().state_dict()


def equal(a, b):
    return all(torch.equal(v, b[k]) for k, v in a.items())


def wait_for(condition, process, seconds=300):
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the other process ended early"
        assert time.monotonic() < end, "the other process is too slow"
        time.sleep(0.01)


def test_the_second_call_loads(new, folder):
    again = run_or_load(NEW, folder=folder)
    assert not new.loaded and again.loaded and again.folder == new.folder
    assert again.seconds == new.seconds and "loaded" in str(again) and "loaded" not in str(new)
    assert equal(weights(new), weights(again))
    assert again.read_history().equals(new.read_history()) and len(new.read_history()) == 1
    assert load_run(new.folder).config == NEW and load_run(str(new.folder)).loaded


def test_the_old_run_is_made_and_shared(new, folder):
    assert sorted(p.name.split("-")[0] for p in folder.iterdir() if p.is_dir())[:2] == ["bct", "independent"]
    old = run_or_load(OLD, folder=folder)
    assert old.loaded and old.load_model().config.num_classes == 6 and old.load_model().config.dim == 8


def test_what_lies_in_the_folder(new):
    names = {p.name for p in new.folder.iterdir()} - {"features"}
    assert names == {"model.safetensors", "model.json", "run.json", "history.csv"}
    about = json.loads((new.folder / "run.json").read_text())
    assert about["seed"] == 3 and about["seconds"] == new.seconds and about["code"] == NEW.code()
    assert about["versions"]["torch"] == torch.__version__ and {"python", "numpy"} <= set(about["versions"])
    assert about["hardware"] and about["threads"] == torch.get_num_threads() and len(about["date"]) == 10
    assert about["config"]["method"] == "bct" and about["config"]["old"]["share"] == 0.5
    model = json.loads((new.folder / "model.json").read_text())
    assert model["model"]["num_classes"] == 12 and model["seed"] == 3
    assert about["people"] == [f"campus/3/{i}" for i in range(6, 18)]


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


def test_vectors_are_extracted_once_and_kept(new, monkeypatch):
    query = new.features("test", "query")
    assert query.model == new.folder.name and len(query) == 4 * 6 and query.dim == 16
    assert len(new.features("test", "gallery")) == 24 and len(new.features("validation", "gallery")) == 12
    monkeypatch.setattr("rbcl_lite.runs.run.extract", lambda *a, **k: pytest.fail("extracted again"))
    assert torch.equal(new.features("test", "query").vectors, query.vectors)
    with pytest.raises(ValueError, match=r"holds \(64, 32\) images, the model was trained on \(32, 16\)"):
        new.extract(replace(NEW, size=(64, 32)).splits().test.query)


def test_missing_and_damaged_runs(new, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no finished run in .*run.json is missing.*rbcl-lite train"):
        load_run(tmp_path / "nowhere")
    run = run_or_load(OLD, folder=tmp_path)
    file = run.folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"model.safetensors is damaged .* delete it and train again"):
        _ = load_run(run.folder).load_model()


def test_the_global_generator_is_left_alone(folder, new):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    make_upgrade(NEW, run_or_load(OLD, folder=folder))
    assert torch.equal(torch.get_rng_state(), before)


def test_old_vectors_are_those_of_the_training_images(folder, new):
    old = run_or_load(OLD, folder=folder)
    upgrade = make_upgrade(NEW, old)
    assert upgrade.old.keys == upgrade.train.keys and upgrade.old.dim == 8
    assert torch.equal(upgrade.old.ids, torch.from_numpy(upgrade.train.ids))
    assert upgrade.old_classes.tolist() == list(range(6, 12)) and upgrade.old_classifier.shape == (6, 8)
    same = torch.from_numpy(upgrade.train.images[:8].copy()).permute(0, 3, 1, 2)
    direct = torch.nn.functional.normalize(old.load_model()(same).embedding)
    assert torch.allclose(upgrade.old.vectors[:8], direct, atol=1e-5)


def test_other_people_have_no_row_in_the_old_classifier(folder, new):
    old = run_or_load(OLD, folder=folder)
    for change in ({"people_seed": 8}, {"images": Images("street")}):
        upgrade = make_upgrade(replace(NEW, **change), old)
        assert upgrade.old_classes.tolist() == [-1] * 6


def test_a_larger_input_and_a_wider_embedding(folder, new):
    config = replace(
        NEW,
        size=(128, 64),
        model=EmbedderConfig("small", dim=32),
        old=replace(OLD, size=(64, 32), batch=(3, 2)),
        share=0.75,
    )
    run = run_or_load(config, folder=folder)
    old = run_or_load(config.old, folder=folder)
    upgrade = make_upgrade(config, old)
    assert upgrade.train.size == (128, 64) and upgrade.old.dim == 8 and upgrade.train.num_ids == 9
    assert upgrade.old.keys == upgrade.train.keys
    small = config.old.splits().train.select(upgrade.train.classes)
    assert torch.equal(upgrade.old.vectors, old.extract(small).vectors)
    assert run.features("test", "query").dim == 32 and run.load_model().config.backbone == "small"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_another_process_trains_and_another_is_killed(tmp_path):
    (tmp_path / "child.py").write_text(CHILD.format(tests=os.path.dirname(__file__)))
    first, second = tmp_path / "first", tmp_path / "second"
    command = [sys.executable, tmp_path / "child.py", first, second]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            # both ask for the same run: this process waits for the other, which has passed its first epoch
            wait_for((first / LONG.key() / "state.safetensors").exists, process)
            whole = run_or_load(LONG, folder=first)
            assert whole.loaded and process.stdout.readline() == "False\n"

            # SIGKILL at any moment of the later epochs, of which each takes 0.24 s at least
            state = second / LONG.key() / "state.safetensors"
            wait_for(state.exists, process)
            time.sleep(random.uniform(0, 0.8))
            assert process.poll() is None
        finally:
            process.kill()
    done = len(read_note(state)["rows"])
    assert 1 <= done < 6 and not (state.parent / "run.json").exists()
    # the same command again: a new process, as the first one was
    again = subprocess.run([*command[:2], second], capture_output=True, text=True, check=True)
    assert again.stdout == "False\n" and not state.exists()
    resumed = run_or_load(LONG, folder=second)
    assert equal(weights(whole), weights(resumed))
    assert resumed.read_history().loss.tolist() == whole.read_history().loss.tolist()
