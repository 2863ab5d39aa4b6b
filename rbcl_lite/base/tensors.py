"""Tensors on their way: checks of arguments, the float32 core of losses, transfer to a device."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor

Loss = TypeVar("Loss", bound=Callable[..., Any])


def full_precision(loss: Loss) -> Loss:
    """Run a loss outside autocast, with half-precision arguments lifted to float32 (float64 stays
    float64).
    """

    def lift(value: Any) -> Any:
        if isinstance(value, Tensor) and value.dtype in (torch.float16, torch.bfloat16):
            return value.float()
        return value

    @functools.wraps(loss)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        first = next((a for a in (*args, *kwargs.values()) if isinstance(a, Tensor)), None)
        device = first.device.type if first is not None else "cpu"
        with torch.autocast(device_type=device, enabled=False):
            return loss(*(lift(a) for a in args), **{k: lift(v) for k, v in kwargs.items()})

    return wrapped  # type: ignore[return-value]


def check_matrix(name: str, x: Tensor, dim: int | None = None) -> None:
    """Raise ValueError unless ``x`` is a floating-point [N, D], with D = ``dim`` if that is given."""
    if x.ndim != 2 or not x.is_floating_point():
        raise ValueError(f"{name} must be floating point [N, D], got {x.dtype} {list(x.shape)}")
    if dim is not None and x.shape[1] != dim:
        raise ValueError(
            f"{name} has {x.shape[1]} dimensions, expected {dim}; "
            "bring both sides to one width with rbcl_lite.features.fit_dimension"
        )


def check_labels(name: str, labels: Tensor, n: int, classes: int | None = None, *, none: bool = False) -> None:
    """Raise ValueError unless ``labels`` is an integer [n], with values in 0..classes-1 if that is
    given.

    The values of labels on a CUDA device are left to the kernel that uses them, which refuses one
    out of range: to look at them here would wait for the device.

    Args:
        name: for the message.
        labels: what was given.
        n: how many there have to be.
        classes: how many there are.
        none: allow -1, which stands for "no class".
    """
    if labels.ndim != 1 or len(labels) != n or labels.is_floating_point():
        raise ValueError(f"{name} must be integers [{n}], got {labels.dtype} {list(labels.shape)}")
    if classes is None or not n or labels.is_cuda:
        return
    low, high = int(labels.min()), int(labels.max())
    if low < -int(none) or high >= classes:
        allowed = f"0..{classes - 1}{', or be -1 for none' if none else ''}"
        raise ValueError(f"{name} must lie in {allowed}, got {low}..{high}")


def check_pairs(
    query: Tensor, reference: Tensor, query_ids: Tensor, reference_ids: Tensor, ignore: Tensor | None = None
) -> None:
    """Raise ValueError unless queries [B, D], references [R, D], their ids and ``ignore`` [B, R]
    fit together.
    """
    check_matrix("query", query)
    check_matrix("reference", reference, query.shape[1])
    check_labels("query_ids", query_ids, len(query))
    check_labels("reference_ids", reference_ids, len(reference))
    if ignore is not None and (ignore.shape != (len(query), len(reference)) or ignore.dtype != torch.bool):
        raise ValueError(
            f"ignore must be bool [{len(query)}, {len(reference)}], got {ignore.dtype} {list(ignore.shape)}"
        )


def zero_loss(*tensors: Tensor) -> Tensor:
    """A zero that still hangs on the graph of ``tensors``: the value of a loss over nothing."""
    return sum(
        (t.sum() * 0.0 for t in tensors), start=torch.zeros((), device=tensors[0].device, dtype=tensors[0].dtype)
    )


def send(x: Tensor, device: torch.device) -> Tensor:
    """``x`` on the device; to CUDA through pinned memory, so that the copy runs beside the
    computation.
    """
    if device.type == "cuda" and x.device.type == "cpu":
        return x.pin_memory().to(device, non_blocking=True)
    return x.to(device)
