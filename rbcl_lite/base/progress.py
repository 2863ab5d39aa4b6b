"""Progress bar for the whole package: on standard output, silent where nobody watches."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm


def bar(
    iterable: Iterable[Any] | None = None, *, total: int | None = None, desc: str = "", enabled: bool | None = None
) -> Any:
    """A tqdm bar on standard output.

    Args:
        iterable: what to walk over, or None for a bar that is moved by ``.update(n)``.
        total: number of steps, where ``iterable`` has no length.
        desc: text before the bar.
        enabled: True or False forces it. None shows it on a terminal only, so that executed
            notebooks and log files stay clean; ``RBCL_PROGRESS=0`` turns it off there too.

    Returns:
        A tqdm object: iterable, context manager, ``.update``, ``.set_postfix_str``.
    """
    if enabled is None:
        enabled = sys.stdout.isatty() and os.environ.get("RBCL_PROGRESS", "1") != "0"
    return tqdm(iterable, total=total, desc=desc, file=sys.stdout, disable=not enabled, dynamic_ncols=True, leave=False)
