"""Forward pass of a whole batch in training: in chunks, and split between processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from rbcl_lite.base.processes import ALONE, Processes
from rbcl_lite.models.batch_norm import frozen_statistics
from rbcl_lite.models.outputs import Outputs


@dataclass(frozen=True)
class Forward:
    """How a batch passes a model in training. Whatever the way, a loss sees the outputs of the whole
    batch, with their gradient.

    **Chunks** bound the memory of a batch by that of a chunk, as GradCache does (Gao et al. 2021,
    arXiv 2101.06983): what the layers compute is kept for no chunk; after the loss of the whole
    batch each chunk passes the network a second time, and its gradient is added before the next
    one. A ranking over the batch therefore stays what it is, where plain gradient accumulation
    would rank within each chunk. The second pass is that of ``torch.utils.checkpoint``, with the
    random numbers and the autocast of the first.

    Batch norm normalises what passes at once: with chunks their own statistics, and running
    statistics that move once for each chunk. Dropout draws for each process apart.

    Args:
        processes: that share a batch.
        chunk: images that pass at once in each process, 2 or more; None for all.

    >>> model = lambda x: Outputs(x, 2 * x)
    >>> Forward()(model, torch.ones(3, 2)).embedding.sum()
    tensor(12.)
    """

    processes: Processes = ALONE
    chunk: int | None = None

    @property
    def plain(self) -> bool:
        """Whether a batch simply passes the model."""
        return self.processes.count == 1 and self.chunk is None

    def __call__(self, model: nn.Module, inputs: Tensor) -> Outputs:
        """The outputs of inputs [B, ...], the same on all processes.

        Raises:
            ValueError: a batch of which a process would get fewer than 2 images.
        """
        if self.plain:
            return model(inputs)
        count, total = self.processes.count, len(inputs)
        if total < 2 * count:
            raise ValueError(f"a batch of {total} cannot be split between {count} processes: each needs 2 images")
        share = self.processes.share(inputs)
        with _own_draws(self.processes, inputs.device):
            outputs = model(share) if self.chunk is None else _in_chunks(model, share, self.chunk)
        return _each(lambda x: self.processes.gather(x[0], total), outputs)


def _in_chunks(model: nn.Module, inputs: Tensor, chunk: int) -> Outputs:
    """Outputs whose gradient computes them a second time, chunk by chunk."""
    pieces = min(-(-len(inputs) // chunk), len(inputs) // 2)  # never one image alone: it has no statistics
    if pieces < 2:
        return model(inputs)

    def contexts():  # type: ignore[no-untyped-def]
        return nullcontext(), frozen_statistics(model)  # running statistics move in the first pass only

    parts = [
        checkpoint(model, piece, use_reentrant=False, context_fn=contexts) for piece in inputs.tensor_split(pieces)
    ]
    return _each(torch.cat, *parts)


def _each(join: Callable[[list[Tensor]], Tensor], *parts: Outputs) -> Outputs:
    """What becomes of each field of several outputs; no logits stay none."""
    logits = [p.logits for p in parts if p.logits is not None]
    feature, embedding = join([p.feature for p in parts]), join([p.embedding for p in parts])
    return Outputs(feature, embedding, join(logits) if logits else None)


@contextmanager
def _own_draws(processes: Processes, device: torch.device) -> Iterator[None]:
    """Random numbers of this process alone; afterwards all go on with the same ones."""
    if processes.count == 1:
        yield
        return
    with torch.random.fork_rng([torch.cuda.current_device()] if device.type == "cuda" else []):
        torch.manual_seed(int(torch.randint(2**62, ())) + processes.rank)
        yield
