"""A toy upgrade: few people in flat colours, seen by three cameras, and old vectors that know them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.features import Features
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.protocol import Batch, Upgrade
from rbcl_lite.training.schedule import TrainConfig

PEOPLE = 7
CONFIG = TrainConfig(epochs=3, lr=1e-3)


def toy_images(people: int = PEOPLE, seed: int = 0, first: int = 10, cams: bool = True) -> ReIDDataset:
    """People with 5 to 8 images each, in shuffled order; identities are not 0..C-1."""
    r = np.random.default_rng(seed)
    ids = r.permutation(np.repeat(np.arange(people), r.integers(5, 9, people)))
    cam = r.integers(0, 3, len(ids))
    colour = r.integers(0, 256, (people, 2, 3))
    flat = (
        np.repeat(colour[ids], 16, axis=1)[:, :, None]
        + r.normal(0, 12, (len(ids), 32, 16, 3))
        + 10 * cam[:, None, None, None]
    )
    keys = [f"{first + i}_{n}" for n, i in enumerate(ids)]
    return ReIDDataset(flat.clip(0, 255).astype(np.uint8), 2 * (first + ids), cam if cams else None, keys, "toy")


def toy_old(data: ReIDDataset, dim: int = 16, seed: int = 1) -> Features:
    """Old vectors: the person's direction and noise."""
    g = torch.Generator().manual_seed(seed)
    centres = torch.randn(data.num_ids, dim, generator=g)
    vectors = centres[data.labels] + 0.7 * torch.randn(len(data), dim, generator=g)
    cams = None if data.cams is None else torch.from_numpy(data.cams)
    return Features(vectors, torch.from_numpy(data.ids), cams, "old", data.keys)


def toy_upgrade(
    dim: int = 16,
    old_dim: int | None = 16,
    *,
    classes: int | None = None,
    cams: bool = True,
    labelled: bool = False,
    seed: int = 0,
) -> Upgrade:
    """A fresh model each time, equal for equal arguments."""
    data = toy_images(cams=cams)
    other = toy_images(people=5, seed=9, first=50) if labelled else None
    if classes is None:
        classes = data.num_ids if other is None else other.num_ids
    torch.manual_seed(seed)
    model = Embedder(EmbedderConfig("tiny", dim=dim, num_classes=classes))
    upgrade = Upgrade(data, model, labelled=other, batch=(4, 3), seed=seed)
    if old_dim is None:
        return upgrade
    rows = torch.randn(3, old_dim, generator=torch.Generator().manual_seed(5))
    known = np.array([data.classes[1], data.classes[4], -1])
    return replace(upgrade, old=toy_old(data, old_dim), old_classifier=rows, old_classes=known)


def toy_batch(
    upgrade: Upgrade, index: list[int], labels: torch.Tensor | None = None, progress: float = 0.5, step: int = 0
) -> Batch:
    """One batch of the toy after the forward pass."""
    rows = torch.tensor(index)
    data = upgrade.train
    labels = torch.from_numpy(data.labels) if labels is None else labels
    images = torch.from_numpy(data.images[index]).permute(0, 3, 1, 2)
    outputs = upgrade.model.train()(images)
    cams = None if data.cams is None else torch.from_numpy(data.cams[index])
    old = None if upgrade.old is None else upgrade.old.vectors[rows]
    return Batch(rows, labels[rows], cams, outputs, old, step, progress, torch.Generator().manual_seed(3))
