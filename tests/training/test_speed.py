"""What makes a step fast must not change what it computes."""

import copy
import logging

import numpy as np
import pytest
import torch
from stranger import Stranger, strange_upgrade
from torch import nn

from rbcl_lite.base.tensors import send
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.training.precision import Precision
from rbcl_lite.training.schedule import TrainConfig
from rbcl_lite.training.speed import Trunk, adamw, arrange_memory, fast_float32

CPU = torch.device("cpu")


def embedder(backbone="tiny", seed=0):
    torch.manual_seed(seed)
    return arrange_memory(Embedder(EmbedderConfig(backbone, dim=8, num_classes=5)).train())


def images(n=6, size=(32, 16), seed=0):
    return torch.rand(n, 3, *size, generator=torch.Generator().manual_seed(seed))


def gradients(model):
    return {k: p.grad.clone() for k, p in model.named_parameters() if p.grad is not None}


def statistics(model):
    return {k: v.clone() for k, v in model.state_dict().items() if "running" in k or "tracked" in k}


@pytest.mark.parametrize("precision", [None, Precision("float32", CPU)])
def test_on_a_cpu_the_trunk_is_the_plain_forward(precision):
    plain, through = embedder(), embedder()
    trunk = Trunk(through, precision)
    for seed in range(3):
        a, b = plain(images(seed=seed)), trunk(images(seed=seed))
        for model, out in ((plain, a), (through, b)):
            model.zero_grad()
            (out.logits.sum() + out.feature.square().sum()).backward()
        assert torch.equal(a.embedding, b.embedding) and torch.equal(a.logits, b.logits)
        assert all(torch.equal(v, gradients(through)[k]) for k, v in gradients(plain).items())
    assert all(torch.equal(v, statistics(through)[k]) for k, v in statistics(plain).items())
    assert statistics(plain)["neck.num_batches_tracked"] == 3


def test_a_model_without_a_backbone_has_a_trunk():
    upgrade = strange_upgrade()
    x = upgrade.train.inputs(np.arange(5))
    assert torch.equal(Trunk(upgrade.model, None)(x).embedding, upgrade.model(x).embedding)


def test_memory_order_changes_no_value():
    model = Embedder(EmbedderConfig("tiny", dim=8, num_classes=5))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    same = arrange_memory(model)
    assert same is model and all(torch.equal(v, before[k]) for k, v in same.state_dict().items())
    convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    assert convolutions and all(m.weight.is_contiguous(memory_format=torch.channels_last) for m in convolutions)


def test_the_fused_optimiser_takes_the_steps_of_the_plain_one():
    config = TrainConfig(lr=1e-2, weight_decay=0.1)
    fast, plain = embedder(), embedder()
    one = adamw([p for p in fast.parameters() if p.requires_grad], config)
    two = torch.optim.AdamW(
        [p for p in plain.parameters() if p.requires_grad], lr=1e-2, weight_decay=0.1, foreach=False, fused=False
    )
    assert one.defaults["fused"]
    for seed in range(4):
        for model, optimizer in ((fast, one), (plain, two)):
            optimizer.zero_grad()
            model(images(seed=seed)).logits.logsumexp(1).sum().backward()
            optimizer.step()
    for (name, a), b in zip(fast.named_parameters(), plain.parameters()):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5, msg=name)


def test_on_a_cpu_nothing_is_sent_and_nothing_is_switched():
    x = torch.ones(3)
    assert send(x, CPU) is x
    before = torch.get_float32_matmul_precision()
    with fast_float32(Precision("float32", CPU)):
        assert torch.get_float32_matmul_precision() == before


@pytest.mark.gpu
def test_tf32_is_switched_back():
    before = torch.get_float32_matmul_precision()
    with pytest.raises(RuntimeError, match="within"), fast_float32(Precision("float32", torch.device("cuda"))):
        assert torch.get_float32_matmul_precision() == "high"
        raise RuntimeError("within")
    assert torch.get_float32_matmul_precision() == before


def step(model, forward, x, precision):
    """Outputs and gradients of one training step."""
    model.zero_grad(set_to_none=True)
    with precision.autocast():
        out = forward(x)
    (out.logits.float().logsumexp(1).sum() + out.feature.float().square().mean()).backward()
    return out.embedding.detach().float().clone(), gradients(model)


