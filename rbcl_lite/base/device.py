"""Device on which a model computes by default."""

from __future__ import annotations

import torch


def default_device() -> str:
    """``cuda`` where there is one, ``cpu`` elsewhere."""
    return "cuda" if torch.cuda.is_available() else "cpu"
