"""Works that ``kills.py`` kills: each can be begun again and must then end in what it would have been.

A task works in a folder of its own. What it needs and what is not to be killed (drawn people, a folder of crops) is
prepared once, in a folder that all share.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image
from safetensors import safe_open

from rbcl_lite.base.files import write_json, write_tensors, write_text
from rbcl_lite.base.scale import SCALES, Scale
from rbcl_lite.commands.render import Render
from rbcl_lite.data.images import Images
from rbcl_lite.data.rendered import rendered_splits
from rbcl_lite.experiments import sweep as sweeping
from rbcl_lite.experiments.result_file import merge, read
from rbcl_lite.features import Features
from rbcl_lite.models.embedder import EmbedderConfig
from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.run_or_load import run_or_load
from rbcl_lite.training.schedule import TrainConfig

TINY = Scale("tiny-kills", (32, 16), (32, 16), 12, 3, 4, 2, 1, "tiny", "tiny", 16, 2, 2, (4, 3), 3e-3, 0.5, 0.1)
SCALES[TINY.name] = TINY  # by name, in the processes that a sweep starts, too
CROPS, SAVED, RECORDS = 240, 40, 60
CLOCKS = ("seconds", "prepare_seconds", "date", "command")
"""Fields that differ between two runs of the same work."""

OLD = RunConfig(
    share=0.5,
    model=EmbedderConfig("tiny", dim=8),
    size=TINY.size,
    batch=TINY.batch,
    train=TrainConfig(epochs=2, lr=3e-3, seed=3),
    scale=TINY.name,
)
NEW = replace(OLD, share=1.0, model=EmbedderConfig("tiny", dim=16), method="rbcl", old=OLD)
NEW = replace(NEW, train=replace(NEW.train, epochs=4))
CONFIGS = {
    "supervised": NEW,
    "ecn": replace(NEW, learner="ecn", images=Images("station"), labelled=Images("campus"), method="smooth-ap"),
    "pseudo-labels": replace(NEW, learner="pseudo-labels", images=Images("station"), method="contrastive"),
}


@dataclass(frozen=True)
class Task:
    """Something that takes a while and can be begun again.

    Args:
        work: does it in a folder, or what is left of it; gets the folder that all share, too.
        result: what it ends in, without clocks.
    """

    work: Callable[[Path, Path], None]
    result: Callable[[Path], Any]


def prepare(shared: Path) -> None:
    """Draw the people of the trainings, and a folder of crops."""
    os.environ["RBCL_CACHE"] = str(shared / "cache")
    for config in CONFIGS.values():
        for images in filter(None, (config.images, config.labelled)):
            splits = images.load(TINY, size=TINY.size, seed=config.seed, progress=False)
    (shared / "crops").mkdir()
    for i in range(CROPS):
        picture = Image.fromarray(splits.train.images[i % len(splits.train)]).resize((64, 128))
        picture.save(shared / "crops" / f"p{i // 8:02d}_c{i % 8 // 4}_{i % 4}.png")


def train(learner: str, folder: Path, shared: Path) -> None:
    os.environ["RBCL_CACHE"] = str(shared / "cache")
    run_or_load(CONFIGS[learner], folder=folder / "runs", progress=False)


def trained(folder: Path) -> Any:
    """Weights bit by bit, histories and records."""
    found = {}
    for run in sorted((folder / "runs").glob("*/run.json")):
        history = pd.read_csv(run.parent / "history.csv").drop(columns=["seconds", "prepare_seconds"])
        weights = digest((run.parent / "model.safetensors").read_bytes())
        found[run.parent.name] = [weights, history.to_csv(index=False), unclocked(run), sorted(names(run.parent))]
    return found


def render(folder: Path, shared: Path) -> None:
    os.environ["RBCL_CACHE"] = str(folder / "cache")
    rendered_splits("campus", at=TINY, progress=False)
    with contextlib.redirect_stdout(io.StringIO()):
        Render(people=8, height=128, out=folder / "sheet.png").run()


def rendered(folder: Path) -> Any:
    arrays = [digest(path.read_bytes()) for path in sorted((folder / "cache" / "arrays").glob("*.npy"))]
    return [digest((folder / "sheet.png").read_bytes()), arrays, sorted(names(folder))]


def decode(folder: Path, shared: Path) -> None:
    os.environ["RBCL_CACHE"] = str(folder / "cache")
    images = Images(str(shared / "crops"), pattern=r"^(?P<id>\w+)_c(?P<cam>\d)_")
    splits = images.load(TINY, size=(64, 32), progress=False)
    write_text(folder / "version.txt", images.version() + digest(splits.train.images.tobytes()))


def decoded(folder: Path) -> Any:
    arrays = [digest(path.read_bytes()) for path in sorted((folder / "cache" / "arrays").glob("*.npy"))]
    return [arrays, (folder / "version.txt").read_text(), sorted(names(folder))]


def save(folder: Path, shared: Path) -> None:
    """Write files of several kinds over and over; the number of the turn stands all over each."""
    for turn in range(1, SAVED + 1):
        vectors = torch.nn.functional.normalize(torch.full((2000, 16), 1.0) * torch.tensor([turn, *[1.0] * 15]))
        Features(vectors, torch.full((2000,), turn), keys=[f"{turn}/{i}" for i in range(2000)]).save(
            folder / "features.safetensors"
        )
        write_tensors(folder / "weights.safetensors", {k: torch.full((200, 100), float(turn)) for k in "abcd"})
        write_json(folder / "record.json", [turn] * 2000)


def saved(folder: Path) -> Any:
    """The turn of each file, which must be one turn from its first to its last byte."""
    turns = {}
    if (path := folder / "features.safetensors").exists():
        features = Features.load(path)
        turns["features"] = {int(i) for i in features.ids} | {int(k.split("/")[0]) for k in features.keys or ()}
    if (path := folder / "weights.safetensors").exists():
        with safe_open(str(path), framework="np") as file:
            turns["weights"] = {int(v) for k in file.keys() for v in np.unique(file.get_tensor(k))}
    if (path := folder / "record.json").exists():
        turns["record"] = set(json.loads(path.read_text()))
    if any(len(turn) != 1 for turn in turns.values()):
        raise ValueError(f"a file holds parts of several turns: {turns}")
    return [{name: list(turn) for name, turn in turns.items()}, sorted(names(folder))]


def write_results(folder: Path, shared: Path) -> None:
    path = folder / "setting.json"
    for number in range(len(read(path)["runs"]), RECORDS):
        record = {"method": "bct", "seed": number, "validation": {"new_old": number / 7} | dict.fromkeys("abcdef", 1.0)}
        merge(path, lambda result: result["runs"].append(record))  # noqa: B023 - used at once


def results(folder: Path) -> Any:
    seeds = [record["seed"] for record in read(folder / "setting.json")["runs"]]
    if seeds != list(range(len(seeds))):
        raise ValueError(f"a record is lost or there twice: {seeds}")
    return [len(seeds), sorted(names(folder))]


def sweep(folder: Path, shared: Path) -> None:
    os.environ["RBCL_CACHE"] = str(folder / "cache")
    os.makedirs(folder / "cache", exist_ok=True)
    with contextlib.suppress(FileExistsError):  # people need not be drawn again; their arrays are whole already
        os.symlink(shared / "cache" / "arrays", folder / "cache" / "arrays")
    sweeping.WEIGHTS, sweeping.MOST_WEIGHTS = {"l2": (1.0,)}, 1  # type: ignore[misc]
    sweeping.sweep(
        *("stronger-and-more", ["l2"]), seeds=(3,), workers=1, scale_name=TINY.name, folder=folder, progress=False
    )


def swept(folder: Path) -> Any:
    runs = {p.parent.name: digest((p.parent / "model.safetensors").read_bytes()) for p in folder.rglob("run.json")}
    return [unclocked(folder / f"stronger-and-more-{TINY.name}.json"), runs]


TASKS: Mapping[str, Task] = {
    **{learner: Task(partial(train, learner), trained) for learner in CONFIGS},
    "rendering": Task(render, rendered),
    "decoding": Task(decode, decoded),
    "saving": Task(save, saved),
    "result file": Task(write_results, results),
    "sweep": Task(sweep, swept),
}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def names(folder: Path) -> list[str]:
    """Everything in a folder but locks and what depends on the clock of files."""
    paths = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock")
    return [name for name in paths if "/digests/" not in name]


def unclocked(path: Path) -> Any:
    """A record without the fields that depend on when and how long."""

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: without(v) for k, v in value.items() if k not in CLOCKS}
        return [without(v) for v in value] if isinstance(value, list) else value

    return without(json.loads(path.read_text()))


def check_whole(folder: Path) -> None:
    """Make sure that every file with a final name can be read from the first to the last byte.

    Raises:
        Exception: whatever a half-written file makes its reader raise.
    """
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".safetensors":
            with safe_open(str(path), framework="np") as file:
                for key in file.keys():
                    file.get_tensor(key)
        elif path.suffix == ".npy":
            np.load(path, mmap_mode="r")
        elif path.suffix == ".png":
            Image.open(path).load()
        elif path.suffix == ".csv":
            pd.read_csv(path)
        elif path.suffix not in (".tmp", ".lock", ".txt"):
            raise ValueError(f"what is {path.name}?")
    for weights in folder.rglob("model.safetensors"):
        if not any((weights.parent / name).exists() for name in ("run.json", "state.safetensors")):
            raise ValueError(f"{weights.parent.name} has weights, but neither a record nor the state to go on from")
