"""State of a training: everything comes back as it was, and a killed training ends in the same weights."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from toy_training import CONFIG, run

from rbcl_lite.base.files import read_note, read_tensors, write_tensors
from rbcl_lite.learners.supervised import Supervised
from rbcl_lite.methods.bct import BCT
from rbcl_lite.methods.l2 import L2
from rbcl_lite.training.resume import pack, unpack


def test_pack_and_unpack_restore_modules_and_optimiser(tmp_path):
    def make(seed):
        torch.manual_seed(seed)
        parts = {"model": torch.nn.Linear(3, 2), "method": torch.nn.BatchNorm1d(2)}
        unused = torch.nn.Parameter(torch.ones(1))  # a parameter without gradient has no state
        every = [unused, *(p for part in parts.values() for p in part.parameters())]
        return parts, torch.optim.AdamW(every, lr=0.1)

    def steps(parts, optimizer, seeds):
        for seed in seeds:
            x = torch.randn(5, 3, generator=torch.Generator().manual_seed(seed))
            optimizer.zero_grad()
            (parts["method"](parts["model"](x)) * torch.tensor([1.0, -2.0])).pow(3).sum().backward()
            optimizer.step()

    parts, optimizer = make(0)
    steps(parts, optimizer, range(3))
    write_tensors(tmp_path / "s", pack(parts, optimizer))
    steps(parts, optimizer, range(3, 6))

    other, other_optimizer = make(1)
    unpack(read_tensors(tmp_path / "s"), other, other_optimizer)
    steps(other, other_optimizer, range(3, 6))
    for name, part in parts.items():
        assert all(torch.equal(v, other[name].state_dict()[k]) for k, v in part.state_dict().items())


class Interrupted(Exception):
    pass


@pytest.fixture
def stop_at(monkeypatch):
    """A function that lets the training stop before its n-th step."""

    def stop(step):
        count, inputs = [0], Supervised.inputs

        def counted(self, *args):
            count[0] += 1
            if count[0] > step:
                raise Interrupted
            return inputs(self, *args)

        monkeypatch.setattr(Supervised, "inputs", counted)

    yield stop
    monkeypatch.undo()


@pytest.mark.parametrize("schedule", ["onecycle", "multistep"])
@pytest.mark.parametrize("step", [5, 8, 10, 14])  # 5 steps in an epoch, 3 epochs
def test_an_interrupted_run_ends_in_the_same_weights(upgrade, stop_at, monkeypatch, tmp_path, schedule, step):
    config, state = replace(CONFIG, schedule=schedule), tmp_path / "state.safetensors"
    whole, rows = run(upgrade(), config=config)
    stop_at(step)
    with pytest.raises(Interrupted):
        run(upgrade(), config=config, state=state)
    assert len(read_note(state)["rows"]) == step // 5
    monkeypatch.undo()
    resumed, again = run(upgrade(seed=1), config=config, state=state)
    assert torch.equal(whole, resumed)
    clock = ["seconds", "prepare_seconds"]
    pd.testing.assert_frame_equal(rows.drop(columns=clock), again.drop(columns=clock), check_exact=True)
    assert len(read_note(state)["rows"]) == 3  # it stays until the model is kept


def test_moments_come_back_in_the_memory_order_of_their_parameters(tmp_path):
    """Trap: a file holds rows; a fused optimiser that meets a channels-last weight pairs the wrong elements."""
    parameter = torch.nn.Parameter(torch.randn(4, 3, 5, 5).to(memory_format=torch.channels_last))
    optimizer = torch.optim.AdamW([parameter], fused=True)
    parameter.square().sum().backward()
    optimizer.step()
    write_tensors(tmp_path / "s", pack({}, optimizer))
    saved = {k: v.clone() for k, v in optimizer.state[parameter].items()}
    other = torch.optim.AdamW([parameter], fused=True)
    unpack(read_tensors(tmp_path / "s"), {}, other)
    for name in ("exp_avg", "exp_avg_sq"):
        assert torch.equal(other.state[parameter][name], saved[name])
        assert other.state[parameter][name].stride() == parameter.stride() != torch.empty(4, 3, 5, 5).stride()
    assert other.state[parameter]["step"] == 1


def test_numbers_of_a_watch_survive_an_interruption(upgrade, stop_at, monkeypatch, tmp_path):
    """Trap: numbers of numpy or torch that come back from the file as text."""

    def watch(epoch):
        called.append(epoch.number)
        return {"new_old": np.float32(0.1) * (epoch.number + 1), "length": torch.tensor(1 / 3)}

    called, state = [], tmp_path / "state.safetensors"
    _, whole = run(upgrade(), watch=watch)
    stop_at(12)
    with pytest.raises(Interrupted):
        run(upgrade(), state=state, watch=watch)
    monkeypatch.undo()
    _, rows = run(upgrade(), state=state, watch=watch)
    assert called == [0, 1, 2, 0, 1, 2]  # epochs that are done are not watched again
    names = ["epoch", "new_old", "length"]
    pd.testing.assert_frame_equal(rows[names], whole[names], check_exact=True)


def test_a_state_after_the_last_epoch(upgrade, tmp_path):
    state = tmp_path / "state.safetensors"
    whole, _ = run(upgrade(), state=state)
    given = upgrade()
    resumed, rows = run(given, state=state)
    assert torch.equal(whole, resumed) and len(rows) == 3 and not given.model.training


@pytest.mark.parametrize(
    ("method", "config", "name"),
    [
        (BCT(), replace(CONFIG, lr=1e-3), "config"),
        (BCT(), replace(CONFIG, epochs=9), "config"),
        (BCT(weight=2.0), CONFIG, "weight"),
        (L2(), CONFIG, "method"),
    ],
)
def test_a_state_of_another_configuration(upgrade, stop_at, tmp_path, method, config, name):
    state = tmp_path / "state.safetensors"
    stop_at(6)
    with pytest.raises(Interrupted):
        run(upgrade(), state=state)
    with pytest.raises(ValueError, match=rf"belongs to another configuration \({name} .*delete it to start afresh"):
        run(upgrade(), method, config, state=state)
