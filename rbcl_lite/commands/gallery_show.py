"""``rbcl-lite gallery show``: one static page of what queries find, in one or more galleries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from PIL import Image

from rbcl_lite.base.files import write_text
from rbcl_lite.commands.output import say
from rbcl_lite.features import Features
from rbcl_lite.gallery import Gallery, Hits, Version


@dataclass
class Show:
    """Write one HTML file with queries and ranked crops: no server, no request. Two galleries show before and after."""

    galleries: tyro.conf.Positional[tuple[Path, ...]]
    """Folders of galleries, for example a copy from before the backfill and the gallery of today."""
    query: tuple[Path, ...]
    """Features of queries with keys, written by Features.save; one file for all galleries or one for each."""
    images: Path
    """Folder of the crops; a key is a path in it."""
    out: Path = Path("gallery.html")
    """File to write."""
    count: int = 6
    """Queries shown, evenly spread over the file."""
    k: int = 8
    """Hits of each."""

    def run(self) -> None:
        """Search and write the page."""
        try:
            from rbcl_lite.plots.search_page import document, search_page
        except ModuleNotFoundError as error:
            raise ImportError(f'a page needs {error.name}: pip install "rbcl-lite[plots]"') from None
        if not self.galleries:
            raise ValueError("name at least one folder of a gallery")
        if len(self.query) not in (1, len(self.galleries)):
            raise ValueError(
                f"{len(self.query)} files of queries for {len(self.galleries)} galleries: give one, or one for each"
            )
        files = list(self.query) * (len(self.galleries) if len(self.query) == 1 else 1)
        asked = [Features.load(path) for path in files]
        first = asked[0]
        for path, features in zip(files, asked):
            if features.keys is None or features.keys != first.keys:
                raise ValueError(f"{path} must name the images of its queries, the same as {files[0]}")
        rows = np.unique(np.linspace(0, len(first) - 1, min(self.count, len(first))).round().astype(int))
        states: dict[str, Hits] = {}
        versions: dict[str, Version] = {}
        for place, features in zip(self.galleries, asked):
            with Gallery.open(place) as gallery:
                states[place.name or str(place)] = gallery.search(features[rows], self.k)
                versions.update(gallery.versions)
        shown = first[rows]
        crops = np.stack([self._crop(key) for key in shown.keys or ()])
        page = search_page(crops, shown.ids.tolist(), states, self._crop, list(versions), shown=self.k)
        write_text(self.out, document(page, "What the gallery finds"))
        say(self.out)

    def _crop(self, key: str) -> np.ndarray:
        """The picture of a key, [128, 64, 3] uint8."""
        path = self.images / key
        if not path.is_file():
            raise FileNotFoundError(f"no image {key!r} in {self.images}; --images is the folder that the keys are in")
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB").resize((64, 128)))
