"""Weights and training state on disk."""

import pytest
import torch

from rbcl_lite.base.files import read_note, read_tensors, write_tensors


def test_tensors_that_share_memory_and_a_note(tmp_path):
    base = torch.arange(6.0).view(2, 3)
    write_tensors(tmp_path / "t.safetensors", {"a": base, "b": base.T, "c": base[0]}, {"rows": [0.1], "name": "ü"})
    back = read_tensors(tmp_path / "t.safetensors")
    assert torch.equal(back["b"], base.T) and torch.equal(back["c"], base[0])
    assert read_note(tmp_path / "t.safetensors") == {"rows": [0.1], "name": "ü"}
    (tmp_path / "t.safetensors").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="is damaged"):
        read_note(tmp_path / "t.safetensors")


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "t.safetensors"
    write_tensors(path, {"a": torch.zeros(2)})

    def cut(tensors, temporary, metadata):
        temporary.write_bytes(b"half of it")
        raise OSError("no space left on device")

    monkeypatch.setattr("rbcl_lite.base.files.save_file", cut)
    with pytest.raises(OSError, match="no space"):
        write_tensors(path, {"a": torch.ones(2)})
    assert torch.equal(read_tensors(path)["a"], torch.zeros(2))
