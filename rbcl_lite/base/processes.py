"""Processes that train one model together: shares, gathering with gradients, one that writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from rbcl_lite.base.device import default_device

Value = TypeVar("Value")

COUNTS = ("WORLD_SIZE", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
"""Variables in which torch's launcher and those of MPI say how many processes there are."""

PATIENCE = timedelta(hours=3)
"""How long a process waits for the others: the first one may be decoding a large data set. One that
dies does not keep them waiting, the launcher ends them."""


@dataclass(frozen=True)
class Processes:
    """This process among those that train together, on torch.distributed; by default it is alone.

    The scheme: every process knows the whole batch but sends only its share of it through the
    network. The outputs are gathered, so that each computes the loss of the whole batch, the same
    number everywhere. Gradients are averaged, and each makes the same step. The gradient that
    returns through :meth:`gather` is multiplied by the number of processes: in the average, what
    came from one share then counts once, as does what every process computed alike (classifier
    rows that a loss takes directly).

    torch's ``DistributedDataParallel`` is not used: it wants one forward pass for each backward
    pass, and knows nothing of parameters that a loss reaches without the network.

    Args:
        rank: 0, 1, ...; process 0 writes and shows progress.
        count: how many there are.

    >>> Processes().share(torch.arange(5)).tolist()
    [0, 1, 2, 3, 4]
    """

    rank: int = 0
    count: int = 1

    @classmethod
    def here(cls) -> Processes:
        """Those that ``accelerate launch``, ``torchrun`` or ``mpirun`` started, or this one alone.

        Raises:
            ImportError: there are several, and accelerate is not installed.
            ValueError: several were asked for, and one was started.
        """
        if launched() == 1:
            return cls()
        try:
            from accelerate import PartialState
        except ImportError as error:
            raise ImportError('several processes need accelerate: pip install "rbcl-lite[distributed]"') from error
        state = PartialState(cpu=default_device() == "cpu", timeout=PATIENCE)
        return cls(state.process_index, state.num_processes)

    def close(self) -> None:
        """Leave the others, when all is done."""
        if self.count > 1:
            dist.destroy_process_group()

    @property
    def main(self) -> bool:
        """Whether this is the one that writes."""
        return self.rank == 0

    def bounds(self, total: int) -> tuple[int, int]:
        """First and one past the last of this process's rows out of ``total``: a P x K batch is cut
        between people, where P is a multiple of the number of processes.

        >>> [Processes(rank, 2).bounds(5) for rank in (0, 1)]
        [(0, 3), (3, 5)]
        """
        size, more = divmod(total, self.count)
        first = self.rank * size + min(self.rank, more)
        return first, first + size + (self.rank < more)

    def share(self, whole: Tensor) -> Tensor:
        """This process's rows of what all processes have."""
        first, last = self.bounds(len(whole))
        return whole[first:last]

    def gather(self, share: Tensor, total: int) -> Tensor:
        """The ``total`` rows of which each process has its :meth:`share`, with their gradient."""
        return share if self.count == 1 else _Gather.apply(share, self, total)

    def average_(self, tensors: Iterable[Tensor]) -> None:
        """Put the mean over the processes into each tensor; floating point."""

        def mean(x: Tensor) -> None:
            dist.all_reduce(x)
            x /= self.count

        self._together(tensors, mean)

    def broadcast_(self, tensors: Iterable[Tensor]) -> None:
        """Put the values of process 0 into each tensor."""
        self._together(tensors, lambda x: dist.broadcast(x, 0))

    def check_equal(self, what: str, x: Tensor) -> None:
        """Make sure that all processes hold the same.

        Raises:
            ValueError: this one holds other values than process 0.
        """
        first = x.clone()
        self.broadcast_([first])
        if not torch.equal(first, x):
            raise ValueError(
                f"process {self.rank} of {self.count} found other {what} than process 0, so that they would train "
                "different models; run all of them on the same kind of machine, with the same versions"
            )

    def same(self, value: Value) -> Value:
        """The value that process 0 has, for all."""
        if self.count == 1:
            return value
        values: list[Any] = [value]
        dist.broadcast_object_list(values, 0)
        return values[0]

    def wait(self) -> None:
        """Until all are here."""
        if self.count > 1:
            dist.barrier()

    @contextmanager
    def main_first(self) -> Iterator[None]:
        """Process 0 goes through the block, then the others: it prepares what they find on disk."""
        if not self.main:
            self.wait()
        yield
        if self.main:
            self.wait()

    def _together(self, tensors: Iterable[Tensor], exchange: Callable[[Tensor], Any]) -> None:
        """One exchange for all tensors of a type: many small ones would cost more than their bytes."""
        if self.count == 1:
            return
        by_type: dict[torch.dtype, list[Tensor]] = {}
        for x in tensors:
            by_type.setdefault(x.dtype, []).append(x.detach())
        for group in by_type.values():
            flat = _travelling(torch.cat([x.flatten() for x in group]))
            exchange(flat)
            for x, part in zip(group, flat.split([x.numel() for x in group])):
                x.copy_(part.view_as(x))


def launched() -> int:
    """How many processes a launcher started, by the variables that it sets.

    Raises:
        ValueError: ``accelerate launch --cpu`` was asked for several and started one, as it does
            without MPI.
    """
    count = max(int(os.environ.get(name, "1")) for name in COUNTS)
    by_accelerate = os.environ.get("ACCELERATE_USE_CPU", "").lower() == "true"
    if by_accelerate and "MASTER_ADDR" in os.environ and not any(name in os.environ for name in COUNTS):
        raise ValueError(
            "accelerate launch --cpu starts a single process, whatever --num_processes says, unless it is given an "
            "MPI host file; start several on a CPU by: torchrun --standalone --nproc_per_node 2 -m rbcl_lite train"
        )
    return count


ALONE = Processes()
"""The default everywhere."""


class _Gather(torch.autograd.Function):
    """Rows of all processes; see :class:`Processes` for the factor of the gradient."""

    @staticmethod
    def forward(ctx: Any, share: Tensor, processes: Processes, total: int) -> Tensor:
        ctx.processes = processes
        bounds = [Processes(rank, processes.count).bounds(total) for rank in range(processes.count)]
        sizes = [last - first for first, last in bounds]
        mine = _travelling(share.new_zeros(sizes[0], *share.shape[1:]))  # of equal length, the first is longest
        mine[: len(share)] = share
        parts = [torch.empty_like(mine) for _ in sizes]
        dist.all_gather(parts, mine)
        return torch.cat([part[:size] for part, size in zip(parts, sizes)]).to(share.device)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        processes: Processes = ctx.processes
        return processes.count * processes.share(grads[0]), None, None


def _travelling(x: Tensor) -> Tensor:
    """The tensor where the processes exchange: NCCL knows CUDA alone."""
    return x.to("cuda") if dist.get_backend() == "nccl" else x
