"""Figures of the book in one visual language; :mod:`rbcl_lite.plots.style` owns the colours.

The names below are loaded when they are first asked for, so that
:mod:`rbcl_lite.plots.contact_sheet`, which needs no more than NumPy, works where matplotlib is not
installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rbcl_lite.plots.curves import history_curves, trade_off, trade_off_panels
    from rbcl_lite.plots.images import found_rows, show_rows, show_sheet
    from rbcl_lite.plots.judging import flips_scatter, gain_fan, loss_curves, seed_dots
    from rbcl_lite.plots.methods_map import map_of_methods
    from rbcl_lite.plots.retrieval import cross_test_heatmap, first_found, ranked_strip, strip_of
    from rbcl_lite.plots.rollout import backfill_curves, fusion_curves, order_gains, threshold_days
    from rbcl_lite.plots.side_by_side import cosine_histograms, same_query
    from rbcl_lite.plots.spaces import arrows, feature_spaces, joint_map, old_map, squeezed
    from rbcl_lite.plots.style import COMPATIBLE, INDEPENDENT, INK, LEARNER_COLOURS, METHOD_COLOURS, OLD, use_style
    from rbcl_lite.plots.system import system_diagram

__all__ = [
    "COMPATIBLE",
    "INDEPENDENT",
    "INK",
    "LEARNER_COLOURS",
    "METHOD_COLOURS",
    "OLD",
    "arrows",
    "backfill_curves",
    "cosine_histograms",
    "cross_test_heatmap",
    "feature_spaces",
    "first_found",
    "flips_scatter",
    "found_rows",
    "fusion_curves",
    "gain_fan",
    "history_curves",
    "joint_map",
    "loss_curves",
    "map_of_methods",
    "old_map",
    "order_gains",
    "ranked_strip",
    "same_query",
    "seed_dots",
    "show_rows",
    "show_sheet",
    "squeezed",
    "strip_of",
    "system_diagram",
    "threshold_days",
    "trade_off",
    "trade_off_panels",
    "use_style",
]

_FILES = (
    "style",
    "curves",
    "images",
    "judging",
    "methods_map",
    "retrieval",
    "rollout",
    "side_by_side",
    "spaces",
    "system",
)
_EXTRA = {"matplotlib", "seaborn", "umap"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    for file in _FILES:
        try:
            module = import_module(f"{__name__}.{file}")
        except ModuleNotFoundError as error:
            if error.name in _EXTRA:
                raise ImportError(f'figures need {error.name}: pip install "rbcl-lite[plots]"') from None
            raise
        if hasattr(module, name):
            return getattr(module, name)
    raise AttributeError(f"no file of {__name__} has {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
