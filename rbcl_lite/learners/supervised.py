"""Supervised learner: cross-entropy of identity labels, and batch-hard triplets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from rbcl_lite.base.numbers import check_not_negative, check_share
from rbcl_lite.data.sampling import IdentitySampler
from rbcl_lite.losses.identity import cross_entropy_loss
from rbcl_lite.losses.triplet import triplet_loss
from rbcl_lite.protocol import Batch, Epoch, Learner, Upgrade


class Supervised(Learner):
    """Cross-entropy of the cosine classifier plus the triplet loss before the BN neck (Luo et al.
    2019).

    Args:
        label_smoothing: mass that the target gives to all classes.
        margin: of the triplet loss, on unit vectors.
        triplet: weight of the triplet loss.
        steps: batches in an epoch; by default as many as one pass over the images takes.
    """

    def __init__(
        self, label_smoothing: float = 0.1, margin: float = 0.3, triplet: float = 1.0, steps: int | None = None
    ) -> None:
        super().__init__()
        check_share(label_smoothing=label_smoothing)
        check_not_negative(triplet=triplet)
        self.length = steps
        self.label_smoothing, self.margin, self.triplet = label_smoothing, margin, triplet

    def prepare(self, upgrade: Upgrade) -> None:
        """Fix the labels: the position of each identity among the training people."""
        super().prepare(upgrade)
        self._labels = torch.from_numpy(upgrade.train.labels)
        self._sampler = IdentitySampler(upgrade.train.labels, *upgrade.batch, seed=upgrade.seed, length=self.length)

    def on_epoch(self, epoch: Epoch) -> Tensor:
        """The true labels, the same in every epoch."""
        return self._labels

    def steps(self) -> int:
        """Batches in an epoch."""
        return len(self._sampler)

    def batches(self, number: int) -> Iterator[np.ndarray]:
        """P x K batches."""
        return self._sampler.epoch(number)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Terms ``identity`` and ``triplet``."""
        if batch.outputs.logits is None:
            raise ValueError(
                "the supervised learner needs a classifier: build the model with num_classes = "
                f"{self.upgrade.train.num_ids}"
            )
        identity = cross_entropy_loss(batch.outputs.logits, batch.labels, label_smoothing=self.label_smoothing)
        triplet = triplet_loss(batch.outputs.feature, batch.labels, margin=self.margin)
        return {"identity": identity, "triplet": self.triplet * triplet}
