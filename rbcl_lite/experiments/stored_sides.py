"""Queries and galleries of models from files of vectors, brought to the same images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rbcl_lite.data.named_vectors import NamedVectors, features_of
from rbcl_lite.data.vector_files import read_vectors
from rbcl_lite.features import Features


@dataclass(frozen=True)
class Sides:
    """Vectors of one model.

    Args:
        query: of the queries; None where only the stored gallery is left.
        gallery: of the gallery.
    """

    query: Features | None
    gallery: Features


def read_sides(files: Mapping[str, Sequence[Path]], part: str = "test") -> tuple[dict[str, Sides], list[str]]:
    """The sides of each model, in which row i means the same image for every model.

    Args:
        files: by the name of a model: one file whose rows say which part they are, or one of the
            queries and one of the gallery, or one of the gallery alone.
        part: test or validation, for files that hold both.

    Returns:
        the sides, and in words what had to be left out.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: no model with queries, more than two files of one, a file without the part, or
            models whose images differ.
    """
    named: dict[tuple[str, str], NamedVectors] = {}
    where: dict[tuple[str, str], str] = {}
    for model, paths in files.items():
        for side, path in _sides_of(model, paths):
            named[model, side] = _pick(read_vectors(path), path, side, part)
            where[model, side] = str(path)
    if not any(side == "query" for _, side in named):
        raise ValueError("none of these files holds queries; give those of a model before its gallery")
    said = []
    without = [where[at] for at, file in named.items() if file.cameras is None]
    if 0 < len(without) < len(named):
        said.append(f"left out: the cameras, because {without[0]} has none")
        named = {at: replace(file, cameras=None) for at, file in named.items()}
    found = dict(zip(named, features_of(list(named.values()), list(where.values()))))
    for side in ("query", "gallery"):
        of_side = {model: f for (model, s), f in found.items() if s == side}
        same, left_out = _same_images(of_side, side)
        said += left_out
        found |= {(model, side): f for model, f in same.items()}
    return {model: Sides(found.get((model, "query")), found[model, "gallery"]) for model in files}, said


def _sides_of(model: str, paths: Sequence[Path]) -> list[tuple[str, Path]]:
    if not 1 <= len(paths) <= 2:
        raise ValueError(f"--{model} takes one file, or two: queries and gallery; got {len(paths)}")
    if len(paths) == 2:
        return [("query", paths[0]), ("gallery", paths[1])]
    marked = read_vectors(paths[0]).splits is not None
    return [("query", paths[0]), ("gallery", paths[0])] if marked else [("gallery", paths[0])]


def _pick(file: NamedVectors, path: Path, side: str, part: str) -> NamedVectors:
    """The rows of one side; all of them where a file does not say."""
    if file.splits is None:
        return file
    wanted = side if part == "test" else f"{part}-{side}"
    rows = [i for i, split in enumerate(file.splits) if split == wanted]
    if not rows:
        raise ValueError(f"{path} holds no row of {wanted}, only of {', '.join(sorted(set(file.splits)))}")
    return file.rows(rows)


def _same_images(files: Mapping[str, Features], side: str) -> tuple[dict[str, Features], list[str]]:
    """The images that all models have, in the order of the first."""
    if len(files) < 2:
        return dict(files), []
    first = next(iter(files.values()))
    if all(f.keys == first.keys for f in files.values()) and first.keys is not None:
        common = list(first.keys)
    elif all(f.keys is not None for f in files.values()):
        shared = set.intersection(*(set(f.keys or ()) for f in files.values()))
        common = [key for key in first.keys or () if key in shared]
    else:
        for model, f in files.items():
            if len(f) != len(first) or not bool((f.ids == first.ids).all()):
                raise ValueError(
                    f"the {side} rows of {model} are not the people of those of {next(iter(files))}, row by row; give "
                    "every file keys, so that the same images can be found"
                )
        return dict(files), []
    if not common:
        raise ValueError(f"no {side} image is in the files of {' and '.join(files)}: they have no key in common")
    out, said = {}, []
    for model, f in files.items():
        if len(f) > len(common):
            said.append(
                f"left out: {len(f) - len(common)} {side} images of {model} that another model has no vector of"
            )
        place = {key: i for i, key in enumerate(f.keys or ())}
        if len(place) != len(f):
            raise ValueError(f"the {side} rows of {model} hold a key twice; a key names one image")
        rows = [place[key] for key in common]
        out[model] = f if rows == list(range(len(f))) else f[rows]
    return out, said
