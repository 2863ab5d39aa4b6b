"""Tables of runs that were damaged, or that somebody made to do harm, and of options out of range."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file


class Harm:
    """What a pickle can do while it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("executed"),)


def file(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda run: (run / name).write_bytes(change((run / name).read_bytes()))


def weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], None]:
    def spoil(run: Path) -> None:
        tensors = load_file(run / "model.safetensors")
        change(tensors)
        save_file(tensors, run / "model.safetensors")

    return spoil


def record(name: str, change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def spoil(run: Path) -> None:
        about = json.loads((run / name).read_text())
        change(about)
        (run / name).write_text(json.dumps(about))

    return spoil


def archive(run: Path) -> None:
    """What torch.save writes, under the name of the weights."""
    torch.save({"embed.weight": Harm()}, run / "model.safetensors")


def folder_instead(run: Path) -> None:
    (run / "model.safetensors").unlink()
    (run / "model.safetensors").mkdir()


PICKLE = pickle.dumps(Harm())
DAMAGED = "model.safetensors is damaged ("
REMEDY = "copy it again from where it came, or train again"
DEEP = b"[" * 200_000

RUNS: dict[str, tuple[Callable[[Path], object], str]] = {
    "pickle": (file("model.safetensors", lambda _: PICKLE), DAMAGED),
    "pickle of torch": (archive, DAMAGED),
    "half of the weights": (file("model.safetensors", lambda whole: whole[: len(whole) // 2]), REMEDY),
    "weights of 0 bytes": (file("model.safetensors", lambda _: b""), REMEDY),
    "weights behind a huge header": (file("model.safetensors", lambda w: b"\xff" * 7 + b"\0" + w), DAMAGED),
    "no weights": (lambda run: (run / "model.safetensors").unlink(), "no weights at"),
    "a folder for weights": (folder_instead, "no weights at"),
    "another shape": (weights(lambda t: t.update({"embed.weight": torch.ones(3, 4)})), "do not fit its model.json"),
    "a tensor missing": (weights(lambda t: t.pop("embed.weight")), "do not fit its model.json"),
    "a tensor too many": (weights(lambda t: t.update(more=torch.ones(1))), "do not fit its model.json"),
    "NaN": (weights(lambda t: t["embed.weight"].fill_(float("nan"))), "hold NaN or infinity in 1 tensors, first embed"),
    "infinity": (weights(lambda t: t["neck.weight"].fill_(float("inf"))), "first neck.weight: that training diverged"),
    "no record": (lambda run: (run / "run.json").unlink(), "no finished run in"),
    "half of the record": (file("run.json", lambda whole: whole[: len(whole) // 2]), "run.json is damaged or of anoth"),
    "record that is no object": (file("run.json", lambda _: b"[1, 2]"), "train the run again, or read its weights"),
    "record that is no text": (file("run.json", lambda _: b"\xff\xfe\0{"), "run.json is damaged or of another version"),
    "record that is deep": (file("run.json", lambda _: DEEP), "run.json is damaged or of another version"),
    "record of another version": (record("run.json", lambda r: r["config"].update(rooms=3)), "of another version"),
    "a number too large": (record("run.json", lambda r: r["config"].update(size=[1e400, 3])), "of another version"),
    "images that are gone": (
        record("run.json", lambda r: r["config"]["images"].update(data="../../nowhere")),
        "there is no folder @nowhere. The path was resolved",
    ),
    "images that are a pipe": (record("run.json", lambda r: r["config"]["images"].update(data="/dev/zero")), "neither"),
    "no model": (lambda run: (run / "model.json").unlink(), "no model in"),
    "half of the model": (file("model.json", lambda whole: whole[: len(whole) // 2]), "model.json is damaged or of an"),
    "model that is no object": (file("model.json", lambda _: b"null"), REMEDY),
    "model of another version": (record("model.json", lambda m: m["model"].update(depth=3)), REMEDY),
    "backbone that is no name": (record("model.json", lambda m: m["model"].update(backbone=["tiny"])), REMEDY),
    "backbone of tomorrow": (record("model.json", lambda m: m["model"].update(backbone="__import__('os')")), REMEDY),
    "dimensions that are no number": (record("model.json", lambda m: m["model"].update(dim="16")), REMEDY),
    "dimensions without end": (record("model.json", lambda m: m["model"].update(dim=10**15)), "do not fit its model"),
}
"""How a run is spoiled, and what evaluate says; where the message holds something else, an @ stands here."""

VECTORS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "pickle": (lambda _: PICKLE, "is a pickled "),
    "half a file": (lambda whole: whole[: len(whole) // 2], "is damaged or no safetensors file"),
    "0 bytes": (lambda _: b"", "is damaged or no safetensors file"),
    "text": (lambda _: b"path,id\na.png,3\n", "is damaged or no safetensors file"),
}
"""What becomes of a file of stored vectors that is named by --old, and what is said."""

HUGE = 2**70
OPTIONS: dict[str, str] = {
    f"train --seed {HUGE}": "seed must not be negative, and below 2**32",
    "train {crops} --dim 999999999999": "not enough memory",
    "train --height 999999999": "cannot be drawn",
    "train --epochs zero": "",
    f"train {{crops}} --batch-people {10**12}": "people cannot fill a batch of",
    "train --lr inf": "must be above 0, got inf",
    "train --weight inf": "the weight of a method must be a number, got inf",
    'train --method contrastive --options {"temperature":NaN}': "--options is not JSON (NaN is no number)",
    'train --method contrastive --options {"temperature":-Infinity}': "--options is not JSON (-Infinity is no number)",
    'train --method contrastive --options {"temperature":1e999}': "temperature of Contrastive is Infinity, it must be",
    'train --method contrastive --options {"temperature":0.1,}': "--options is not JSON",
    'train --method advbct --options {"hidden":0}': "hidden must be a number above 0, got 0",
    'train --method advbct --options {"adversarial":-1}': "adversarial must be a number that is not negative, got -1",
    'train --method nccl --options {"class_weight":-1}': "class_weight must be a number that is not negative, got -1",
    'train --method lce --options {"alignment":-1}': "alignment must be a number that is not negative, got -1",
    'train --method supap --options {"calibration":-1}': "calibration must be a number that is not negative, got -1",
    'train --learner-options {"label_smoothing":-1}': "label_smoothing must lie between 0 and 1, got -1",
    'train --learner-options {"label_smoothing":1.5}': "label_smoothing must lie between 0 and 1, got 1.5",
    'train --learner-options {"triplet":-1}': "triplet must be a number that is not negative, got -1",
    'train --learner ecn --labelled station --learner-options {"k":0}': "k must be a number above 0, got 0",
    'train --learner ecn --labelled station --learner-options {"start":99}': "start must lie between 0 and 1, got 99",
    'train --learner pseudo-labels --learner-options {"start":-1}': "start must lie between 0 and 1, got -1",
    'train --learner pseudo-labels --learner-options {"eps":2}': "eps is a Jaccard distance strictly between 0 and 1",
    'train --learner pseudo-labels --learner-options {"k2":0}': "k2 must be a number above 0, got 0",
    "train --options null": "--options must be a JSON object",
    "train --options " + "[" * 100_000: "--options is not JSON",
    "train --learner-options " + '{"a":' * 100_000: "--learner-options is not JSON",
    "train --data": "",
    "train --data=": "data is empty",
    "train --runs {file}": "{file} is a file where a folder is needed; choose another place",
    "train --runs {file}/deeper": "{file} is a file where a folder is needed; choose another place",
    "render --people 99999999999": "people must be at least 1 and at most 10000",
    f"render --first {HUGE}": "first not negative and at most 1000000",
    f"render --seed {HUGE}": "seed must not be negative, and below 2**32",
    "render --seed -1": "seed must not be negative, and below 2**32",
    "render --workers 0": "workers must be at least 1, got 0",
    "render --out {folder}": "the file's ending says no format",
    "render --out {folder}.png/sheet": "the file's ending says no format",
    "render --people 1 --out {file}/sheet.png": "{file} is a file where a folder is needed; choose another place",
    "render --out {folder}/sheet.exe": "sheet.exe: the file's ending says no format that pictures are written in",
    "experiment sweep --workers 0": "workers must be at least 1, got 0",
    "experiment sweep --workers -3": "workers must be at least 1, got -3",
    "experiment sweep --out {file}": "{file} is a file where a folder is needed; choose another place",
    "experiment sweep --seeds": "a sweep needs at least one seed and one method, got 0",
    "experiment sweep --methods": "a sweep needs at least one seed and one method, got 3 and 0",
    "evaluate {folder}": "no finished run in {folder} (run.json is missing)",
    "evaluate {file}": "no finished run in {file} (run.json is missing)",
    "evaluate": "name at least one folder of a run",
}
"""What is typed, and what is said; nothing is listed where the command line's own reader says it."""
