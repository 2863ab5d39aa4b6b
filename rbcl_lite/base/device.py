"""Device on which a model computes by default."""

from __future__ import annotations

import os

import torch


def default_device() -> str:
    """``cuda`` where there is one, ``cpu`` elsewhere and after ``accelerate launch --cpu``."""
    refused = os.environ.get("ACCELERATE_USE_CPU", "").lower() == "true"
    return "cuda" if torch.cuda.is_available() and not refused else "cpu"
