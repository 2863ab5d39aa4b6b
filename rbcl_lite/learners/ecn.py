"""ECN: labelled images of one domain, and a memory of every image of an unlabelled one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from rbcl_lite.base.numbers import check_not_negative, check_positive, check_share
from rbcl_lite.data.camera_style import CameraStyle
from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.learners.clusters import Clustering
from rbcl_lite.learners.labelled import LabelledBranch
from rbcl_lite.losses.invariance import invariance_loss, neighbour_purity
from rbcl_lite.memory import ExemplarMemory
from rbcl_lite.models.extract import embedding_dim
from rbcl_lite.protocol import Batch, Epoch, Learner, TrainingSet, Upgrade


class ECN(Learner):
    """Exemplar, camera and neighbourhood invariance (Zhong et al. 2019): (1 - w) L_labelled + w
    L_target.

    The target domain is the training set; its labels are not used (its true identities enter the
    measured ``purity`` alone). A target image is its own class in the memory. Each is shown in the
    colours of a camera drawn from all (:class:`~rbcl_lite.data.camera_style.CameraStyle`, a
    stand-in for the paper's GAN images), and from a share ``start`` of the training on its k
    nearest keys share its target. The memory's momentum grows linearly from 0 in the first to 0.59
    in the last epoch, as in the paper.

    Our choices. Until a share ``warmup`` of the training is done, the labelled images alone teach,
    and the memory is only written. The paper's networks come with ImageNet weights and need no such
    time; there neighbours count from the 6th of 60 epochs on (``warmup=0, start=5 / 60``).
    Exemplars told apart and neighbours believed before the network knows anything of people teach
    it cameras and backgrounds. The memory meets unit vectors, where the official code applies
    dropout after normalising (``dropout=0.5`` gives that). The labelled branch has triplets beside
    the cross-entropy, as the supervised learner (``triplet=0`` for the paper's). Running statistics
    of batch norm come from the target images, where the official code mixes both domains
    (``mixed_statistics``).

    **Labels for the compatibility method**, our choice too, since the paper has no such method:
    each image is its own class until neighbours count; from then on the memory's keys are clustered
    at the start of every epoch (:class:`~rbcl_lite.learners.clusters.Clustering`), and an image
    outside all clusters stays its own class. The images of a cluster stand together in batches, K
    at a time, so that a ranking finds positives; every image is still seen once an epoch. The loss
    of ECN itself does not use these labels.

    Args:
        weight: w of the target loss.
        temperature: beta of the memory.
        k: neighbours.
        warmup: share of the training after which the target loss counts.
        start: share of the training after which neighbours count, as far as the target loss does.
        momentum: weight of the old key in the last epoch.
        exemplar: False leaves the target loss out, so that only the labelled images teach.
        camera: camera-style copies.
        neighbours: neighbourhood invariance.
        dropout: on the unit vector that meets the memory.
        triplet: weight of the triplet loss in the labelled branch.
        label_smoothing: of the labelled branch.
        mixed_statistics: let labelled images update the running statistics of batch norm.
        eps: of the clustering, see :class:`~rbcl_lite.learners.clusters.Clustering`.
        min_samples: likewise.
        k1: likewise.
        k2: likewise.
        centred: likewise.

    Raises:
        ValueError: camera or neighbours without exemplar; on :meth:`prepare`, no labelled images, a
            classifier that does not fit them, or camera styles where cameras are unknown.
    """

    fixed_labels = False
    needs_labelled = True

    def __init__(
        self,
        weight: float = 0.3,
        temperature: float = 0.05,
        k: int = 6,
        warmup: float = 0.5,
        start: float = 0.75,
        momentum: float = 0.59,
        exemplar: bool = True,
        camera: bool = True,
        neighbours: bool = True,
        dropout: float = 0.0,
        triplet: float = 1.0,
        label_smoothing: float = 0.1,
        mixed_statistics: bool = False,
        eps: float = 0.5,
        min_samples: int = 4,
        k1: int = 10,
        k2: int = 4,
        centred: bool = True,
    ) -> None:
        super().__init__()
        if not 0 <= weight <= 1:
            raise ValueError(f"the weight of the target loss must lie in 0..1, got {weight}")
        if (camera or neighbours) and not exemplar:
            raise ValueError("camera and neighbourhood invariance are targets of the exemplar memory: exemplar=True")
        check_positive(temperature=temperature, k=k)
        check_share(warmup=warmup, start=start, momentum=momentum, dropout=dropout, label_smoothing=label_smoothing)
        check_not_negative(triplet=triplet)
        self.weight, self.temperature, self.k = weight, temperature, k
        self.warmup, self.start = warmup, start
        self.momentum, self.dropout = momentum, dropout
        self.triplet, self.label_smoothing = triplet, label_smoothing
        self.exemplar, self.camera, self.neighbours = exemplar, camera, neighbours
        self.mixed_statistics = mixed_statistics
        self.clustering = Clustering(eps, min_samples, k1, k2, centred)
        self._features: Tensor | None = None
        self._observed: dict[str, Tensor | float] = {}

    @classmethod
    def classes(cls, train: TrainingSet, labelled: TrainingSet | None) -> np.ndarray:
        """The classifier is for the people of the labelled domain."""
        return np.empty(0, np.int64) if labelled is None else labelled.classes

    def prepare(self, upgrade: Upgrade) -> None:
        """An empty memory, the cameras' colours, the labelled branch."""
        super().prepare(upgrade)
        self._labelled = LabelledBranch(
            upgrade,
            "ecn",
            triplet=self.triplet,
            label_smoothing=self.label_smoothing,
            update_statistics=self.mixed_statistics,
        )
        if self.camera:
            if not isinstance(upgrade.train, ReIDDataset):
                raise ValueError(
                    f"ecn puts images into the colours of other cameras; {upgrade.train.name}: camera=False"
                )
            self._style = CameraStyle.fit(upgrade.train)
        self.memory = ExemplarMemory(len(upgrade.train), embedding_dim(upgrade.model, upgrade.train), self.temperature)
        self._ids = torch.from_numpy(upgrade.train.ids)

    def on_epoch(self, epoch: Epoch) -> Tensor:
        """Momentum of the epoch, and which losses count in it; the labels that a compatibility
        method uses.
        """
        self.alpha = self.momentum * epoch.number / max(1, epoch.total - 1)
        self._with_target = self.exemplar and epoch.progress >= self.warmup - 1e-9
        self._with_neighbours = self.neighbours and self._with_target and epoch.progress >= self.start - 1e-9
        self._labels = torch.arange(len(self.upgrade.train))
        if self._with_neighbours:
            self._group(self.memory.keys.cpu())
        return self._labels

    def _group(self, keys: Tensor) -> None:
        """Give the images of each cluster of keys one label; others keep their own."""
        filled = (keys.norm(dim=1) > 0).nonzero()[:, 0]
        if len(filled) <= 2:
            return
        cams = self.upgrade.train.cams
        found = self.clustering(keys[filled], None if cams is None else torch.from_numpy(cams)[filled])
        clusters = int(found.max()) + 1
        labels = torch.arange(len(keys)) + clusters
        labels[filled[found >= 0]] = found[found >= 0]
        self._labels = labels.unique(return_inverse=True)[1]
        self._observed["clustered"] = float((found >= 0).float().mean())

    def steps(self) -> int:
        """Batches in an epoch: one pass over the target images."""
        people, images = self.upgrade.batch
        return -(-len(self.upgrade.train) // (people * images))

    def batches(self, number: int) -> Iterator[np.ndarray]:
        """All images in a random order, K images of a label together; the last batch is filled from
        the first.
        """
        people, images = self.upgrade.batch
        r = np.random.default_rng((self.upgrade.seed, 13, number))
        order = r.permutation(len(self._labels))
        labels = self._labels.numpy()[order]
        by_label = np.argsort(labels, kind="stable")
        starts = np.searchsorted(labels[by_label], labels[by_label])
        piece = np.empty_like(order)
        piece[by_label] = (np.arange(len(order)) - starts) // images
        _, chunk = np.unique(np.stack([labels, piece]), axis=1, return_inverse=True)
        place = r.permutation(int(chunk.max()) + 1)[chunk.ravel()]
        order = np.resize(order[np.argsort(place, kind="stable")], self.steps() * people * images)
        yield from order.reshape(self.steps(), -1)

    def inputs(self, index: np.ndarray, generator: torch.Generator) -> Tensor:
        """The images, each in the colours of a camera that is drawn for it."""
        images = super().inputs(index, generator)
        cams = self.upgrade.train.cams
        if not self.camera or cams is None:
            return images
        return self._style(images, torch.from_numpy(cams[index]), self._style.draw(len(index), generator))

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Terms ``labelled`` and, after the warm-up, ``target``."""
        labelled = self._labelled.loss(batch)
        if not self.exemplar:
            return {"labelled": labelled}
        features = F.normalize(batch.outputs.embedding.float(), dim=1)
        features = F.dropout(features, self.dropout, training=self.dropout > 0)
        self._features = features.detach()
        if not self._with_target:
            return {"labelled": labelled}
        logits = self.memory.logits(features)
        target = invariance_loss(logits, batch.index, k=self.k, neighbours=self._with_neighbours)
        if self._with_neighbours and self.k > 1:
            ids = self._ids.to(batch.index.device)
            self._observed["purity"] = neighbour_purity(logits.detach(), batch.index, ids, k=self.k)
        return {"labelled": (1 - self.weight) * labelled, "target": self.weight * target}

    def after_step(self, batch: Batch) -> None:
        """Write the vectors that met the memory into it."""
        if self._features is not None:
            self.memory.update(self._features, batch.index, self.alpha)
            self._features = None

    def observe(self) -> dict[str, Tensor | float]:
        """``purity`` of the k nearest keys and the share of images ``clustered``, once neighbours
        count.
        """
        return self._observed
