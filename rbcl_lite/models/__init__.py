"""Models that turn a crop into a vector."""

from rbcl_lite.models.backbones import BACKBONES, make_backbone
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.models.extract import extract
from rbcl_lite.models.outputs import Outputs
from rbcl_lite.models.weights import WeightsFile

__all__ = ["BACKBONES", "Embedder", "EmbedderConfig", "Outputs", "WeightsFile", "extract", "make_backbone"]
