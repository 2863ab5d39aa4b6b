"""Speed of a training step: memory layout, a fused optimiser, TF32, seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from rbcl_lite.training.precision import Precision
from rbcl_lite.training.schedule import TrainConfig


def arrange_memory(model: nn.Module) -> nn.Module:
    """The same module with the weights of its convolutions in channels-last order, which CPU and
    CUDA are fast in.
    """
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def adamw(parameters: Sequence[nn.Parameter], config: TrainConfig) -> torch.optim.AdamW:
    """AdamW that updates all parameters in one kernel, where the device has it."""
    device = parameters[0].device.type if parameters else "cpu"
    return torch.optim.AdamW(
        parameters, lr=config.lr, weight_decay=config.weight_decay, fused=device in ("cpu", "cuda") or None
    )


@contextmanager
def fast_float32(precision: Precision) -> Iterator[None]:
    """TF32 for matrix products while float32 is computed on CUDA; nothing is changed elsewhere."""
    if precision.device.type != "cuda" or precision.name != "float32":
        yield
        return
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def seed_draws(seed: int, device: torch.device) -> None:
    """Seed the global generators that a step may draw from: the CPU's, and the device's.

    As :func:`torch.manual_seed`, which seeds whatever devices there are and takes half a
    millisecond for it beside a GPU.
    """
    if device.type not in ("cpu", "cuda"):
        torch.manual_seed(seed)
        return
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        index = torch.cuda.current_device() if device.index is None else device.index
        torch.cuda.default_generators[index].manual_seed(seed)
