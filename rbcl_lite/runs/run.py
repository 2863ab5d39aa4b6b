"""Finished run: a trained model on disk, and the vectors that it gives."""

from __future__ import annotations

import errno
import hashlib
import json
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from rbcl_lite.base.device import default_device
from rbcl_lite.base.files import check_there
from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.features import Features
from rbcl_lite.models.embedder import Embedder
from rbcl_lite.models.extract import extract
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.given_old import WEIGHTS
from rbcl_lite.runs.people import TrainedOn
from rbcl_lite.runs.saved_model import load_model


@dataclass(frozen=True)
class Run:
    """A folder with ``model.safetensors``, ``model.json``, ``run.json``, ``history.csv`` and
    ``features/``.

    Args:
        folder: where it lies.
        config: what it was made from.
        people: name of the person of each row of the classifier.
        trained_on: whom the model was trained on; None where an older version kept no record.
        loaded: True if this call found it, False if it trained it.
        seconds: training time in seconds, when it was trained.
    """

    folder: Path
    config: RunConfig
    people: tuple[str, ...]
    trained_on: TrainedOn | None
    loaded: bool
    seconds: float

    def __str__(self) -> str:
        about = f"{self.config.method}, backbone {self.config.model.backbone}, seed {self.config.train.seed}"
        return f"{about}: {'loaded, had been trained' if self.loaded else 'trained'} in {self.seconds:.0f} s"

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the images that the model reads."""
        return self.config.size

    def load_model(self) -> Embedder:
        """The trained model in evaluation mode."""
        return load_model(self.folder)

    def read_history(self) -> pd.DataFrame:
        """One row per epoch."""
        return pd.read_csv(self.folder / "history.csv")

    def classifier(self) -> tuple[Tensor, float, list[str]] | None:
        """Rows [C, D] of the classifier, the factor of their cosine, and the name of each person."""
        model = self.load_model()
        if model.classifier is None or not self.people:  # without names nobody knows whose rows they are
            return None
        return model.classifier.weight.detach(), model.config.logit_scale, list(self.people)

    def features(self, part: str = "test", which: str = "query", progress: bool | None = None) -> Features:
        """Vectors of this run's own images, extracted once.

        Args:
            part: validation or test.
            which: query or gallery.
            progress: see :func:`rbcl_lite.base.progress.bar`.
        """
        held_out = self.config.splits(progress).held_out(part)
        return self.extract(held_out.query if which == "query" else held_out.gallery, progress)

    def extract(self, data: ReIDDataset, progress: bool | None = None) -> Features:
        """Vectors of any data set, extracted once and kept with the run.

        Raises:
            ValueError: the images do not have the size that the model was trained with.
        """
        if data.size != self.config.size:
            raise ValueError(f"{data.name} holds {data.size} images, the model was trained on {self.config.size}")
        path = self.folder / "features" / f"{_content(self.folder / WEIGHTS, data)}.safetensors"
        made = _kept(path)
        if made is None:
            made = extract(self.load_model(), data, tag=self.folder.name, device=default_device(), progress=progress)
            try:
                made.save(path)
            except OSError as error:  # a given old model may lie where nobody writes
                if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                    warnings.warn(f"these vectors are not kept for the next time: {error}", stacklevel=2)
        vectors = made.vectors  # who is seen where is the data set's to say: it may know better now
        cams = None if data.cams is None else torch.from_numpy(data.cams)
        return Features(vectors, torch.from_numpy(data.ids), cams, self.folder.name, data.keys)


def _kept(path: Path) -> Features | None:
    if not path.exists():
        return None
    try:
        return Features.load(path)
    except ValueError as error:
        warnings.warn(f"{error}; they are extracted again", stacklevel=3)
        return None


def read_at(config: RunConfig, size: tuple[int, int] | None) -> RunConfig:
    """The same configuration with images of the size that a model reads; as it is for one that reads none."""
    return config if size is None else replace(config, size=size)


def load_run(folder: str | Path) -> Run:
    """The finished run in a folder.

    Raises:
        FileNotFoundError: the folder holds no finished run.
        ValueError: ``run.json`` is damaged, or of a version that this one cannot read.
    """
    path = Path(folder).expanduser().resolve() / "run.json"
    if not path.is_file():
        raise FileNotFoundError(f"no finished run in {folder} (run.json is missing); make one with rbcl-lite train")
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        config = RunConfig.from_dict(about["config"])
        trained_on = TrainedOn.from_dict(about.get("trained_on"))
        return Run(path.parent, config, tuple(about.get("people", ())), trained_on, True, float(about["seconds"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{path} is damaged or of another version ({type(error).__name__}: {error}); train the run again, or "
            "read its weights alone with rbcl_lite.runs.saved_model.load_model"
        ) from error


def _content(weights: Path, data: ReIDDataset) -> str:
    """Hash of the weights, of the names and of every pixel."""
    check_there(weights)
    digest = hashlib.blake2b(weights.read_bytes(), digest_size=8)
    digest.update("\0".join(data.keys).encode("utf-8", "surrogatepass"))
    for start in range(0, len(data), 1024):
        digest.update(data.images[start : start + 1024].tobytes())
    return digest.hexdigest()
