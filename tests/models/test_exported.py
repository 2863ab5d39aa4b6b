"""Exported files of other people: what they say holds, what they do not say is asked, no pickle is executed."""

import io
import json
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

from rbcl_lite.models.archives import format_of
from rbcl_lite.models.embedder import MEAN, STD
from rbcl_lite.models.exported import open_exported

SIZE = (16, 8)
IMAGES = np.random.default_rng(0).integers(0, 256, (5, *SIZE, 3), np.uint8)


class Theirs(nn.Module):
    """A strange network: weighted colours of floating-point images."""

    def __init__(self):
        super().__init__()
        self.map = nn.Linear(3, 4)

    def forward(self, x):
        return self.map(x.float().mean(dim=(2, 3)))


@pytest.fixture
def theirs():
    torch.manual_seed(0)
    return Theirs().eval().requires_grad_(False)


def direct(net, pixels):
    x = torch.from_numpy(IMAGES).permute(0, 3, 1, 2)
    if pixels == "imagenet":
        return net((x / 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1))
    return net(x / 255 if pixels == "0-1" else x.float())


@pytest.mark.filterwarnings("ignore")
def script(net, path):
    torch.jit.save(torch.jit.trace(net, torch.rand(2, 3, *SIZE)), path)
    return path


def onnx_file(net, path, batch=None, size=SIZE, **options):
    pytest.importorskip("onnxruntime", reason="pip install rbcl-lite[export]")
    shape = {"dynamic_axes": {"x": {0: "n"}}} if batch is None else {}
    torch.onnx.export(
        net, (torch.rand(batch or 2, 3, *size),), str(path), dynamo=False, input_names=["x"], **shape, **options
    )
    return path


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("pixels", ["0-1", "0-255", "imagenet"])
def test_pixels_are_asked_and_given(tmp_path, theirs, pixels):
    path = script(theirs, tmp_path / "theirs.ts")
    torch.testing.assert_close(open_exported(path, SIZE, pixels)(IMAGES), direct(theirs, pixels))
    with pytest.raises(ValueError, match=r"does not say how large .* --old-size"):
        open_exported(path)
    with pytest.raises(ValueError, match=r"does not say which pixels .* uint8, 0-255, 0-1, imagenet .*--old-pixels"):
        open_exported(path, SIZE)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("batch", [None, 1, 2])
def test_onnx_says_its_size_and_may_take_one_batch_only(tmp_path, theirs, batch):
    path = onnx_file(theirs, tmp_path / "theirs.onnx", batch)
    file = open_exported(path, pixels="0-1")
    assert (file.size, file.batch) == (SIZE, batch)
    torch.testing.assert_close(file(IMAGES), direct(theirs, "0-1"), atol=1e-6, rtol=0)
    with pytest.raises(ValueError, match=r"reads images of 16 x 8 pixels, got 32 x 8"):
        open_exported(path, (32, 8), "0-1")
    with pytest.raises(ValueError, match="reads floating-point pixels, got uint8"):
        open_exported(path, pixels="uint8")


def test_a_program_of_theirs(tmp_path, theirs):
    program = torch.export.export(theirs, (torch.rand(2, 3, *SIZE),))
    torch.export.save(program, tmp_path / "theirs.pt2")
    file = open_exported(tmp_path / "theirs.pt2", pixels="imagenet")
    assert (file.size, file.batch) == (SIZE, 2)
    torch.testing.assert_close(file(IMAGES), direct(theirs, "imagenet"))


@pytest.mark.filterwarnings("ignore")
def test_what_cannot_be_an_old_model(tmp_path, theirs):
    with pytest.raises(ValueError, match="only images"):
        open_exported(onnx_file(nn.Flatten(), tmp_path / "grey.onnx", size=(4,)))
    with pytest.raises(ValueError, match="does not give one vector"):
        open_exported(script(nn.Identity(), tmp_path / "maps.ts"), SIZE, "0-1")(IMAGES)
    with pytest.raises(ValueError, match=r"fails on images \[5, 3, 16, 7\]"):
        open_exported(script(nn.Linear(8, 2), tmp_path / "x.ts"), (16, 9), "0-1")(IMAGES[:, :, :7])
    (tmp_path / "bad.onnx").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="no ONNX file, or damaged"):
        open_exported(tmp_path / "bad.onnx")
    whole = script(theirs, tmp_path / "whole.ts").read_bytes()
    (tmp_path / "half.ts").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="no exported model"):
        open_exported(tmp_path / "half.ts")


@pytest.mark.filterwarnings("ignore")
def test_weights_in_another_file(tmp_path, theirs):
    path = onnx_file(theirs, tmp_path / "theirs.onnx")
    import onnx

    onnx.save(onnx.load(path), path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    with pytest.raises(ValueError, match="keeps 2 weights in another file"):
        open_exported(path)


# --- no pickle is executed


class Evil:
    def __init__(self, marker):
        self.marker = str(marker)

    def __reduce__(self):
        return os.mkdir, (self.marker,)


@pytest.mark.parametrize("name", ["checkpoint.pt", "checkpoint.pth", "checkpoint.pt2", "checkpoint"])
@pytest.mark.parametrize("zipped", [True, False])
def test_checkpoints_are_never_opened(tmp_path, name, zipped):
    path = tmp_path / name
    torch.save(Evil(tmp_path / "marker"), path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match=r"is a pickled checkpoint, or damaged; .* never opened.*OldFunction"):
        format_of(path)
    assert not (tmp_path / "marker").exists()


def change(path, edit):
    """Rewrite an archive, each member by a function of its name and content."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, edit(name, content))


def test_pickles_within_a_program(tmp_path, theirs):
    program, marker = torch.export.export(theirs, (torch.rand(2, 3, *SIZE),)), tmp_path / "marker"
    evil, plain = io.BytesIO(), pickle.dumps(Evil(marker))
    torch.save(Evil(marker), evil)

    def weights(name, content):
        if name.endswith("weight_0"):
            return evil.getvalue()
        if not name.endswith("weights_config.json"):
            return content
        about = json.loads(content)
        next(iter(about["config"].values()))["use_pickle"] = True
        return json.dumps(about).encode()

    def constants(name, content):
        if not name.endswith("constants_config.json"):
            return content
        entry = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": False, "tensor_meta": None}
        return json.dumps({"config": {"x": entry}}).encode()

    def inputs(name, content):
        return evil.getvalue() if "sample_inputs" in name else content

    for i, edit in enumerate((weights, constants, inputs)):
        path = tmp_path / f"evil{i}.pt2"
        torch.export.save(program, path)
        open_exported(path, pixels="0-1")
        change(path, edit)
        with pytest.raises(ValueError, match=r"holds a pickle .* never executed"):
            open_exported(path, pixels="0-1")
        assert not marker.exists()
    pickle.loads(plain)  # it would have
    assert marker.exists()
