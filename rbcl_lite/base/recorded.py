"""Recorded function: one of tensors alone, which a GPU replays as a CUDA graph."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeAlias

import torch
from torch import Tensor

log = logging.getLogger(__name__)

Given: TypeAlias = "Tensor | None"

USUAL = 3  # calls of one kind that are computed as usual, before the next is recorded
KEPT = 8  # kinds of calls that are remembered


def replays(x: Tensor) -> bool:
    """Whether calls on such a tensor can be recorded: whether it lies on a CUDA device."""
    return x.is_cuda


class Recorded:
    """A function whose many small kernels take longer to launch than to compute.

    After a few calls on CUDA tensors of the same shapes the next one is recorded, and from then on
    replayed: one launch. Elsewhere, and where it cannot be recorded, which is logged once, it is
    computed as usual.

    Args:
        function: of tensors (or None) and options that can be hashed, to a tuple of tensors (or
            None). What it gives depends on them alone, and it waits for no number of the GPU.

    >>> double = Recorded(lambda x, *, by: (by * x,))
    >>> double(torch.tensor([2.0]), by=3)
    (tensor([6.]),)
    """

    def __init__(self, function: Callable[..., tuple[Given, ...]]) -> None:
        self.function = function
        self._known: OrderedDict[Hashable, int | _Recording | None] = OrderedDict()

    def __call__(self, *given: Given, **options: Hashable) -> tuple[Given, ...]:
        """What the function gives, in memory of its own."""
        first = next((x for x in given if x is not None), None)
        if first is None or not replays(first) or torch.cuda.is_current_stream_capturing():
            return self.function(*given, **options)
        shapes = tuple(None if x is None else (x.shape, x.dtype, x.device) for x in given)
        key = (shapes, torch.get_float32_matmul_precision(), *sorted(options.items()))
        state = self._known.get(key, 0)
        if state == USUAL:
            state = self._record(given, options)
        elif isinstance(state, int):
            state += 1
        self._known[key] = state
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return state(given) if isinstance(state, _Recording) else self.function(*given, **options)

    def _record(self, given: tuple[Given, ...], options: dict[str, Hashable]) -> _Recording | None:
        try:
            return _Recording(self.function, given, options)
        except Exception as error:  # whatever a driver refuses, it is computed as usual
            log.warning("%s is not replayed as a CUDA graph: %s", self.function.__name__, error)
            return None


class _Recording:
    """One recording, and the places in memory that it reads and writes."""

    def __init__(
        self, function: Callable[..., tuple[Given, ...]], given: tuple[Given, ...], options: dict[str, Hashable]
    ) -> None:
        self.given = tuple(None if x is None else x.detach().clone() for x in given)
        side, here = torch.cuda.Stream(), torch.cuda.current_stream()
        side.wait_stream(here)
        with torch.cuda.stream(side):
            function(*self.given, **options)  # libraries take their memory
        here.wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        # a recording of this thread alone: another one prepares the next batch meanwhile
        with torch.cuda.graph(self.graph, stream=side, capture_error_mode="thread_local"):
            self.found = function(*self.given, **options)

    def __call__(self, given: tuple[Given, ...]) -> tuple[Given, ...]:
        for place, x in zip(self.given, given):
            if place is not None and x is not None:
                place.copy_(x)
        self.graph.replay()
        return tuple(None if x is None else x.clone() for x in self.found)
