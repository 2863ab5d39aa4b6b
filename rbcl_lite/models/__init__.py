"""Models that turn a crop into a vector."""

from rbcl_lite.models.backbones import BACKBONES, make_backbone
from rbcl_lite.models.embedder import Embedder, EmbedderConfig, Outputs, extract

__all__ = ["BACKBONES", "Embedder", "EmbedderConfig", "Outputs", "extract", "make_backbone"]
