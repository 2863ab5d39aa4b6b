"""Figures and the page of a roll-out show what they were given."""

from __future__ import annotations

from html.parser import HTMLParser

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from rbcl_lite.gallery.records import Hits
from rbcl_lite.plots import METHOD_COLOURS, backfill_curves, fusion_curves, order_gains, threshold_days
from rbcl_lite.plots.rollout import FUSION_LOOKS, ORDER_LOOKS, RULE_LOOKS
from rbcl_lite.plots.search_page import document, search_page
from rbcl_lite.plots.style import COMPATIBLE, OLD

mpl.use("agg")
SHARES = (0.0, 0.5, 1.0)


def table(**columns: list) -> pd.DataFrame:
    """One row for each combination, with scores that grow by share and seed."""
    index = pd.MultiIndex.from_product([*columns.values(), (0, 1), SHARES], names=[*columns, "seed", "share"])
    made = index.to_frame(index=False)
    made["mAP"] = 40 + 40 * made["share"] + made["seed"]
    return made


def test_a_line_is_the_mean_over_seeds() -> None:
    made = table(method=["bct", "l2"])
    made["broken"] = 1.0
    ax = backfill_curves(made, ["l2"], old_old=33.0).axes[0]
    level, line = ax.get_lines()
    assert level.get_ydata()[0] == 33 and level.get_color() == OLD
    assert line.get_ydata().tolist() == [40.5, 60.5, 80.5] and to_hex(line.get_color()) == METHOD_COLOURS["l2"].lower()
    assert len(ax.collections) == 1  # the band over two seeds
    assert backfill_curves(made, ["l2"], column="broken", label="words").axes[0].get_ylabel() == "words"


def test_gains_are_against_the_random_order_of_the_same_seed() -> None:
    made = table(order=list(ORDER_LOOKS))
    made.loc[made["order"] == "worst-placed", "mAP"] += 5
    figure = order_gains(made, columns={"mAP": "title"})
    lines = {line.get_label(): line.get_ydata().tolist() for line in figure.axes[0].get_lines()}
    assert lines["worst-placed"] == [5, 5, 5] and lines["random"] == [0, 0, 0]


def test_thresholds_have_intervals_where_there_is_one_seed() -> None:
    made = table(rule=[*RULE_LOOKS, "before"])
    for column in ("false_match", "miss"):
        made[column], made[f"{column}_low"], made[f"{column}_high"] = made["mAP"], made["mAP"] - 1, made["mAP"] + 2
    one = threshold_days(made[made["seed"] == 0]).axes
    assert [len(ax.collections) for ax in one] == [3, 3]
    low, high = (f(one[0].collections[0].get_paths()[0].vertices[:, 1]) for f in (min, max))
    assert (low, high) == (39, 82)


def test_a_panel_for_each_method() -> None:
    figure = fusion_curves(table(method=["bct", "l2"], fusion=list(FUSION_LOOKS)), ["l2", "bct"])
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["l2", "bct"]
    assert figure.axes[0].get_legend() is None and figure.axes[1].get_legend() is not None
    three = fusion_curves(table(method=["bct", "l2", "nccl"], fusion=list(FUSION_LOOKS)), ["l2", "bct", "nccl"])
    assert len(three.axes[0].get_yticks()) > 2 and three.axes[3].get_legend() is not None  # ticks are shared


class Reader(HTMLParser):
    """Every tag with its attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def hits(versions: list[list[str]]) -> Hits:
    keys = np.array([["a", "b"], ["c", ""]], object)
    scores = np.array([[0.9, 0.5], [0.8, -np.inf]])
    persons = np.array([[1, 2], [-1, -1]])
    return Hits(keys, scores, persons, persons, scores, np.array(versions, object))


def test_the_page_holds_everything_and_asks_nobody() -> None:
    pictures = {key: np.full((8, 4, 3), 60 * i, np.uint8) for i, key in enumerate("abc", 1)}
    states = {"before <1>": hits([["old", "old"], ["old", ""]]), "after": hits([["new", "old"], ["new", ""]])}
    queries = np.zeros((2, 8, 4, 3), np.uint8)
    page = document(search_page(queries, [1, 2], states, pictures.__getitem__, ["old", "new"]), "Title & more")
    read = Reader(page)
    images = [attrs for tag, attrs in read.tags if tag == "img"]
    assert len(images) == 2 + 2 * 3  # two queries, three hits in each state
    assert all(i["src"].startswith("data:image/png;base64,") and i["alt"] for i in images)
    assert not [tag for tag, _ in read.tags if tag in ("script", "link", "iframe")] and "http" not in page
    assert "before <1>" in read.text and "Title & more" in read.text
    assert [attrs["class"] for tag, attrs in read.tags if tag == "figure" and "class" in attrs] == [
        "right", "wrong", "right", "wrong", "", "",
    ]  # fmt: skip
    assert "rank 2: somebody else, vector of old" in [i["alt"] for i in images]
    colours = [attrs["style"] for tag, attrs in read.tags if tag == "figcaption" and "style" in attrs]
    assert colours[0] == f"--v:{OLD}" and colours[2] == f"--v:{COMPATIBLE}"


def test_searches_of_other_queries() -> None:
    with pytest.raises(ValueError, match="3 queries, 3 persons, but 2 searches in 'now'"):
        search_page(np.zeros((3, 8, 4, 3), np.uint8), [1, 2, 3], {"now": hits([["", ""], ["", ""]])}, str, ["old"])
