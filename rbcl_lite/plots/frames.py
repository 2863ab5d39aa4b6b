"""Frames to step through with a slider, all embedded: no kernel and no network is needed."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from rbcl_lite.plots.style import style

_TURN = (
    "var b=this.closest('.stepper'),f=b.querySelectorAll('img'),v=+this.value;"
    "f.forEach(function(x,i){x.style.display=i===v?'block':'none'});"
    "b.querySelector('output').textContent=f[v].dataset.label;"
    "this.setAttribute('aria-valuetext',f[v].dataset.label)"
)

_PLAY = (
    "var t=this,s=t.closest('.stepper').querySelector('input');"
    "function set(v){s.value=v;s.dispatchEvent(new Event('input'))}"
    "function stop(){clearInterval(t.timer);t.timer=null;t.textContent='play'}"
    "if(t.timer){stop();return}"
    "if(+s.value===+s.max)set(0);"
    "t.textContent='pause';"
    "t.timer=setInterval(function(){if(+s.value===+s.max)stop();else set(+s.value+1)},800)"
)


def stepper(
    draw: Callable[[int], Figure],
    labels: Sequence[str],
    alts: Sequence[str],
    *,
    name: str,
    start: int = 0,
    play: bool = False,
) -> Any:
    """A slider below which one of several pictures is shown; the arrow keys move it.

    The frames are PNG files inside the HTML, and the few lines of script of slider and button stand
    in their own attributes. Where scripts do not run, the start frame is shown.

    Args:
        draw: makes the figure of frame i; it is closed after it was written.
        labels: what the slider says at each frame.
        alts: description of each frame for those who do not see it.
        name: what the slider moves, for example ``temperature``.
        start: the frame shown first.
        play: whether a button moves the slider from frame to frame.

    Returns:
        an ``IPython.display.HTML``.

    Raises:
        ValueError: no frame, labels and alts of unequal number, or a start that is no frame.
    """
    from IPython.display import HTML

    if not labels or len(labels) != len(alts) or not 0 <= start < len(labels):
        raise ValueError(f"{len(labels)} labels, {len(alts)} alts, start {start}: one of each per frame is needed")
    pictures = []
    for i, (label, alt) in enumerate(zip(labels, alts)):
        with style(), mpl.rc_context({"savefig.bbox": "standard"}):  # frames of one size do not jump
            figure, memory = draw(i), io.BytesIO()
            figure.savefig(memory, format="png", dpi=120)
            width = figure.get_size_inches()[0]
            plt.close(figure)
        small = io.BytesIO()
        Image.open(memory).quantize(96, method=Image.Quantize.FASTOCTREE).save(small, "PNG", optimize=True)
        code = base64.b64encode(small.getvalue()).decode()
        pictures.append(
            f'<img class="plot" src="data:image/png;base64,{code}" alt="{html.escape(alt)}" '
            f'data-label="{html.escape(label)}" '
            f'style="display:{"block" if i == start else "none"};width:{100 * width:.0f}px;max-width:100%">'
        )
    slider = (
        f'<label>{html.escape(name)} <input type="range" min="0" max="{len(labels) - 1}" step="1" value="{start}" '
        f'aria-valuetext="{html.escape(labels[start])}" style="width:min(22rem,60%);vertical-align:middle" '
        f'oninput="{html.escape(_TURN)}"></label> <output>{html.escape(labels[start])}</output>'
    )
    button = f'<button type="button" onclick="{html.escape(_PLAY)}">play</button> ' if play else ""
    return HTML(f'<div class="stepper animation"><p>{button}{slider}</p>{"".join(pictures)}</div>')
