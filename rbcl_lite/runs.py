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

from rbcl_lite.checkpoint import load_model, save_model, write_json
from rbcl_lite.config import RunConfig
from rbcl_lite.data.cache import cache_dir
from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.features import Features
from rbcl_lite.learners import LEARNERS
from rbcl_lite.methods import METHODS
from rbcl_lite.models.embedder import Embedder, extract
from rbcl_lite.provenance import default_device, provenance
from rbcl_lite.training import train
from rbcl_lite.upgrades import make_upgrade


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
            progress: see :func:`rbcl_lite.progress.bar`.
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


def run_or_load(config: RunConfig, *, progress: bool | None = None, folder: Path | None = None) -> Run:
    """Train what ``config`` describes, or load it if that was done before. An old run is made first.

    Args:
        config: the run.
        progress: see :func:`rbcl_lite.progress.bar`.
        folder: where runs are kept; ``runs`` in :func:`rbcl_lite.data.cache.cache_dir` by default.

    Returns:
        the run. Two processes that ask for the same one train it once: the second waits for the first.
    """
    root = folder or cache_dir() / "runs"
    target = root / config.key()
    target.mkdir(parents=True, exist_ok=True)
    with FileLock(root / f"{target.name}.lock"):
        if (target / "run.json").exists():
            about = json.loads((target / "run.json").read_text(encoding="utf-8"))
            return Run(target, config, True, float(about["seconds"]))
        old = run_or_load(config.old, progress=progress, folder=folder) if config.old and config.uses_old else None
        started = time.perf_counter()
        upgrade = make_upgrade(config, old, progress)
        learner = LEARNERS[config.learner](**config.learner_options)
        method = METHODS[config.method](weight=config.weight, **config.method_options)
        history = train(
            upgrade,
            learner,
            method,
            config.train,
            device=default_device(),
            state=target / "state.safetensors",
            progress=progress,
        )
        about = {
            "seed": config.train.seed,
            "seconds": round(time.perf_counter() - started, 1),
            "code": config.code(),
            **provenance(),
        }
        history.to_csv(target / "history.csv", index=False)
        classes = learner.classes(upgrade.train, upgrade.source)
        save_model(target, upgrade.model, {"classes": classes.tolist(), **about})
        write_json(target / "run.json", {"config": asdict(config), **about})  # last: its presence says "complete"
    return Run(target, config, False, float(about["seconds"]))


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
