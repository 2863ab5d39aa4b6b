"""``rbcl-lite gallery show``: one static page of what queries find, in one or more galleries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from PIL import Image

from rbcl_lite.base.files import write_text
from rbcl_lite.commands.found import pictures
from rbcl_lite.commands.output import say
from rbcl_lite.commands.vectors import Vectors, open_store
from rbcl_lite.gallery.records import Hits, Version

SIZE = (64, 128)  # width and height of a picture on the page


@dataclass(kw_only=True)
class Show(Vectors):
    """Write one HTML file with queries and ranked crops, no server and no request; several galleries show before and
    after.
    """

    galleries: tyro.conf.Positional[tuple[str, ...]]
    """Folders of galleries, for example a copy from before the backfill and the gallery of today."""
    crops: Path | None = None
    """Folder in which the keys are the names of picture files; not needed with --run."""
    out: Path = Path("gallery.html")
    """File to write."""
    queries: int = 6
    """Queries shown, evenly spread."""
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
        if self.queries < 1:
            raise ValueError(f"--queries must be at least 1, got {self.queries}")
        features, images = self.read("query")
        if features.keys is None:
            raise ValueError("the queries have no keys, so that nobody knows their pictures")
        rows = np.unique(np.linspace(0, len(features) - 1, min(self.queries, len(features))).round().astype(int))
        shown = features[rows]
        states: dict[str, Hits] = {}
        versions: dict[str, Version] = {}
        for place in self.galleries:
            with open_store(place) as store:
                name = Path(place).name if Path(place).name not in states else place
                states[name] = store.search(shown, self.k, version=self.version)
                versions.update(store.versions)
        known = pictures(images, self.crops)

        def crop(key: str) -> np.ndarray:
            found = known(key)
            if found is None:
                raise ValueError(
                    f"there is no picture of {key!r}: with --features name the folder of the pictures by --crops"
                )
            return np.asarray(Image.fromarray(found).resize(SIZE))

        asked = np.stack([crop(key) for key in shown.keys or ()])
        page = search_page(asked, shown.ids.tolist(), states, crop, list(versions), shown=self.k)
        write_text(self.out, document(page, "What the gallery finds"))
        say(self.out)
