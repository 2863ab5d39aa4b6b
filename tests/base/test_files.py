"""Files that are there whole or not at all."""

import errno
import json
import os
from pathlib import Path

import pytest
import torch

from rbcl_lite.base.files import read_note, read_tensors, replacing, write_json, write_tensors, write_text


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

    def cut(temporary, whole):
        write(temporary, whole[: len(whole) // 2])
        raise OSError(errno.ENOSPC, "no space left on device")

    write = Path.write_bytes
    monkeypatch.setattr(Path, "write_bytes", cut)
    with pytest.raises(OSError, match=r"t\.safetensors cannot be written \(no space left on device\); make room"):
        write_tensors(path, {"a": torch.ones(2)})
    assert torch.equal(read_tensors(path)["a"], torch.zeros(2))
    assert [p.name for p in tmp_path.iterdir()] == ["t.safetensors"]  # nothing else was left


@pytest.mark.parametrize("error", [OSError("no space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("begun", [False, True])
def test_a_failure_leaves_the_old_file_and_no_temporary(tmp_path, error, begun):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(type(error)), replacing(path) as temporary:
        if begun:
            temporary.write_text("half of")
        raise error
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_failed_move_leaves_the_old_file_and_no_temporary(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def refuse(a, b):
        raise PermissionError("the file is open elsewhere")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError):
        write_text(path, "new")
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_nobody_sees_half_a_file(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    with replacing(path) as temporary:
        temporary.write_text("half of ")
        assert not path.exists() and temporary.parent == path.parent  # one file system, so the move is atomic
        temporary.write_text("the whole")
    assert path.read_text() == "the whole" and [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_text_and_json_are_utf_8(tmp_path):
    write_text(tmp_path / "a.txt", "λ → τ")
    assert (tmp_path / "a.txt").read_bytes().decode("utf-8") == "λ → τ"
    write_json(tmp_path / "a.json", {"path": tmp_path, "name": "ü"})
    assert json.loads((tmp_path / "a.json").read_bytes()) == {"path": str(tmp_path), "name": "ü"}


def test_a_value_that_is_no_json_leaves_the_old_file(tmp_path):
    write_json(tmp_path / "a.json", [1])
    loop: list = []
    loop.append(loop)
    with pytest.raises(ValueError, match="Circular"):
        write_json(tmp_path / "a.json", loop)
    assert json.loads((tmp_path / "a.json").read_text()) == [1]
