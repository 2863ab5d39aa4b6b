"""Schedule of a training: how long, how fast, and the learning rate at each step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained.

    Args:
        epochs: passes over the training images.
        lr: highest learning rate of AdamW.
        weight_decay: of AdamW.
        schedule: ``onecycle`` (up for 20 % of the steps, then a cosine down to zero) or
            ``multistep`` (linear warm-up over 10 % of the steps, then a tenth at 45 % and at 70 %;
            Luo et al. 2019).
        precision: ``auto`` (mixed on CUDA, float32 elsewhere), ``float32``, ``bf16`` or ``fp16``.
        seed: of weights, batches, augmentation and everything else that is drawn.
        chunk: images that pass the network at once, for batches that do not fit into the memory;
            see :class:`~rbcl_lite.models.forward.Forward`. None for the whole batch.
    """

    epochs: int = 32
    lr: float = 1e-2
    weight_decay: float = 5e-4
    schedule: str = "onecycle"
    precision: str = "auto"
    seed: int = 0
    chunk: int | None = None

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise ValueError(f"epochs must be at least 1, got {self.epochs}")
        if not 0 < self.lr < float("inf"):
            raise ValueError(f"lr, the highest learning rate, must be above 0, got {self.lr}")
        if self.chunk is not None and self.chunk < 2:
            raise ValueError(f"chunk is a number of images that pass the network at once, at least 2, got {self.chunk}")
        learning_rate(self, 0.0)  # an unknown schedule raises now, not after the images were made


def learning_rate(config: TrainConfig, done: float) -> float:
    """The learning rate after a share ``done`` (0..1) of the steps.

    >>> [round(learning_rate(TrainConfig(lr=1.0), d), 2) for d in (0.0, 0.2, 1.0)]
    [0.04, 1.0, 0.0]
    """
    if config.schedule == "onecycle":
        if done < 0.2:
            return config.lr * (0.04 + 0.96 * done / 0.2)
        return config.lr * 0.5 * (1 + float(np.cos(np.pi * (done - 0.2) / 0.8)))
    if config.schedule == "multistep":
        return config.lr * (min(1.0, 0.01 + done / 0.1) if done < 0.45 else 0.1 if done < 0.7 else 0.01)
    raise ValueError(f"unknown schedule {config.schedule!r}: choose onecycle or multistep")
