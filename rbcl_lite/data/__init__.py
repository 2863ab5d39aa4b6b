"""Images: drawn pedestrians, folders of crops, splits, batches."""

from rbcl_lite.data.augment import Augment, unchanged
from rbcl_lite.data.dataset import ReIDDataset, RetrievalSplit, Splits
from rbcl_lite.data.folders import crops, laid_out, market1501
from rbcl_lite.data.images import Images
from rbcl_lite.data.rendered import rendered_splits
from rbcl_lite.data.sampling import IdentitySampler
from rbcl_lite.data.stored_vectors import StoredVectors
from rbcl_lite.data.world import DOMAINS, World

__all__ = [
    "DOMAINS",
    "Augment",
    "IdentitySampler",
    "Images",
    "ReIDDataset",
    "RetrievalSplit",
    "Splits",
    "StoredVectors",
    "World",
    "crops",
    "laid_out",
    "market1501",
    "rendered_splits",
    "unchanged",
]
