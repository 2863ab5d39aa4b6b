"""Old model as it lies on disk: used as it is, never trained again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rbcl_lite.base.files import sha256_of

WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class GivenOld:
    """What made the stored gallery, named by its content.

    Args:
        path: folder of a finished run, a file of stored vectors
            (:func:`~rbcl_lite.data.vector_files.read_vectors`) whose keys name the images, or an
            exported model.
        sha256: of the weights, of the vectors, or of the exported model.
        size: (height, width) of the images that an exported model reads, in pixels.
        pixels: what numbers it reads (:data:`~rbcl_lite.models.exported.Pixels`).
        people_seed: of the people that it was trained on, where it says so.
    """

    path: str
    sha256: str
    size: tuple[int, int] | None = None
    pixels: str | None = None
    people_seed: int | None = None

    def __post_init__(self) -> None:
        if self.size is not None:  # from JSON it comes as a list
            object.__setattr__(self, "size", tuple(self.size))

    @classmethod
    def at(cls, path: str | Path) -> GivenOld:
        """The old model at a path.

        Raises:
            FileNotFoundError: nothing there, or a folder without weights: a deployed gallery cannot
                be made again by another training.
        """
        place = Path(path).expanduser().resolve()
        if place.name == WEIGHTS and (place.parent / "run.json").is_file():
            place = place.parent
        file = place / WEIGHTS if place.is_dir() else place
        if not file.is_file():
            lacks = f"the folder has no {WEIGHTS}" if place.is_dir() else "no such file or folder"
            raise FileNotFoundError(
                f"no old model at {place}: {lacks}. Give the folder of a finished run with its weights, a file of "
                "stored vectors, or an exported model; an old model whose gallery is in use is never trained again"
            )
        return cls(str(place), sha256_of(file))

    @property
    def is_run(self) -> bool:
        """Whether it is the folder of a run, rather than a file."""
        return Path(self.path).is_dir()

    def key(self) -> str:
        """Content address, wherever it lies."""
        how = "" if self.size is None else f"-{self.size[0]}x{self.size[1]}-{self.pixels}"
        return f"given-{self.sha256[:16]}{how}"

    def check(self) -> None:
        """Make sure that it is still what it was when the configuration was made.

        Raises:
            FileNotFoundError: it has gone.
            ValueError: it has changed.
        """
        now = GivenOld.at(self.path)
        if now.sha256 != self.sha256:
            raise ValueError(
                f"the old model at {self.path} has changed (SHA-256 {now.sha256[:12]}…, it was {self.sha256[:12]}…); "
                "put the file back, or train against the one that is there now"
            )
