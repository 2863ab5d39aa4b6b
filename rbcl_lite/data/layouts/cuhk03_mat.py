"""Unpacking of CUHK03's images from the one file that its authors give out."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from rbcl_lite.base.files import replacing
from rbcl_lite.base.progress import bar

MAT = ("cuhk03_release/cuhk-03.mat", "cuhk-03.mat")
"""Where the file may lie."""
PLACE = re.compile(r"(\d)_(\d{3})_[12]_(\d{2})\.png$")


def unpack(root: Path, kind: str, names: Sequence[str], progress: bool | None = None) -> None:
    """Write the images that are not there yet as PNG files; those that are there are left alone.

    An image is written under another name and moved, so that an interruption leaves no half of one
    and the next attempt goes on.

    Args:
        root: folder of the data set.
        kind: detected or labeled.
        names: such as ``images_detected/1_045_2_07.png``: pair, person, camera, image.
        progress: True or False forces the bar; None shows it on a terminal.

    Raises:
        FileNotFoundError: images are missing, and there is no file to unpack them from.
        ImportError: h5py is not installed.
        PermissionError: the folder may not be written.
        ValueError: the file holds no such images.
    """
    there = {e.name for e in os.scandir(root / f"images_{kind}")} if (root / f"images_{kind}").is_dir() else set()
    todo = [n for n in names if n.rpartition("/")[2] not in there]
    if not todo:
        return
    file = next((root / m for m in MAT if (root / m).is_file()), None)
    if file is None:
        raise FileNotFoundError(
            f"{len(todo)} of {len(names)} images of CUHK03 are missing, first {root / todo[0]}, and {' or '.join(MAT)} "
            f"is not there to unpack them from"
        )
    try:
        import h5py
    except ImportError as error:
        raise ImportError(f'{file} is read by h5py: pip install "rbcl-lite[cuhk03]"') from error
    try:
        held = h5py.File(file, "r")
    except OSError as error:
        raise ValueError(f"{file} is no HDF5 file ({error}); copy it again from where it came") from error
    with held:
        if kind not in held:
            raise ValueError(f"{file} holds no images {kind!r}, but {', '.join(sorted(held))}")
        # MATLAB writes its axes in reverse: [images, people] for each pair, [3, width, height] for each image
        pairs = [held[pair] for pair in np.ravel(held[kind])]
        for name in bar(todo, desc=f"unpacking {kind}", enabled=progress):
            pixels = _pixels(held, pairs, name, file)
            try:
                with replacing(root / name) as temporary:
                    Image.fromarray(pixels).save(temporary, format="PNG", compress_level=1)
            except PermissionError as error:
                raise PermissionError(
                    f"{file} must be unpacked once into {root / f'images_{kind}'}, which may not be written; copy the "
                    "data set to where you may write"
                ) from error


def _pixels(held: dict, pairs: list, name: str, file: Path) -> np.ndarray:
    """[H, W, 3] uint8 of an image."""
    found = PLACE.search(name)
    assert found is not None  # the protocol's reader has checked the names
    pair, person, image = (int(number) - 1 for number in found.groups())
    try:
        pixels = np.asarray(held[pairs[pair][image, person]]).T
    except (IndexError, ValueError) as error:
        raise ValueError(f"{file} has no place for {name} ({error})") from error
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise ValueError(f"{file} has no image at the place of {name}; it holds {pixels.dtype} {list(pixels.shape)}")
    return np.ascontiguousarray(pixels)
