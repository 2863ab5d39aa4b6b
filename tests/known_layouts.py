"""Rendered people written to disk in the exact layouts of data sets that people use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from own_crops import CAMERAS, VIEWS, pictures
from PIL import Image
from scipy.io import savemat

TRAIN, TEST = range(14), range(14, 22)


class Drawn(NamedTuple):
    """A picture and where it belongs: view 0 of a test person asks, view 1 is searched."""

    person: int
    camera: int
    view: int
    part: str
    pixels: np.ndarray


def drawn() -> Iterator[Drawn]:
    for person in (*TRAIN, *TEST):
        for i, pixels in enumerate(pictures("campus", person)):
            part = "train" if person in TRAIN else ("query", "gallery")[i % VIEWS]
            yield Drawn(person, i // VIEWS, i % VIEWS, part, pixels)


def save(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, format="PNG")  # lossless: the decoder looks at the content, not at the name
    return path


def market1501(root: Path) -> dict[str, Drawn]:
    """Even numbers train, as there; two distractors and one junk detection among the test images."""
    folders = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
    written = {}
    for d in drawn():
        name = f"{folders[d.part]}/{2 * d.person + (d.part == 'train'):04d}_c{d.camera + 1}s1_{d.view:06d}_00.jpg"
        save(root / name, d.pixels)
        written[name] = d
    for number, name in enumerate(("0000_c1s1_000009_00.jpg", "0000_c2s1_000009_01.jpg", "-1_c1s1_000009_02.jpg")):
        save(root / "bounding_box_test" / name, pictures("street", number)[0])
    return written


def msmt17(root: Path, train: str = "mask_train_v2", test: str = "mask_test_v2") -> dict[str, Drawn]:
    """Persons count from 0 in both folders; the last image of each training person is in list_val.txt."""
    lists: dict[str, list[str]] = {f"list_{name}.txt": [] for name in ("train", "val", "query", "gallery")}
    written = {}
    for d in drawn():
        person = d.person - (0 if d.part == "train" else TEST[0])
        number = VIEWS * d.camera + d.view
        name = f"{person:04d}/{person:04d}_{number:03d}_{d.camera + 14:02d}_0303morning_{d.view:04d}_0.jpg"
        which = "val" if d.part == "train" and number == CAMERAS * VIEWS - 1 else d.part
        lists[f"list_{which}.txt"].append(f"{name} {person}")
        key = f"{train if d.part == 'train' else test}/{name}"
        save(root / key, d.pixels)
        written[key] = d
    for name, lines in lists.items():
        (root / name).write_text("\n".join(lines) + "\n")
    return written


def veri776(root: Path) -> dict[str, Drawn]:
    """The queries lie among the test images too, as there."""
    folders = {"train": "image_train", "query": "image_query", "gallery": "image_test"}
    written = {}
    for d in drawn():
        name = f"{d.person + 1:04d}_c{d.camera + 1:03d}_{d.view:08d}_0.jpg"
        for part in (d.part, "gallery") if d.part == "query" else (d.part,):
            save(root / folders[part] / name, d.pixels)
            written[f"{folders[part]}/{name}"] = d._replace(part=part)
    for folder in folders.values():
        names = sorted(p.name for p in (root / folder).iterdir())
        (root / f"name_{folder.removeprefix('image_')}.txt").write_text("\n".join(names) + "\n")
    return written


def cuhk03_name(d: Drawn) -> str:
    """Person k of the drawn ones is person k // 5 + 1 of camera pair k % 5 + 1."""
    return f"{d.person % 5 + 1}_{d.person // 5 + 1:03d}_{d.camera + 1}_{5 * d.camera + d.view + 1:02d}.png"


def cuhk03(root: Path, kind: str = "detected") -> dict[str, Drawn]:
    """The file of the authors as MATLAB writes it, and the new protocol beside it."""
    h5py = pytest.importorskip("h5py", reason='h5py is not installed; pip install "rbcl-lite[cuhk03]"')

    (root / "cuhk03_release").mkdir(parents=True, exist_ok=True)
    everything = list(drawn())
    with h5py.File(root / "cuhk03_release" / "cuhk-03.mat", "a") as file:
        pairs = np.empty((1, 5), h5py.ref_dtype)
        for pair in range(5):
            people = [p for p in (*TRAIN, *TEST) if p % 5 == pair]
            cells = np.empty((10, len(people)), h5py.ref_dtype)
            empty = file.create_dataset(f"#refs#/{kind}_{pair}_empty", data=np.zeros(2, np.uint64))
            cells[:] = empty.ref
            for d in everything:
                if d.person % 5 == pair:
                    place = 5 * d.camera + d.view, d.person // 5
                    where = f"#refs#/{kind}_{pair}_{place[0]}_{place[1]}"
                    cells[place] = file.create_dataset(where, data=d.pixels.transpose(2, 1, 0)).ref
            cells = file.create_dataset(f"#refs#/{kind}_{pair}", data=cells, dtype=h5py.ref_dtype)
            pairs[0, pair] = cells.ref
        file.create_dataset(kind, data=pairs, dtype=h5py.ref_dtype)
    names = np.array([cuhk03_name(d) for d in everything], object)[:, None]
    index = {p: [i + 1 for i, d in enumerate(everything) if d.part == p] for p in ("train", "query", "gallery")}
    config = {f"{part}_idx": np.array(rows)[:, None] for part, rows in index.items()}
    labels = np.array([d.person + 1 for d in everything])[:, None]
    cams = np.array([d.camera + 1 for d in everything])[:, None]
    savemat(
        root / f"cuhk03_new_protocol_config_{kind}.mat",
        {"filelist": names, "labels": labels, "camId": cams, **config},
    )
    return {f"images_{kind}/{cuhk03_name(d)}": d for d in everything}


def cuhk03_unpacked(root: Path, kind: str = "detected") -> dict[str, Drawn]:
    """The folder that torchreid makes of them; its split holds the paths of the machine where it was made."""
    split: dict[str, list] = {"train": [], "query": [], "gallery": []}
    written = {}
    for d in drawn():
        name = f"images_{kind}/{cuhk03_name(d)}"
        save(root / name, d.pixels)
        split[d.part].append([f"/home/somebody/data/cuhk03/{name}", d.person, d.camera])
        written[name] = d
    (root / f"splits_new_{kind}.json").write_text(json.dumps([{**split, "num_train_pids": len(TRAIN)}]))
    return written


def msmt17_v1(root: Path) -> dict[str, Drawn]:
    return msmt17(root, "train", "test")


WRITERS = {
    "market1501": market1501,
    "msmt17-v1": msmt17_v1,
    "msmt17-v2": msmt17,
    "cuhk03-detected": cuhk03,
    "cuhk03-labeled": lambda root: cuhk03_unpacked(root, "labeled"),
    "veri776": veri776,
}
