"""``rbcl-lite gallery thresholds``: what to call one person, for each version in a gallery."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import tyro

from rbcl_lite.commands.output import say
from rbcl_lite.features import Features
from rbcl_lite.gallery import Gallery
from rbcl_lite.gallery.pairs import Pairs
from rbcl_lite.gallery.thresholds import calibrate, rates


@dataclass
class Thresholds:
    """Calibrate thresholds on labelled queries, for all vectors of a gallery and for each version."""

    path: tyro.conf.Positional[Path]
    """Folder of the gallery; its vectors need known people."""
    query: Path
    """Features of labelled queries, written by Features.save; their model is the version that asks."""
    rate: float = 0.001
    """Share of stranger pairs that may be called one person."""
    threshold: float | None = None
    """A threshold that is in use already: what it does today is measured too."""

    def run(self) -> None:
        """Print a line for each version, and one for all."""
        queries = Features.load(self.query)
        with Gallery.open(self.path) as gallery:
            rows = gallery.rows()
            known = rows[rows["person"] >= 0]
            if known.empty:
                raise ValueError(f"no vector in {self.path} says whom it shows; thresholds need labelled people")
            say(f"{len(known)} of {len(rows)} vectors show a known person; {len(queries)} queries of {queries.model}")
            pairs = Pairs.of(queries.fit(gallery.dim), gallery.fetch(known["key"].tolist()))
        lines = {}
        versions = known["version"].to_numpy()
        for name in ["all", *dict.fromkeys(versions.tolist())]:
            part = pairs.columns(np.ones(len(versions), bool) if name == "all" else versions == name)
            new = calibrate(part.scores[part.strangers], self.rate)
            lines[name] = {"vectors": part.scores.shape[1], "threshold": f"{new:.4f}"}
            for word, value in ({"": new} if self.threshold is None else {"": new, "in use ": self.threshold}).items():
                found = rates(part, value).intervals
                lines[name] |= {f"{word}false matches": found["false_match"], f"{word}misses": found["miss"]}
        say(pd.DataFrame(lines).T.to_string())
        say("in brackets: 95 % intervals, people drawn again; measured on the people of the calibration")
