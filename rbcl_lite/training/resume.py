"""State of a training: everything that a resume restores, as one flat dictionary of tensors and a note."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


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
