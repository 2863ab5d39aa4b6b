"""Index of a gallery on a Milvus server: exact while it is small, inverted lists above."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from rbcl_lite.gallery.milvus_schema import Client

FLAT_BELOW = 100_000
"""Vectors below which every one is compared."""
PROBED = 1 / 64
"""Share of the inverted lists that a search looks into."""


@dataclass(frozen=True)
class Index:
    """How the server searches.

    Args:
        lists: inverted lists; 0 for a comparison with every vector.
    """

    lists: int = 0

    @property
    def exact(self) -> bool:
        """Whether it compares with every vector."""
        return self.lists == 0

    def __str__(self) -> str:
        return "flat" if self.exact else f"ivf{self.lists}"

    def parameters(self, exact: bool = False) -> dict[str, Any]:
        """Of a search; with ``exact`` all lists are looked into."""
        if self.exact:
            return {}
        return {"nprobe": self.lists if exact else max(16, round(PROBED * self.lists))}


def fitting(vectors: int) -> Index:
    """The index for so many vectors; about four square roots of them are lists.

    >>> fitting(5000), fitting(1_000_000)
    (Index(lists=0), Index(lists=4096))
    """
    return Index(0 if vectors < FLAT_BELOW else 2 ** math.ceil(math.log2(4 * math.sqrt(vectors))))


def read_index(client: Client, name: str) -> Index:
    """The index that the collection has."""
    about = client.describe_index(name, "vector")
    return Index(int(about.get("nlist", 0)) if about["index_type"] == "IVF_FLAT" else 0)


def build_index(client: Client, name: str, index: Index) -> None:
    """Exchange the index of a collection; it cannot be searched meanwhile."""
    params = client.prepare_index_params()
    kind = {"index_type": "FLAT"} if index.exact else {"index_type": "IVF_FLAT", "params": {"nlist": index.lists}}
    params.add_index("vector", metric_type="IP", **kind)
    client.release_collection(name)
    client.drop_index(name, "vector")
    client.create_index(name, params)
    client.load_collection(name)
