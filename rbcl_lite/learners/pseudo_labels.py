"""Pseudo labels: cluster the images anew in every epoch, and learn the clusters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.data.sampling import IdentitySampler
from rbcl_lite.learners.clusters import Clustering
from rbcl_lite.learners.labelled import LabelledBranch
from rbcl_lite.losses.identity import cross_entropy_loss
from rbcl_lite.losses.influence import class_prototypes
from rbcl_lite.memory import ClusterMemory
from rbcl_lite.models.extract import extract
from rbcl_lite.protocol import Batch, Epoch, Learner, TrainingSet, Upgrade


@dataclass
class Clusters:
    """What one epoch learns from: made anew at its start, so it is no part of the state."""

    memory: ClusterMemory
    sampler: IdentitySampler


class PseudoLabels(Learner):
    """Cluster Contrast (Dai et al. 2022) on clusters of Jaccard distances, found anew before every
    epoch.

    All training images pass the model without augmentation, DBSCAN groups them
    (:class:`~rbcl_lite.learners.clusters.Clustering`), images outside all clusters are left out of
    the epoch, and the new vectors are classified against one running vector per cluster
    (:class:`~rbcl_lite.memory.ClusterMemory`, which starts as the clusters' means).

    The published runs start from ImageNet weights. This package's small models start from random
    ones, whose clusters are cameras rather than people, and what is learnt from wrong clusters
    confirms them. Our choices:

    - Labelled images of another domain, where they are given, teach alone until a share ``start``
      of the training is done, and beside the clusters afterwards.
    - Until ``start`` the *old* model's vectors are clustered, where there is an old model: for the
      compatibility method, and without labelled images for the cluster loss too. A fair independent
      model is therefore trained with the same old model at hand.
    - Each camera's mean is taken out of the vectors before they are clustered, and ``eps`` and
      ``k1`` are smaller than the published 0.6 and 30, with which the chains of DBSCAN joined most
      people of a drawn domain.

    Args:
        eps: see :class:`~rbcl_lite.learners.clusters.Clustering`.
        min_samples: likewise.
        k1: likewise.
        k2: likewise.
        centred: likewise.
        temperature: of the cluster memory.
        momentum: weight of the old value in the cluster memory.
        start: share of the training after which the new model's own vectors are clustered.
        labelled: weight of the labelled images, where they are given.
        label_smoothing: of the labelled images.

    Raises:
        ValueError: fewer than two clusters in an epoch (the message names ``eps``); a classifier
            that does not fit the labelled images.
    """

    fixed_labels = False

    def __init__(
        self,
        eps: float = 0.5,
        min_samples: int = 4,
        k1: int = 10,
        k2: int = 4,
        centred: bool = True,
        temperature: float = 0.05,
        momentum: float = 0.1,
        start: float = 0.5,
        labelled: float = 1.0,
        label_smoothing: float = 0.1,
    ) -> None:
        super().__init__()
        self.clustering = Clustering(eps, min_samples, k1, k2, centred)
        self.temperature, self.momentum, self.start, self.labelled = temperature, momentum, start, labelled
        self.label_smoothing = label_smoothing
        self._labelled: LabelledBranch | None = None
        self._observed: dict[str, Tensor | float] = {}

    @classmethod
    def classes(cls, train: TrainingSet, labelled: TrainingSet | None) -> np.ndarray:
        """A classifier for the people of the labelled domain, none without it."""
        return np.empty(0, np.int64) if labelled is None else labelled.classes

    def prepare(self, upgrade: Upgrade) -> None:
        """Open the labelled branch where there are labelled images."""
        super().prepare(upgrade)
        if upgrade.labelled is not None and self.labelled:
            self._labelled = LabelledBranch(upgrade, "pseudo-labels", label_smoothing=self.label_smoothing)

    def on_epoch(self, epoch: Epoch) -> Tensor:
        """Cluster; the labels are clusters 0..C-1, and -1 for images outside all of them."""
        train, old = self.upgrade.train, self.upgrade.old
        new = extract(self.upgrade.model, train, progress=False, processes=self.upgrade.forward.processes).vectors
        early = epoch.progress < self.start - 1e-9
        self._contrast = not early or self._labelled is None
        basis = old.vectors if old is not None and early else new
        labels = self.clustering(basis, None if train.cams is None else torch.from_numpy(train.cams))
        count = int(labels.max()) + 1
        if count < 2:
            share, eps, k1 = float((labels >= 0).float().mean()), self.clustering.eps, self.clustering.k1
            raise ValueError(
                f"epoch {epoch.number}: {count} cluster of {share:.0%} of {len(train)} images at eps = {eps}; "
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
        """Terms ``contrast`` and ``labelled``, as far as they hold now."""
        self._features = F.normalize(batch.outputs.embedding.float(), dim=1)
        terms: dict[str, Tensor] = {}
        if self._contrast:
            logits = self._clusters.memory.logits(self._features)
            terms["contrast"] = cross_entropy_loss(logits, batch.labels, label_smoothing=0.0)
        if self._labelled is not None:
            terms["labelled"] = self.labelled * self._labelled.loss(batch)
        return terms

    def after_step(self, batch: Batch) -> None:
        """Write the batch into the vectors of its clusters."""
        self._clusters.memory.update(self._features.detach(), batch.labels)

    def observe(self) -> dict[str, Tensor | float]:
        """Number of ``clusters`` and share of images ``clustered`` in this epoch."""
        return self._observed
