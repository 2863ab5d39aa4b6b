"""Decoding of image files to one uint8 array, done once and then memory-mapped."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from rbcl_lite.base.fingerprint import fingerprint
from rbcl_lite.base.progress import bar
from rbcl_lite.data.cache import cached_file
from rbcl_lite.data.finding import say_missing
from rbcl_lite.data.leftovers import File, Leftovers
from rbcl_lite.data.pixels import to_rgb

LONG = 1000
"""From this many images on, decoding shows a progress bar."""
LARGEST = 2**26
"""Pixels of the largest image that is decoded (8192 x 8192)."""
LONGEST = 50
"""Largest ratio of the sides of a crop."""
FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF", "GIF", "PPM")
"""What is read. Pillow would hand others to other programs: PostScript, whatever its name, to Ghostscript."""
KEEP = 2048
"""After so many images, what is done is written down: a kill loses no more than them."""
SHOWN = 5
"""So many bad files are named."""


def decode_image(path: Path, size: tuple[int, int]) -> np.ndarray:
    """One file as RGB at ``size``, resized with a filter as wide as the reduction (no aliasing).

    The type is read from the content, whatever the name ends with. Other depths and modes become
    RGB by :func:`~rbcl_lite.data.pixels.to_rgb`. A camera's JPEG with previews (MPO) counts as its
    first picture.

    Args:
        path: an image file that Pillow reads; its EXIF rotation is applied.
        size: (height, width) in pixels. An image that has it already is not touched.

    Returns:
        [height, width, 3] uint8.

    Raises:
        ValueError: the file is empty, truncated, no image, too large or too long to be a crop,
            holds several frames, or values without a known brightness; the message names it.
    """
    try:
        with Image.open(path, formats=FORMATS) as file:
            problem = _unfit(file)
            picture = None if problem else ImageOps.exif_transpose(file)
    except Image.DecompressionBombError as error:
        raise ValueError(f"{path} is no crop of a person: {error}") from error
    except Exception as error:  # Pillow's readers raise whatever a broken file makes them raise
        empty = path.is_file() and path.stat().st_size == 0
        what = "is empty (0 bytes)" if empty else f"cannot be decoded: {error}"
        raise ValueError(f"{path} {what}. Copy the file again, or remove it") from error
    if picture is None:
        raise ValueError(f"{path} {problem}")
    try:
        picture = to_rgb(picture)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    height, width = size
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(picture)


def _unfit(file: Image.Image) -> str:
    """Why an image cannot be a crop, or nothing."""
    width, height = file.size
    if width * height > LARGEST or max(file.size) > LONGEST * min(file.size):
        return f"has {width} x {height} pixels and is no crop of a person; cut the people out first"
    frames = 1 if file.format == "MPO" else getattr(file, "n_frames", 1)
    return "" if frames == 1 else f"holds {frames} frames, and a crop is one picture; save the one that counts"


def decode(root: Path, names: Sequence[str], size: tuple[int, int], *, progress: bool | None = None) -> np.ndarray:
    """Decode the files ``root / name``, in this order, into one array that is cached on disk.

    Several threads decode, straight into the file of the cache, so that neither the memory nor an
    interruption limits the size of a data set. The cache's key holds the name, length and
    modification time of every file, so that a changed data set is decoded again. All files are
    tried before bad ones are reported, and what an attempt decoded before it failed, was
    interrupted or was killed is not decoded again by the next.

    Args:
        root: folder that the names are relative to.
        names: N file names.
        size: (height, width) in pixels.
        progress: True or False forces the bar; None shows it from 1,000 images on, on a terminal.

    Returns:
        [N, height, width, 3] uint8, a read-only memory map.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a wrong size, or files that cannot be decoded: how many, and the first ones.
        OSError: the disk of the cache has no room for the array.
    """
    if len(size) != 2 or min(size) < 1:
        raise ValueError(f"size must be (height, width) in pixels, each at least 1, got {size}")
    root = root.resolve()
    paths = [root / n for n in names]
    missing = [n for n, p in zip(names, paths) if not os.path.isfile(p)]
    if missing:
        raise FileNotFoundError(say_missing(root, missing, len(paths)))
    stats = [p.stat() for p in paths]
    files = [(n, s.st_size, s.st_mtime_ns) for n, s in zip(names, stats)]
    about = {"root": str(root), "size": list(size), "code": fingerprint("data.decoding")}
    leftovers = Leftovers(repr([about, os.path.commonpath([p.parent for p in paths])]))

    def write(path: Path) -> None:
        show = False if progress is None and len(paths) < LONG else progress
        with leftovers.lock():
            _decode_into(leftovers, files, paths, (size[0], size[1]), f"decoding {root.name}", show)
            leftovers.move(path)

    return cached_file({"what": "decoded crops", **about, "files": files}, write)


def _decode_into(
    leftovers: Leftovers, files: list[File], paths: list[Path], size: tuple[int, int], desc: str, show: bool | None
) -> None:
    """Finish the array of the leftovers; what is done is kept where a file is bad or the user interrupts."""
    images, done = leftovers.resume(files, size)
    bad: dict[int, ValueError] = {}

    def put(i: int) -> None:
        try:
            images[i] = decode_image(paths[i], size)
            done[i] = True
        except ValueError as error:
            bad[i] = error

    todo = np.flatnonzero(~done).tolist()
    pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1))  # Pillow decodes without the interpreter's lock
    try:
        shown = bar(pool.map(put, todo), total=len(todo), desc=desc, enabled=show)
        for count, _ in enumerate(shown, start=1):
            if count % KEEP == 0:
                leftovers.keep(images, files, done)
        if bad:
            named = "\n".join(str(bad[i]) for i in sorted(bad)[:SHOWN])
            more = f"\n... and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
            raise ValueError(f"{len(bad)} of {len(paths)} images cannot be used:\n{named}{more}") from bad[min(bad)]
    except BaseException:
        pool.shutdown(cancel_futures=True)
        with contextlib.suppress(OSError):  # where there is no room, the next attempt begins earlier
            leftovers.keep(images, files, done)
        raise
    pool.shutdown()
    images.flush()
