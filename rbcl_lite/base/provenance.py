"""Provenance of a number: versions, hardware and date."""

from __future__ import annotations

import platform
from datetime import date
from typing import Any

import numpy as np
import torch


def provenance() -> dict[str, Any]:
    """Versions, hardware, threads and date, as they are now."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "hardware": gpu or f"CPU {platform.machine()}",
        "threads": torch.get_num_threads(),
        "date": date.today().isoformat(),
    }
