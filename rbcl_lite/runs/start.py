"""From the configuration of a run to what its training starts from."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from rbcl_lite.learners import LEARNERS
from rbcl_lite.protocol import Upgrade
from rbcl_lite.models.embedder import Embedder

if TYPE_CHECKING:  # for the annotations alone: a run's key depends on this file, and not on those
    from rbcl_lite.runs.config import RunConfig
    from rbcl_lite.runs.run import Run


def make_upgrade(config: RunConfig, old: Run | None = None, progress: bool | None = None) -> Upgrade:
    """The images, the untrained new model and the old vectors of a run.

    The weights are drawn from ``config.train.seed``; the global generator is left as it was.

    Args:
        config: the run.
        old: the finished run that made the gallery, or None.
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Raises:
        ValueError: the old model's images are not those of the new one.
    """
    data = config.splits(progress).train.share(config.part)
    other = None if config.labelled is None else replace(config, source=config.labelled).splits(progress).train
    classes = LEARNERS[config.learner].classes(data, other)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.train.seed)
        model = Embedder(replace(config.model, num_classes=len(classes)))
    upgrade = Upgrade(data, model, source=other, batch=config.batch, seed=config.train.seed)
    if old is None:
        return upgrade
    seen = data
    if old.config.size != config.size:  # the old model reads the images at its own size
        seen = replace(config, size=old.config.size).splits(progress).train.select(data.classes)
        if seen.keys != data.keys:
            raise ValueError(f"{data.name} holds other images at {old.config.size} than at {config.size}")
    known = np.array(json.loads((old.folder / "model.json").read_text(encoding="utf-8"))["classes"], dtype=np.int64)
    same_people = (old.config.source, old.config.seed, old.config.learner) == (config.source, config.seed, "supervised")
    model = old.model
    classifier = model.classifier
    return replace(
        upgrade,
        old=old.extract(seen, progress),
        old_classifier=None if classifier is None else classifier.weight.detach(),
        old_scale=None if classifier is None else model.config.scale,
        old_classes=known if same_people else np.full_like(known, -1),
    )
