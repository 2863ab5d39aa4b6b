"""A finished run: what lies in its folder, and the vectors that it gives."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_runs import NEW, OLD

from rbcl_lite.base.files import write_tensors
from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.runs.run import load_run
from rbcl_lite.runs.run_or_load import run_or_load


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
    with pytest.raises(
        ValueError, match=r"model.safetensors is damaged .*copy it again from where it came, or train again"
    ):
        _ = load_run(run.folder).load_model()


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"config": {"images": ',
        "[1, 2]",
        "null",
        '{"config": null, "seconds": 1.0}',
        '{"config": {}, "seconds": 1.0}',
        '{"seconds": 1.0}',
        "\ufffd\x00",
    ],
)
def test_a_damaged_record_is_refused_in_one_line(new, tmp_path, text):
    (tmp_path / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"run\.json is damaged or of another version \(.*train the run again"
    ) as found:
        load_run(tmp_path)
    assert "\n" not in str(found.value) and str(tmp_path) in str(found.value)


@pytest.mark.parametrize(
    "change",
    [
        {"tomorrow": 1},
        {"method": "of tomorrow"},
        {"learner_options": {"of_tomorrow": 1}},
        {"train": {"epochs": 0}},
        {"model": {"depth": 3}},
        {"images": "campus"},
    ],
    ids=str,
)
def test_a_record_of_another_version_is_refused_in_one_line(new, tmp_path, change):
    about = json.loads((new.folder / "run.json").read_text())
    about["config"].update(change)
    (tmp_path / "run.json").write_text(json.dumps(about))
    with pytest.raises(ValueError, match=r"run\.json is damaged or of another version \(") as found:
        load_run(tmp_path)
    assert "\n" not in str(found.value)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "run.json").write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(ValueError, match=r"run\.json is damaged"):
        load_run(tmp_path)


def two_hundred(seed=0):
    r = np.random.default_rng(seed)
    pixels = r.integers(0, 256, (200, 32, 16, 3)).astype(np.uint8)
    return ReIDDataset(pixels, np.arange(200) // 4, np.arange(200) % 4, [f"crop/{i}" for i in range(200)], "crops")


@pytest.mark.parametrize("place", [1, 98, 199])  # none of them is a multiple of 97
def test_a_replaced_crop_gets_a_new_vector(new, place):
    """Trap: a cache that hashes every 97th image gives the vector of the crop that is gone."""
    data = two_hundred()
    before = new.extract(data)
    pixels = data.images.copy()
    pixels[place, 3, 2, 1] ^= 128  # a single value of a single pixel
    pixels[place, 10:20] = 255 - pixels[place, 10:20]
    after = new.extract(ReIDDataset(pixels, data.ids, data.cams, data.keys, data.name))
    changed = (after.vectors != before.vectors).any(1).nonzero()[:, 0].tolist()
    assert changed == [place]


def test_one_value_of_one_pixel_and_a_name_count(new, monkeypatch):
    data = two_hundred()
    new.extract(data)
    asked = []
    monkeypatch.setattr("rbcl_lite.runs.run.extract", lambda m, d, **k: asked.append(d) or new.extract(data))
    new.extract(ReIDDataset(data.images.copy(), data.ids, data.cams, data.keys, "the same"))
    assert not asked
    pixels = data.images.copy()
    pixels[150, 31, 15, 2] ^= 1
    renamed = ["other", *data.keys[1:]]
    for other in (
        ReIDDataset(pixels, data.ids, data.cams, data.keys, "a bit"),
        ReIDDataset(data.images, data.ids, data.cams, renamed, "a name"),
    ):
        new.extract(other)
    assert [d.name for d in asked] == ["a bit", "a name"]


def test_other_weights_give_other_vectors(new, tmp_path):
    """Trap: vectors that were kept with the run, of weights that have been replaced since."""
    data = two_hundred()
    before = new.extract(data)
    run = load_run(shutil.copytree(new.folder, tmp_path / "copy"))
    assert torch.equal(run.extract(data).vectors, before.vectors)
    model = run.load_model()
    with torch.no_grad():
        model.embed.weight.neg_()[0] += 1
    write_tensors(run.folder / "model.safetensors", model.state_dict())
    assert not torch.allclose(run.extract(data).vectors, before.vectors, atol=0.1)


def test_ids_and_cameras_are_those_of_the_data(new):
    """The vectors of the same images under another numbering are the same; the identities are not."""
    data = two_hundred()
    new.extract(data)
    other = ReIDDataset(data.images, data.ids + 7, None, data.keys, "renumbered")
    found = new.extract(other)
    assert found.ids.tolist() == other.ids.tolist() and found.cams is None


def test_the_classifier_has_the_names_of_its_people(new):
    rows, logit_scale, names = new.classifier()
    assert rows.shape == (12, 16) and logit_scale == 16.0 and names == list(new.people) and not rows.requires_grad
    assert load_run(new.folder).people == new.people
