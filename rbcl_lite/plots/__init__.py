"""Every figure of the book in one visual language; :mod:`rbcl_lite.plots.style` owns the colours."""

from rbcl_lite.plots.curves import history_curves, trade_off
from rbcl_lite.plots.images import found_rows, show_rows, show_sheet
from rbcl_lite.plots.retrieval import cross_test_heatmap, ranked_strip
from rbcl_lite.plots.spaces import arrows, feature_spaces, joint_map, old_map, squeezed
from rbcl_lite.plots.style import COMPATIBLE, INDEPENDENT, INK, LEARNER_COLOURS, METHOD_COLOURS, OLD, use_style

__all__ = [
    "COMPATIBLE",
    "INDEPENDENT",
    "INK",
    "LEARNER_COLOURS",
    "METHOD_COLOURS",
    "OLD",
    "arrows",
    "cross_test_heatmap",
    "feature_spaces",
    "found_rows",
    "history_curves",
    "joint_map",
    "old_map",
    "ranked_strip",
    "show_rows",
    "show_sheet",
    "squeezed",
    "trade_off",
    "use_style",
]
