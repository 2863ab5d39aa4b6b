"""Small models, fresh or with BN layers that have seen images, and images for them."""

import torch

from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.training.speed import arrange_memory

TINY = EmbedderConfig("tiny", dim=16, num_classes=5)


def images(n=6, size=(32, 16), seed=0):
    return torch.randint(0, 256, (n, 3, *size), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


def seasoned_model():
    torch.manual_seed(0)
    model = Embedder(TINY)
    for _ in range(3):  # statistics of the BN layers that are not the initial ones
        model(images(16, seed=1))
    return model


def fresh_model(backbone="tiny", seed=0):
    """In training mode, in the memory order of a training."""
    torch.manual_seed(seed)
    return arrange_memory(Embedder(EmbedderConfig(backbone, dim=8, num_classes=5)).train())


def float_images(n=6, size=(32, 16), seed=0):
    return torch.rand(n, 3, *size, generator=torch.Generator().manual_seed(seed))
