"""A run is named by what it depends on: trained once, loaded the next time."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock

from rbcl_lite.runs.saved_model import load_model, save_model
from rbcl_lite.base.files import write_json
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.data.cache import cache_dir
from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.features import Features
from rbcl_lite.learners import LEARNERS
from rbcl_lite.methods import METHODS
from rbcl_lite.models.embedder import Embedder, extract
from rbcl_lite.base.device import default_device
from rbcl_lite.base.provenance import provenance
from rbcl_lite.training.loop import train
from rbcl_lite.runs.start import make_upgrade


@dataclass(frozen=True)
class Run:
    """A trained model on disk: ``model.safetensors``, ``model.json``, ``run.json``, ``history.csv``, ``features/``.

    Args:
        folder: where it lies.
        config: what it was made from.
        loaded: True if this call found it, False if it trained it.
        seconds: training time in seconds, when it was trained.
    """

    folder: Path
    config: RunConfig
    loaded: bool
    seconds: float

    def __str__(self) -> str:
        about = f"{self.config.method}, backbone {self.config.model.backbone}, seed {self.config.train.seed}"
        return f"{about}: {'loaded, had been trained' if self.loaded else 'trained'} in {self.seconds:.0f} s"

    @property
    def model(self) -> Embedder:
        """The trained model in evaluation mode."""
        return load_model(self.folder)

    @property
    def history(self) -> pd.DataFrame:
        """One row per epoch."""
        return pd.read_csv(self.folder / "history.csv")

    def features(self, part: str = "test", which: str = "query", progress: bool | None = None) -> Features:
        """Vectors of this run's own images, extracted once.

        Args:
            part: validation or test.
            which: query or gallery.
            progress: see :func:`rbcl_lite.base.progress.bar`.
        """
        splits = self.config.splits(progress)
        return self.extract(getattr(getattr(splits, part), which), progress=progress)

    def extract(self, data: ReIDDataset, progress: bool | None = None) -> Features:
        """Vectors of any data set, extracted once and kept with the run.

        Raises:
            ValueError: the images do not have the size that the model was trained with.
        """
        if data.size != self.config.size:
            raise ValueError(f"{data.name} holds {data.size} images, the model was trained on {self.config.size}")
        content = hashlib.sha256("\n".join(data.keys).encode() + np.ascontiguousarray(data.images[::97]).tobytes())
        path = self.folder / "features" / f"{content.hexdigest()[:16]}.safetensors"
        if not path.exists():
            extract(self.model, data, tag=self.folder.name, device=default_device(), progress=progress).save(path)
        return Features.load(path)


def load_run(folder: str | Path) -> Run:
    """The finished run in a folder.

    Raises:
        FileNotFoundError: the folder holds no finished run.
    """
    path = Path(folder) / "run.json"
    if not path.is_file():
        raise FileNotFoundError(f"no finished run in {folder} (run.json is missing); make one with rbcl-lite train")
    about = json.loads(path.read_text(encoding="utf-8"))
    return Run(Path(folder), RunConfig.from_dict(about["config"]), True, float(about["seconds"]))
