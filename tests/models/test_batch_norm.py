"""Batch norm of several processes: synchronised on CUDA, said to be apart on a CPU."""

import logging

import pytest
import torch
from small_model import images, seasoned_model
from torch import nn

from rbcl_lite.base.processes import ALONE, Processes
from rbcl_lite.models.batch_norm import normalising, synchronise_statistics

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def test_on_cuda_the_layers_are_those_of_torch_with_the_same_parameters():
    model = seasoned_model()
    before, parameters = model.state_dict(), [id(p) for p in model.parameters()]
    expected = model.eval()(images()).embedding
    synchronise_statistics(model, CUDA, Processes(0, 2))
    layers = normalising(model)
    assert layers and all(isinstance(layer, nn.SyncBatchNorm) for layer in layers)
    assert [id(p) for p in model.parameters()] == parameters
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert torch.equal(model.eval()(images()).embedding, expected)  # a saved model needs no processes


@pytest.mark.parametrize(("processes", "said"), [(Processes(0, 2), 1), (Processes(1, 2), 0), (ALONE, 0)])
def test_on_a_cpu_the_first_process_says_that_they_are_apart(caplog, processes, said):
    model = seasoned_model()
    with caplog.at_level(logging.WARNING):
        synchronise_statistics(model, CPU, processes)
        synchronise_statistics(nn.Linear(2, 2), CPU, processes)
    assert len(caplog.messages) == said
    assert not any(isinstance(layer, nn.SyncBatchNorm) for layer in normalising(model))
