"""A small upgrade that trains in a tenth of a second."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.models.extract import extract
from rbcl_lite.protocol import Upgrade


@pytest.fixture
def upgrade(toy: Callable[..., ReIDDataset]) -> Callable[..., Upgrade]:
    """A function that makes an untrained upgrade: 7 people x 4 images, an old model of 8 dimensions."""

    def make(seed: int = 1, dim: int = 16) -> Upgrade:
        data = toy()
        torch.manual_seed(seed)
        old = Embedder(EmbedderConfig("tiny", dim=8, num_classes=7))
        model = Embedder(EmbedderConfig("tiny", dim=dim, num_classes=7))
        assert old.classifier is not None
        return Upgrade(
            data,
            model,
            extract(old, data),
            old.classifier.weight.detach(),
            data.classes,
            old.config.logit_scale,
            batch=(3, 2),
            seed=seed,
        )

    return make
