"""``{gallery-times}``: what a gallery of a million vectors takes, from the file of the benchmark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FILE = Path(__file__).resolve().parents[3] / "benchmarks" / "results" / "gallery.json"
KINDS = {"clustered": "clustered, as embeddings are", "random": "random"}


def table(result: dict[str, Any]) -> list[str]:
    """A Markdown table: one row for each kind of vectors and each filter of the search.

    >>> seen = {"p50_ms": 1.24, "p95_ms": 1.8, "recall@10": 1.0, "exact_p50_ms": 42.0}
    >>> table({"clustered": {"search": {"plain": seen}}, "random": {"search": {}}})[-1]
    '| clustered, as embeddings are | plain | 1.2 | 1.8 | 1.000 | 42 |'
    """
    head = ["vectors", "search", "p50 ms", "p95 ms", "recall@10", "exact, p50 ms"]
    rows = []
    for kind, words in KINDS.items():
        for name, seen in result[kind]["search"].items():
            times = (
                f"{seen['p50_ms']:.1f} | {seen['p95_ms']:.1f} | {seen['recall@10']:.3f} | {seen['exact_p50_ms']:.0f}"
            )
            rows.append(f"| {words} | {name} | {times} |")
    return [f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *rows]


def notes(result: dict[str, Any]) -> str:
    """What stands below the table: opening, memory, rates, the ratio to faiss, the origin."""
    one, where = result["clustered"], result["environment"]
    side, batch = one["faiss"]["side by side"]["ratio"], one["faiss"]["side by side, 30 at once"]["ratio"]
    change, backfill, noise = one["change"], one["while_backfilled"], result["random"]["search"]["plain"]
    quicker = noise["exact_p50_ms"] < noise["p50_ms"]
    sentences = [
        f"{result['size']:,} clustered vectors of {result['dim']} coordinates: opened in "
        f"{one['open']['open_s']:.2f} s, {one['open']['after']['VmRSS'] / 2**30:.2f} GiB resident after a hundred "
        "searches; "
        f"{change['added_per_s']:,.0f} added, {change['replaced_per_s']:,.0f} replaced and "
        f"{change['removed_per_s']:,.0f} removed in a second.",
        f"While another process backfilled {backfill['vectors_per_s']:,.0f} vectors a second, a search took "
        f"{backfill['p50_ms']:.1f} ms in the median and {backfill['p95_ms']:.1f} ms at the 95th percentile.",
        f"Next to faiss alone on the same vectors the gallery takes {side:.2f} times as long for one query, and "
        f"{batch:.2f} times for thirty at once.",
        f"On random vectors the index has to look at most of its lists, and comparing with everything is "
        f"{'quicker' if quicker else 'no quicker'}.",
        f"Measured on {where['date']}: {where['cpu']}, {where['threads']} threads, "
        f"faiss {where['versions']['faiss-cpu']}; `python benchmarks/gallery.py`.",
    ]
    return " ".join(sentences)


class GalleryTimes(SphinxDirective):
    """The table and its notes."""

    def run(self) -> list[nodes.Node]:
        """Write them as Markdown and let the page's parser read them."""
        result = json.loads(FILE.read_text(encoding="utf-8"))
        self.env.note_dependency(str(FILE))
        box = nodes.container()
        lines = [*table(result), "", notes(result)]
        self.state.nested_parse(StringList(lines, source=self.get_source_info()[0]), self.content_offset, box, True)
        return box.children


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("gallery-times", GalleryTimes)
