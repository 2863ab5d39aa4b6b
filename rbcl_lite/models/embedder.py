"""Embedder: trunk, pooling, embedding, BN neck, cosine classifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.transforms.v2 import functional as V

from rbcl_lite.base.tensors import full_precision
from rbcl_lite.models.backbones import make_backbone
from rbcl_lite.models.outputs import Outputs
from rbcl_lite.models.pooled import MEAN, STD, Pooled
from rbcl_lite.models.weights import WeightsFile


@dataclass(frozen=True)
class EmbedderConfig:
    """What an :class:`Embedder` is made of.

    Args:
        backbone: tiny, small, a classification network of torchvision (``resnet18``,
            ``efficientnet_b0``) or one of timm (``timm:convnext_tiny``); see
            :func:`~rbcl_lite.models.backbones.make_backbone`.
        dim: embedding dimension D.
        num_classes: training people C of the classifier; 0 leaves it out.
        pooling: of maps: ``max`` (keeps small coloured details), ``avg`` or ``gem`` (generalised
            mean, p = 3). Networks that pool by themselves have no maps.
        logit_scale: factor of the cosine logits.
        pretrained: start from the weights that torchvision or timm has.
        size: (height, width) of the images, for networks that are built for one size.
        weights: a file whose weights the backbone starts from.
    """

    backbone: str = "small"
    dim: int = 128
    num_classes: int = 0
    pooling: str = "gem"
    logit_scale: float = 16.0
    pretrained: bool = False
    size: tuple[int, int] | None = None
    weights: WeightsFile | None = None

    def __post_init__(self) -> None:  # from JSON both come in another type
        if isinstance(self.weights, Mapping):
            object.__setattr__(self, "weights", WeightsFile(**self.weights))
        if self.size is not None:
            object.__setattr__(self, "size", (int(self.size[0]), int(self.size[1])))


class Embedder(nn.Module):
    """A re-ID model with a BN neck (Luo et al. 2019): the triplet loss sees ``feature``, retrieval
    uses ``embedding``.

    Args:
        config: see :class:`EmbedderConfig`.

    Raises:
        ValueError: an unknown backbone or pooling, a pooling of a network that pools by itself, a
            dimension under 2, or whatever :func:`~rbcl_lite.models.backbones.make_backbone` refuses.

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
        self.backbone = make_backbone(config.backbone, config.pretrained, size=config.size, weights=config.weights)
        pools = isinstance(self.backbone, Pooled)
        if pools and config.pooling != EmbedderConfig.pooling:
            raise ValueError(f"{config.backbone} pools by itself: pooling {config.pooling!r} cannot be asked of it")
        self.embed = nn.Linear(self.backbone.channels, config.dim, bias=False)
        self.neck = nn.BatchNorm1d(config.dim)
        self.neck.bias.requires_grad_(False)  # a free bias would move the origin that the cosine is taken from
        self.classifier = nn.Linear(config.dim, config.num_classes, bias=False) if config.num_classes else None
        self.register_buffer(
            "mean", torch.tensor(self.backbone.mean if pools else MEAN).view(1, 3, 1, 1), persistent=False
        )
        self.register_buffer(
            "std", torch.tensor(self.backbone.std if pools else STD).view(1, 3, 1, 1), persistent=False
        )

    def pool(self, maps: Tensor) -> Tensor:
        """[B, K, h, w] -> [B, K] by the configured pooling; what is pooled already stays as it is."""
        if maps.ndim == 2:
            return maps
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
