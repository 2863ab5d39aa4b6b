"""A folder of crops as somebody else keeps it, and the commands that are run on it."""

from __future__ import annotations

import contextlib
import csv
import io
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rbcl_lite.commands.cli import main
from rbcl_lite.data.world import World

PATTERN = r"^(?P<id>\w+)_c(?P<cam>\d)_"
CAMERAS = VIEWS = 2
HEIGHT = 32
MODEL = ("--height", HEIGHT, "--backbone", "tiny")


@cache
def pictures(domain: str, person: int) -> np.ndarray:
    """[cameras * views, H, W, 3]"""
    cams, views = (a.ravel() for a in np.mgrid[0:CAMERAS, 0:VIEWS])
    world = World(domain, identities=60, size=(HEIGHT, HEIGHT // 2))
    return world.images(np.full_like(cams, person), cams, views)


def draw(root: Path, first: int, end: int, domain: str = "campus") -> Path:
    """People ``first`` to ``end - 1`` of a domain as files such as ``p07_c1_0.png``."""
    root.mkdir(parents=True, exist_ok=True)
    for person in range(first, end):
        for i, picture in enumerate(pictures(domain, person)):
            Image.fromarray(picture).save(root / f"p{person:02d}_c{i // VIEWS}_{i % VIEWS}.png")
    return root


def write_table(
    root: Path, splits: dict[str, str] | None = None, *, camera: str | None = "camera", name: str = "people.csv"
) -> Path:
    """A table of all crops, with the camera under some heading, and the part of each person if it is given."""
    path = root / name
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["file", "person", *([camera] if camera else []), *(["split"] if splits else [])])
        for image in sorted(root.glob("*.png")):
            person, cam, _ = image.stem.split("_")
            out.writerow([image.name, person, *([cam] if camera else []), *([splits[person]] if splits else [])])
    return path


def call(*arguments: object) -> list[str]:
    """The lines that a command prints."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        main([str(a) for a in arguments])
    return out.getvalue().strip().splitlines()


def train(root: Path, *arguments: object) -> Path:
    """The folder of the run that a command trains on the crops of a folder."""
    table = "--table" in arguments
    return Path(call("train", "--data", root, *(() if table else ("--pattern", PATTERN)), *MODEL, *arguments)[-1])


def refused(*arguments: object) -> str:
    """What a command that fails says, in one line."""
    with pytest.raises(SystemExit) as caught:
        main([str(a) for a in arguments])
    said = caught.value.code
    assert isinstance(said, str) and said.startswith("rbcl-lite: ") and "\n" not in said
    return said
