"""Embedder: trunk, pooling, embedding, BN neck, cosine classifier."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.transforms.v2 import functional as V

from rbcl_lite.base.tensors import full_precision
from rbcl_lite.models.backbones import make_backbone
from rbcl_lite.models.outputs import Outputs

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet statistics, as torchvision's weights expect


@dataclass(frozen=True)
class EmbedderConfig:
    """What an :class:`Embedder` is made of.

    Args:
        backbone: tiny, small, resnet18 or resnet50.
        dim: embedding dimension D.
        num_classes: training people C of the classifier; 0 leaves it out.
        pooling: ``max`` (keeps small coloured details), ``avg`` or ``gem`` (generalised mean, p =
            3).
        logit_scale: factor of the cosine logits.
        pretrained: ImageNet weights (ResNets only).
    """

    backbone: str = "small"
    dim: int = 128
    num_classes: int = 0
    pooling: str = "gem"
    logit_scale: float = 16.0
    pretrained: bool = False


class Embedder(nn.Module):
    """A re-ID model with a BN neck (Luo et al. 2019): the triplet loss sees ``feature``, retrieval
    uses ``embedding``.

    Args:
        config: see :class:`EmbedderConfig`.

    Raises:
        ValueError: an unknown backbone or pooling, or a dimension under 2.

    >>> model = Embedder(EmbedderConfig("tiny", dim=16, num_classes=5)).eval()
    >>> out = model(torch.zeros(2, 3, 64, 32, dtype=torch.uint8))
    >>> out.embedding.shape, out.logits.shape
    (torch.Size([2, 16]), torch.Size([2, 5]))
    """

    def __init__(self, config: EmbedderConfig) -> None:
        super().__init__()
        if config.pooling not in ("max", "avg", "gem"):
            raise ValueError(f"unknown pooling {config.pooling!r}: choose max, avg or gem")
        if config.dim < 2:
            raise ValueError(f"the embedding needs at least 2 dimensions, got {config.dim}")
        self.config = config
        self.backbone = make_backbone(config.backbone, config.pretrained)
        self.embed = nn.Linear(self.backbone.channels, config.dim, bias=False)
        self.neck = nn.BatchNorm1d(config.dim)
        self.neck.bias.requires_grad_(False)  # a free bias would move the origin that the cosine is taken from
        self.classifier = nn.Linear(config.dim, config.num_classes, bias=False) if config.num_classes else None
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1), persistent=False)

    def pool(self, maps: Tensor) -> Tensor:
        """[B, K, h, w] -> [B, K] by the configured pooling."""
        if self.config.pooling == "max":
            return maps.amax(dim=(2, 3))
        if self.config.pooling == "avg":
            return maps.mean(dim=(2, 3))
        return maps.float().clamp(min=1e-6).pow(3).mean(dim=(2, 3)).pow(1 / 3)

    def forward(self, images: Tensor) -> Outputs:
        """Images [B, 3, H, W], uint8 or float in 0..1, to :class:`Outputs`."""
        x = V.to_dtype(images, torch.float32, scale=True)
        x = self.backbone((x - self.mean) / self.std)
        feature = self.embed(self.pool(x))
        embedding = self.neck(feature)
        return Outputs(feature, embedding, self.logits(embedding))

    @full_precision
    def logits(self, embedding: Tensor) -> Tensor | None:
        """Scaled cosine of embeddings [B, D] to the classifier's rows: [B, C], in float32 under
        autocast too.
        """
        if self.classifier is None:
            return None
        cosine = F.normalize(embedding) @ F.normalize(self.classifier.weight.to(embedding.dtype)).T
        return self.config.logit_scale * cosine

    def describe(self) -> dict[str, object]:
        """The configuration as a plain dictionary, for the JSON beside the weights."""
        return asdict(self.config)
