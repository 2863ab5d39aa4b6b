"""Extraction of many images into one file of vectors: block by block, and on after an interruption."""

from __future__ import annotations

import hashlib
import shutil
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from rbcl_lite.base.progress import bar
from rbcl_lite.data.dataset import ReIDDataset, Splits
from rbcl_lite.data.decoding import decode
from rbcl_lite.data.finding import find_images
from rbcl_lite.data.images import Images
from rbcl_lite.data.named_vectors import NamedVectors
from rbcl_lite.data.naming import Listing, from_pattern, from_table
from rbcl_lite.data.vector_files import check_out, write_vectors
from rbcl_lite.features import Features

BLOCK = 2048
"""Images that are extracted and stored together: whole batches, so that the vectors are those of one
extraction, bit by bit.
"""
Part = Literal["all", "train", "validation", "test"]


@dataclass(frozen=True)
class Piece:
    """Images that belong together, and what is known about each.

    Args:
        data: N images.
        people: N names of people, or None where nobody is known.
        cameras: N names of cameras, or None.
        split: which part they are; empty for none.
    """

    data: ReIDDataset
    people: Sequence[str] | None
    cameras: Sequence[str] | None
    split: str = ""


def pieces(images: Images, splits: Splits, part: Part) -> list[Piece]:
    """The sides of some parts: training images, queries and gallery.

    Args:
        images: where the splits come from.
        splits: what they are.
        part: which of them.
    """
    sides = {"train": splits.train} if part in ("all", "train") else {}
    if part in ("all", "validation"):
        sides |= {"validation-query": splits.validation.query, "validation-gallery": splits.validation.gallery}
    if part in ("all", "test"):
        sides |= {"query": splits.test.query, "gallery": splits.test.gallery}
    listing = _listing(images)
    written = {} if listing is None or listing.cameras is None else dict(zip(listing.paths, listing.cameras))
    out = []
    for split, data in sides.items():
        people = [data.name_of(i) for i in data.ids.tolist()]
        cameras = None if data.cams is None else [str(c) for c in data.cams.tolist()]
        if cameras is not None and written:  # their numbers hold within one folder only
            cameras = [written[key] for key in data.keys]
        out.append(Piece(data, people, cameras, split))
    return out


def every_file(images: Images, size: tuple[int, int], progress: bool | None = None) -> Piece:
    """All images of a folder as they lie there, however few; who is on them need not be known.

    Raises:
        FileNotFoundError: no folder.
        ValueError: a domain, no image, or one that cannot be decoded.
    """
    if images.rendered:
        raise ValueError(f"{images.data} is a domain that is drawn, and has no files; give --part all")
    root = Path(images.data)
    if not root.is_dir():
        raise FileNotFoundError(f"there is no folder {root}")
    listing = _listing(images)
    names = find_images(root, recursive=True) if listing is None else listing.paths
    data = ReIDDataset(decode(root, names, size, progress=progress), np.zeros(len(names), int), None, names, root.name)
    return Piece(data, None, None) if listing is None else Piece(data, listing.people, listing.cameras)


def extract_to(
    path: Path,
    extract: Callable[[ReIDDataset], Features],
    parts: Sequence[Piece],
    *,
    made_by: str,
    tag: str = "",
    progress: bool | None = None,
) -> NamedVectors:
    """The vectors of all pieces, written to one file.

    What is done lies in ``NAME.blocks`` beside the file until that is written. A block is known by
    the model, the names and the pixels, so that a second call goes on where the first was
    interrupted, and extracts again what has changed.

    Args:
        path: ends in ``.safetensors`` or ``.npy``.
        extract: from images to their vectors.
        parts: what to extract.
        made_by: hash of the model.
        tag: name of the model, written into the file.
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Raises:
        ValueError: a file name that ends otherwise.
    """
    check_out(path)
    folder = path.with_name(f"{path.name}.blocks")
    vectors = []
    with bar(total=sum(len(p.data) for p in parts), desc=f"extract {path.name}", enabled=progress) as moving:
        for piece in parts:
            for start in range(0, len(piece.data), BLOCK):
                block = piece.data.subset(np.arange(start, min(start + BLOCK, len(piece.data))))
                vectors.append(_block(extract, block, folder, made_by))
                moving.update(len(block))
    named = NamedVectors(
        torch.cat(vectors),
        [key for p in parts for key in p.data.keys],
        _together([p.people for p in parts]),
        _together([p.cameras for p in parts]),
        [p.split for p in parts for _ in p.data.keys] if all(p.split for p in parts) else None,
        tag,
    )
    write_vectors(path, named)
    shutil.rmtree(folder)
    return named


def _block(extract: Callable[[ReIDDataset], Features], block: ReIDDataset, folder: Path, made_by: str) -> Tensor:
    digest = hashlib.blake2b(repr([made_by, block.size, list(block.keys)]).encode("utf-8", "surrogatepass"))
    digest.update(np.ascontiguousarray(block.images).tobytes())
    path = folder / f"{digest.hexdigest()[:32]}.safetensors"
    if path.is_file():
        return Features.load(path).vectors
    made = extract(block)
    made.save(path)
    return made.vectors


def _listing(images: Images) -> Listing | None:
    """What a table or a pattern says; None for a layout or a domain."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whoever loads the images hears them
        if images.table is not None:
            return from_table(Path(images.data), Path(images.table))
        return None if images.pattern is None else from_pattern(Path(images.data), images.pattern)


def _together(columns: Sequence[Sequence[str] | None]) -> list[str] | None:
    return None if any(c is None for c in columns) else [field for c in columns for field in c or ()]
