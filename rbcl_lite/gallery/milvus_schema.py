"""Schema of a gallery on a Milvus server: its two collections, its state, its conditions.

``NAME`` holds the vectors. A row never changes but for the generation in which it went; a vector
that is replaced is a row that goes and another that comes. ``NAME_state`` holds one row: the
generation that counts, and the registered versions. Its replacement is what acknowledges a change.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from rbcl_lite.gallery.records import Evidence, Version
from rbcl_lite.gallery.where import Where

Client: TypeAlias = Any
"""A ``pymilvus.MilvusClient``, which is imported only where a server is asked for."""

FOREVER = 2**62  # generation in which a row goes that has not gone
NO_TIME = -1e300  # Milvus compares NaN as it likes
LONGEST_KEY = 512  # bytes
COLUMNS = ["key", "person", "camera", "time", "version"]


@dataclass(frozen=True)
class State:
    """What counts now.

    Args:
        generation: state of the gallery; it grows with every change.
        versions: the registered ones, oldest first.
        since: when the last generations began, (generation, seconds since 1970).
        recall: of the index, where it was measured.
    """

    generation: int = 0
    versions: Mapping[str, Version] = field(default_factory=dict)
    since: Sequence[tuple[int, float]] = ()
    recall: float | None = None

    def dumps(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, text: str) -> State:
        """From JSON."""
        known = json.loads(text)
        versions = {}
        for name, v in known.pop("versions").items():
            evidence = {old: Evidence(**e) for old, e in v["compatible_with"].items()}
            versions[name] = Version(name, evidence, v["note"])
        return cls(**{**known, "versions": versions, "since": [tuple(s) for s in known["since"]]})


@dataclass(frozen=True)
class Change:
    """A change that is being made.

    Args:
        before: the generation that counts while it is made.
        versions: the registered ones; what is put in counts when the change does.
    """

    before: int
    versions: dict[str, Version]

    @property
    def generation(self) -> int:
        """The generation that begins with it."""
        return self.before + 1


def connect(url: str, token: str, timeout: float) -> Client:
    """A connection to a server.

    Raises:
        ImportError: pymilvus is missing.
        ConnectionError: no server answers there.
    """
    try:
        from pymilvus import MilvusClient
        from pymilvus.exceptions import MilvusException
    except ImportError as error:
        raise ImportError('a gallery behind a server needs pymilvus: pip install "rbcl-lite[milvus]"') from error
    try:
        return MilvusClient(uri=url, token=token, timeout=timeout)
    except MilvusException as error:
        raise ConnectionError(
            f"no Milvus server answers at {url} ({error.message}); start it, or check the address and the token"
        ) from error


def make_collections(client: Client, url: str, name: str, dim: int | None, shards: int) -> int:
    """Make the collections where they are missing, and load them; returns the dimension.

    Raises:
        FileNotFoundError: they are missing, and no ``dim``.
        ValueError: another dimension than that of the collection.
    """
    from pymilvus import DataType

    state = f"{name}_state"
    if not client.has_collection(name) or not client.has_collection(state):
        if dim is None:
            raise FileNotFoundError(f"no gallery {name!r} at {url}; make one with Gallery.connect(url, dim=...)")
        for which in (name, state):  # a maker that was killed between the two left nothing that counts
            if client.has_collection(which):
                client.drop_collection(which)
        schema = client.create_schema(auto_id=False)
        schema.add_field("row", DataType.VARCHAR, is_primary=True, max_length=LONGEST_KEY + 24)
        schema.add_field("key", DataType.VARCHAR, max_length=LONGEST_KEY)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
        for column in ("person", "camera", "born", "died"):
            schema.add_field(column, DataType.INT64)
        schema.add_field("time", DataType.DOUBLE)
        schema.add_field("version", DataType.VARCHAR, max_length=LONGEST_KEY)
        _create(client, name, schema, shards)
        schema = client.create_schema(auto_id=False)
        schema.add_field("row", DataType.INT64, is_primary=True)
        schema.add_field("document", DataType.VARCHAR, max_length=65535)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)  # a collection has to have one
        _create(client, state, schema, 1)
    for which in (name, state):
        client.load_collection(which)
    fields = {f["name"]: f for f in client.describe_collection(name)["fields"]}
    have = int(fields["vector"]["params"]["dim"])
    if dim is not None and dim != have:
        raise ValueError(f"the gallery {name!r} at {url} holds vectors of {have} dimensions, not {dim}")
    return have


def _create(client: Client, name: str, schema: Any, shards: int) -> None:
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="IP")
    client.create_collection(name, schema=schema, index_params=index, num_shards=shards, consistency_level="Strong")


def read_state(client: Client, name: str) -> State:
    """What counts now; a gallery that nobody has written to is at generation 0."""
    found = client.query(f"{name}_state", filter="row == 0", output_fields=["document"], consistency_level="Strong")
    return State.loads(found[0]["document"]) if found else State()


def write_state(client: Client, name: str, state: State) -> None:
    """Replace what counts: everything that belongs to the new generation is there from now on."""
    client.upsert(f"{name}_state", [{"row": 0, "document": state.dumps(), "vector": [0.0, 0.0]}])


def alive(generation: int) -> str:
    """Condition: the rows of a generation."""
    return f"born <= {generation} and died > {generation}"


def any_of(column: str, values: Iterable[object]) -> str:
    """Condition: the column has one of the values.

    >>> any_of("version", ["old", 'the "new"'])
    'version in ["old", "the \\\\"new\\\\""]'
    """
    return f"{column} in {json.dumps(list(values))}"


def condition(where: Where, generation: int) -> str:
    """Condition: the rows of a generation that meet a condition of the user.

    >>> condition(Where(camera=3, until=10.0), generation=2)
    'born <= 2 and died > 2 and camera in [3] and time < 10.0 and time > -1e+300'
    """
    parts = [alive(generation)]
    for column in ("camera", "version", "person"):
        values = getattr(where, column)
        if values is not None:
            parts.append(any_of(column, values))
    if where.since is not None:
        parts.append(f"time >= {where.since!r}")
    if where.until is not None:
        parts.append(f"time < {where.until!r} and time > {NO_TIME!r}")
    return " and ".join(parts)
