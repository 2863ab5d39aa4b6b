"""``rbcl-lite evaluate``: the cross-test of finished runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from rbcl_lite.base.files import write_json
from rbcl_lite.commands.images import reading
from rbcl_lite.commands.output import say
from rbcl_lite.experiments.measure import cross_test_runs, seen_people
from rbcl_lite.metrics.result import CAMERAS_KNOWN, CAMERAS_UNKNOWN
from rbcl_lite.runs.run import load_run


@dataclass
class Evaluate:
    """Cross-test of finished runs: the queries of each model against the gallery of each model."""

    runs: tyro.conf.Positional[tuple[Path, ...]]
    """Folders of runs, oldest first. The images are those of the last one, or those of --data."""
    data: str | None = None
    """Other images: a domain, or a folder of crops; also the new place of a folder that was moved.
    """
    table: str | None = None
    """CSV with the columns path, id and, where known, camera and split."""
    pattern: str | None = None
    """Regular expression of the file names with the groups id and, where known, cam."""
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
        runs = [load_run(r) for r in self.runs]
        config = reading(runs[-1].config, self.data, self.table, self.pattern)
        seen = seen_people(runs, config, self.part)
        if seen:
            say(f"left out: {len(seen)} {self.part} people who were training people of one of these runs")
        matrix = cross_test_runs(runs, self.part, self.metric, config=config, without=seen)
        rule = CAMERAS_UNKNOWN if config.splits().held_out(self.part).query.cams is None else CAMERAS_KNOWN
        say(f"{self.metric} in per cent, {self.part} people; rows: model of the queries, columns: model of the gallery")
        say(rule)
        say((100 * matrix).round(2).rename_axis(index=None, columns=None).to_string())
        if self.json:
            about = {"metric": self.metric, "part": self.part, "left_out": len(seen), "camera_rule": rule}
            write_json(self.json, {**about, "matrix": matrix.to_dict(orient="index")})
