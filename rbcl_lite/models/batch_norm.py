"""Batch norm in training: statistics that are frozen, or of a batch that several processes share."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from rbcl_lite.base.processes import Processes

log = logging.getLogger(__name__)


def normalising(model: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    """The batch-norm layers of a model."""
    return [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]


@contextmanager
def frozen_statistics(model: nn.Module, update: bool = False) -> Iterator[None]:
    """Forward passes in here leave the running statistics of batch norm as they are, unless
    ``update``.

    The batch's own statistics still normalise it: the layers stay in training mode.
    """
    layers = [] if update else normalising(model)
    momenta = [m.momentum for m in layers]
    for layer in layers:
        layer.momentum = 0.0
    try:
        yield
    finally:
        for layer, momentum in zip(layers, momenta):
            layer.momentum = momentum


def synchronise_statistics(model: nn.Module, device: torch.device, processes: Processes) -> None:
    """Let batch norm see the whole batch of several processes, where torch can: on CUDA
    (``torch.nn.SyncBatchNorm``).

    On a CPU each process normalises its own share, as if the batch were that much smaller; a
    warning says so, and :func:`share_statistics` keeps the models equal.
    """
    if processes.count == 1 or not normalising(model):
        return
    if device.type == "cuda":
        nn.SyncBatchNorm.convert_sync_batchnorm(model)  # layer by layer, with the same parameters
    elif processes.main:
        log.warning(
            "batch norm is not synchronised on a CPU: each of the %d processes normalises its own share of a batch",
            processes.count,
        )


def share_statistics(model: nn.Module, processes: Processes) -> None:
    """Give all processes equal buffers: the mean of the running statistics of their shares, and
    what process 0 has of all others.
    """
    layers = normalising(model)
    averaged = [s for m in layers for s in (m.running_mean, m.running_var) if s is not None]
    processes.average_(averaged)
    processes.broadcast_(model.buffers())
