"""Page of searches: queries and ranked crops in several states of a gallery, as static HTML."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PIL import Image

from rbcl_lite.gallery.records import Hits
from rbcl_lite.plots.style import COMPATIBLE, METHOD_COLOURS, OLD, RIGHT, WRONG

_STYLE = f"""
.searches{{color:inherit;font-size:.85rem;line-height:1.3}}
.searches section{{border-top:1px solid #75757566;padding:.6rem 0;display:flex;gap:1rem;overflow-x:auto}}
.searches figure{{margin:0;flex:none;text-align:center;width:3.4rem}}
.searches img{{width:3rem;height:6rem;object-fit:cover;border:3px solid transparent}}
.searches img{{border-radius:3px;display:block;margin:auto}}
.searches .right img{{border-color:{RIGHT}}}.searches .wrong img{{border:3px dashed {WRONG}}}
.searches figcaption{{border-top:4px solid var(--v,transparent);margin-top:2px}}
.searches .state{{display:flex;gap:.25rem;align-items:flex-start;margin-bottom:.4rem}}
.searches .state>b{{flex:none;width:7.5rem;font-weight:600}}
.searches .key span{{display:inline-block;width:1.2em;height:.7em;margin:0 .3em 0 1em}}
"""


def search_page(
    queries: np.ndarray,
    persons: Sequence[int],
    states: Mapping[str, Hits],
    crop: Callable[[str], np.ndarray],
    versions: Sequence[str],
    *,
    shown: int = 8,
) -> str:
    """What the same queries found in several states of a gallery, such as before and after a
    backfill.

    A frame says whether a hit shows the query's person (whole) or another one (dashed); the bar
    under it says which version made its vector. All pictures stand in the text itself: no server,
    no script, no request.

    Args:
        queries: [Q, H, W, 3] uint8.
        persons: Q, whom each shows; below 0 where it is not known, and then no frame is drawn.
        states: name of the state to what the Q queries found in it.
        crop: from the key of a gallery image to its picture [H, W, 3] uint8.
        versions: of the gallery, oldest first.
        shown: hits of each query.

    Returns:
        a fragment of HTML, for a notebook or for :func:`document`.

    Raises:
        ValueError: not one query for each row of the hits.
    """
    for name, hits in states.items():
        if not len(hits) == len(queries) == len(persons):
            raise ValueError(f"{len(queries)} queries, {len(persons)} persons, but {len(hits)} searches in {name!r}")
    colours = _colours(versions)
    legend = "".join(f'<span style="background:{colours[v]}"></span>{html.escape(v)}' for v in versions)
    parts = [
        f"<style>{_STYLE}</style>",
        f'<p class="key">Bar under a picture: version of its vector{legend}. '
        "Whole frame: the query's person. Dashed frame: somebody else.</p>",
    ]
    for i, (query, person) in enumerate(zip(queries, persons)):
        rows = []
        for name, hits in states.items():
            places = [j for j in range(min(shown, hits.keys.shape[1])) if hits.found[i, j]]
            figures = "".join(_hit(hits, i, j, person, crop, colours) for j in places)
            rows.append(f'<div class="state"><b>{html.escape(name)}</b>{figures}</div>')
        asked = f'<figure><img src="{_png(query)}" alt="query {i + 1}"><figcaption>query</figcaption></figure>'
        parts.append(f"<section>{asked}<div>{''.join(rows)}</div></section>")
    return f'<div class="searches">{"".join(parts)}</div>'


def document(fragment: str, title: str) -> str:
    """A whole page around a fragment, light or dark as the reader's system is."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        '<meta name="viewport" content="width=device-width"><style>:root{color-scheme:light dark}'
        "body{font-family:system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}</style></head>"
        f"<body><h1>{html.escape(title)}</h1>{fragment}</body></html>\n"
    )


def _colours(versions: Sequence[str]) -> dict[str, str]:
    """The oldest version has the colour of the old model, the newest that of a compatible one."""
    between = [c for c in METHOD_COLOURS.values() if c != COMPATIBLE]
    found = {v: between[i % len(between)] for i, v in enumerate(versions)}
    return {**found, versions[-1]: COMPATIBLE, versions[0]: OLD} if versions else {}


def _hit(
    hits: Hits, row: int, place: int, person: int, crop: Callable[[str], np.ndarray], colours: Mapping[str, str]
) -> str:
    key, version = str(hits.keys[row, place]), str(hits.versions[row, place])
    seen, score = int(hits.persons[row, place]), float(hits.scores[row, place])
    kind = "" if person < 0 or seen < 0 else "right" if seen == person else "wrong"
    word = {"right": "the query's person", "wrong": "somebody else", "": "person not known"}[kind]
    alt = html.escape(f"rank {place + 1}: {word}, vector of {version}")
    return (
        f'<figure class="{kind}"><img src="{_png(crop(key))}" alt="{alt}" title="{html.escape(key)}">'
        f'<figcaption style="--v:{colours.get(version, OLD)}">{score:.2f}</figcaption></figure>'
    )


def _png(image: np.ndarray) -> str:
    memory = io.BytesIO()
    Image.fromarray(image).quantize(64, method=Image.Quantize.MEDIANCUT).save(memory, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(memory.getvalue()).decode()}"
