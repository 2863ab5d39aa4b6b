"""Provenance of a number: versions, hardware and date."""

from __future__ import annotations

import os
import platform
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch


def provenance() -> dict[str, Any]:
    """Versions, hardware, threads and date, as they are now."""
    return {
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "hardware": hardware(),
        "threads": torch.get_num_threads(),
        "date": date.today().isoformat(),
    }


def hardware() -> str:
    """Name of the CUDA device, or of the processor with the number of its cores."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{_processor() or 'CPU'} ({platform.machine()}, {os.cpu_count()} cores)"


def _processor() -> str:
    """As the operating system names it; ``platform.processor`` says nothing on most Linux machines."""
    about = Path("/proc/cpuinfo")
    if about.is_file():
        for line in about.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
