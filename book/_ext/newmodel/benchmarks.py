"""``{gallery-times}`` and ``{batch-parts}``: what two benchmarks measured, read from their files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from newmodel._written import Written

RESULTS = Path(__file__).resolve().parents[3] / "benchmarks" / "results"
KINDS = ("clustered", "random")


def gallery_table(result: dict[str, Any]) -> list[str]:
    """A Markdown table: one row for each kind of vectors and each filter of the search.

    >>> seen = {"p50_ms": 1.24, "p95_ms": 1.8, "recall@10": 1.0, "exact_p50_ms": 42.0}
    >>> gallery_table({"clustered": {"search": {"plain": seen}}, "random": {"search": {}}})[-1]
    '| clustered | plain | 1.2 | 1.8 | 1.000 | 42 |'
    """
    head = ["vectors", "search", "p50 ms", "p95 ms", "recall@10", "exact, p50 ms"]
    rows = []
    for kind in KINDS:
        for name, seen in result[kind]["search"].items():
            times = (
                f"{seen['p50_ms']:.1f} | {seen['p95_ms']:.1f} | {seen['recall@10']:.3f} | {seen['exact_p50_ms']:.0f}"
            )
            rows.append(f"| {kind} | {name} | {times} |")
    return [f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *rows]


def gallery_notes(result: dict[str, Any]) -> str:
    """What stands below it: opening, memory, rates, the ratio to faiss, the origin."""
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


def chunk_table(result: dict[str, Any]) -> list[str]:
    """A Markdown table: one row for each size of a chunk.

    >>> chunk_table({"chunks": [{"chunk": None, "added_mb": 373.2, "seconds": 0.624}]})[-1]
    '| whole batch | 373 | 0.62 |'
    """
    rows = [
        f"| {row['chunk'] or 'whole batch'} | {row['added_mb']:.0f} | {row['seconds']:.2f} |"
        for row in result["chunks"]
    ]
    return ["| images at once | MiB that training adds | s a step |", "| --- | --- | --- |", *rows]


def chunk_notes(result: dict[str, Any]) -> str:
    """What stands below it: the batch, and what batch norm makes of its parts."""
    parts, where = result["parts"], result["environment"]
    (people, each), (height, width), recipe = result["batch"], result["size"], parts["recipe"]
    means = ", ".join(f"{name} {mean:.1f}" for name, mean in parts["mean"].items())
    return (
        f"A batch of {people} × {each} images of {height} × {width} pixels, network `{result['backbone']}`. Without "
        f"batch norm the gradients of both ways differ by {result['gradient_difference']:.0e} at most. With it the "
        f"parts make another model: new/new mAP in per cent of independent models, mean over "
        f"{recipe['seeds']} seeds, when batches pass at once and in parts: {means}. Measured on {where['date']}: "
        f"{where['cpu']}, {where['threads']} thread; `python benchmarks/large_batches.py`."
    )


class FromFile(Written):
    """A table and its notes, from a file that a benchmark wrote."""

    file: str
    table: Callable[[dict[str, Any]], list[str]]
    notes: Callable[[dict[str, Any]], str]

    def lines(self) -> list[str]:
        """The table, and the notes below it."""
        own, result = type(self), self.read(RESULTS / self.file)
        return [*own.table(result), "", own.notes(result)]


class GalleryTimes(FromFile):
    """A gallery of a million vectors."""

    file, table, notes = "gallery.json", staticmethod(gallery_table), staticmethod(gallery_notes)


class BatchParts(FromFile):
    """A batch in chunks."""

    file, table, notes = "large_batches.json", staticmethod(chunk_table), staticmethod(chunk_notes)


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("gallery-times", GalleryTimes)
    app.add_directive("batch-parts", BatchParts)
