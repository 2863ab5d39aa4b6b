"""From pixels to vectors."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_model import TINY, images, seasoned_model

from rbcl_lite.models.backbones import BACKBONES
from rbcl_lite.models.embedder import Embedder, EmbedderConfig


@pytest.fixture
def model():
    return seasoned_model()


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("size", [(64, 32), (128, 64)])
def test_shapes_of_every_backbone(backbone, size):
    model = Embedder(EmbedderConfig(backbone, dim=24, num_classes=7))
    with torch.no_grad():
        out = model(images(3, size))
    assert out.feature.shape == out.embedding.shape == (3, 24) and out.logits.shape == (3, 7)
    assert torch.isfinite(out.logits).all()


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_logits_are_float32_under_autocast(model, half):
    """Trap: autocast multiplies in half precision whatever its arguments were cast to before."""
    embedding = torch.randn(4, 16, generator=torch.Generator().manual_seed(0))
    expected = model.logits(embedding)
    with torch.autocast("cpu", half):
        assert torch.equal(model.logits(embedding), expected)
        assert model.logits(embedding.to(half)).dtype == torch.float32


def test_without_a_classifier():
    model = Embedder(replace(TINY, num_classes=0))
    assert model.classifier is None and model(images()).logits is None


def test_uint8_and_float_are_the_same_picture(model):
    model.eval()
    assert torch.allclose(model(images()).embedding, model(images() / 255).embedding, atol=1e-5)


@pytest.mark.parametrize("pooling", ["max", "avg", "gem"])
def test_pooling(pooling):
    maps = torch.rand(2, 64, 4, 2)
    got = Embedder(replace(TINY, pooling=pooling)).pool(maps)
    flat = maps.numpy().reshape(2, 64, 8).astype(np.float64)
    mean = {"max": flat.max(-1), "avg": flat.mean(-1), "gem": (flat**3).mean(-1) ** (1 / 3)}[pooling]
    assert np.allclose(got.numpy(), mean, atol=1e-5)


def test_gem_of_a_dead_map_has_a_finite_gradient():
    maps = torch.zeros(1, 64, 4, 2, requires_grad=True)
    Embedder(TINY).pool(maps).sum().backward()
    assert torch.isfinite(maps.grad).all()


def test_logits_are_scaled_cosines(model):
    out = model.eval()(images())
    w = model.classifier.weight
    for i in range(6):
        for c in range(5):
            cosine = torch.dot(out.embedding[i], w[c]) / out.embedding[i].norm() / w[c].norm()
            assert out.logits[i, c].item() == pytest.approx(16 * cosine.item(), abs=1e-4)


def test_the_neck_has_no_free_origin(model):
    trained = {k for k, p in model.named_parameters() if p.requires_grad}
    assert "neck.bias" not in trained and {"neck.weight", "embed.weight", "classifier.weight"} <= trained
    assert "mean" not in model.state_dict()  # constants are no weights


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"backbone": "vgg"}, "unknown backbone 'vgg'"),
        ({"pooling": "median"}, "'median': choose max, avg or gem"),
        ({"dim": 1}, "at least 2 dimensions, got 1"),
    ],
)
def test_bad_configuration(change, message):
    with pytest.raises(ValueError, match=message):
        Embedder(replace(TINY, **change))
