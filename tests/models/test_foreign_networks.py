"""Networks of torchvision and timm: shapes, their own pooling and statistics, sizes that do not fit."""

from __future__ import annotations

import sys

import pytest
import torch
import torchvision

from rbcl_lite.models.backbones import make_backbone
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.training.speed import arrange_memory

TIMM = [
    "timm:test_vit",
    "timm:test_resnet",
    "timm:test_nfnet",  # without batch norm
    "timm:test_efficientnet_gn",
    "timm:test_convnext",
    "timm:vit_small_patch16_224",
    "timm:convnext_tiny",
]
TORCHVISION = ["efficientnet_b0", "torchvision:mobilenet_v3_small", "shufflenet_v2_x0_5"]


def needs_timm():
    return pytest.importorskip("timm", reason='timm is not installed; pip install "rbcl-lite[timm]"')


def embedder(name: str, size=(64, 32), **options) -> Embedder:
    if name.startswith("timm:"):
        needs_timm()
    torch.manual_seed(0)
    return Embedder(EmbedderConfig(name, dim=16, num_classes=5, size=size, **options))


@pytest.mark.parametrize("size", [(64, 32), (48, 80)])
@pytest.mark.parametrize("name", [*TIMM, *TORCHVISION])
def test_forward_and_backward(name, size):
    model = arrange_memory(embedder(name, size).train())
    images = torch.randint(0, 256, (4, 3, *size), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    out = model(images)
    assert out.embedding.shape == (4, 16) and out.logits.shape == (4, 5)
    torch.nn.functional.cross_entropy(out.logits, torch.arange(4)).backward()
    lacking = [k for k, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert not lacking and all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)
    with torch.no_grad():
        assert model.backbone(torch.zeros(2, 3, *size)).shape == (2, model.backbone.channels)
    assert model.training, "the trial of an image leaves the mode as it was"


def test_torchvision_pools_as_it_does():
    model = embedder("efficientnet_b0").eval()
    torch.manual_seed(0)
    whole = torchvision.models.efficientnet_b0().eval()
    x = torch.rand(2, 3, 64, 32)
    with torch.no_grad():
        expected = whole.avgpool(whole.features(x)).flatten(1)
        torch.testing.assert_close(model.backbone(x), expected)


@pytest.mark.parametrize(("name", "size"), [("test_vit", (64, 32)), ("test_convnext", (64, 32)), ("test_vit", None)])
def test_timm_pools_and_normalises_as_it_does(name, size):
    timm = needs_timm()
    model = embedder(f"timm:{name}", size).eval()
    torch.manual_seed(0)
    whole = timm.create_model(name, **({"img_size": size} if size and name == "test_vit" else {})).eval()
    assert model.mean.flatten().tolist() == pytest.approx([0.5] * 3) and "backbone.mean" not in model.state_dict()
    whole.load_state_dict({k.removeprefix("backbone.net."): v for k, v in model.state_dict().items()}, strict=False)
    images = torch.randint(0, 256, (2, 3, *(size or (160, 160))), dtype=torch.uint8)
    with torch.no_grad():
        x = (images / 255 - 0.5) / 0.5
        expected = whole.forward_head(whole.forward_features(x), pre_logits=True)
        torch.testing.assert_close(model.backbone(x), expected)
        torch.testing.assert_close(model(images).feature, model.embed(expected))


def test_the_seed_decides_the_weights():
    a, b = embedder("timm:test_vit"), embedder("timm:test_vit")
    assert all(torch.equal(v, b.state_dict()[k]) for k, v in a.state_dict().items())


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        (
            "vit_b_16",
            (64, 32),
            r"torchvision:vit_b_16 reads square images only, not 64 x 32; timm has .*timm:vit_small",
        ),
        ("inception_v3", (64, 32), r"inception_v3 cannot read images of 64 x 32 pixels \(.*\); choose another size"),
        ("maxvit_t", (64, 32), r"maxvit_t cannot read images of 64 x 32 pixels \(.*divisible"),
        ("squeezenet1_1", (64, 32), "has no linear classifier to take off"),
        (
            "timm:test_vit",
            (72, 36),
            "patches of 16 x 16 pixels, which do not fit into images of 72 x 36; .* is 64 x 32",
        ),
        (
            "timm:resnet19",
            (64, 32),
            r"unknown backbone 'timm:resnet19': timm .* no such network; did you mean .*resnet18",
        ),
        ("timm:qqqq", (64, 32), r"no such network; timm.list_models\(\) names them"),
        (
            "timm:test_vit.mine",
            (64, 32),
            r"unknown backbone 'timm:test_vit.mine': RuntimeError: Invalid pretrained tag",
        ),
    ],
)
def test_what_does_not_fit_is_one_line(name, size, message):
    with pytest.raises(ValueError, match=message) as caught:
        embedder(name, size)
    assert "\n" not in str(caught.value)


def test_a_pooling_that_cannot_be_asked_for():
    with pytest.raises(ValueError, match="efficientnet_b0 pools by itself: pooling 'max' cannot be asked of it"):
        embedder("efficientnet_b0", pooling="max")


def test_without_timm(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ImportError, match=r'networks of timm need timm: pip install "rbcl-lite\[timm\]"'):
        make_backbone("timm:convnext_tiny")


def test_nothing_is_downloaded_unless_it_is_asked_for(monkeypatch):
    timm = needs_timm()
    create, asked = timm.create_model, []

    def offline(name, pretrained=False, **options):
        asked.append(pretrained)
        if pretrained:
            raise RuntimeError("cannot reach\nthe hub")
        return create(name, **options)

    monkeypatch.setattr(timm, "create_model", offline)
    make_backbone("timm:test_resnet")
    assert asked == [False]
    said = r"weights of timm:test_resnet are not on disk .* \(RuntimeError: cannot reach the hub\).*--weights"
    with pytest.raises(FileNotFoundError, match=said):
        make_backbone("timm:test_resnet", pretrained=True)
