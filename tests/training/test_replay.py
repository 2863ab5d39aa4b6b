"""A replayed model must compute what the model computes."""

import copy
import logging

import numpy as np
import pytest
import torch
from small_model import float_images, fresh_model
from stranger import Stranger, strange_upgrade
from torch import nn

from rbcl_lite.training.precision import Precision
from rbcl_lite.training.replay import Replayed, _Graphs

CPU = Precision("float32", torch.device("cpu"))


def gradients(model):
    return {k: p.grad.clone() for k, p in model.named_parameters() if p.grad is not None}


def statistics(model):
    return {k: v.clone() for k, v in model.state_dict().items() if "running" in k or "tracked" in k}


def test_on_a_cpu_it_is_the_plain_forward():
    plain, through = fresh_model(), fresh_model()
    replayed = Replayed(through, CPU)
    for seed in range(3):
        a, b = plain(float_images(seed=seed)), replayed(float_images(seed=seed))
        for model, out in ((plain, a), (through, b)):
            model.zero_grad()
            (out.logits.sum() + out.feature.square().sum()).backward()
        assert torch.equal(a.embedding, b.embedding) and torch.equal(a.logits, b.logits)
        assert all(torch.equal(v, gradients(through)[k]) for k, v in gradients(plain).items())
    assert all(torch.equal(v, statistics(through)[k]) for k, v in statistics(plain).items())
    assert statistics(plain)["neck.num_batches_tracked"] == 3


def test_on_a_cpu_a_stranger_is_the_plain_forward():
    upgrade = strange_upgrade()
    x = upgrade.train.inputs(np.arange(5))
    assert torch.equal(Replayed(upgrade.model, CPU)(x).embedding, upgrade.model(x).embedding)


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
def test_a_replay_has_the_gradients_and_statistics_of_the_plain_forward(backbone, name, tolerance):
    """From the first step on, which records: the layers behind the backbone must get their gradient there too."""
    precision = Precision(name, torch.device("cuda"))
    plain, graphed = (fresh_model(backbone).cuda() for _ in range(2))
    replayed = Replayed(graphed, precision)
    for seed in range(3):
        x = float_images(8, (64, 32), seed).cuda()
        a, wanted = step(plain, plain, x, precision)
        b, found = step(graphed, replayed, x, precision)
        assert replayed.recorded, "the model was not recorded"
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)
        assert wanted.keys() == found.keys()
        for key, value in wanted.items():
            scale = value.abs().max().clamp_min(1e-6)
            torch.testing.assert_close(found[key] / scale, value / scale, rtol=0, atol=tolerance, msg=key)
    for key, value in statistics(plain).items():
        torch.testing.assert_close(statistics(graphed)[key], value, rtol=tolerance, atol=tolerance, msg=key)
    assert statistics(graphed)["neck.num_batches_tracked"] == 3
    assert plain.state_dict().keys() == graphed.state_dict().keys()


@pytest.mark.gpu
def test_another_shape_and_evaluation_are_computed_as_usual():
    precision = Precision("float32", torch.device("cuda"))
    plain, graphed = (fresh_model().cuda() for _ in range(2))
    replayed = Replayed(graphed, precision)
    for n in (8, 5, 8, 3):
        x = float_images(n, seed=n).cuda()
        a, wanted = step(plain, plain, x, precision)
        b, found = step(graphed, replayed, x, precision)
        assert len(b) == n
        torch.testing.assert_close(a, b, rtol=2e-3, atol=2e-3)
        for key, value in wanted.items():
            scale = value.abs().max().clamp_min(1e-6)
            torch.testing.assert_close(found[key] / scale, value / scale, rtol=0, atol=2e-3, msg=key)
    for model in (plain, graphed):
        model.eval()
    x = float_images(8).cuda()
    torch.testing.assert_close(replayed(x).embedding, plain(x).embedding, rtol=2e-3, atol=2e-3)


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
    replayed = Replayed(given, precision)
    x = torch.randn(6, 12, generator=torch.Generator().manual_seed(0)).cuda()
    with caplog.at_level(logging.WARNING, "rbcl_lite.training.replay"):
        for _ in range(3):
            a, wanted = step(plain, plain, x, precision)
            b, found = step(given, replayed, x, precision)
            torch.testing.assert_close(a, b)
            assert wanted.keys() == found.keys()
    assert [r.message.startswith("the model is not replayed as a CUDA graph") for r in caplog.records] == [True]


