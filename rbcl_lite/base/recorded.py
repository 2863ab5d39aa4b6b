"""Recorder of CUDA graphs, and functions of tensors alone that a GPU replays as one."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
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


class Recorder:
    """Records what a block launches, on a stream of its own; the recordings share their memory."""

    def __init__(self) -> None:
        self.stream = torch.cuda.Stream()
        self._graph: torch.cuda.CUDAGraph | None = None

    @contextmanager
    def warm_up(self) -> Iterator[None]:
        """A block that runs as usual before a recording: libraries choose their algorithms and take
        their memory.
        """
        here = torch.cuda.current_stream()
        self.stream.wait_stream(here)
        with torch.cuda.stream(self.stream):
            yield
        here.wait_stream(self.stream)

    @contextmanager
    def record(self) -> Iterator[torch.cuda.CUDAGraph]:
        """A block of this thread alone, for another one may prepare the next batch meanwhile."""
        graph, pool = torch.cuda.CUDAGraph(), None if self._graph is None else self._graph.pool()
        with torch.cuda.graph(graph, pool, stream=self.stream, capture_error_mode="thread_local"):
            yield graph
        self._graph = graph


class Recorded:
    """A function whose many small kernels take longer to launch than to compute.

    After a few calls on CUDA tensors of the same shapes the next one is recorded, and from then on
    replayed: one launch. Elsewhere, under autocast, and where it cannot be recorded, which is logged
    once, it is computed as usual.

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
        if first is None or not replays(first) or _elsewhere():
            return self.function(*given, **options)
        shapes = tuple(None if x is None else (x.shape, x.dtype, x.device) for x in given)
        key = (shapes, torch.get_float32_matmul_precision(), *sorted(options.items()))
        state = self._known.get(key, 0)
        if state == USUAL:
            state = self._record(given, options)
        elif isinstance(state, int):
            state += 1
        self._known[key] = state
        self._known.move_to_end(key)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return state(given) if isinstance(state, _Recording) else self.function(*given, **options)

    def _record(self, given: tuple[Given, ...], options: dict[str, Hashable]) -> _Recording | None:
        try:
            return _Recording(self.function, given, options)
        except Exception as error:  # whatever a driver refuses, it is computed as usual
            log.warning("%s is not replayed as a CUDA graph: %s", self.function.__name__, error)
            return None


def _elsewhere() -> bool:
    """Whether the call is part of another recording, or under autocast, which a replay would not see."""
    return torch.is_autocast_enabled() or torch.cuda.is_current_stream_capturing()


class _Recording:
    """One recording, and the places in memory that it reads and writes."""

    def __init__(
        self, function: Callable[..., tuple[Given, ...]], given: tuple[Given, ...], options: dict[str, Hashable]
    ) -> None:
        self.given = tuple(None if x is None else x.detach().clone() for x in given)
        recorder = Recorder()
        with recorder.warm_up():
            function(*self.given, **options)
        with recorder.record() as self.graph:
            self.found = function(*self.given, **options)

    def __call__(self, given: tuple[Given, ...]) -> tuple[Given, ...]:
        for place, x in zip(self.given, given):
            if place is not None and x is not None:
                place.copy_(x)
        self.graph.replay()
        return tuple(None if x is None else x.clone() for x in self.found)
