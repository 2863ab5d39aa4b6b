"""Which images a command reads: those of a run, or others."""

from __future__ import annotations

from rbcl_lite.data.images import Images
from rbcl_lite.data.world import DOMAINS


def check_named(data: str | None, *how: str | None) -> None:
    """Make sure that a table, a pattern or a layout comes with its folder.

    Raises:
        ValueError: it does not.
    """
    if data is None and any(way is not None for way in how):
        raise ValueError("--table, --pattern and --layout say how to read the folder --data: name it")


def which_images(
    before: Images | None, data: str | None, table: str | None, pattern: str | None, layout: str | None
) -> Images:
    """The images that were named, or those of a run.

    Args:
        before: the images of the run, or None without one.
        data: other images: a domain, or a folder; also the new place of a folder that was moved.
        table: how to read the folder.
        pattern: how to read the folder.
        layout: how to read the folder.

    Raises:
        ValueError: nothing named without a run, or a table or a pattern without its folder.
    """
    how = (table, pattern, layout)
    check_named(data, *how)
    if data is None:
        if before is None:
            raise ValueError("an exported model does not know its images: name them by --data")
        return before
    as_before = how == (None, None, None) and data not in DOMAINS
    return before.moved(data) if before is not None and as_before and not before.rendered else Images(data, *how)
