"""``rbcl-lite gallery thresholds``: what to call one person, for each version in a gallery."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import tyro

from rbcl_lite.commands.output import say
from rbcl_lite.commands.vectors import Vectors, open_store
from rbcl_lite.gallery.batch import version_of
from rbcl_lite.gallery.pairs import Pairs
from rbcl_lite.gallery.thresholds import calibrate, rates


@dataclass(kw_only=True)
class Thresholds(Vectors):
    """Calibrate thresholds on labelled queries, for all vectors of a gallery and for each version."""

    gallery: tyro.conf.Positional[str]
    """Folder of the gallery; its vectors need known people."""
    rate: float = 0.001
    """Share of stranger pairs that may be called one person."""
    threshold: float | None = None
    """A threshold that is in use already: what it does today is measured too."""

    def run(self) -> None:
        """Print a line for each version, and one for all."""
        queries, _ = self.read("query")
        with open_store(self.gallery) as store:
            rows = store.rows()
            known = rows[rows["person"] >= 0]
            if known.empty:
                raise ValueError(f"no vector in {self.gallery} says whom it shows; thresholds need known people")
            pairs = Pairs.of(queries, store.fetch(known["key"].tolist()))
        asking = version_of(queries, self.version)
        say(f"{len(queries)} queries of {asking}; {len(known)} of {len(rows)} vectors show a known person")
        made, lines = known["version"].to_numpy(), {}
        for name in ["all", *dict.fromkeys(made.tolist())]:
            part = pairs.columns(np.ones(len(made), bool) if name == "all" else made == name)
            new = calibrate(part.scores[part.strangers], self.rate)
            lines[name] = {"vectors": part.scores.shape[1], "threshold": f"{new:.4f}"}
            for word, value in (("", new), ("in use: ", self.threshold)):
                if value is not None:
                    found = rates(part, value).intervals
                    names = {f"{word}false matches": "false_match", f"{word}misses": "miss"}
                    lines[name] |= {column: str(found[rate]) for column, rate in names.items()}
        say(pd.DataFrame(lines).T.to_string())
        say("in brackets: 95 % intervals, people drawn again; measured on the people of the calibration")
