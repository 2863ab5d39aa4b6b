"""Model on disk: weights as safetensors, what it is as JSON, never a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from rbcl_lite.base.files import read_tensors, write_json, write_tensors
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.runs.older import current_model


def save_model(folder: Path, model: Embedder, about: Mapping[str, Any]) -> None:
    """Write ``model.safetensors`` and ``model.json`` (configuration, and what ``about`` adds: seed,
    versions, ...).
    """
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
    try:
        fields = current_model(json.loads(about.read_text(encoding="utf-8"))["model"])
        config = EmbedderConfig(**{**fields, "pretrained": False, "weights": None})  # its weights lie here
        with torch.device("meta"):  # without memory
            outline = Embedder(config)
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise ValueError(
            f"{about} is damaged or of another version ({type(error).__name__}: {error}); copy it again from where it "
            "came, or train again"
        ) from error
    weights = read_tensors(folder / "model.safetensors")
    try:
        outline.load_state_dict(weights, assign=True)
    except RuntimeError as error:
        what = " ".join(str(error).split())
        raise ValueError(f"the weights in {folder} do not fit its model.json: {what}") from error
    bad = [name for name, value in weights.items() if not bool(torch.isfinite(value).all())]
    if bad:
        raise ValueError(
            f"the weights in {folder} hold NaN or infinity in {len(bad)} tensors, first {bad[0]}: that training "
            "diverged, or the file was damaged; train again"
        )
    with torch.random.fork_rng(devices=[]):  # its first weights are drawn, for nothing
        model = Embedder(config)
    model.load_state_dict(weights)
    return model.eval()
