"""Losses of this package as pytorch-metric-learning calls them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn


class MetricLearningLoss(nn.Module):
    """One of the losses that compare queries with references, under the call of
    pytorch-metric-learning.

    It can stand in that library's trainers, with its samplers and miners, and, by
    :func:`cross_batch_memory`, inside its memory; the library itself is not needed. With the old
    model's vectors as ``ref_emb`` the loss keeps a new model compatible; without, the batch is
    compared with itself and no image with itself. References that a loss of ours leaves without
    gradient stay so.

    Args:
        loss: a function of query [B, D], reference [R, D], query_ids [B], reference_ids [R] that takes
            ``ignore`` [B, R], the pairs that do not exist: :func:`~rbcl_lite.losses.smooth_ap_loss`,
            :func:`~rbcl_lite.losses.supap_loss`, :func:`~rbcl_lite.losses.contrastive_loss`.
        options: further keyword arguments of the loss, for example ``reactivation``.

    >>> from rbcl_lite.losses import Reactivation, smooth_ap_loss
    >>> loss = MetricLearningLoss(smooth_ap_loss, temperature=0.05, reactivation=Reactivation())
    >>> new, labels = torch.tensor([[1.0, 0.1], [0.2, 1.0], [0.9, 0.0], [0.0, 0.8]]), torch.tensor([3, 5, 3, 5])
    >>> old = new + 0.1
    >>> bool(loss(new, labels, ref_emb=old, ref_labels=labels) > 0)
    True
    """

    def __init__(self, loss: Callable[..., Tensor], **options: object) -> None:
        super().__init__()
        self.loss, self.options = loss, options

    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,
        indices_tuple: Sequence[Tensor] | None = None,
        ref_emb: Tensor | None = None,
        ref_labels: Tensor | None = None,
    ) -> Tensor:
        """The loss of a batch, a scalar.

        Args:
            embeddings: [B, D] new vectors.
            labels: [B] integers.
            indices_tuple: pairs (anchors, positives, anchors, negatives) or triplets (anchors,
                positives, negatives) of positions, from a miner; all other pairs are left out.
            ref_emb: [R, D] what they are compared with, by default ``embeddings``.
            ref_labels: [R] integers.

        Raises:
            ValueError: references without labels, or the reverse; a tuple of another length.
        """
        if (ref_emb is None) != (ref_labels is None):
            raise ValueError("ref_emb and ref_labels belong together: give both or neither")
        if ref_emb is None or ref_labels is None:
            ref_emb, ref_labels = embeddings, labels
        labels, ref_labels = labels.to(embeddings.device), ref_labels.to(embeddings.device)
        ignore = None
        if indices_tuple is not None:
            ignore = ~chosen_pairs(indices_tuple, len(embeddings), len(ref_emb)).to(embeddings.device)
        elif ref_emb is embeddings:
            ignore = torch.eye(len(embeddings), dtype=torch.bool, device=embeddings.device)
        return self.loss(embeddings, ref_emb, labels, ref_labels, ignore=ignore, **self.options)


def chosen_pairs(indices_tuple: Sequence[Tensor], queries: int, references: int) -> Tensor:
    """The pairs that a miner chose, as bool [B, R].

    Args:
        indices_tuple: (anchors, positives, anchors, negatives) or (anchors, positives, negatives).
        queries: B.
        references: R.

    Raises:
        ValueError: a tuple of another length.

    >>> chosen_pairs([torch.tensor([0]), torch.tensor([1]), torch.tensor([0]), torch.tensor([2])], 2, 3).int()
    tensor([[0, 1, 1],
            [0, 0, 0]], dtype=torch.int32)
    """
    if len(indices_tuple) not in (3, 4):
        raise ValueError(f"indices_tuple holds 3 (triplets) or 4 (pairs) tensors, got {len(indices_tuple)}")
    anchor, positive, negative = indices_tuple[0], indices_tuple[1], indices_tuple[-1]
    chosen = torch.zeros(queries, references, dtype=torch.bool, device=anchor.device)
    chosen[anchor, positive] = True
    chosen[indices_tuple[-2] if len(indices_tuple) == 4 else anchor, negative] = True
    return chosen


def cross_batch_memory(loss: MetricLearningLoss, embedding_size: int, **options: Any) -> nn.Module:
    """The library's ``CrossBatchMemory`` around a loss of ours; by itself it takes only losses that it
    knows by name.

    Args:
        loss: the adapter.
        embedding_size: D.
        options: ``memory_size``, ``miner``.

    Raises:
        ImportError: the library is not installed.
    """
    try:
        from pytorch_metric_learning.losses import CrossBatchMemory
    except ImportError as error:
        raise ImportError(
            "the memory is that of pytorch-metric-learning: pip install pytorch-metric-learning"
        ) from error

    class Memory(CrossBatchMemory):
        @staticmethod
        def supported_losses() -> list[str]:
            return [type(loss).__name__]

    return Memory(loss, embedding_size, **options)
