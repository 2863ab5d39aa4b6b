"""Images of a command: those of a run, or others that are named in their place."""

from __future__ import annotations

from dataclasses import replace

from rbcl_lite.data.images import Images
from rbcl_lite.data.world import DOMAINS
from rbcl_lite.runs.config import RunConfig


def reading(
    config: RunConfig, data: str | None, table: str | None, pattern: str | None, layout: str | None = None
) -> RunConfig:
    """A configuration that reads other images, or the same ones at another place.

    Args:
        config: of a run.
        data: a domain or a folder; None for the run's own images.
        table: CSV of the folder.
        pattern: regular expression of its file names.
        layout: of a known data set.

    Raises:
        ValueError: a table, a pattern or a layout without a folder.
    """
    how = (table, pattern, layout)
    named = any(way is not None for way in how)
    if data is None:
        if named:
            raise ValueError("--table, --pattern and --layout say how to read the folder --data: name it")
        return config
    as_before = not named and not config.images.rendered and data not in DOMAINS
    return replace(config, images=config.images.moved(data) if as_before else Images(data, *how))
