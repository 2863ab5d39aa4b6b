"""Models that turn a crop into a vector."""

from rbcl_lite.models.backbones import BACKBONES, make_backbone
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.models.extract import extract
from rbcl_lite.models.outputs import Outputs

__all__ = ["BACKBONES", "Embedder", "EmbedderConfig", "Outputs", "extract", "make_backbone"]
