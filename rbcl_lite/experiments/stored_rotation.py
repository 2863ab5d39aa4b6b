"""Rotation of stored vectors: the baseline that needs no training, from files alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rbcl_lite.data.named_vectors import NamedVectors, features_of
from rbcl_lite.data.vector_files import read_vectors
from rbcl_lite.experiments.rotation import fit_rotation, rotate
from rbcl_lite.experiments.stored_sides import Sides

TRAINING = "train"
"""What the column split says of a training image."""


def stored_rotation(files: Mapping[str, Sequence[Path]], independent: Sides) -> Sides | None:
    """The independent model turned onto the old one (:func:`~rbcl_lite.experiments.rotation.fit_rotation`),
    fitted on the training images of which both have a vector.

    Args:
        files: by the name of a model; ``old`` and ``independent`` are read.
        independent: what is turned.

    Returns:
        its vectors, turned; None where the two files hold no training image in common.
    """
    paths = [files["old"][0], files["independent"][0]]
    training = [_training(path) for path in paths]
    if any(file is None for file in training):
        return None
    old, new = features_of([file for file in training if file is not None], [str(path) for path in paths])
    common = set(old.keys or ()) & set(new.keys or ())
    if not common:
        return None
    old = old[[i for i, key in enumerate(old.keys or ()) if key in common]]
    turn = fit_rotation(old.align(new), old)
    query = None if independent.query is None else rotate(independent.query, turn)
    return Sides(query, rotate(independent.gallery, turn))


def _training(path: Path) -> NamedVectors | None:
    """The training rows of a file, if it says which these are and what their images are called."""
    file = read_vectors(path)
    rows = [i for i, split in enumerate(file.splits or ()) if split == TRAINING]
    return file.rows(rows) if rows and file.keys is not None else None
