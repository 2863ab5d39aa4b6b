"""Folders of crops: a known layout, or any folder with a table or a pattern."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rbcl_lite.data.dataset import ReIDDataset, RetrievalSplit, Splits
from rbcl_lite.data.decoding import decode
from rbcl_lite.data.holdout import split_people
from rbcl_lite.data.layouts.known import check_layout, recognise
from rbcl_lite.data.layouts.market1501 import MARKET1501
from rbcl_lite.data.naming import Listing, find_table, from_pattern, from_table
from rbcl_lite.data.parts import Known, Parts, drawn_parts, retrieval, written_parts


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
    gallery and is used nowhere else. Identities are the numbers in the file names. Cameras are
    counted from 0. Keys are paths relative to ``root``.

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
    listing = MARKET1501.read(root, progress)
    assert listing.cameras is not None and listing.splits is not None
    ids, cams, splits = np.array(listing.people, int), np.array(listing.cameras, int), np.array(listing.splits)

    def part(name: str) -> ReIDDataset:
        rows = np.flatnonzero(splits == name)
        keys = [listing.paths[i] for i in rows.tolist()]
        return ReIDDataset(decode(root, keys, size, progress=progress), ids[rows], cams[rows], keys, root.name)

    train, query, gallery = map(part, ("train", "query", "gallery"))
    where = str(root / "bounding_box_train")
    people = [str(i) for i in train.ids.tolist()]
    known = Known(train.keys, people, train.cams, validation, 0, seed, where)
    trained, held_out = map(known.rows, split_people(people, [validation], seed, where))
    held = retrieval(train, known.asked(held_out))
    return Splits(train.subset(trained), held, RetrievalSplit(query, gallery))


def laid_out(
    root: str | Path,
    layout: str | None = None,
    *,
    size: tuple[int, int] = (128, 64),
    validation: float = 0.2,
    seed: int = 0,
    progress: bool | None = None,
) -> Splits:
    """A data set that people use, in the layout in which its authors give it out.

    Known are Market-1501, MSMT17 (both versions), CUHK03 (new protocol, detected and labeled) and
    VeRi-776; each file in ``rbcl_lite/data/layouts`` says what its names and numbers mean. Queries
    and gallery are the given ones. Nothing is downloaded: ask the authors of a data set for it.

    Args:
        root: folder of the data set.
        layout: market1501, msmt17-v1, msmt17-v2, cuhk03-detected, cuhk03-labeled or veri776; by
            default the one that the folder is in.
        size: (height, width) that the images are resized to.
        validation: share of the training people that is held out.
        seed: of the held-out people and their queries.
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Returns:
        train, validation and test with disjoint people.

    Raises:
        FileNotFoundError: no folder, no layout that fits, or a file that it names is missing.
        ValueError: an unknown layout, several that fit, a name or a list that does not, an image
            that cannot be decoded, too few people.
    """
    if layout is not None:
        check_layout(layout)
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is no folder; root is the folder of the data set")
    found = recognise(root, layout)
    if found is MARKET1501:  # its people are numbers, because 0 is nobody there
        return market1501(root, size=size, validation=validation, seed=seed, progress=progress)
    listing = found.read(root, progress)
    assert listing.cameras is not None and listing.splits is not None
    known = Known(listing.paths, listing.people, np.array(listing.cameras, int), validation, 0, seed, str(root))
    return _splits(root, listing, known, written_parts(known, listing.splits), size, progress)


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
    cams = None if listing.cameras is None else np.unique(listing.cameras, return_inverse=True)[1]
    where = root if table is None else find_table(root, Path(table))
    known = Known(listing.paths, listing.people, cams, validation, test, seed, str(where))
    parts = drawn_parts(known) if listing.splits is None else written_parts(known, listing.splits)
    return _splits(root, listing, known, parts, size, progress)


def _splits(
    root: Path, listing: Listing, known: Known, parts: Parts, size: tuple[int, int], progress: bool | None
) -> Splits:
    """The decoded images of each part; people are numbered from 1, in sorted order of their names."""
    names = sorted(set(listing.people))
    number = {name: i for i, name in enumerate(names, start=1)}
    ids = np.array([number[name] for name in listing.people], np.int64)
    images = decode(root, listing.paths, size, progress=progress)
    everyone = ReIDDataset(images, ids, known.cams, listing.paths, root.name, dict(enumerate(names, start=1)))
    held = (retrieval(everyone, part) for part in (parts.validation, parts.test))
    return Splits(everyone.subset(parts.train), *held)