@pytest.mark.gpu
@pytest.mark.parametrize("backbone", ["tiny", "resnet18"])
@pytest.mark.parametrize(("name", "tolerance"), [("float32", 2e-3), ("bf16", 5e-2)])
def test_a_replayed_trunk_has_the_gradients_and_statistics_of_the_plain_forward(backbone, name, tolerance):
    """From the first step on, which records: the layers behind the backbone must get their gradient there too."""
    precision = Precision(name, torch.device("cuda"))
    plain, graphed = (embedder(backbone).cuda() for _ in range(2))
    trunk = Trunk(graphed, precision)
    for seed in range(3):
        x = images(8, (64, 32), seed).cuda()
        a, wanted = step(plain, plain, x, precision)
        b, found = step(graphed, trunk, x, precision)
        assert trunk._replay is not None, "the backbone was not recorded"
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)
        assert wanted.keys() == found.keys()
        for key, value in wanted.items():
            scale = value.abs().max().clamp_min(1e-6)
            torch.testing.assert_close(found[key] / scale, value / scale, rtol=0, atol=tolerance, msg=key)
    for key, value in statistics(plain).items():
        torch.testing.assert_close(statistics(graphed)[key], value, rtol=tolerance, atol=tolerance, msg=key)
    assert statistics(graphed)["neck.num_batches_tracked"] == 3
    assert graphed.backbone is trunk._backbone and "backbone" in graphed._modules
    assert plain.state_dict().keys() == graphed.state_dict().keys()


@pytest.mark.gpu
def test_another_shape_and_evaluation_are_computed_as_usual():
    precision = Precision("float32", torch.device("cuda"))
    plain, graphed = (embedder().cuda() for _ in range(2))
    trunk = Trunk(graphed, precision)
    for n in (8, 5, 8, 3):
        x = images(n, seed=n).cuda()
        a, wanted = step(plain, plain, x, precision)
        b, found = step(graphed, trunk, x, precision)
        assert len(b) == n
        torch.testing.assert_close(a, b, rtol=2e-3, atol=2e-3)
        for key, value in wanted.items():
            scale = value.abs().max().clamp_min(1e-6)
            torch.testing.assert_close(found[key] / scale, value / scale, rtol=0, atol=2e-3, msg=key)
    for model in (plain, graphed):
        model.eval()
    x = images(8).cuda()
    torch.testing.assert_close(trunk(x).embedding, plain(x).embedding, rtol=2e-3, atol=2e-3)


class Waiting(nn.Module):
    """A backbone that no graph can hold: it reads a number back from the card."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(12, 12)

    def forward(self, x):
        return self.layer(x) * (1.0 if float(x.sum().cpu()) == 0.1234 else 2.0)


class Stubborn(Stranger):
    def __init__(self, backbone):
        super().__init__(5)
        self.backbone = backbone

    def forward(self, x):
        return super().forward(self.backbone(x))


@pytest.mark.gpu
def test_a_backbone_that_cannot_be_recorded_is_computed_as_usual_and_says_so_once(caplog):
    precision = Precision("float32", torch.device("cuda"))
    torch.manual_seed(0)
    plain = Stubborn(Waiting()).cuda()
    given = copy.deepcopy(plain)
    trunk = Trunk(given, precision)
    x = torch.randn(6, 12, generator=torch.Generator().manual_seed(0)).cuda()
    with caplog.at_level(logging.WARNING, "rbcl_lite.training.speed"):
        for _ in range(3):
            a, wanted = step(plain, plain, x, precision)
            b, found = step(given, trunk, x, precision)
            torch.testing.assert_close(a, b)
            assert wanted.keys() == found.keys()
    assert [r.message.startswith("the trunk is not replayed as a CUDA graph") for r in caplog.records] == [True]


class Unused(Stranger):
    def __init__(self):
        super().__init__(5)
        self.backbone = nn.Linear(3, 3)  # its forward pass does not go through it


@pytest.mark.gpu
def test_a_backbone_that_is_not_used_is_no_failure():
    model = Unused().cuda()
    out = Trunk(model, Precision("float32", torch.device("cuda")))(torch.randn(4, 12).cuda())
    assert out.embedding.shape == (4, 10)
