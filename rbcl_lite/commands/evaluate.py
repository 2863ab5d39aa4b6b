"""``rbcl-lite evaluate``: the cross-test of finished runs, or of stored vectors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pandas as pd
import tyro

from rbcl_lite.base.files import write_json
from rbcl_lite.commands.output import say
from rbcl_lite.commands.which_images import check_named, which_images
from rbcl_lite.experiments.measure import cross_test_runs, seen_people
from rbcl_lite.experiments.rotation import ROTATION
from rbcl_lite.experiments.stored_rotation import stored_rotation
from rbcl_lite.experiments.stored_sides import read_sides
from rbcl_lite.experiments.upgrade_report import report
from rbcl_lite.metrics.result import CAMERAS_KNOWN, CAMERAS_UNKNOWN
from rbcl_lite.runs.run import load_run


@dataclass
class Evaluate:
    """Cross-test: the queries of each model against the gallery of each model.

    Of finished runs, or without any model of stored vectors: rbcl-lite evaluate --old OLD.npy --new
    NEW.npy. A file marks its queries and its gallery in a column split, or there are two, queries
    first; .npy beside a .csv (key, id, camera, split), or .safetensors (rbcl-lite extract).
    """

    runs: tyro.conf.Positional[tuple[Path, ...]] = ()
    """Folders of runs, oldest first. The images are those of the last one, or those of --data."""
    old: tuple[Path, ...] = ()
    """Vectors of the old model: one file, or queries and gallery; or what is left, the gallery alone."""
    new: tuple[Path, ...] = ()
    """Vectors of the new model."""
    independent: tuple[Path, ...] = ()
    """Vectors of the new model trained without compatibility; the update gain needs them, and where the files hold
    training images too, a rotation onto the old ones is judged beside them.
    """
    data: str | None = None
    """Other images: a domain, or a folder of crops; also the new place of a folder that was moved.
    """
    table: str | None = None
    """CSV with the columns path, id and, where known, camera and split."""
    pattern: str | None = None
    """Regular expression of the file names with the groups id and, where known, cam."""
    layout: str | None = None
    """market1501, msmt17-v1, msmt17-v2, cuhk03-detected, cuhk03-labeled or veri776."""
    part: Literal["test", "validation"] = "test"
    """Which held-out people."""
    metric: Literal["mAP", "rank1", "mINP"] = "mAP"
    """Which score."""
    json: Path | None = None
    """File to write the matrix to."""

    def run(self) -> None:
        """Extract what is missing and print the matrix in per cent."""
        stored = {"old": self.old, "new": self.new, "independent": self.independent}
        stored = {model: files for model, files in stored.items() if files}
        if stored:
            if self.runs or (self.data, self.table, self.pattern, self.layout) != (None, None, None, None):
                raise ValueError(
                    "--old, --new and --independent take files of vectors, and nothing is read beside them; rbcl-lite "
                    "extract writes those of a run"
                )
            self._stored(stored)
            return
        if not self.runs:
            raise ValueError("name at least one folder of a run, or files of stored vectors by --old and --new")
        check_named(self.data, self.table, self.pattern, self.layout)
        runs = [load_run(r) for r in self.runs]
        config = runs[-1].config
        images = which_images(config.images, self.data, self.table, self.pattern, self.layout)
        config = replace(config, images=images)
        seen = seen_people(runs, config, self.part)
        if seen:
            say(f"left out: {len(seen)} {self.part} people who were training people of one of these runs")
        matrix = cross_test_runs(runs, self.part, self.metric, config=config, without=seen)
        rule = CAMERAS_UNKNOWN if config.splits().held_out(self.part).query.cams is None else CAMERAS_KNOWN
        self._show(matrix, rule)
        if self.json:
            about = {"metric": self.metric, "part": self.part, "left_out": len(seen), "camera_rule": rule}
            write_json(self.json, {**about, "matrix": matrix.to_dict(orient="index")})

    def _stored(self, files: dict[str, tuple[Path, ...]]) -> None:
        """The matrix of stored vectors, and what follows from it."""
        sides, left_out = read_sides(files, self.part)
        for line in left_out:
            say(line)
        if {"old", "independent"} <= set(files):
            turned = stored_rotation(files, sides["independent"])
            if turned is None:
                say("no rotation: it is fitted on training images, and these files of old and independent share none")
            else:
                sides[ROTATION] = turned
        found = report(sides, self.metric)
        matrix, verdicts = found.matrix(), found.verdicts()
        self._show(matrix, found.camera_rule)
        if "compatible" in verdicts:
            above = "above old/old: compatible" if verdicts["compatible"] else "not above old/old: not compatible"
            say(f"new/old is {above} by the criterion of Shen et al. (2020)")
            if "interval" in verdicts:
                low, high = (100 * end for end in verdicts["interval"])
                sure = "which leaves zero out" if low > 0 or high < 0 else "so other people might say the opposite"
                say(f"new/old minus old/old, 95 % interval over people: {low:+.1f} to {high:+.1f} points, {sure}")
            worse, better = verdicts["negative_flips"], verdicts["positive_flips"]
            say(f"flips: {worse:.1%} of the queries were right and are wrong now, {better:.1%} the other way round")
        if "update_gain" in verdicts:
            gain = verdicts["update_gain"]
            undefined = "not defined, because the independent model scores like the old one"
            say(f"update gain: {undefined if gain is None else f'{gain:.2f}'}")
        if self.json:
            about = {"metric": self.metric, "part": self.part, "left_out": left_out, "camera_rule": found.camera_rule}
            write_json(self.json, {**about, "matrix": matrix.to_dict(orient="index"), **verdicts})

    def _show(self, matrix: pd.DataFrame, rule: str) -> None:
        say(f"{self.metric} in per cent, {self.part} people; rows: model of the queries, columns: model of the gallery")
        say(rule)
        say((100 * matrix).round(2).rename_axis(index=None, columns=None).to_string())
