"""Backbones of others by commands: trained, loaded again without their files, an old model and a new one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import torchvision
from own_crops import PATTERN, call, refused

from rbcl_lite.models.weights import WeightsFile
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.run import load_run

pytestmark = pytest.mark.usefixtures("smoke")


def command(shop: Path, runs: Path, *more: object) -> tuple[object, ...]:
    return ("train", "--data", shop, "--pattern", PATTERN, "--height", 32, "--runs", runs, *more)


@pytest.mark.parametrize("backbone", ["timm:test_vit", "timm:test_nfnet", "mobilenet_v3_small"])
def test_an_upgrade_to_a_network_of_others(backbone: str, shop: Path, old: Path, runs: Path) -> None:
    if backbone.startswith("timm:"):
        pytest.importorskip("timm", reason='timm is not installed; pip install "rbcl-lite[timm]"')
    wanted = command(shop, runs, "--backbone", backbone, "--lr", "1e-3")
    new = Path(call(*wanted, "--old", old, "--method", "contrastive")[-1])
    run = load_run(new)
    assert run.config.model.backbone == backbone and run.read_history()["loss"].notna().all()
    model = run.load_model()
    assert model.config.size == (32, 16) and not model.training
    shown = call("evaluate", old, new)
    assert shown[-1].split()[:3] == ["1", "contrastive", backbone]
    newer = Path(call(*wanted, "--old", new, "--method", "bct", "--seed", 1)[-1])  # and it is an old model itself
    assert load_run(newer).config.old.path == str(new)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(5)
    path = tmp_path / "given" / "mobile.pth"
    path.parent.mkdir()
    torch.save(torchvision.models.mobilenet_v3_small().state_dict(), path)
    return path


def test_weights_from_a_file_are_where_it_starts_and_belong_to_its_key(
    shop: Path, runs: Path, weights: Path, tmp_path: Path
) -> None:
    wanted = command(shop, runs, "--backbone", "mobilenet_v3_small", "--lr", "1e-7")
    plain, started = (Path(call(*wanted, *more)[-1]) for more in ((), ("--weights", weights)))
    given, sha = torch.load(weights, weights_only=True), WeightsFile.at(weights).sha256
    conv = "features.0.0.weight"
    after = {run: load_run(run).load_model().backbone.net.state_dict()[conv] for run in (plain, started)}
    torch.testing.assert_close(after[started], given[conv], atol=1e-5, rtol=0)
    assert (after[plain] - given[conv]).abs().max() > 0.01

    moved = weights.rename(tmp_path / "moved.pth")
    assert call(*wanted, "--weights", moved)[-1] == str(started), "it is their content that counts"
    torch.save({**given, conv: given[conv] + 1e-3}, moved)
    assert call(*wanted, "--weights", moved)[-1] != str(started)

    moved.unlink()
    run = load_run(started)  # without the file
    assert run.config.model.weights == WeightsFile(str(weights), sha)
    assert run.features().vectors.isfinite().all()
    record = json.loads((started / "run.json").read_text())["config"]
    assert RunConfig.from_dict(record).key() == started.name
    again = Path(call(*command(shop, runs, "--old", started, "--method", "l2", "--backbone", "tiny"))[-1])
    assert load_run(again).config.old.path == str(started)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--backbone vgg", "unknown backbone 'vgg': choose one of tiny, small, resnet18, resnet50, another"),
        ("--backbone vit_b_16", "torchvision:vit_b_16 reads square images only, not 32 x 16"),
        ("--backbone tiny --pretrained", "there are no pretrained weights of 'tiny'"),
        (
            "--backbone resnet18 --weights {weights}",
            "given/mobile.pth as resnet18: 100 weights are missing (conv1.weight",
        ),
        ("--backbone mobilenet_v3_small --pretrained --weights {weights}", "or from {weights}, not from both"),
        ("--backbone resnet18 --weights {weights}x", "no weights at {weights}x; give a safetensors file"),
    ],
)
def test_mistakes_are_one_line_before_anything_is_made(
    arguments: str, message: str, shop: Path, runs: Path, weights: Path
) -> None:
    said = refused(*command(shop, runs, *arguments.format(weights=weights).split()))
    assert message.format(weights=weights) in said and not runs.exists()
