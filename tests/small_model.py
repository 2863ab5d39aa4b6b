"""A tiny model whose BN layers have seen images, for the tests of what models give."""

import torch

from rbcl_lite.models.embedder import Embedder, EmbedderConfig

TINY = EmbedderConfig("tiny", dim=16, num_classes=5)


def images(n=6, size=(32, 16), seed=0):
    return torch.randint(0, 256, (n, 3, *size), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


def seasoned_model():
    torch.manual_seed(0)
    model = Embedder(TINY)
    for _ in range(3):  # statistics of the BN layers that are not the initial ones
        model(images(16, seed=1))
    return model
