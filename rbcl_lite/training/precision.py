"""Precision of a training: what autocasts, and whether gradients need a scaler."""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from rbcl_lite.base.processes import ALONE, Processes

DTYPES = {"float32": None, "bf16": torch.bfloat16, "fp16": torch.float16}


class Precision:
    """Autocast and loss scaling of one training run.

    Args:
        name: ``float32``, ``bf16``, ``fp16``, or ``auto``: bf16 on a CUDA device that computes in
            it, fp16 on one that does not, float32 elsewhere.
        device: where the model computes.

    Raises:
        ValueError: an unknown name, or fp16 without CUDA (its gradients need a scaler that only
            CUDA has).

    >>> Precision("auto", torch.device("cpu")).name
    'float32'
    """

    def __init__(self, name: str, device: torch.device) -> None:
        if name == "auto":
            name = "float32" if device.type != "cuda" else "bf16" if torch.cuda.is_bf16_supported() else "fp16"
        if name not in DTYPES:
            raise ValueError(f"unknown precision {name!r}: choose auto, {', '.join(DTYPES)}")
        if name == "fp16" and device.type != "cuda":
            raise ValueError(f"fp16 needs a CUDA device, not {device.type}; use bf16 or float32")
        if name == "bf16" and device.type == "cpu" and not _has_amx():
            warnings.warn("bf16 on a CPU without AMX is about ten times slower than float32", stacklevel=2)
        self.name, self.device, self.dtype = name, device, DTYPES[name]
        self._scaler = torch.amp.GradScaler("cuda", enabled=name == "fp16")

    def state(self) -> dict[str, Any]:
        """State of the gradient scaler, JSON-serialisable; empty without one."""
        return self._scaler.state_dict()

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state` gave."""
        if state:
            self._scaler.load_state_dict(state)

    def autocast(self) -> AbstractContextManager:
        """The context in which forward passes run."""
        return nullcontext() if self.dtype is None else torch.autocast(self.device.type, self.dtype)

    def backward_and_step(
        self,
        loss: Tensor,
        optimizer: torch.optim.Optimizer,
        processes: Processes = ALONE,
    ) -> None:
        """Gradients of ``loss``, their mean over the processes, and one step of the optimiser.

        The mean is taken of scaled gradients: one that overflows on one process is infinite on all,
        and all of them skip the step.
        """
        optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()
        processes.average_(p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None)
        self._scaler.step(optimizer)
        self._scaler.update()


def _has_amx() -> bool:
    """Whether this CPU multiplies bf16 matrices in hardware."""
    known = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool(known()) if known else False
