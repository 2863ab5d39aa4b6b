"""Replay of a model: its forward and backward pass as two CUDA graphs, recorded once."""

from __future__ import annotations

import logging
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from rbcl_lite.base.recorded import Recorder
from rbcl_lite.models.outputs import Outputs
from rbcl_lite.training.precision import Precision

log = logging.getLogger(__name__)

WARM_UP = 3  # passes before a recording


class Replayed:
    """Forward pass of a model in training mode, replayed as a CUDA graph where that is possible.

    Launching the kernels of a network one by one takes a processor longer than a GPU needs to
    compute them for a batch of small images, and walking through its layers in the backward pass
    as long again. Here both are recorded once, for inputs of one shape, and replayed. The gradient
    of the parameters is written where the recording has its place for it, so that a backward pass
    visits one node instead of one for each parameter.

    Another shape, evaluation, inputs that want a gradient, a CPU, or a model that cannot be recorded
    is computed as usual; a failing recording is logged once with its reason.

    Args:
        model: any module that gives :class:`~rbcl_lite.models.outputs.Outputs`.
        precision: of the training; the recording runs under its autocast.
    """

    def __init__(self, model: nn.Module, precision: Precision) -> None:
        self.model, self.precision = model, precision
        self._possible = precision.device.type == "cuda"
        self._graphs: _Graphs | None = None

    @property
    def recorded(self) -> bool:
        """Whether there is a recording."""
        return self._graphs is not None

    def __call__(self, inputs: Tensor) -> Outputs:
        """The model's outputs.

        Raises:
            RuntimeError: in the backward pass, if another forward pass was replayed in between: it
                has overwritten what this one had kept.
        """
        if not self._possible or not self.model.training or inputs.requires_grad:
            return self.model(inputs)
        if self._graphs is None:
            self._record(inputs)
        if self._graphs is None or not self._graphs.fits(inputs):
            return self.model(inputs)
        return self._graphs(inputs)

    def _record(self, inputs: Tensor) -> None:
        """Record the model for inputs like these; statistics and generators stay as they were."""
        statistics = [b.clone() for b in self.model.buffers()]
        try:
            with torch.random.fork_rng([self.precision.device]):
                self._graphs = _Graphs(self.model, inputs, self.precision)
        except Exception as error:  # whatever a foreign model does, it is computed as usual
            log.warning("the model is not replayed as a CUDA graph: %s", error)
            self._possible = False
        finally:
            with torch.no_grad():
                for buffer, before in zip(self.model.buffers(), statistics):
                    buffer.copy_(before)


class _Graphs:
    """The two recordings of a model, and the places in memory that they read and write."""

    def __init__(self, model: nn.Module, inputs: Tensor, precision: Precision) -> None:
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.inputs = inputs.detach().clone()
        self.anchor = torch.zeros((), device=inputs.device, requires_grad=True)  # makes the outputs want a gradient
        self.passes = 0
        recorder = Recorder()
        # no cache: a weight that is cast here must not serve the training step around it
        with torch.autocast("cuda", precision.dtype, precision.dtype is not None, cache_enabled=False):
            with recorder.warm_up():
                for _ in range(WARM_UP):
                    outputs = _tensors(model(self.inputs))
                    self._gradients(outputs, [torch.zeros_like(x) for x in outputs])
                del outputs
            with recorder.record() as self.forward:
                outputs = _tensors(model(self.inputs))
            self.slopes = [torch.zeros_like(x) for x in outputs]
            with recorder.record() as self.backward:
                gradients = self._gradients(outputs, self.slopes)
        self.outputs = [x.detach() for x in outputs]
        self.written = [(p, g) for p, g in zip(self.parameters, gradients) if g is not None]

    def _gradients(self, outputs: list[Tensor], slopes: list[Tensor]) -> list[Tensor | None]:
        """The gradient of each parameter in memory of its own, in the parameter's order; None where there is none."""
        wanted = [(x, slope) for x, slope in zip(outputs, slopes) if x.requires_grad]
        found = torch.autograd.grad(
            [x for x, _ in wanted], self.parameters, [slope for _, slope in wanted], allow_unused=True
        )
        places: set[int] = set()
        gradients: list[Tensor | None] = []
        for p, g in zip(self.parameters, found):
            if g is not None and (g.stride() != p.stride() or g.data_ptr() in places):
                g = torch.empty_like(p).copy_(g)
            if g is not None:
                places.add(g.data_ptr())
            gradients.append(g)
        return gradients

    def fits(self, inputs: Tensor) -> bool:
        """Whether these inputs are like those of the recording."""
        return inputs.shape == self.inputs.shape and inputs.dtype == self.inputs.dtype

    def __call__(self, inputs: Tensor) -> Outputs:
        """The outputs of a replay."""
        return Outputs(*_Pass.apply(self.anchor, self, inputs))

    def pull(self, slopes: tuple[Tensor, ...]) -> None:
        """Replay the backward pass, and add what it gives to the gradients of the parameters."""
        for place, slope in zip(self.slopes, slopes):
            place.copy_(slope)
        for p, g in self.written:
            if p.grad is g:  # of an earlier pass, kept to be added to
                p.grad = g.clone()
        self.backward.replay()
        for p, g in self.written:
            if p.grad is None:
                p.grad = g
            else:
                p.grad.add_(g)


class _Pass(torch.autograd.Function):
    """One replay: from inputs to outputs in memory of their own, and back to the parameters."""

    @staticmethod
    def forward(ctx: Any, anchor: Tensor, graphs: _Graphs, inputs: Tensor) -> tuple[Tensor, ...]:
        """Outputs; ``anchor`` is only there to want a gradient."""
        graphs.inputs.copy_(inputs)
        graphs.forward.replay()
        graphs.passes += 1
        ctx.graphs, ctx.number = graphs, graphs.passes
        return tuple(x.clone() for x in graphs.outputs)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *slopes: Tensor) -> tuple[None, None, None]:  # type: ignore[override]
        """Gradients go to the parameters themselves."""
        if ctx.number != ctx.graphs.passes:
            raise RuntimeError(
                "the forward pass of this loss was overwritten by a later one: call backward before the next batch "
                "passes the model, or pass further batches through the model itself"
            )
        ctx.graphs.pull(slopes)
        return None, None, None


def _tensors(outputs: Outputs) -> list[Tensor]:
    """The fields of outputs, without logits where there are none."""
    return [x for x in (outputs.feature, outputs.embedding, outputs.logits) if x is not None]
