"""Start of a training: from the configuration of a run to what is known before it."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.features import Features
from rbcl_lite.learners import LEARNERS
from rbcl_lite.models.embedder import Embedder
from rbcl_lite.protocol import Upgrade
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.people import name_people


class OldModel(Protocol):
    """What an upgrade needs of the model that made the gallery."""

    @property
    def size(self) -> tuple[int, int] | None:
        """(height, width) of the images that it reads; None if it reads none."""

    def classifier(self) -> tuple[Tensor, float, list[str]] | None:
        """Rows [C, D] of its classifier, the factor of their cosine, and the name of each person."""

    def extract(self, data: ReIDDataset, progress: bool | None = None) -> Features:
        """Its vectors of these images, in their order."""


def make_upgrade(config: RunConfig, old: OldModel | None = None, progress: bool | None = None) -> Upgrade:
    """The images, the untrained new model and the old vectors of a run.

    The weights are drawn from ``config.train.seed``; the global generator is left as it was.

    Args:
        config: the run.
        old: what made the gallery, or None.
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Raises:
        ValueError: the old model's images are not those of the new one.
    """
    data = config.splits(progress).train.share(config.share)
    other = None if config.labelled is None else replace(config, images=config.labelled).splits(progress).train
    classes = LEARNERS[config.learner].classes(data, other)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.train.seed)
        model = Embedder(replace(config.model, num_classes=len(classes), size=config.size))
    upgrade = Upgrade(data, model, labelled=other, batch=config.batch, seed=config.train.seed, augment=config.augment)
    if old is None:
        return upgrade
    seen = data
    if old.size not in (None, config.size):  # the old model reads the images at its own size
        seen = replace(config, size=old.size).splits(progress).train.select(data.classes)
        if seen.keys != data.keys:
            raise ValueError(f"{data.name} holds other images at {old.size} than at {config.size}")
    upgrade = replace(upgrade, old=old.extract(seen, progress))
    head = old.classifier()
    if head is None:
        return upgrade
    rows, logit_scale, names = head
    place = dict(zip(name_people(config.images, config.seed, data), data.classes.tolist()))
    known = np.array([place.get(name, -1) for name in names], dtype=np.int64)
    return replace(upgrade, old_classifier=rows, old_logit_scale=logit_scale, old_classes=known)
