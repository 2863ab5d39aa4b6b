"""A short training of the toy, and its weights as one vector."""

from __future__ import annotations

from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from rbcl_lite.learners.supervised import Supervised
from rbcl_lite.methods.bct import BCT
from rbcl_lite.protocol import Method, Upgrade
from rbcl_lite.training.loop import train
from rbcl_lite.training.schedule import TrainConfig

CONFIG = TrainConfig(epochs=3, lr=3e-3, seed=1)


def weights(model: nn.Module) -> Tensor:
    """Everything that a model holds."""
    return torch.cat([v.flatten().double() for v in model.state_dict().values()])


def run(
    upgrade: Upgrade, method: Method | None = None, config: TrainConfig = CONFIG, **other: Any
) -> tuple[Tensor, pd.DataFrame]:
    """Train, by default with BCT; the weights and the history."""
    history = train(upgrade, Supervised(), method or BCT(), config, **other)
    return weights(upgrade.model), history
