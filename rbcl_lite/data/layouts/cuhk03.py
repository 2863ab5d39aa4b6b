"""CUHK03 (Li et al., CVPR 2014) under the new protocol (Zhong et al., CVPR 2017): 767 people train, 700 test."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from scipy.io import loadmat

from rbcl_lite.data.layouts.cuhk03_mat import MAT, unpack
from rbcl_lite.data.layouts.layout import Entry, Layout, make_listing
from rbcl_lite.data.naming import Listing

NAME = re.compile(r"(?P<person>(?P<pair>\d)_(?P<number>\d{3}))_(?P<view>[12])_(?P<image>\d{2})\.png")
PARTS = ("train", "query", "gallery")


def reader(kind: str) -> Callable[[Path, bool | None], Listing]:
    """How to read the images whose boxes a detector found, or those that were drawn by hand.

    Name ``1_045_2_07.png``: person 45 of camera pair 1, seen by the second camera of the pair,
    image 7. Persons count from 1 again in each pair, so that pair and person together are the
    identity; cameras are 1 and 2, as everybody who reports results counts them, although each pair
    has two of its own. The parts come from ``cuhk03_new_protocol_config_KIND.mat``, or from
    ``splits_new_KIND.json`` as torchreid writes it. Images that lie in ``cuhk-03.mat`` are unpacked
    once into ``images_KIND`` beside it. There is neither junk nor are there distractors.

    Args:
        kind: detected or labeled.
    """

    def read(root: Path, progress: bool | None = None) -> Listing:
        config, splits = _protocol(kind)
        names = _from_mat(root / config) if (root / config).is_file() else _from_json(root / splits)
        entries = []
        for part, images in names.items():
            for image in images:
                found = NAME.fullmatch(image)
                if found is None:
                    raise ValueError(
                        f"{root}: the protocol names {image!r}; CUHK03 names its images such as 1_045_2_07.png"
                    )
                entries.append(Entry(f"images_{kind}/{image}", found["person"], int(found["view"]), part))
        unpack(root, kind, [entry.path for entry in entries], progress)
        return make_listing(entries, str(root))

    return read


def _protocol(kind: str) -> tuple[str, str]:
    return f"cuhk03_new_protocol_config_{kind}.mat", f"splits_new_{kind}.json"


def _from_mat(path: Path) -> dict[str, list[str]]:
    """Names of the images of each part; a person has one label, and a label one person."""
    try:
        held = loadmat(path)
        names = [str(cell[0]) for cell in held["filelist"].ravel()]
        labels = held["labels"].ravel().tolist()
        rows = {part: (held[f"{part}_idx"].ravel().astype(int) - 1).tolist() for part in PARTS}
        parts = {part: [names[i] for i in index] for part, index in rows.items()}
    except (ValueError, KeyError, IndexError, TypeError, NotImplementedError) as error:
        raise ValueError(
            f"{path} is not the new protocol of CUHK03 ({type(error).__name__}: {error}); it holds filelist, labels, "
            "train_idx, query_idx and gallery_idx"
        ) from error
    if len(labels) != len(names):
        raise ValueError(f"{path} holds {len(labels)} labels of {len(names)} images")
    pairs = {(label, name[:5]) for label, name in zip(labels, names)}
    if not len(pairs) == len({label for label, _ in pairs}) == len({person for _, person in pairs}):
        raise ValueError(f"{path}: its labels and the persons in its file names are not the same people")
    return parts


def _from_json(path: Path) -> dict[str, list[str]]:
    """Names of the images of each part, whatever the folder in which they were written."""
    try:
        splits = json.loads(path.read_text(encoding="utf-8"))
        (split,) = splits
        return {part: [re.split(r"[\\/]", image[0])[-1] for image in split[part]] for part in PARTS}
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ValueError(
            f"{path} is not the new protocol of CUHK03 ({type(error).__name__}: {error}); it holds one split with "
            "train, query and gallery, each a list of [path, person, camera]"
        ) from error


def _layout(kind: str) -> Layout:
    return Layout(f"cuhk03-{kind}", (_protocol(kind), (f"images_{kind}", *MAT)), reader(kind))


CUHK03_DETECTED = _layout("detected")
CUHK03_LABELED = _layout("labeled")
