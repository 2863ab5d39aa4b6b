"""``rbcl-lite render``: people as cameras see them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from rbcl_lite.base.files import replacing
from rbcl_lite.commands.output import say
from rbcl_lite.data.draw_many import draw_many
from rbcl_lite.data.world import World
from rbcl_lite.plots.contact_sheet import contact_sheet

MOST = 10_000
"""Rows of a sheet."""


@dataclass
class Render:
    """Draw people as the cameras of a domain see them: a contact sheet, one row per person, one
    column per camera.
    """

    domain: str = "campus"
    """campus, station or street."""
    people: int = 6
    """Number of rows."""
    first: int = 0
    """Identity of the first row."""
    seed: int = 0
    """Varies the people."""
    height: int = 128
    """Height of a picture in pixels; the width is half of it."""
    out: Path = Path("contact_sheet.png")
    """PNG file to write."""
    workers: int = 2
    """Processes that draw, from 1,000 pictures on."""

    def run(self) -> None:
        """Render and save."""
        if not 1 <= self.people <= MOST or not 0 <= self.first <= 100 * MOST:
            raise ValueError(
                f"people must be at least 1 and at most {MOST}, first not negative and at most {100 * MOST}, got "
                f"{self.people} people from {self.first} on"
            )
        if self.out.suffix.lower() not in Image.registered_extensions():
            raise ValueError(f"{self.out}: the file's ending says no format that pictures are written in; take .png")
        if self.workers < 1:
            raise ValueError(f"workers must be at least 1, got {self.workers}")
        world = World(
            self.domain, identities=self.first + self.people, seed=self.seed, size=(self.height, self.height // 2)
        )
        ids, cams = (a.ravel() for a in np.mgrid[self.first : self.first + self.people, 0 : world.cameras])
        images = draw_many(world, ids, cams, np.zeros_like(ids), workers=self.workers)
        sheet = contact_sheet(images.reshape(self.people, world.cameras, *images.shape[1:]))
        with replacing(self.out) as temporary:
            Image.fromarray(sheet).save(temporary, format=Image.registered_extensions()[self.out.suffix.lower()])
        say(f"{self.out}: {self.people} people of {self.domain}, {world.cameras} cameras")
