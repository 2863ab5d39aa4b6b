"""Speed of a training step: memory layout, a fused optimiser, a trunk that a GPU replays, TF32."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from rbcl_lite.models.outputs import Outputs
from rbcl_lite.training.precision import Precision
from rbcl_lite.training.schedule import TrainConfig

log = logging.getLogger(__name__)


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


class Trunk:
    """Forward pass of a model in training mode, its ``backbone`` replayed as a CUDA graph where
    that is possible.

    Launching the kernels of a ResNet one by one takes longer than computing them for small images.
    ``torch.cuda.make_graphed_callables`` records them once for inputs of one shape. Another shape,
    a model without ``backbone``, a CPU, or a failing capture is computed as usual; a failure is
    logged once with its reason.

    A replay overwrites the buffers of the one before, so that two forward passes between two
    backward passes need a trunk each.

    Args:
        model: any module that gives :class:`~rbcl_lite.models.outputs.Outputs`.
        precision: of the training; the capture runs under its autocast.
    """

    def __init__(self, model: nn.Module, precision: Precision | None) -> None:
        self.model, self.precision = model, precision
        backbone = getattr(model, "backbone", None)
        on_cuda = precision is not None and precision.device.type == "cuda"
        self._backbone = backbone if on_cuda and isinstance(backbone, nn.Module) else None
        self._replay: nn.Module | None = None
        self._shape: torch.Size | None = None

    def __call__(self, inputs: Tensor) -> Outputs:
        """The model's outputs."""
        if self._backbone is None or not self.model.training:
            return self.model(inputs)
        if self._replay is None:
            self._capture(inputs)
        if self._replay is None or inputs.shape != self._shape:
            return self.model(inputs)
        self.model._modules["backbone"] = self._replay
        try:
            return self.model(inputs)
        finally:
            self.model._modules["backbone"] = self._backbone

    def _capture(self, inputs: Tensor) -> None:
        """Record the backbone for inputs like these; its statistics are left as they were."""
        assert self._backbone is not None and self.precision is not None
        seen: list[Tensor] = []
        hook = self._backbone.register_forward_pre_hook(lambda _, args: seen.append(args[0].detach().clone()))
        statistics = [b.clone() for b in self.model.buffers()]
        quiet = getattr(torch.autograd.graph, "set_warn_on_accumulate_grad_stream_mismatch", None)
        if quiet:  # torch >= 2.10: the gradients of a replay come from the stream of the capture, as they should
            quiet(False)
        try:
            # no cache: a weight that is cast without a gradient here must not serve the training step around it
            with torch.autocast("cuda", self.precision.dtype, self.precision.dtype is not None, cache_enabled=False):
                with torch.no_grad():
                    self.model(inputs)
                hook.remove()
                replay: Any = copy.copy(self._backbone)  # its own forward, the same parameters and buffers
                self._replay = torch.cuda.make_graphed_callables(replay, (seen[0],))  # type: ignore[assignment]
            self._shape = inputs.shape
        except Exception as error:  # whatever a foreign backbone does, it is computed as usual
            log.warning("the trunk is not replayed as a CUDA graph: %s", error)
            self._backbone = None
        finally:
            hook.remove()
            with torch.no_grad():
                for buffer, before in zip(self.model.buffers(), statistics):
                    buffer.copy_(before)
