"""Reciprocal neighbourhoods: Jaccard distance, pseudo labels, re-ranking."""

from rbcl_lite.clustering.dbscan import pseudo_labels
from rbcl_lite.clustering.jaccard import jaccard_distance, jaccard_similarity
from rbcl_lite.clustering.reranking import rerank

__all__ = ["jaccard_distance", "jaccard_similarity", "pseudo_labels", "rerank"]
