"""Store of vectors: what every gallery gives, in the process or behind a server."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TypeVar

import pandas as pd

from rbcl_lite.features import Features
from rbcl_lite.gallery.records import Evidence, Hits, Report, Version
from rbcl_lite.gallery.where import Time, Where

Store = TypeVar("Store", bound="VectorStore")


class VectorStore(ABC):
    """Vectors with the version of the model that made each.

    ``tests/gallery/conformance.py`` says what a store has to do, and every back end passes it.

    Attributes:
        dim: coordinates of all vectors.
    """

    dim: int

    @property
    @abstractmethod
    def versions(self) -> Mapping[str, Version]:
        """The registered versions, oldest first."""

    @abstractmethod
    def register(
        self, name: str, compatible_with: Mapping[str, Evidence] | None = None, *, note: str = "", force: bool = False
    ) -> None:
        """Declare a version of the model, and whose vectors its queries may be compared with.

        The first version of an empty gallery is registered by :meth:`add`, every other one by its
        user. To say the same again changes nothing.

        Args:
            name: what ``Features.model`` says.
            compatible_with: older versions, and what was measured on validation people.
            note: anything to remember.
            force: register although the evidence speaks against it.

        Raises:
            ValueError: see :func:`rbcl_lite.gallery.versions.check_declaration`.
        """

    @abstractmethod
    def add(self, features: Features, *, time: Time | Sequence[Time] | None = None, version: str | None = None) -> None:
        """Add vectors under new keys, all or none. When it returns, they are on disk.

        Args:
            features: N vectors with keys; an id below 0 is a person that is not known.
            time: when the images were taken, one for all or N; seconds since 1970 or datetimes.
            version: the model, instead of ``features.model``.

        Raises:
            ValueError: an unknown version, another dimension, no keys, a key that occurs twice or
                is there already.
        """

    @abstractmethod
    def remove(self, keys: Sequence[str]) -> None:
        """Remove the vectors of these keys, all or none.

        Raises:
            ValueError: a key that is not there, or occurs twice.
        """

    @abstractmethod
    def backfill(self, features: Features, *, version: str | None = None) -> None:
        """Replace the vectors of these keys, all or none; person, camera and time stay.

        Args:
            features: N vectors of images that are in the gallery.
            version: the model, instead of ``features.model``.

        Raises:
            ValueError: an unknown version, another dimension, a key that is not there or occurs
                twice, or one that is another person, or at another camera, in the gallery.
        """

    @abstractmethod
    def search(
        self,
        features: Features,
        k: int = 10,
        *,
        camera_rule: bool = True,
        where: Where | Mapping[str, object] | None = None,
        exact: bool = False,
        version: str | None = None,
    ) -> Hits:
        """The k nearest vectors of each query, all from one state of the gallery.

        The image of a query itself (an equal key) is never found.

        Args:
            features: Q queries.
            k: hits for each.
            camera_rule: as in the evaluation, leave out the query's own person seen by the query's
                own camera, where both are known.
            where: look at these vectors only.
            exact: compare with every vector instead of asking the index.
            version: the model of the queries, instead of ``features.model``.

        Raises:
            ValueError: an unknown version, one that is not declared compatible with a version that
                is searched, another dimension, k below 1.
        """

    @abstractmethod
    def rows(self, where: Where | Mapping[str, object] | None = None) -> pd.DataFrame:
        """What is in the gallery, without vectors: key, person, camera, time, version."""

    @abstractmethod
    def fetch(self, keys: Sequence[str]) -> Features:
        """The vectors of these keys, in this order; ``model`` joins the versions by ``+``.

        Raises:
            ValueError: a key that is not there, or occurs twice.
        """

    @abstractmethod
    def report(self) -> Report:
        """Counts, index, measured recall, size."""

    @abstractmethod
    def save(self) -> None:
        """Bring the index up to date, so that the gallery opens and is searched quickly."""

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections; a second time does nothing."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of vectors."""

    def __enter__(self: Store) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
