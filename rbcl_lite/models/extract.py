"""Extraction: the stored vectors of a data set, from any model."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from torch import nn

from rbcl_lite.base.processes import ALONE, Processes
from rbcl_lite.base.progress import bar
from rbcl_lite.data.training_set import TrainingSet
from rbcl_lite.features import Features


@torch.no_grad()
def extract(
    model: nn.Module,
    data: TrainingSet,
    *,
    tag: str = "",
    batch: int = 256,
    device: str | torch.device | None = None,
    progress: bool | None = None,
    processes: Processes = ALONE,
) -> Features:
    """The embeddings of all images of a data set, without augmentation and in evaluation mode.

    Args:
        model: any module that gives :class:`~rbcl_lite.models.outputs.Outputs`; its training mode
            and device are restored afterwards.
        data: N images, or N stored vectors that the model reads.
        tag: written into ``Features.model``.
        batch: images per forward pass.
        device: where to compute; the model's own device by default.
        progress: see :func:`rbcl_lite.base.progress.bar`.
        processes: that read a share of the images each; all of them get all vectors.

    Returns:
        Features with vectors [N, D] on the CPU, ids, cams and keys of the data set.

    Raises:
        ValueError: a data set without images.
    """
    if not len(data):
        raise ValueError(f"{data.name} holds no images to extract")
    home = _device(model)
    device = torch.device(device) if device is not None else home
    training = model.training
    model.eval().to(device)
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch warns that a memory-mapped array is read-only
        first, last = processes.bounds(len(data))
        for start in bar(range(first, last, batch), desc=f"extract {data.name}", enabled=progress):
            rows.append(model(data.inputs(slice(start, min(start + batch, last))).to(device)).embedding.float().cpu())
    model.to(home).train(training)
    cams = None if data.cams is None else torch.from_numpy(data.cams)
    vectors = processes.gather(torch.cat(rows), len(data))
    return Features(vectors, torch.from_numpy(data.ids), cams, tag, data.keys)


@torch.no_grad()
def embedding_dim(model: nn.Module, data: TrainingSet) -> int:
    """Number of coordinates D that a model gives for inputs of this data set."""
    training = model.training
    dim = model.eval()(data.inputs(np.arange(1)).to(_device(model))).embedding.shape[1]
    model.train(training)
    return int(dim)


def _device(model: nn.Module) -> torch.device:
    return next((p.device for p in model.parameters()), torch.device("cpu"))
