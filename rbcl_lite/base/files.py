"""Weights and training state on disk: safetensors for tensors, JSON for the rest, never a pickle."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor


def write_json(path: Path, value: object) -> None:
    """Write JSON to a temporary name, then move it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(value, indent=1, default=str) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], note: Mapping[str, Any] | None = None) -> None:
    """Write a safetensors file to a temporary name, then move it. ``note`` is stored as JSON in its header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + f".{os.getpid()}.tmp")
    plain = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
    save_file(plain, temporary, metadata={"note": json.dumps(note or {}, default=str)})
    os.replace(temporary, path)


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
        raise ValueError(f"{path} is damaged ({error}); delete it and train again") from error


def read_note(path: Path) -> dict[str, Any]:
    """The note that :func:`write_tensors` put into the header of a file.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        with safe_open(str(path), framework="pt") as f:
            return json.loads((f.metadata() or {}).get("note", "{}"))
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged ({error}); delete it and train again") from error
