"""Market-1501 (Zheng et al., ICCV 2015), or any data set in its layout, such as CUHK03-NP."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from rbcl_lite.data.finding import find_images
from rbcl_lite.data.layouts.layout import Layout
from rbcl_lite.data.naming import Listing

NAME = re.compile(r"^(?P<id>-1|\d+)_c(?P<cam>[1-9]\d*)")
FOLDERS = {"bounding_box_train": "train", "query": "query", "bounding_box_test": "gallery"}
SHAPE = """Market-1501's layout is
  {root}/bounding_box_train/0002_c1s1_000451_03.jpg   training people
  {root}/query/0001_c1s1_001051_00.jpg                test people, one image per camera
  {root}/bounding_box_test/0001_c1s1_001051_00.jpg    test people, -1 (junk) and 0000 (distractors)
with names PERSON_cCAMERA..., cameras counted from 1"""


def read(root: Path, progress: bool | None = None) -> Listing:
    """People, cameras (counted from 0) and parts of Market-1501.

    Person -1 (junk detections) is dropped everywhere; person 0 (distractors) stays in the gallery
    and is used nowhere else.

    Raises:
        FileNotFoundError: a folder is missing.
        ValueError: a name that does not fit, or a folder of junk and distractors only.
    """
    paths, people, cameras, splits = [], [], [], []
    shape = SHAPE.format(root=root)
    for folder, part in FOLDERS.items():
        if not (root / folder).is_dir():
            inside = [p.parent for p in sorted(root.glob("*/bounding_box_train"))]
            hint = f" Did you mean {inside[0]}?" if inside else ""
            raise FileNotFoundError(f"{root / folder} is no folder.{hint}\n{shape}")
        names = find_images(root / folder)
        found = {name: NAME.match(PurePosixPath(name).name) for name in names}
        strange = [name for name, f in found.items() if f is None]
        if strange:
            raise ValueError(
                f"{len(strange)} names in {root / folder} do not fit, first {root / folder / strange[0]}.\n{shape}"
            )
        lowest = 0 if part == "gallery" else 1
        kept = {name: f for name, f in found.items() if f and int(f["id"]) >= lowest}
        if not kept:
            raise ValueError(f"{root / folder} holds {len(names)} images, all of person -1 or 0.\n{shape}")
        paths += [f"{folder}/{name}" for name in kept]
        people += [str(int(f["id"])) for f in kept.values()]
        cameras += [str(int(f["cam"]) - 1) for f in kept.values()]
        splits += [part] * len(kept)
    if not {p for p, s in zip(people, splits) if s == "query"} & {p for p, s in zip(people, splits) if s == "gallery"}:
        raise ValueError(f"no person of {root / 'query'} occurs in {root / 'bounding_box_test'}.\n{shape}")
    return Listing(paths, people, cameras, splits)


MARKET1501 = Layout("market1501", tuple((folder,) for folder in FOLDERS), read)
