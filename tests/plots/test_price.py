"""The figure of a price: means, and the band of the seeds."""

import matplotlib.pyplot as plt
import pandas as pd

from rbcl_lite.plots.price import price_curves


def test_means_and_band() -> None:
    rows = [("bct", 0.0, 0, 30.0), ("bct", 0.0, 1, 34.0), ("bct", 2.0, 0, 40.0), ("bct", 2.0, 1, 44.0)]
    figure = price_curves(pd.DataFrame(rows, columns=["method", "cost", "seed", "new_old"]), ["bct"])
    (ax,) = figure.axes
    assert ax.lines[0].get_xydata().tolist() == [[0.0, 32.0], [2.0, 42.0]]
    band = ax.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (30.0, 44.0)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["bct"]
    plt.close(figure)
