"""Work: how much an experiment does, by how many processes, and where it is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rbcl_lite.experiments.result_file import RESULTS


@dataclass
class Work:
    """How much is done, and by how many."""

    workers: int = 2
    """Processes, one thread each."""
    scale: str | None = None
    """smoke, laptop, crowd, gpu or large."""


@dataclass
class Measured(Work):
    """Work that ends in a result file."""

    out: Path | None = None
    """Folder of the result file; by default rbcl_lite/results."""

    @property
    def how(self) -> dict[str, Any]:
        """Keyword arguments that every function takes which measures in processes."""
        return {
            "workers": self.workers,
            "scale_name": self.scale,
            "folder": self.out or RESULTS,
            "progress": True,
        }
