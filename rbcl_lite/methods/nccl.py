"""NCCL: contrast with many old vectors, positives weighted by how well the old model agrees."""

from __future__ import annotations

import torch
from torch import Tensor

from rbcl_lite.base.numbers import check_not_negative
from rbcl_lite.features import fit_dimension
from rbcl_lite.losses.nccl import confident_samples, nccl_class_loss, nccl_loss
from rbcl_lite.protocol import Batch, Epoch, Learner, Method, Upgrade


class NCCL(Method):
    """Neighbourhood-consensus contrastive learning (Wu et al. 2022): L = L_vectors + class_weight *
    L_classes.

    The paper keeps a queue of the old vectors of earlier batches. Here they are all known
    beforehand, so each step draws ``bank`` of them instead and adds those of the batch: the same
    references, without a queue to save. Images without a label are left out. Without a classifier
    in the new model the second term is left out; with one of another width than the old vectors it
    is read at the old width.

    Args:
        weight: lambda.
        temperature: of both softmaxes. A re-implementation has 1, at which they are nearly flat.
        bank: old vectors drawn in each step; None for all of them.
        class_weight: beta of the second term.
        confident: leave out images on which the old classifier's entropy is above this share of its
            maximum (the paper's filter is 0.5). Off by default: with few or foreign people the old
            classifier is sure of nothing.
        logit_scale: factor of the cosine in the old classifier, for ``confident``.

    Raises:
        ValueError: an empty bank; on :meth:`prepare`, ``confident`` without an old classifier.
    """

    labels: Tensor  # [N], -1 where left out
    vectors: Tensor  # [N, D_old]

    def __init__(
        self,
        weight: float = 1.0,
        temperature: float = 0.05,
        bank: int | None = 1024,
        class_weight: float = 0.01,
        confident: float | None = None,
        logit_scale: float = 16.0,
    ) -> None:
        super().__init__(weight)
        if bank is not None and bank < 1:
            raise ValueError(f"bank is a number of old vectors, at least 1, or None for all, got {bank}")
        check_not_negative(class_weight=class_weight)
        self.temperature, self.bank, self.class_weight = temperature, bank, class_weight
        self.confident, self.logit_scale = confident, logit_scale
        self.register_buffer("labels", torch.empty(0, dtype=torch.long), persistent=False)
        self.register_buffer("vectors", torch.empty(0, 0), persistent=False)

    def prepare(self, upgrade: Upgrade, learner: Learner) -> None:
        """Keep the old vectors at hand, and find those that the old classifier is sure of."""
        super().prepare(upgrade, learner)
        assert upgrade.old is not None
        self.vectors = upgrade.old.vectors
        self._sure: Tensor | None = None
        if self.confident is not None:
            if upgrade.old_classifier is None:
                raise ValueError("NCCL's filter needs the old classifier, and the old model has none; confident=None")
            rows = torch.nn.functional.normalize(upgrade.old_classifier.to(self.vectors), dim=1)
            self._sure = confident_samples(self.logit_scale * self.vectors @ rows.T, share=self.confident)

    def on_epoch(self, epoch: Epoch, labels: Tensor) -> None:
        """Take over the labels of the epoch."""
        labels = labels if self._sure is None else labels.masked_fill(~self._sure, -1)
        self.labels = labels.to(self.vectors.device)

    def step(self, batch: Batch) -> Tensor:
        """Both terms against the batch's old vectors and those drawn from the bank."""
        rows = (self.labels >= 0).nonzero()[:, 0]
        if self.bank is not None and len(rows) > self.bank:
            drawn = torch.randint(len(rows), (self.bank,), generator=batch.generator)
            mine = batch.index[self.labels[batch.index] >= 0]
            rows = torch.cat([mine, rows[drawn.to(rows.device)]]).unique()
        known = batch.labels >= 0
        new, old = (side[known] for side in batch.pair)
        labels = batch.labels[known]
        bank, bank_labels = self.vectors[rows], self.labels[rows]
        loss = nccl_loss(new, bank, labels, bank_labels, old, temperature=self.temperature)
        head = getattr(self.upgrade.model, "classifier", None)
        if head is None or not self.class_weight:
            return loss
        weight = fit_dimension(head.weight, bank.shape[1])
        classes = nccl_class_loss(new, bank, labels, bank_labels, old, weight, temperature=self.temperature)
        return loss + self.class_weight * classes
