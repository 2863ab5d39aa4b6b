"""A finished run: what lies in its folder, and the vectors that it gives."""

import json
from dataclasses import replace

import pytest
import torch
from small_runs import NEW, OLD

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
    with pytest.raises(ValueError, match=r"model.safetensors is damaged .* delete it and train again"):
        _ = load_run(run.folder).load_model()
