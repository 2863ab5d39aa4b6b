"""The figure of an ablation: which line is whose."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.colors import to_hex

from rbcl_lite.plots.ablation import ablation_dots
from rbcl_lite.plots.style import INK, LEARNER_COLOURS


def test_lines_in_the_order_given() -> None:
    scores = pd.DataFrame({"E": [20.0, 24.0], "statistics": [30.0, 32.0], "pseudo-labels": [70.0, 74.0]})
    about = {"statistics": "batch norm", "E": "exemplars", "pseudo-labels": "clusters"}
    figure = ablation_dots(scores, about, base="statistics", label="mAP")
    (ax,) = figure.axes
    assert [t.get_text() for t in ax.get_yticklabels()] == ["clusters", "exemplars", "batch norm"]
    means = {
        tuple(c.get_offsets()[0]): to_hex(c.get_facecolor()[0]) for c in ax.collections if len(c.get_offsets()) == 1
    }
    assert means == {
        (72.0, 0.0): LEARNER_COLOURS["pseudo-labels"].lower(),
        (22.0, 1.0): LEARNER_COLOURS["ecn"].lower(),
        (31.0, 2.0): INK.lower(),
    }
    assert ax.lines[0].get_xdata()[0] == 31.0
    plt.close(figure)
