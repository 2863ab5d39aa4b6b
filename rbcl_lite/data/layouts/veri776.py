"""VeRi-776 (Liu et al., ECCV 2016): vehicles instead of people, in the layout of its authors."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from rbcl_lite.data.finding import find_images
from rbcl_lite.data.layouts.layout import Entry, Layout, make_listing, read_lines
from rbcl_lite.data.naming import Listing

FOLDERS = {"image_train": "train", "image_query": "query", "image_test": "gallery"}
NAME = re.compile(r"(?P<id>-1|\d+)_c(?P<cam>\d{3})_")


def read(root: Path, progress: bool | None = None) -> Listing:
    """Vehicles, cameras and parts of VeRi-776.

    Name ``0001_c001_00016450_0.jpg``: vehicle 1 (1 to 776, numbered over all parts), camera 1 (1 to
    20). There is neither junk nor are there distractors. The queries are images of ``image_test``
    too, at the same camera, so that the camera rule leaves them out of their own ranking. All
    images of a folder count; where ``name_train.txt`` and its like lie beside the folders, every
    image that they list must be there.

    Raises:
        ValueError: a name that does not fit, or no image.
        FileNotFoundError: an image that a list names is missing.
    """
    entries = []
    for folder, part in FOLDERS.items():
        names = find_images(root / folder)
        found = {name: NAME.match(PurePosixPath(name).name) for name in names}
        strange = [name for name, f in found.items() if f is None]
        if strange:
            raise ValueError(
                f"{len(strange)} names in {root / folder} do not fit, first {strange[0]}; VeRi-776 names its images "
                "such as 0001_c001_00016450_0.jpg (vehicle, camera)"
            )
        entries += [Entry(f"{folder}/{name}", str(int(f["id"])), int(f["cam"]), part) for name, f in found.items() if f]
        listed = root / f"name_{folder.removeprefix('image_')}.txt"
        if listed.is_file():
            missing = [n for n in (line.split()[0] for line in read_lines(listed)) if n not in found]
            if missing:
                raise FileNotFoundError(
                    f"{len(missing)} images of {listed} are missing in {root / folder}, first {missing[0]}; unpack the "
                    "data set again"
                )
    return make_listing(entries, str(root))


VERI776 = Layout("veri776", tuple((folder,) for folder in FOLDERS), read)
