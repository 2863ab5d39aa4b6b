"""``rbcl-lite extract``: the vectors of any images, in a file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from rbcl_lite.base.device import default_device
from rbcl_lite.base.scale import scale
from rbcl_lite.commands.output import say
from rbcl_lite.commands.which_images import which_images
from rbcl_lite.data.dataset import ReIDDataset, Splits
from rbcl_lite.data.images import Images
from rbcl_lite.data.vector_files import check_out
from rbcl_lite.features import Features
from rbcl_lite.models.exported import Pixels
from rbcl_lite.models.extract import extract
from rbcl_lite.runs.extraction import every_file, extract_to, pieces
from rbcl_lite.runs.open_given import find_given, open_given
from rbcl_lite.runs.people import leave_out
from rbcl_lite.runs.run import Run, load_run


@dataclass
class Extract:
    """Vectors of any images, with the name, the person, the camera and the part of each; goes on after an
    interruption.
    """

    model: tyro.conf.Positional[Path]
    """Folder of a run, or an exported model (.onnx, .pt2, TorchScript)."""
    out: Path = Path("vectors.safetensors")
    """File to write: .safetensors, or .npy with a .csv beside it."""
    data: str | None = None
    """Other images than those of the run: a domain, or a folder of crops."""
    table: str | None = None
    """CSV with the columns path, id and, where known, camera and split."""
    pattern: str | None = None
    """Regular expression of the file names with the groups id and, where known, cam."""
    layout: str | None = None
    """market1501, msmt17-v1, msmt17-v2, cuhk03-detected, cuhk03-labeled or veri776."""
    part: Literal["all", "train", "validation", "test", "files"] = "all"
    """Which images: of all parts, of one, or every file of the folder, where --table or --pattern says who
    is on them, if anything does.
    """
    seed: int | None = None
    """Of the people of a domain, and of who is held out; by default the model's."""
    scale: str | None = None
    """How much of a domain is drawn; by default the run's."""
    size: tuple[int, int] | None = None
    """Height and width in pixels of what an exported model reads, where its file does not say."""
    pixels: Pixels | None = None
    """What numbers an exported model reads, where its file does not say."""

    def run(self) -> None:
        """Extract, and write the file."""
        check_out(self.out)
        given = find_given(self.model, self.size, self.pixels)
        model = open_given(given)
        if model.size is None:
            raise ValueError(f"{self.model} holds vectors already; extract needs a run or an exported model")
        config = model.config if isinstance(model, Run) else None
        before = config.images if config and not (self.part == "files" and self.data) else None
        images = which_images(before, self.data, self.table, self.pattern, self.layout)
        if self.part == "files":  # of other images nothing is known but what is named
            parts = [every_file(images, model.size)]
        else:
            known = config.seed if config else given.people_seed or 0
            seed = known if self.seed is None else self.seed
            at = scale(self.scale or (config.scale if config else None))
            splits = images.load(at, size=model.size, seed=seed)
            if isinstance(model, Run):
                splits = self._unseen(model, images, seed, splits)
            parts = pieces(images, splits, self.part)
        network = None if config is None else load_run(given.path).load_model()

        def vectors(block: ReIDDataset) -> Features:
            if network is None:
                return model.extract(block, False)
            return extract(network, block, device=default_device(), progress=False)

        tag = Path(given.path).name if config else getattr(model, "name", "")
        made = extract_to(self.out, vectors, parts, made_by=given.key(), tag=tag)
        say(f"{self.out}: {len(made.vectors):,} vectors of {made.vectors.shape[1]} dimensions by {tag}")
        for part, count in Counter(made.splits or ()).items():
            say(f"  {part:20s}{count:>10,}")

    def _unseen(self, run: Run, images: Images, seed: int, splits: Splits) -> Splits:
        """The splits without held-out people on whom the run was trained."""
        kept = {"validation": splits.validation, "test": splits.test}
        for part in kept if self.part == "all" else [p for p in kept if p == self.part]:
            seen = set() if run.trained_on is None else run.trained_on.among(images, seed, splits, part)
            if seen:
                say(f"left out: {len(seen)} {part} people who were training people of this run")
                kept[part] = leave_out(kept[part], images, seed, seen)
        return Splits(splits.train, kept["validation"], kept["test"])
