"""An old model that lies on disk is used as it is: never trained again, never mistaken for another."""

import importlib
import json
import shutil
from dataclasses import asdict, replace

import pytest
import torch
from small_runs import NEW, OLD, equal, weights

from rbcl_lite.base.files import read_tensors, write_tensors
from rbcl_lite.features import Features
from rbcl_lite.models.extract import extract
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.given_old import GivenOld
from rbcl_lite.runs.old_vectors import OldVectors
from rbcl_lite.runs.run import load_run
from rbcl_lite.runs.run_or_load import open_old, run_or_load
from rbcl_lite.runs.start import make_upgrade


@pytest.fixture
def copied(new, folder, tmp_path):
    """A copy of the old run's folder, with the vectors that were extracted from it."""
    old = run_or_load(OLD, folder=folder)
    assert list((old.folder / "features").iterdir())  # of the training images: a cache that a change must not reach
    return shutil.copytree(old.folder, tmp_path / "deployed")


def change_weights(folder):
    tensors = read_tensors(folder / "model.safetensors")
    r = torch.Generator().manual_seed(0)
    tensors["embed.weight"] = torch.randn(tensors["embed.weight"].shape, generator=r)
    write_tensors(folder / "model.safetensors", tensors)


def no_training(monkeypatch):
    module = importlib.import_module("rbcl_lite.runs.run_or_load")  # the package gives its function the same name
    monkeypatch.setattr(module, "train", lambda *a, **k: pytest.fail("trained"))


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no old model at .*nowhere: no such file .*folder of a finished run"):
        GivenOld.at(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"the folder has no model\.safetensors\. .*never trained again"):
        GivenOld.at(tmp_path)


def test_the_key_is_the_content_wherever_it_lies(copied, tmp_path):
    given = GivenOld.at(copied)
    moved = GivenOld.at(shutil.move(copied, tmp_path / "moved"))
    assert given.path != moved.path and given.key() == moved.key()
    assert replace(NEW, old=given).key() == replace(NEW, old=moved).key()
    change_weights(tmp_path / "moved")
    other = GivenOld.at(tmp_path / "moved")
    assert other.key() != given.key() and replace(NEW, old=other).key() != replace(NEW, old=given).key()
    assert replace(NEW, old=given).key() != NEW.key()


def test_a_run_is_found_again_after_the_old_folder_was_moved(copied, tmp_path, monkeypatch):
    config = replace(NEW, old=GivenOld.at(copied), method="l2")
    first = run_or_load(config, folder=tmp_path / "runs")
    moved = replace(config, old=GivenOld.at(shutil.move(copied, tmp_path / "moved")))
    no_training(monkeypatch)
    assert not first.loaded and run_or_load(moved, folder=tmp_path / "runs").loaded


def test_deleted_weights_are_an_error_and_no_reason_to_train(copied, tmp_path, monkeypatch):
    config = replace(NEW, old=GivenOld.at(copied))
    (copied / "model.safetensors").unlink()
    no_training(monkeypatch)
    with pytest.raises(
        FileNotFoundError, match=r"no model\.safetensors.*folder of a finished run.*never trained again"
    ):
        run_or_load(config, folder=tmp_path / "runs")
    shutil.rmtree(copied)
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        run_or_load(config, folder=tmp_path / "runs")


def test_changed_weights_are_an_error(copied, tmp_path, monkeypatch):
    config = replace(NEW, old=GivenOld.at(copied))
    change_weights(copied)
    no_training(monkeypatch)
    with pytest.raises(ValueError, match=r"has changed \(SHA-256 .*put the file back"):
        run_or_load(config, folder=tmp_path / "runs")


def test_exactly_these_weights_are_used(copied, folder, new, tmp_path):
    """``run.json`` and the vectors kept with the run are those of other weights: neither may be believed."""
    change_weights(copied)
    given = GivenOld.at(copied)
    config = replace(NEW, old=given)
    upgrade = make_upgrade(config, open_old(given))
    direct = extract(load_run(copied).load_model(), upgrade.train).vectors
    before = make_upgrade(NEW, run_or_load(OLD, folder=folder)).old.vectors
    assert torch.allclose(upgrade.old.vectors, direct, atol=1e-5)
    assert not torch.allclose(upgrade.old.vectors, before, atol=0.1)
    assert upgrade.old_classifier is not None and upgrade.old_classes.tolist() == list(range(6, 12))

    run = run_or_load(config, folder=tmp_path / "runs")
    assert [p.name for p in (tmp_path / "runs").iterdir() if p.is_dir()] == [config.key()]  # no old run was made
    assert not equal(weights(run), weights(new))
    assert run_or_load(config, folder=tmp_path / "runs").loaded


