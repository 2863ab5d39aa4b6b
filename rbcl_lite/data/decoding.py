"""Image files on disk to one uint8 array, decoded once and then memory-mapped."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from rbcl_lite.base.progress import bar
from rbcl_lite.data.cache import cached_array

LONG = 1000
"""From this many images on, decoding shows a progress bar."""


def decode_image(path: Path, size: tuple[int, int]) -> np.ndarray:
    """One file as RGB at ``size``, resized with a filter as wide as the reduction (no aliasing).

    Args:
        path: an image file that Pillow reads; its EXIF rotation is applied.
        size: (height, width) in pixels. An image that has it already is not touched.

    Returns:
        [height, width, 3] uint8.

    Raises:
        ValueError: the file is empty, truncated or no image; the message names it.
    """
    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        what = "is empty (0 bytes)" if path.is_file() and path.stat().st_size == 0 else f"cannot be decoded: {error}"
        raise ValueError(f"{path} {what}. Copy the file again, or remove it") from error
    height, width = size
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(picture)


def decode(root: Path, names: Sequence[str], size: tuple[int, int], *, progress: bool | None = None) -> np.ndarray:
    """Decode the files ``root / name``, in this order, into one array that is cached on disk.

    The cache's key holds the name, length and modification time of every file, so that a changed data set is
    decoded again.

    Args:
        root: folder that the names are relative to.
        names: N file names.
        size: (height, width) in pixels.
        progress: True or False forces the bar; None shows it from 1,000 images on, on a terminal.

    Returns:
        [N, height, width, 3] uint8, a read-only memory map.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a wrong size, or a file that cannot be decoded.
    """
    if len(size) != 2 or min(size) < 1:
        raise ValueError(f"size must be (height, width) in pixels, each at least 1, got {size}")
    root = root.resolve()
    paths = [root / n for n in names]
    missing = [p for p in paths if not p.is_file()]
    if missing:
        raise FileNotFoundError(f"{len(missing)} of {len(paths)} images are missing, first {missing[0]}")
    stats = [p.stat() for p in paths]
    files = [(n, s.st_size, s.st_mtime_ns) for n, s in zip(names, stats)]

    def make() -> np.ndarray:
        images = np.empty((len(paths), *size, 3), np.uint8)

        def put(i: int) -> None:
            images[i] = decode_image(paths[i], size)

        show = False if progress is None and len(paths) < LONG else progress
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:  # Pillow decodes without the interpreter's lock
            done = pool.map(put, range(len(paths)))
            for _ in bar(done, total=len(paths), desc=f"decoding {root.name}", enabled=show):
                pass
        return images

    return cached_array({"what": "decoded crops", "root": str(root), "size": list(size), "files": files}, make)
