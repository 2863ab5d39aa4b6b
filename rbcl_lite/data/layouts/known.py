"""Known layouts, and which of them a folder is in."""

from __future__ import annotations

from pathlib import Path

from rbcl_lite.data.layouts.cuhk03 import CUHK03_DETECTED, CUHK03_LABELED
from rbcl_lite.data.layouts.layout import Layout
from rbcl_lite.data.layouts.market1501 import MARKET1501
from rbcl_lite.data.layouts.msmt17 import MSMT17_V1, MSMT17_V2
from rbcl_lite.data.layouts.veri776 import VERI776

LAYOUTS = {
    layout.name: layout for layout in (MARKET1501, MSMT17_V1, MSMT17_V2, CUHK03_DETECTED, CUHK03_LABELED, VERI776)
}
SHOWN = 12
"""So many names of a folder are shown."""


def check_layout(name: str) -> None:
    """Make sure that a layout is known.

    Raises:
        ValueError: it is not.
    """
    if name not in LAYOUTS:
        raise ValueError(f"unknown layout {name!r}: choose one of {', '.join(LAYOUTS)}")


def recognise(root: Path, name: str | None = None) -> Layout:
    """The layout that a folder is in.

    Args:
        root: an existing folder.
        name: of the layout, if the user said it; then only what it needs is looked for.

    Raises:
        FileNotFoundError: something that the layout needs is missing, or no layout fits; the
            message says what was looked for and what is there.
        ValueError: several layouts fit.
    """
    asked = list(LAYOUTS.values()) if name is None else [LAYOUTS[name]]
    lacking = {layout.name: layout.lacking(root) for layout in asked}
    fits = [layout for layout in asked if not lacking[layout.name]]
    if len(fits) == 1:
        return fits[0]
    if fits:
        names = [layout.name for layout in fits]
        raise ValueError(
            f"{root} is in the layouts {' and '.join(names)} at once: name one, such as --layout {names[0]}"
        )
    inside = sorted(p for p in root.iterdir() if not p.name.startswith("."))
    shown = [p.name + "/" * p.is_dir() for p in inside[:SHOWN]] + [f"{len(inside) - SHOWN} more"] * (
        len(inside) > SHOWN
    )
    found = f"found {', '.join(shown) or 'nothing'}"
    below = [p for p in inside if p.is_dir() and any(not layout.lacking(p) for layout in asked)]
    hint = f"did you mean {below[0]}?" if below else "any other folder is read by --table or --pattern"
    nearest = min(asked, key=lambda layout: len(lacking[layout.name]) / len(layout.signs))
    lacks = lacking[nearest.name]
    if len(lacks) < len(nearest.signs):
        raise FileNotFoundError(f"{root} looks like {nearest.name}, but lacks {', '.join(lacks)}; {found}; {hint}")
    looked = "; ".join(map(str, asked))
    raise FileNotFoundError(f"{root} is in no known layout; looked for {looked}; {found}; {hint}")