def test_the_same_weights_give_the_run_that_trains_them_itself(copied, new, tmp_path):
    run = run_or_load(replace(NEW, old=GivenOld.at(copied)), folder=tmp_path / "runs")
    assert equal(weights(run), weights(new)) and run.folder.name != new.folder.name


def test_a_given_old_model_survives_json(copied):
    config = replace(NEW, old=GivenOld.at(copied))
    back = RunConfig.from_dict(json.loads(json.dumps(asdict(config))))
    assert back == config and isinstance(back.old, GivenOld) and back.key() == config.key()


@pytest.fixture
def vectors(folder, new, tmp_path):
    """All that is left of an old model: vectors of the training images, and of others, in another order."""
    splits = NEW.splits()
    old = run_or_load(OLD, folder=folder)
    parts = [old.extract(d) for d in (splits.test.query, splits.train, splits.test.gallery)]
    everything = Features.concat(parts)
    order = torch.randperm(len(everything), generator=torch.Generator().manual_seed(0))
    return everything[order].save(tmp_path / "gallery.safetensors")


def test_stored_vectors_are_brought_into_order(vectors, folder):
    given = GivenOld.at(vectors)
    old = open_old(given)
    assert isinstance(old, OldVectors) and not given.is_run and old.size is None and old.classifier() is None
    data = NEW.splits().train
    found, expected = old.extract(data), run_or_load(OLD, folder=folder).extract(data)
    assert torch.equal(found.vectors, expected.vectors) and found.keys == data.keys
    assert torch.equal(found.ids, torch.from_numpy(data.ids)) and torch.equal(found.cams, torch.from_numpy(data.cams))


@pytest.mark.parametrize("method", ["l2", "contrastive", "rbcl", "bct"])
def test_vectors_alone_are_an_old_model(vectors, method, tmp_path):
    config = replace(NEW, old=GivenOld.at(vectors), method=method)
    run = run_or_load(config, folder=tmp_path / "runs")
    history = run.read_history()
    assert not run.loaded and history["loss"].notna().all() and (history["compatibility"] > 0).all()
    assert [p.name for p in (tmp_path / "runs").iterdir() if p.is_dir()] == [config.key()]
    again = load_run(run.folder)
    assert again.config == config and run_or_load(config, folder=tmp_path / "runs").loaded


def test_the_old_identities_need_not_be_those_of_today(vectors, tmp_path):
    """A gallery's numbering is its own; the images are known by their names."""
    stored = Features.load(vectors)
    other = Features(stored.vectors, stored.ids + 1000, None, "old", stored.keys).save(tmp_path / "renumbered")
    upgrade = make_upgrade(replace(NEW, old=GivenOld.at(other)), open_old(GivenOld.at(other)))
    assert torch.equal(upgrade.old.ids, torch.from_numpy(upgrade.train.ids))


def test_vectors_that_are_not_enough(vectors, tmp_path):
    stored, data = Features.load(vectors), NEW.splits().train
    keep = [i for i, key in enumerate(stored.keys) if key not in data.keys[3:5]]
    config = replace(NEW, old=GivenOld.at(stored[keep].save(tmp_path / "fewer")))
    with pytest.raises(ValueError, match=rf"fewer has no vector of 2 of {len(data)} images, first '{data.keys[3]}'"):
        run_or_load(config, folder=tmp_path / "runs")
    bare = Features(stored.vectors, stored.ids).save(tmp_path / "bare")
    with pytest.raises(ValueError, match="bare holds vectors without keys"):
        open_old(GivenOld.at(bare)).extract(data)
    twice = Features.concat([stored, stored[:1]]).save(tmp_path / "twice")
    with pytest.raises(ValueError, match="twice holds a key twice"):
        open_old(GivenOld.at(twice)).extract(data)


def test_changed_vectors_are_an_error(vectors, tmp_path):
    given = GivenOld.at(vectors)
    stored = Features.load(vectors)
    Features(stored.vectors.flip(0), stored.ids, stored.cams, stored.model, stored.keys).save(vectors)
    with pytest.raises(ValueError, match="has changed"):
        open_old(given)
    vectors.unlink()
    with pytest.raises(FileNotFoundError, match="a file of stored vectors"):
        open_old(given)
