"""What makes a step fast must not change what it computes."""

import pytest
import torch
from small_model import float_images, fresh_model
from torch import nn

from rbcl_lite.base.tensors import send
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.training.precision import Precision
from rbcl_lite.training.schedule import TrainConfig
from rbcl_lite.training.speed import adamw, arrange_memory, fast_float32, seed_draws

CPU = torch.device("cpu")


def test_memory_order_changes_no_value():
    model = Embedder(EmbedderConfig("tiny", dim=8, num_classes=5))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    same = arrange_memory(model)
    assert same is model and all(torch.equal(v, before[k]) for k, v in same.state_dict().items())
    convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    assert convolutions and all(m.weight.is_contiguous(memory_format=torch.channels_last) for m in convolutions)


def test_the_fused_optimiser_takes_the_steps_of_the_plain_one():
    config = TrainConfig(lr=1e-2, weight_decay=0.1)
    fast, plain = fresh_model(), fresh_model()
    one = adamw([p for p in fast.parameters() if p.requires_grad], config)
    two = torch.optim.AdamW(
        [p for p in plain.parameters() if p.requires_grad], lr=1e-2, weight_decay=0.1, foreach=False, fused=False
    )
    assert one.defaults["fused"]
    for seed in range(4):
        for model, optimizer in ((fast, one), (plain, two)):
            optimizer.zero_grad()
            model(float_images(seed=seed)).logits.logsumexp(1).sum().backward()
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


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_seeds_are_those_of_torch(device):
    with torch.random.fork_rng():
        torch.manual_seed(2**62 + 5)
        wanted = torch.rand(3), torch.rand(3, device=device)
        seed_draws(2**62 + 5, torch.device(device))
        assert all(torch.equal(a, b) for a, b in zip(wanted, (torch.rand(3), torch.rand(3, device=device))))
