"""``rbcl-lite gallery``: vectors that are kept, searched and upgraded."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import tyro

from rbcl_lite.base.files import write_json
from rbcl_lite.commands.found import write_sheet, write_table
from rbcl_lite.commands.gallery_backfill import Backfill
from rbcl_lite.commands.gallery_show import Show
from rbcl_lite.commands.gallery_thresholds import Thresholds
from rbcl_lite.commands.output import say
from rbcl_lite.commands.vectors import Vectors, open_store
from rbcl_lite.gallery.batch import as_batch
from rbcl_lite.gallery.filling import CHUNK, add_all
from rbcl_lite.gallery.records import Evidence
from rbcl_lite.gallery.where import Where


def moment(flag: str, text: str | None) -> float | None:
    """Seconds since 1970 of a number or an ISO date.

    >>> moment("--since", "86400")
    86400.0
    """
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise ValueError(f"{flag} is a date such as 2026-11-02T14:00, or seconds since 1970, got {text!r}") from error


@dataclass(kw_only=True)
class Build(Vectors):
    """Add vectors to a gallery, which is made where it is missing; the same command again goes on."""

    gallery: tyro.conf.Positional[str]
    """Folder of the gallery."""
    time: str | None = None
    """When the images were taken: a date such as 2026-11-02T14:00, or seconds since 1970."""
    chunk: int = CHUNK
    """Vectors that become visible together."""

    def run(self) -> None:
        """Add what is not there yet."""
        when = moment("--time", self.time)
        features, _ = self.read("gallery")
        as_batch(features, features.dim, version=self.version)  # what is wrong is said before a gallery is made
        with open_store(self.gallery, features.dim) as store:
            there = add_all(store, features, time=when, version=self.version, chunk=self.chunk)
            store.save()
            if there:
                say(f"left as they are: {there} images that are in the gallery already")
            say(store.report())


@dataclass(kw_only=True)
class Register:
    """Declare a version of the model, with what was measured before its vectors are compared with
    others.
    """

    gallery: tyro.conf.Positional[str]
    """Folder of the gallery."""
    version: tyro.conf.Positional[str]
    """Name of the new version."""
    compatible_with: tuple[str, ...] = ()
    """Versions whose vectors its queries may be compared with."""
    new_old: tuple[float, ...] = ()
    """For each of them the score of new queries on its vectors, validation people, 0 to 1."""
    old_old: tuple[float, ...] = ()
    """For each of them the score of its own queries."""
    date: str | None = None
    """When that was measured; today by default."""
    note: str = ""
    """Which data and which measure."""
    force: bool = False
    """Register although the scores speak against it."""

    def run(self) -> None:
        """Write the declaration."""
        if not len(self.compatible_with) == len(self.new_old) == len(self.old_old):
            raise ValueError(
                f"--compatible-with names {len(self.compatible_with)} versions: give as many scores by --new-old "
                f"({len(self.new_old)}) and --old-old ({len(self.old_old)})"
            )
        when = self.date or date.today().isoformat()
        scores = zip(self.compatible_with, self.new_old, self.old_old)
        evidence = {old: Evidence(new, same, when, self.note) for old, new, same in scores}
        with open_store(self.gallery) as store:
            store.register(self.version, evidence, note=self.note, force=self.force)
            say(f"registered: {', '.join(store.versions)}")


@dataclass(kw_only=True)
class Search(Vectors):
    """Find the nearest vectors of each query: a table, and a sheet of the pictures."""

    gallery: tyro.conf.Positional[str]
    """Folder of the gallery."""
    k: int = 10
    """Hits for each query."""
    camera_rule: bool = True
    """Leave out the query's own person seen by the query's own camera."""
    exact: bool = False
    """Compare with every vector instead of asking the index."""
    camera: tuple[int, ...] = ()
    """Look at these cameras only."""
    in_version: tuple[str, ...] = ()
    """Look at vectors of these versions only."""
    person: tuple[int, ...] = ()
    """Look at these people only."""
    since: str | None = None
    """Look at what was seen at this time or later: a date, or seconds since 1970."""
    until: str | None = None
    """Look at what was seen before this time."""
    out: Path | None = None
    """File to write the hits to, .csv or .json."""
    sheet: Path | None = None
    """PNG file of queries and the pictures that were found."""
    sheet_queries: int = 8
    """Queries on the sheet."""
    crops: Path | None = None
    """Folder in which the keys are the names of picture files; not needed with --run."""

    def run(self) -> None:
        """Search and write."""
        if self.out is not None and self.out.suffix not in (".csv", ".json"):
            raise ValueError(f"--out is a .csv or a .json file, got {self.out}")
        if self.sheet is not None and (self.sheet.suffix != ".png" or self.sheet_queries < 1):
            raise ValueError(f"--sheet is a .png file of at least one query, got {self.sheet}")
        where = Where(
            camera=self.camera or None,
            version=self.in_version or None,
            person=self.person or None,
            since=moment("--since", self.since),
            until=moment("--until", self.until),
        )
        with open_store(self.gallery) as store:
            queries, images = self.read("query")
            options = {"camera_rule": self.camera_rule, "exact": self.exact, "version": self.version}
            hits = store.search(queries, self.k, where=where, **options)  # type: ignore[arg-type]
        table = hits.table(queries.keys)
        if self.sheet is not None:
            write_sheet(self.sheet, queries, hits, images, self.crops, self.sheet_queries)
            say(self.sheet)
        if self.out is not None:
            write_table(self.out, table)
            say(f"{self.out}: {len(table)} hits of {len(queries)} queries")
        else:
            say(table.to_string(index=False, max_rows=40))


@dataclass(kw_only=True)
class Report:
    """What is in a gallery, and how well its index finds it."""

    gallery: tyro.conf.Positional[str]
    """Folder of the gallery."""
    json: Path | None = None
    """File to write it to."""

    def run(self) -> None:
        """Print it, with the declared versions."""
        with open_store(self.gallery) as store:
            report, versions = store.report(), store.versions
        say(report)
        for version in versions.values():
            for old, e in version.compatible_with.items():
                say(f"{version.name} reads {old}: {e.new_old:.3f}, {old} itself {e.old_old:.3f} ({e.date}) {e.note}")
        if self.json is not None:
            write_json(self.json, {**asdict(report), "declared": {n: asdict(v) for n, v in versions.items()}})


@dataclass
class Gallery:
    """Vectors with the version of the model that made each: build, register, backfill, search, thresholds,
    show, report.
    """

    action: Annotated[Build | Register | Backfill | Search | Thresholds | Show | Report, tyro.conf.arg(name="")]

    def run(self) -> None:
        """Run the chosen action."""
        self.action.run()
