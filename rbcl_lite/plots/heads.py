"""Figure of heads: new/old against new/new over the weight, one curve for each variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from rbcl_lite.plots.style import METHOD_COLOURS, OLD, style


def head_curves(panels: Mapping[str, pd.DataFrame], old_old: float, methods: Sequence[str]) -> Figure:
    """New/old against new/new of heads, one curve over the weight for each variant of a ranking loss.

    Args:
        panels: title to means over seeds; index (variant, weight), columns ``new_old`` and
            ``new_new`` in per cent.
        old_old: mAP in per cent.
        methods: whose colours the variants take, in the order in which they come; at most four.
    """
    wide, high = (7.2, 4.2) if len(panels) == 1 else (3.2 * len(panels) + 1.6, 3.4)
    with style():
        figure, axes = plt.subplots(1, len(panels), figsize=(wide, high), sharex=True, sharey=True, squeeze=False)
        for ax, (title, means) in zip(axes[0], panels.items()):
            names = means.index.get_level_values(0).unique()
            for name, method, mark, dash in zip(names, methods, "os^D", ("-", "-", "--", ":")):
                line, colour = means.loc[name], METHOD_COLOURS[method]
                ax.plot(line["new_new"], line["new_old"], marker=mark, ms=6, ls=dash, color=colour, label=name)
            ax.axhline(old_old, color=OLD, ls="--", lw=1.2, label="old/old")
            ax.set(title=title, xlabel="new/new mAP in %")
        axes[0, 0].set_ylabel("new/old mAP in %")
        axes[0, -1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return figure
