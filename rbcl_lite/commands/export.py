"""``rbcl-lite export``: a run as one file that needs none of this package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tyro

from rbcl_lite import __version__
from rbcl_lite.commands.output import say
from rbcl_lite.models.export import export_model
from rbcl_lite.runs.given_old import GivenOld
from rbcl_lite.runs.run import load_run


@dataclass
class Export:
    """A run as one file: images in, unit vectors out, preprocessing inside; compared with the run before it
    is kept.
    """

    folder: tyro.conf.Positional[Path]
    """Folder of a run."""
    out: tyro.conf.Positional[Path] = Path("model.onnx")
    """File to write: .onnx, .pt2 (torch.export), .ts or .pt (TorchScript)."""

    def run(self) -> None:
        """Write the file."""
        run = load_run(self.folder)
        about = {
            "model": run.folder.name,
            "sha256": GivenOld.at(run.folder).sha256,
            "people_seed": run.config.seed,
            "rbcl_lite": __version__,
        }
        difference = export_model(run.load_model(), self.out, run.size, about)
        height, width = run.size
        say(f"{self.out}: images uint8 [N, 3, {height}, {width}] to unit vectors [N, {run.config.model.dim}]")
        say(f"differs from the run by at most {difference:.1e} on random images")
