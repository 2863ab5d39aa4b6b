"""Export: the file gives the model's vectors, says what it is, and reads nothing else than it says."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from rbcl_lite.data.world import World
from rbcl_lite.models import export
from rbcl_lite.models.archives import format_of
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.models.export import export_model
from rbcl_lite.models.exported import open_exported
from rbcl_lite.models.extract import extract
from rbcl_lite.models.outputs import Outputs

SIZE = (32, 16)
NAMES = {"model.onnx": "onnx", "model.ts": "torchscript", "model.pt": "torchscript", "model.pt2": "pt2"}


def needs(name):
    if name.endswith(".onnx"):
        pytest.importorskip("onnxruntime", reason="pip install rbcl-lite[export]")


def seasoned(pooling="gem"):
    """A model with a classifier, and running statistics that are not the initial ones."""
    torch.manual_seed(0)
    model = Embedder(EmbedderConfig("tiny", dim=12, num_classes=5, pooling=pooling)).train()
    with torch.no_grad():
        for _ in range(3):
            model(torch.randint(0, 256, (8, 3, *SIZE), dtype=torch.uint8))
    return model.eval()


@pytest.fixture(scope="module")
def people():
    return World("campus", identities=9, size=SIZE).images(np.arange(9), np.arange(9) % 3, np.zeros(9, int))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """From the name of a file to the file, made once."""
    made = {}

    def make(name):
        needs(name)
        if name not in made:
            model, made[name] = seasoned(), tmp_path_factory.mktemp("exported") / name
            before = {k: v.clone() for k, v in model.state_dict().items()}
            assert export_model(model, made[name], SIZE, {"model": "bct-1"}) <= 1e-4
            assert all(torch.equal(before[k], v) for k, v in model.state_dict().items()) and model.classifier
        return made[name]

    return make


@pytest.mark.parametrize("name", NAMES)
def test_the_vectors_of_the_model(exported, people, name):
    model, path = seasoned(), exported(name)
    assert [p.name for p in path.parent.iterdir()] == [name] and format_of(path) == NAMES[name]
    file = open_exported(path)
    assert (file.size, file.pixels, file.batch) == (SIZE, "uint8", None)
    assert file.about == {"model": "bct-1", "size": [32, 16], "dim": 12, "pixels": "uint8", "vectors": "unit"}
    noise = np.random.default_rng(0).integers(0, 256, people.shape, np.uint8)
    for images in (people, noise, people[:1], np.concatenate([people, noise])):
        with torch.no_grad():
            direct = model(torch.from_numpy(images).permute(0, 3, 1, 2)).embedding
        vectors = file(images)
        torch.testing.assert_close(vectors, nn.functional.normalize(direct), atol=1e-4, rtol=0)
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(len(images)))


def test_by_the_exporter_of_older_versions(tmp_path, people, monkeypatch):
    needs("model.onnx")
    monkeypatch.setattr(export, "DYNAMO", False)
    model = seasoned("max")
    export_model(model, tmp_path / "model.onnx", SIZE, {})
    assert [p.name for p in tmp_path.iterdir()] == ["model.onnx"]
    vectors = open_exported(tmp_path / "model.onnx")(people)
    with torch.no_grad():
        direct = model(torch.from_numpy(people).permute(0, 3, 1, 2)).embedding
    torch.testing.assert_close(vectors, nn.functional.normalize(direct), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("backbone", "name"),
    [
        ("timm:test_vit", "model.onnx"),
        ("timm:test_convnext", "model.onnx"),
        ("timm:test_vit", "model.ts"),
        ("timm:test_convnext", "model.pt2"),
    ],
)
def test_networks_of_timm(tmp_path, backbone, name):
    pytest.importorskip("timm", reason='timm is not installed; pip install "rbcl-lite[timm]"')
    needs(name)
    torch.manual_seed(0)
    model = Embedder(EmbedderConfig(backbone, dim=12, num_classes=5, size=(64, 32))).eval()
    export_model(model, tmp_path / name, (64, 32), {})
    for count in (1, 3):
        noise = np.random.default_rng(count).integers(0, 256, (count, 64, 32, 3), np.uint8)
        with torch.no_grad():
            direct = model(torch.from_numpy(noise).permute(0, 3, 1, 2)).embedding
        vectors = open_exported(tmp_path / name)(noise)
        torch.testing.assert_close(vectors, nn.functional.normalize(direct), atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", ["model.onnx", "model.ts", "model.pt2"])
def test_other_pixels_and_sizes_are_refused_by_the_file_itself(exported, name):
    run = open_exported(exported(name)).run
    for wrong in (torch.rand(2, 3, *SIZE), torch.zeros(2, 3, 16, 16, dtype=torch.uint8)):
        with pytest.raises(Exception, match=r"uint8|Byte|Expected|Guard"):
            run(wrong)


def test_the_metadata_stand_in_the_file(exported):
    path = exported("model.onnx")
    import onnx

    file = onnx.load(path)
    onnx.checker.check_model(file, full_check=True)
    assert json.loads({p.key: p.value for p in file.metadata_props}["rbcl_lite.json"])["model"] == "bct-1"
    (read,), (given,) = file.graph.input, file.graph.output
    assert [d.dim_param or d.dim_value for d in read.type.tensor_type.shape.dim][1:] == [3, *SIZE]
    assert read.type.tensor_type.shape.dim[0].dim_param == given.type.tensor_type.shape.dim[0].dim_param != ""


def test_a_file_that_gives_other_vectors_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "TOLERANCE", -1.0)
    (tmp_path / "model.ts").write_text("before")
    with pytest.raises(ValueError, match="gives other vectors than the model"):
        export_model(seasoned(), tmp_path / "model.ts", SIZE, {})
    assert (tmp_path / "model.ts").read_text() == "before" and len(list(tmp_path.iterdir())) == 1


class Branching(nn.Module):
    """Looks at values, which no graph can follow."""

    def forward(self, images):
        x = images.float().mean(dim=(2, 3))
        return Outputs(x, x if x.sum().item() > 3 else -x)


def test_a_model_that_a_format_cannot_hold(tmp_path):
    with pytest.raises(ValueError, match=r"this model cannot be exported to \.pt2: \w"):
        export_model(Branching(), tmp_path / "model.pt2", SIZE, {})
    assert not list(tmp_path.iterdir())


def test_another_ending(tmp_path):
    with pytest.raises(ValueError, match=r"model\.bin ends in \.bin: export to \.onnx, \.ts"):
        export_model(seasoned(), tmp_path / "model.bin", SIZE, {})


def test_a_missing_package_names_the_extra(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r'pip install "rbcl-lite\[export\]"'):
        export_model(seasoned(), tmp_path / "model.onnx", SIZE, {})


def test_any_model_that_gives_outputs(tmp_path, toy):
    class Mean(nn.Module):
        def forward(self, images):
            x = images.float().mean(dim=(2, 3)) - 100
            return Outputs(x, x)

    export_model(Mean(), tmp_path / "mean.pt2", (16, 8), {})
    data = toy()
    vectors = open_exported(tmp_path / "mean.pt2")(data.images)
    torch.testing.assert_close(vectors, extract(Mean(), data).vectors, atol=1e-5, rtol=0)
