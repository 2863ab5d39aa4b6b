"""Trained models on disk: described by a configuration, made once, loaded the next time."""

from rbcl_lite.runs.config import RunConfig
from rbcl_lite.runs.run import Run, load_run
from rbcl_lite.runs.run_or_load import run_or_load

__all__ = ["Run", "RunConfig", "load_run", "run_or_load"]
