"""Colours that read on a light and on a dark page."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.colors import to_hex, to_rgb

from rbcl_lite.plots import cross_test_heatmap, style
from rbcl_lite.plots.rollout import FUSION_LOOKS, ORDER_LOOKS, RULE_LOOKS

PAGES = {"light": "#FFFFFF", "dark": "#121212"}
NAMED = {n: getattr(style, n) for n in ("OLD", "INDEPENDENT", "COMPATIBLE", "INK", "RIGHT", "WRONG", "JUNK")}
PEOPLE = {f"person {i}": colour for i, colour in enumerate(style.PEOPLE_COLOURS)}
PLAIN = {f"line {i}": colour for i, colour in enumerate(style.PLAIN_COLOURS)}
COLOURS = {**NAMED, **PEOPLE, **PLAIN, **style.METHOD_COLOURS, **style.LEARNER_COLOURS}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", COLOURS)
def test_contrast(name: str, page: str) -> None:
    dark, light = sorted([luminance(COLOURS[name]), luminance(PAGES[page])])
    assert (light + 0.05) / (dark + 0.05) >= 3, f"{name} {COLOURS[name]} on a {page} page"


@pytest.mark.parametrize("looks", [ORDER_LOOKS, RULE_LOOKS, FUSION_LOOKS])
def test_what_is_no_method_has_no_colour_of_one(looks: dict[str, tuple[str, str, str]]) -> None:
    models = {style.OLD, style.INDEPENDENT, style.COMPATIBLE, *style.METHOD_COLOURS.values()}
    assert not {colour for colour, *_ in looks.values()} & models
    assert len(set(looks.values())) == len(looks)


@pytest.mark.parametrize("score", [0.0, 0.35, 0.65, 1.0])
def test_scores_read_on_their_cells(score: float) -> None:
    figure = cross_test_heatmap(pd.DataFrame([[score]]))
    (text,), (cells,) = figure.axes[0].texts, figure.axes[0].collections
    dark, light = sorted(luminance(to_hex(c)) for c in (text.get_color(), cells.get_facecolor()[0]))
    plt.close(figure)
    assert (light + 0.05) / (dark + 0.05) >= 4
