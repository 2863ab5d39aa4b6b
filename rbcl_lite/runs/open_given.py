"""Opening of an old model that lies on disk, whatever it is: a run, vectors, an exported model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rbcl_lite.models.archives import format_of
from rbcl_lite.models.exported import Pixels, open_exported
from rbcl_lite.runs.given_old import GivenOld
from rbcl_lite.runs.old_function import OldFunction
from rbcl_lite.runs.old_vectors import OldVectors
from rbcl_lite.runs.run import load_run
from rbcl_lite.runs.start import OldModel


def find_given(path: str | Path, size: tuple[int, int] | None = None, pixels: Pixels | None = None) -> GivenOld:
    """The old model at a path, with what is needed to run it.

    Args:
        path: folder of a finished run, file of stored vectors, or an exported model: ONNX,
            TorchScript or torch.export.
        size: (height, width) of the images that an exported model reads, where it does not say.
        pixels: what numbers it reads, where it does not say.

    Raises:
        FileNotFoundError: nothing there, or a folder without weights.
        ImportError: onnxruntime is missing.
        ValueError: a pickle, an exported model of which something is not known, or ``size`` and
            ``pixels`` for what is none.
    """
    found = GivenOld.at(path)
    if found.is_run or format_of(Path(found.path)) is None:
        if size is not None or pixels is not None:
            raise ValueError(
                f"size and pixels say what an exported model reads, and {found.path} is "
                + ("a run, which knows it" if found.is_run else "a file of vectors, which reads nothing")
            )
        return found
    model = open_exported(Path(found.path), size, pixels)
    return replace(found, size=model.size, pixels=model.pixels, people_seed=model.about.get("people_seed"))


def open_given(old: GivenOld) -> OldModel:
    """The old model as it lies there.

    Raises:
        FileNotFoundError: it has gone.
        ValueError: it has changed, or cannot be read.
    """
    old.check()
    path = Path(old.path)
    if old.is_run:
        return load_run(path)
    if format_of(path) is None:
        return OldVectors(path)
    model = open_exported(path, old.size, old.pixels)  # type: ignore[arg-type]
    return OldFunction(model, model.size, str(model.about.get("model") or path.stem))
