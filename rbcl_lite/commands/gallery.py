"""``rbcl-lite gallery``: thresholds of a gallery, and a page of what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from rbcl_lite.commands.gallery_show import Show
from rbcl_lite.commands.gallery_thresholds import Thresholds


@dataclass
class Gallery:
    """A gallery of vectors with the version of the model that made each."""

    action: Annotated[Thresholds | Show, tyro.conf.arg(name="")]

    def run(self) -> None:
        """Run the chosen action."""
        self.action.run()
