"""Scale of a notebook, a test or an experiment: one switch decides how much work it does."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import torch


@dataclass(frozen=True)
class Scale:
    """How large the world, the models and the training are.

    Args:
        name: smoke, laptop, crowd, gpu or large.
        size: (height, width) of the new model's input in pixels.
        old_size: (height, width) of the old model's input.
        people: training people of a domain.
        validation_people: people on whom choices are made.
        test_people: people whom the table reports.
        views: images of a training person per camera.
        gallery_views: gallery images of a held-out person per camera (each camera adds one query).
        old_backbone: backbone of the old model.
        new_backbone: backbone of the new model.
        dim: embedding dimension of both.
        epochs: passes over the training images of the new model.
        old_epochs: passes of the old model.
        batch: (people, images of each) in a batch.
        lr: highest learning rate.
        erase: probability of random erasing.
        label_smoothing: mass that the target of the identity loss gives to all classes.
    """

    name: str
    size: tuple[int, int]
    old_size: tuple[int, int]
    people: int
    validation_people: int
    test_people: int
    views: int
    gallery_views: int
    old_backbone: str
    new_backbone: str
    dim: int
    epochs: int
    old_epochs: int
    batch: tuple[int, int]
    lr: float
    erase: float
    label_smoothing: float


SCALES = {
    "smoke": Scale("smoke", (64, 32), (64, 32), 24, 8, 12, 2, 1, "tiny", "small", 32, 1, 1, (8, 3), 1e-2, 0.0, 0.0),
    "laptop": Scale(
        "laptop", (64, 32), (64, 32), 400, 100, 150, 3, 2, "tiny", "small", 128, 32, 20, (16, 4), 1e-2, 0.0, 0.0
    ),
    "gpu": Scale(
        "gpu", (128, 64), (64, 32), 1000, 150, 300, 4, 2, "tiny", "resnet18", 256, 16, 20, (16, 4), 3e-3, 0.5, 0.1
    ),
    "large": Scale(
        "large", (256, 128), (64, 32), 2000, 200, 500, 4, 2, "small", "resnet50", 512, 30, 20, (16, 4), 3e-3, 0.5, 0.1
    ),
}
"""What each name means. ``laptop`` was chosen by a search that ``results/recipe.json`` holds, and ``crowd`` is laptop
with five times the people, of whom a batch sees almost none; ``gpu`` is sized for a T4 with two slow cores, about
6,000 steps of 64 images."""
SCALES["crowd"] = replace(SCALES["laptop"], name="crowd", people=2000)


def scale(name: str | None = None) -> Scale:
    """The scale of this name, of ``$RBCL_SCALE``, or ``gpu`` where CUDA is available and ``laptop``
    elsewhere.

    Raises:
        ValueError: an unknown name.

    >>> scale("laptop").size
    (64, 32)
    """
    name = name or os.environ.get("RBCL_SCALE") or ("gpu" if torch.cuda.is_available() else "laptop")
    if name not in SCALES:
        raise ValueError(f"unknown scale {name!r}: set RBCL_SCALE to one of {', '.join(SCALES)}")
    return SCALES[name]
