"""Folders of crops: Market-1501's layout, or any folder with a table or a pattern."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import numpy as np

from rbcl_lite.data.dataset import ReIDDataset, RetrievalSplit, Splits
from rbcl_lite.data.decoding import decode
from rbcl_lite.data.finding import find_images
from rbcl_lite.data.holdout import split_people
from rbcl_lite.data.naming import find_table, from_pattern, from_table
from rbcl_lite.data.parts import Asked, Known, drawn_parts, written_parts

MARKET = re.compile(r"^(?P<id>-1|\d+)_c(?P<cam>[1-9]\d*)")
FOLDERS = ("bounding_box_train", "query", "bounding_box_test")
"""What Market-1501's layout reads."""
LAYOUT = """Market-1501's layout is
  {root}/bounding_box_train/0002_c1s1_000451_03.jpg   training people
  {root}/query/0001_c1s1_001051_00.jpg                test people, one image per camera
  {root}/bounding_box_test/0001_c1s1_001051_00.jpg    test people, -1 (junk) and 0000 (distractors)
with names PERSON_cCAMERA..., cameras counted from 1"""


def market1501(
    root: str | Path,
    *,
    size: tuple[int, int] = (128, 64),
    validation: float = 0.2,
    seed: int = 0,
    progress: bool | None = None,
) -> Splits:
    """Market-1501 (Zheng et al., ICCV 2015), or any data set in its layout.

    Person -1 (junk detections) is dropped everywhere; person 0 (distractors) stays in the test
    gallery and is used nowhere else. Cameras are counted from 0. Keys are paths relative to
    ``root``.

    Args:
        root: folder that holds bounding_box_train, bounding_box_test and query.
        size: (height, width) that the images are resized to.
        validation: share of the training people that is held out, by
            :func:`~rbcl_lite.data.holdout.part_of`; their images become a query and a gallery set
            (:func:`~rbcl_lite.data.holdout.query_gallery`).
        seed: of the held-out people and their queries.
        progress: True or False forces the bar while decoding; None shows it from 1,000 images on,
            on a terminal.

    Returns:
        train, validation and test with disjoint people.

    Raises:
        FileNotFoundError: a folder is missing.
        ValueError: a name that does not fit, no image, an image that cannot be decoded, too few
            people.
    """
    root = Path(root)
    train, query, gallery = (
        _market_folder(root, folder, size, keep, progress) for folder, keep in zip(FOLDERS, (1, 1, 0))
    )
    if not np.isin(query.ids, gallery.ids).any():
        layout = LAYOUT.format(root=root)
        raise ValueError(f"no person of {root / 'query'} occurs in {root / 'bounding_box_test'}.\n{layout}")
    where = str(root / "bounding_box_train")
    people = [str(i) for i in train.ids.tolist()]
    known = Known(train.keys, people, train.cams, validation, 0, seed, where)
    trained, held_out = map(known.rows, split_people(people, [validation], seed, where))
    held = _retrieval(train, known.asked(held_out))
    return Splits(train.subset(trained), held, RetrievalSplit(query, gallery))


def _market_folder(root: Path, folder: str, size: tuple[int, int], lowest: int, progress: bool | None) -> ReIDDataset:
    layout = LAYOUT.format(root=root)
    if not (root / folder).is_dir():
        inside = [p.parent for p in sorted(root.glob("*/bounding_box_train"))]
        hint = f" Did you mean {inside[0]}?" if inside else ""
        raise FileNotFoundError(f"{root / folder} is no folder.{hint}\n{layout}")
    names = [f"{folder}/{n}" for n in find_images(root / folder)]
    found = [MARKET.match(PurePosixPath(n).name) for n in names]
    strange = [n for n, f in zip(names, found) if f is None]
    if strange:
        raise ValueError(f"{len(strange)} names in {root / folder} do not fit, first {root / strange[0]}.\n{layout}")
    ids = np.array([int(f["id"]) for f in found if f], np.int64)
    cams = np.array([int(f["cam"]) - 1 for f in found if f], np.int64)
    keep = np.nonzero(ids >= lowest)[0]
    if not len(keep):
        raise ValueError(f"{root / folder} holds {len(names)} images, all of person -1 or 0.\n{layout}")
    kept = [names[i] for i in keep]
    return ReIDDataset(decode(root, kept, size, progress=progress), ids[keep], cams[keep], kept, root.name)


