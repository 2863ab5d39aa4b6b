"""A small old run and its upgrade at the scale ``tiny-test``, which the fixture ``tiny_world`` makes known."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from rbcl_lite.models.embedder import EmbedderConfig
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.run import Run
from rbcl_lite.training.schedule import TrainConfig

OLD = RunConfig(
    share=0.5,
    model=EmbedderConfig("tiny", dim=8),
    size=(32, 16),
    batch=(4, 3),
    train=TrainConfig(epochs=1, lr=3e-3, seed=3),
    scale="tiny-test",
)
NEW = replace(OLD, share=1.0, model=EmbedderConfig("tiny", dim=16), method="bct", old=OLD)
LONG = replace(NEW, train=replace(NEW.train, epochs=6))  # 12 steps in an epoch


def weights(run: Run) -> dict[str, Tensor]:
    """Everything that the model of a run holds."""
    return run.load_model().state_dict()


def equal(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    """Whether two models hold the same, bit by bit."""
    return a.keys() == b.keys() and all(torch.equal(v, b[k]) for k, v in a.items())