@pytest.mark.gpu
def test_a_strangers_network_is_recorded_too():
    precision = Precision("float32", torch.device("cuda"))
    torch.manual_seed(0)
    plain = Stranger(5).cuda()
    given = copy.deepcopy(plain)
    replayed = Replayed(given, precision)
    for seed in range(3):
        x = torch.randn(6, 12, generator=torch.Generator().manual_seed(seed)).cuda()
        a, wanted = step(plain, plain, x, precision)
        b, found = step(given, replayed, x, precision)
        torch.testing.assert_close(a, b)
        assert wanted.keys() == found.keys()
        for key, value in wanted.items():
            torch.testing.assert_close(found[key], value, msg=key)
    assert replayed.recorded


@pytest.mark.gpu
def test_gradients_add_up_and_outputs_last_as_without_a_replay():
    """Two backward passes before a step, one of them not replayed; and what an earlier pass gave stays."""
    precision = Precision("float32", torch.device("cuda"))
    plain, graphed = (fresh_model().cuda() for _ in range(2))
    replayed = Replayed(graphed, precision)
    kept = []
    for model, forward in ((plain, plain), (graphed, replayed)):
        outs = []
        for n, pass_on in ((8, forward), (8, forward), (5, model), (8, forward)):
            out = pass_on(float_images(n, (64, 32), n + len(outs)).cuda())
            out.logits.logsumexp(1).sum().backward()
            outs.append(out.embedding.detach())
        kept.append(outs)
    for a, b in zip(*kept):
        torch.testing.assert_close(a, b, rtol=2e-3, atol=2e-3)
    found = gradients(graphed)
    for key, value in gradients(plain).items():
        scale = value.abs().max().clamp_min(1e-6)
        torch.testing.assert_close(found[key] / scale, value / scale, rtol=0, atol=2e-2, msg=key)


class Constant:
    """In the place of a recorded backward pass: it writes the same gradient each time."""

    def __init__(self, place, value):
        self.place, self.value = place, value

    def replay(self):
        self.place.copy_(self.value)


def test_what_is_written_is_added_to_what_is_there():
    graphs = _Graphs.__new__(_Graphs)
    p, place, value = nn.Parameter(torch.zeros(3)), torch.empty(3), torch.tensor([1.0, 2.0, 3.0])
    graphs.slopes, graphs.written, graphs.backward = [torch.empty(2)], [(p, place)], Constant(place, value)
    graphs.pull((torch.ones(2),))
    assert p.grad is place and torch.equal(place, value)
    graphs.pull((torch.ones(2),))
    assert p.grad is not place and torch.equal(p.grad, 2 * value)
    (5 * p).sum().backward()
    graphs.pull((torch.ones(2),))
    assert torch.equal(p.grad, 3 * value + 5) and torch.equal(graphs.slopes[0], torch.ones(2))
    p.grad = None
    graphs.pull((torch.ones(2),))
    (5 * p).sum().backward()
    assert torch.equal(p.grad, value + 5)


@pytest.mark.gpu
def test_a_pass_that_was_overwritten_refuses_its_gradient():
    replayed = Replayed(fresh_model().cuda(), Precision("float32", torch.device("cuda")))
    first, second = (replayed(float_images(8, seed=seed).cuda()) for seed in (0, 1))
    second.logits.sum().backward()
    with pytest.raises(RuntimeError, match="overwritten by a later one"):
        first.logits.sum().backward()


class Dropping(Stranger):
    def forward(self, x):
        return super().forward(nn.functional.dropout(x, 0.5, self.training))


@pytest.mark.gpu
def test_draws_of_a_replay_follow_the_seed():
    model = Dropping(5).cuda()
    replayed = Replayed(model, Precision("float32", torch.device("cuda")))
    x, drawn = torch.randn(64, 12).cuda(), {}
    for seed in (1, 2, 1, 2):
        torch.manual_seed(seed)
        out = replayed(x).embedding
        assert torch.equal(drawn.setdefault(seed, out), out)
    torch.manual_seed(2)
    torch.testing.assert_close(model(x).embedding, drawn[2])
    assert replayed.recorded and not torch.equal(drawn[1], drawn[2])
