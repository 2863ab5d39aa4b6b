"""Weights and training state on disk: safetensors for tensors, JSON for the rest, never a pickle."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from rbcl_lite.models.embedder import Embedder, EmbedderConfig


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


def save_model(folder: Path, model: Embedder, about: Mapping[str, Any]) -> None:
    """Write ``model.safetensors`` and ``model.json`` (configuration, and what ``about`` adds: seed, versions, ...)."""
    write_tensors(folder / "model.safetensors", model.state_dict())
    write_json(folder / "model.json", {"model": model.describe(), **about})


def load_model(folder: Path) -> Embedder:
    """The model that :func:`save_model` wrote, in evaluation mode on the CPU.

    Raises:
        FileNotFoundError: the folder holds no model.
        ValueError: a damaged file, or weights that do not fit the configuration.
    """
    about = folder / "model.json"
    if not about.is_file():
        raise FileNotFoundError(f"no model in {folder} (model.json is missing); train one with rbcl-lite train")
    config = EmbedderConfig(**{**json.loads(about.read_text(encoding="utf-8"))["model"], "pretrained": False})
    with torch.random.fork_rng(devices=[]):  # its first weights are drawn, for nothing
        model = Embedder(config)
    try:
        model.load_state_dict(read_tensors(folder / "model.safetensors"))
    except RuntimeError as error:
        raise ValueError(f"the weights in {folder} do not fit its model.json: {error}") from error
    return model.eval()


def pack(parts: Mapping[str, nn.Module], optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The state of modules and of an optimiser as one flat dictionary of tensors."""
    flat = {f"{name}/{k}": v for name, module in parts.items() for k, v in module.state_dict().items()}
    for number, slots in optimizer.state_dict()["state"].items():
        flat.update({f"optimizer/{number}/{k}": torch.as_tensor(v) for k, v in slots.items()})
    return flat


def unpack(flat: Mapping[str, Tensor], parts: Mapping[str, nn.Module], optimizer: torch.optim.Optimizer) -> None:
    """Restore what :func:`pack` made. The schedule's learning rates are the schedule's to restore."""
    for name, module in parts.items():
        own = {k[len(name) + 1 :]: v for k, v in flat.items() if k.startswith(name + "/")}
        module.load_state_dict(own)
    slots: dict[int, dict[str, Tensor]] = {}
    for key, value in flat.items():
        if key.startswith("optimizer/"):
            _, number, slot = key.split("/", 2)
            slots.setdefault(int(number), {})[slot] = value
    state = optimizer.state_dict()
    optimizer.load_state_dict({"state": slots, "param_groups": state["param_groups"]})
