"""Images of a command: those of a run, or others that are named in their place."""

from __future__ import annotations

from dataclasses import replace

from rbcl_lite.data.images import Images
from rbcl_lite.data.world import DOMAINS
from rbcl_lite.runs.config import RunConfig


def reading(config: RunConfig, data: str | None, table: str | None, pattern: str | None) -> RunConfig:
    """A configuration that reads other images, or the same ones at another place.

    Args:
        config: of a run.
        data: a domain or a folder; None for the run's own images.
        table: CSV of the folder.
        pattern: regular expression of its file names.

    Raises:
        ValueError: a table or a pattern without a folder.
    """
    if data is None:
        if table is not None or pattern is not None:
            raise ValueError("--table and --pattern say how to read the folder --data: name it")
        return config
    as_before = table is None and pattern is None
    as_before &= not config.images.rendered and data not in DOMAINS
    return replace(config, images=config.images.moved(data) if as_before else Images(data, table, pattern))
