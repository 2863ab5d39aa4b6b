"""Beside: what a live run and a result file on one page have to do with each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rbcl_lite.base.scale import scale
from rbcl_lite.experiments.jobs import measured_key
from rbcl_lite.experiments.repeatability import NAME, differences
from rbcl_lite.experiments.tables.runs import load_result
from rbcl_lite.runs.config import RunConfig


def beside(config: RunConfig, result: Mapping[str, Any], scale_name: str | None = None) -> str:
    """One sentence for the reader who sees a number of a live run near one of a result file.

    Args:
        config: of the live run.
        result: what :func:`rbcl_lite.experiments.tables.runs.load_result` returned.
        scale_name: scale of the live run; that of the session by default.

    Returns:
        that they are one run and by how much equal runs differ, or why their numbers must not be
        compared.

    >>> from rbcl_lite.experiments.settings import independent
    >>> result = {"setting": "stronger-and-more", "scale": "laptop", "runs": []}
    >>> beside(independent("stronger-and-more"), result, "smoke")
    'The models above are of scale smoke, those of stronger-and-more.json of scale laptop: other models, ...'
    """
    file, live = f"{result['setting']}.json", scale(scale_name).name
    if live != result["scale"]:
        return (
            f"The models above are of scale {live}, those of {file} of scale {result['scale']}: other models, whose "
            "numbers must not be compared."
        )
    if measured_key(config) in {record["run"] for record in result["runs"]}:
        worst = differences(load_result(NAME))["new_old"].abs().max()
        return (
            f"The models above are seed {config.seed} of {file}, trained on this machine by the same code. Equal runs "
            f"on one and on two threads differ by up to {worst:.1f} points of new/old ({NAME}.json)."
        )
    return (
        f"The models above have the configuration of seed {config.seed} of {file}, and newer code: they were trained "
        "anew, so their numbers differ somewhat from the file's."
    )
