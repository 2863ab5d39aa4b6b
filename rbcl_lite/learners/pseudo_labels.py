"""Pseudo labels: cluster the images anew in every epoch, and learn the clusters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.clustering.dbscan import pseudo_labels
from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.data.sampling import IdentitySampler
from rbcl_lite.learners.base import Batch, Learner, Upgrade
from rbcl_lite.learners.source import SourceBranch
from rbcl_lite.losses.identity import cross_entropy_loss
from rbcl_lite.losses.influence import class_prototypes
from rbcl_lite.memory import ClusterMemory
from rbcl_lite.models.embedder import extract


@dataclass
class Clusters:
    """What one epoch learns from: made anew at its start, so it is no part of the state."""

    memory: ClusterMemory
    sampler: IdentitySampler


class PseudoLabels(Learner):
    """Cluster Contrast (Dai et al. 2022) on clusters of Jaccard distances, found anew before every epoch.

    All training images pass the model without augmentation, DBSCAN groups them
    (:func:`~rbcl_lite.clustering.pseudo_labels`), images outside all clusters are left out of the epoch, and the
    new vectors are classified against one running vector per cluster (:class:`~rbcl_lite.memory.ClusterMemory`,
    which starts as the clusters' means).

    The published runs start from ImageNet weights, this package's small models from random ones, whose clusters mean
    little. Our choice for a start: until a share ``start`` of the training is done, the *old* model's vectors of
    the images are clustered, where there is an old model (the one that runs the gallery; without it the new model's
    own from the beginning). A fair independent model is therefore trained with the same old model at hand. Where
    labelled images of another domain are given, they teach beside the clusters, with weight ``source``.

    Args:
        eps: see :func:`~rbcl_lite.clustering.pseudo_labels`.
        min_samples: likewise.
        k1: likewise; 1 to 1.5 times the images per person.
        k2: likewise.
        temperature: of the cluster memory.
        momentum: weight of the old value in the cluster memory.
        start: share of the training in which the old model's vectors are clustered.
        source: weight of the labelled source images, where they are given.

    Raises:
        ValueError: fewer than two clusters in an epoch (the message names ``eps``); a classifier that does not fit
            the source images.
    """

    fixed_labels = False

    def __init__(
        self,
        eps: float = 0.6,
        min_samples: int = 4,
        k1: int = 20,
        k2: int = 6,
        temperature: float = 0.05,
        momentum: float = 0.1,
        start: float = 0.3,
        source: float = 1.0,
    ) -> None:
        super().__init__()
        self.eps, self.min_samples, self.k1, self.k2 = eps, min_samples, k1, k2
        self.temperature, self.momentum, self.start, self.source = temperature, momentum, start, source
        self._source: SourceBranch | None = None
        self._observed: dict[str, float] = {}

    @classmethod
    def classes(cls, train: ReIDDataset, source: ReIDDataset | None) -> np.ndarray:
        """A classifier for the people of the source domain, none without it."""
        return np.empty(0, np.int64) if source is None else source.classes

    def prepare(self, upgrade: Upgrade) -> None:
        """Open the source branch where there are source images."""
        super().prepare(upgrade)
        if upgrade.source is not None and self.source:
            self._source = SourceBranch(upgrade, "pseudo-labels")

    def on_epoch(self, number: int, progress: float) -> Tensor:
        """Cluster; the labels are clusters 0..C-1, and -1 for images outside all of them."""
        train, old = self.upgrade.train, self.upgrade.old
        new = extract(self.upgrade.model, train, progress=False).vectors
        basis = old.vectors if old is not None and progress < self.start - 1e-9 else new
        options = {"eps": self.eps, "min_samples": self.min_samples}
        k1, k2 = min(self.k1, len(train) - 1), min(self.k2, len(train))
        labels = pseudo_labels(basis, **options, k1=k1, k2=k2)  # type: ignore[arg-type]
        count = int(labels.max()) + 1
        if count < 2:
            share = float((labels >= 0).float().mean())
            raise ValueError(
                f"epoch {number}: {count} cluster of {share:.0%} of {len(train)} images at eps = {self.eps}; "
                f"{'lower' if share > 0.5 else 'raise'} eps, or lower k1 = {k1} if it exceeds the images per person"
            )
        centres = class_prototypes(new, labels, count)
        memory = ClusterMemory(centres, self.temperature, self.momentum)
        people, images = self.upgrade.batch
        sampler = IdentitySampler(
            labels.numpy(), min(people, count), images, seed=self.upgrade.seed, length=self.steps()
        )
        self._clusters = Clusters(memory.to(next(self.upgrade.model.parameters()).device), sampler)
        self._observed = {"clusters": float(count), "clustered": float((labels >= 0).float().mean())}
        return labels

    def steps(self) -> int:
        """Batches in an epoch, the same in all of them: one pass over the images, clustered or not."""
        people, images = self.upgrade.batch
        return max(1, round(len(self.upgrade.train) / (people * images)))

    def batches(self, number: int) -> Iterator[np.ndarray]:
        """P x K batches of clusters; fewer clusters than P make smaller batches."""
        return self._clusters.sampler.epoch(number)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Term ``contrast``, and ``source`` where there are source images."""
        self._features = F.normalize(batch.outputs.embedding.float(), dim=1)
        logits = self._clusters.memory.logits(self._features)
        terms = {"contrast": cross_entropy_loss(logits, batch.labels, label_smoothing=0.0)}
        if self._source is not None:
            terms["source"] = self.source * self._source.loss(batch)
        return terms

    def after_step(self, batch: Batch) -> None:
        """Write the batch into the vectors of its clusters."""
        self._clusters.memory.update(self._features.detach(), batch.labels)

    def observe(self) -> dict[str, float]:
        """Number of ``clusters`` and share of images ``clustered`` in this epoch."""
        return self._observed
