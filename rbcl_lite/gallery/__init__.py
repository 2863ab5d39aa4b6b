"""Gallery: vectors with the version of the model that made each, upgraded while they are searched."""

from rbcl_lite.gallery.gallery import Gallery
from rbcl_lite.gallery.records import Evidence, Hits, Report, Version
from rbcl_lite.gallery.store import VectorStore
from rbcl_lite.gallery.where import Where

__all__ = ["Evidence", "Gallery", "Hits", "Report", "VectorStore", "Version", "Where"]