def crops(
    root: str | Path,
    *,
    table: str | Path | None = None,
    pattern: str | None = None,
    size: tuple[int, int] = (128, 64),
    validation: float = 0.2,
    test: float = 0.3,
    seed: int = 0,
    progress: bool | None = None,
) -> Splits:
    r"""Your own crops: any folder, with a CSV table or a pattern of file names that tells who is on
    which image.

    Identities and cameras may be any strings. The string is the identity: who trains and who is
    held out depends on it, the seed and the shares alone (:func:`~rbcl_lite.data.holdout.part_of`),
    so that a person's part stays what it was as people are added. Beside it people are numbered
    from 1 and cameras from 0, in sorted order; these numbers are positions in this data set and
    change as it grows. Keys are paths relative to ``root``.

    Identity -1 is junk and is left out, with a warning. Identity 0 is a person like any other: its
    meaning in Market-1501's layout (distractors) holds there only.

    Args:
        root: folder of the images.
        table: CSV with the columns ``path`` (relative to ``root``), ``id`` and, if known,
            ``camera`` and ``split``; other usual spellings such as ``file``, ``pid``, ``camid`` do
            too.
        pattern: regular expression with the group ``id`` and, if known, ``camera`` and ``split``,
            searched in each path relative to ``root``. Folders per person: ``r"^(?P<id>[^/]+)/"``.
            Names like ``anna_cam2_17.png``: ``r"(?P<id>[a-z]+)_cam(?P<cam>\d+)_"``.
        size: (height, width) that the images are resized to.
        validation: share of all people; with a split that has no ``val``, of its training people.
        test: share of all people; not used with a split.
        seed: of the split and of the choice of queries.
        progress: True or False forces the bar while decoding; None shows it from 1,000 images on,
            on a terminal.

    Returns:
        train, validation and test with disjoint people. Where the table or the pattern has a split
        (:func:`~rbcl_lite.data.parts.written_parts`), it is honoured.

    Raises:
        FileNotFoundError: no folder, no table, a file of the table is missing, or a link leads
            nowhere.
        ValueError: both or neither of ``table`` and ``pattern``, a table without the columns, a
            path that does not fit the pattern, an identity or a camera in two spellings, no image,
            images that cannot be decoded, too few people, a person in two parts of a split.
    """
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is no folder; root is the folder of the images")
    if (table is None) == (pattern is None):
        raise ValueError(
            "crops needs either table=, a CSV with the columns path, id and perhaps camera, or "
            "pattern=, a regular expression such as r'^(?P<id>[^/]+)/' for one folder per person"
        )
    listing = from_table(root, Path(table)) if table is not None else from_pattern(root, str(pattern))
    names = sorted(set(listing.people))
    number = {name: i for i, name in enumerate(names, start=1)}
    ids = np.array([number[name] for name in listing.people], np.int64)
    cams = None if listing.cameras is None else np.unique(listing.cameras, return_inverse=True)[1]
    where = root if table is None else find_table(root, Path(table))
    known = Known(listing.paths, listing.people, cams, validation, test, seed, str(where))
    parts = drawn_parts(known) if listing.splits is None else written_parts(known, listing.splits)
    images = decode(root, listing.paths, size, progress=progress)
    everyone = ReIDDataset(images, ids, cams, listing.paths, root.name, dict(enumerate(names, start=1)))
    held = (_retrieval(everyone, part) for part in (parts.validation, parts.test))
    return Splits(everyone.subset(parts.train), *held)


def _retrieval(everyone: ReIDDataset, part: Asked) -> RetrievalSplit:
    return RetrievalSplit(everyone.subset(part.query), everyone.subset(part.gallery))
