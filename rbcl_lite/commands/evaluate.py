"""``rbcl-lite evaluate``: the cross-test of finished runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from rbcl_lite.base.files import write_json
from rbcl_lite.commands.output import say
from rbcl_lite.experiments.measure import cross_test_runs
from rbcl_lite.runs.run import load_run


@dataclass
class Evaluate:
    """Cross-test of finished runs: the queries of each model against the gallery of each model."""

    runs: tyro.conf.Positional[tuple[Path, ...]]
    """Folders of runs, oldest first. The images are those of the last one."""
    part: Literal["test", "validation"] = "test"
    """Which held-out people."""
    metric: Literal["mAP", "rank1", "mINP"] = "mAP"
    """Which score."""
    json: Path | None = None
    """File to write the matrix to."""

    def run(self) -> None:
        """Extract what is missing and print the matrix in per cent."""

        if not self.runs:
            raise ValueError("name at least one folder of a run")
        matrix = cross_test_runs([load_run(r) for r in self.runs], self.part, self.metric)
        say(f"{self.metric} in per cent, {self.part} people; rows: model of the queries, columns: model of the gallery")
        say((100 * matrix).round(2).rename_axis(index=None, columns=None).to_string())
        if self.json:
            write_json(self.json, {"metric": self.metric, "part": self.part, "matrix": matrix.to_dict(orient="index")})
