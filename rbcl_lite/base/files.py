"""Files written to a temporary name and moved, so that no reader ever sees half of one."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary path to write to; it becomes ``path`` when the block ends, and goes when the
    block fails.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "deep" / "a.txt"
    >>> with replacing(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text(), len(list(target.parent.iterdir()))
    ('whole', 1)
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    """Write JSON whole."""
    write_text(path, json.dumps(value, indent=1, default=str) + "\n")


def write_tensors(path: Path, tensors: Mapping[str, Tensor], note: Mapping[str, Any] | None = None) -> None:
    """Write a safetensors file whole. ``note`` is stored as JSON in its header."""
    plain = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
    with replacing(path) as temporary:
        save_file(plain, temporary, metadata={"note": json.dumps(note or {}, default=str)})


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file is damaged.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no weights at {path}; train a model with rbcl-lite train")
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged ({error}); copy it again from where it came, or train again") from error


def read_note(path: Path) -> dict[str, Any]:
    """The note that :func:`write_tensors` put into the header of a file.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        with safe_open(str(path), framework="pt") as f:
            return json.loads((f.metadata() or {}).get("note", "{}"))
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged ({error}); copy it again from where it came, or train again") from error


def sha256_of(path: Path) -> str:
    """SHA-256 of the bytes of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()
