"""One step against a memory of 8,192 images, beside pytorch-metric-learning's cross-batch memory.

A batch of 64 is compared with the whole memory, in which each image stands once under its own label: exemplar
invariance (ECN) here, NT-Xent with one positive there. Both are the same number, which is asserted, with its gradient,
before anything is timed. A step is the normalisation of the batch, the loss, the backward pass to the batch and the
writing of the batch into the memory. SupConLoss, equal on this input too, is timed beside: it works on matrices and is
the library's faster way.

Run: python benchmarks/memory.py
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from common import best_of, fix_threads, write_result
from pytorch_metric_learning.losses import CrossBatchMemory, NTXentLoss, SupConLoss

from rbcl_lite.losses.invariance import invariance_loss
from rbcl_lite.memory import ExemplarMemory

SIZE, DIM, BATCH, TEMPERATURE, MOMENTUM = 8192, 128, 64, 0.05, 0.2


def main() -> None:
    fix_threads(1)
    generator = torch.Generator().manual_seed(0)
    keys = F.normalize(torch.randn(SIZE, DIM, generator=generator), dim=1)
    index = torch.randperm(SIZE, generator=generator)[:BATCH]
    start = F.normalize(keys[index] + 0.15 * torch.randn(BATCH, DIM, generator=generator), dim=1)

    memory = ExemplarMemory(SIZE, DIM, TEMPERATURE)
    memory.update(keys, torch.arange(SIZE), momentum=0.0)

    def ours(write: bool = True) -> tuple[float, torch.Tensor]:
        features = start.clone().requires_grad_()
        loss = invariance_loss(memory.logits(F.normalize(features, dim=1)), index, neighbours=False)
        loss.backward()
        if write:
            memory.update(features, index, MOMENTUM)
        assert features.grad is not None
        return loss.item(), features.grad

    def cross_batch(loss_function: torch.nn.Module) -> CrossBatchMemory:
        peer = CrossBatchMemory(loss_function, DIM, memory_size=SIZE)
        peer.add_to_memory(keys, torch.arange(SIZE), SIZE)
        return peer

    def theirs(peer: CrossBatchMemory, write: bool = True) -> tuple[float, torch.Tensor]:
        features = start.clone().requires_grad_()
        loss = peer(features, index, enqueue_mask=torch.zeros(BATCH, dtype=torch.bool))
        loss.backward()
        if write:
            peer.add_to_memory(features, index, BATCH)
        assert features.grad is not None
        return loss.item(), features.grad

    nt_xent, sup_con = cross_batch(NTXentLoss(TEMPERATURE)), cross_batch(SupConLoss(TEMPERATURE))
    value, gradient = ours(write=False)
    for peer in (nt_xent, sup_con):
        peer_value, peer_gradient = theirs(peer, write=False)
        assert abs(value - peer_value) < 1e-5 * max(1.0, value), (value, peer_value)
        torch.testing.assert_close(gradient, peer_gradient, rtol=1e-4, atol=1e-6)

    seconds = best_of(
        {
            "ours": ours,
            "ours_with_neighbours": lambda: invariance_step(memory, start, index),
            "nt_xent": lambda: theirs(nt_xent),
            "sup_con": lambda: theirs(sup_con),
        }
    )
    ratios = {name: seconds[name] / seconds["ours"] for name in ("nt_xent", "sup_con")}
    path = write_result(
        "memory",
        {"size": SIZE, "dim": DIM, "batch": BATCH, "seconds": seconds, "ratio": ratios, "loss": value},
        seed=0,
        packages=["pytorch-metric-learning"],
    )
    print(f"memory of {SIZE}, batch {BATCH}: equal to NT-Xent and SupCon, loss {value:.6f}")
    for name, s in seconds.items():
        print(f"  {name:22s} {1e3 * s:9.2f} ms" + (f"   {ratios[name]:7.1f}x" if name in ratios else ""))
    print(f"wrote {path}")


def invariance_step(memory: ExemplarMemory, start: torch.Tensor, index: torch.Tensor) -> None:
    features = start.clone().requires_grad_()
    invariance_loss(memory.logits(F.normalize(features, dim=1)), index, k=6).backward()
    memory.update(features, index, MOMENTUM)


if __name__ == "__main__":
    main()
