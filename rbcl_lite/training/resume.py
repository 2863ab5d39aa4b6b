"""Resume of a training: its whole state as one flat dictionary of tensors and a note."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rbcl_lite.base.files import read_note, read_tensors, write_tensors
from rbcl_lite.training.precision import Precision


def save_state(
    path: Path, parts: Mapping[str, nn.Module], optimizer: torch.optim.Optimizer, note: Mapping[str, Any]
) -> None:
    """Write the state after an epoch; ``note`` holds what it belongs to, the history and the
    gradient scaler.
    """
    write_tensors(path, pack(parts, optimizer), note)


def resume(
    path: Path | None,
    parts: Mapping[str, nn.Module],
    optimizer: torch.optim.Optimizer,
    precision: Precision,
    about: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Restore what :func:`save_state` wrote, if there is such a file.

    Returns:
        the history's rows of the epochs that are done; empty without a file.

    Raises:
        ValueError: the state belongs to another configuration than ``about``, or is damaged.
    """
    if path is None or not path.exists():
        return []
    try:
        note, tensors = read_note(path), read_tensors(path)
    except ValueError as error:
        raise ValueError(f"{error}: this is the state of a training; delete it to start afresh") from error
    for name, value in about.items():
        if note.get(name) != value:
            raise ValueError(
                f"{path} belongs to another configuration ({name} {note.get(name)} instead of {value}); "
                "delete it to start afresh"
            )
    unpack(tensors, parts, optimizer)
    precision.restore(note["scaler"])
    return list(note["rows"])


def pack(parts: Mapping[str, nn.Module], optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The state of modules and of an optimiser as one flat dictionary of tensors."""
    flat = {f"{name}/{k}": v for name, module in parts.items() for k, v in module.state_dict().items()}
    for number, slots in optimizer.state_dict()["state"].items():
        flat.update({f"optimizer/{number}/{k}": torch.as_tensor(v) for k, v in slots.items()})
    return flat


def unpack(flat: Mapping[str, Tensor], parts: Mapping[str, nn.Module], optimizer: torch.optim.Optimizer) -> None:
    """Restore what :func:`pack` made. The schedule's learning rates are the schedule's to restore.

    Each moment gets the memory order of its parameter: a fused optimiser goes through both as they
    lie in memory.
    """
    for name, module in parts.items():
        own = {k[len(name) + 1 :]: v for k, v in flat.items() if k.startswith(name + "/")}
        module.load_state_dict(own)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    slots: dict[int, dict[str, Tensor]] = {}
    for key, value in flat.items():
        if key.startswith("optimizer/"):
            _, number, slot = key.split("/", 2)
            if slot != "step":
                value = torch.empty_like(parameters[int(number)], requires_grad=False).copy_(value)
            slots.setdefault(int(number), {})[slot] = value
    state = optimizer.state_dict()
    optimizer.load_state_dict({"state": slots, "param_groups": state["param_groups"]})
