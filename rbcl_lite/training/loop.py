"""One loop over (learner, method): the learner teaches the new model, the method keeps it compatible."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from rbcl_lite.base.files import read_note, read_tensors, write_tensors
from rbcl_lite.base.progress import bar
from rbcl_lite.protocol import Batch, Epoch, Learner, Method, Upgrade
from rbcl_lite.training.precision import Precision
from rbcl_lite.training.resume import pack, unpack
from rbcl_lite.training.schedule import TrainConfig, learning_rate


def train(
    upgrade: Upgrade,
    learner: Learner,
    method: Method,
    config: TrainConfig,
    *,
    device: str | torch.device = "cpu",
    state: Path | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Train ``upgrade.model`` in place.

    Every draw of a step comes from (seed, step), so two runs with one seed are equal on a CPU, and a run that
    was killed continues, from the start of the epoch it was killed in, to the same weights.

    Args:
        upgrade: training images, the new model, and the old model's vectors.
        learner: where supervision comes from.
        method: how the model is kept compatible.
        config: see :class:`TrainConfig`.
        device: where to compute.
        state: file for the state after each epoch; if it exists, training goes on from it.
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Returns:
        the history: one row per epoch with the mean of each term, the learning rate and the seconds.

    Raises:
        ValueError: the learner or the method lacks something, or the state belongs to another configuration.
        FloatingPointError: the loss became NaN or infinite (the step is named).
    """
    device = torch.device(device)
    precision = Precision(config.precision, device)
    model = upgrade.model.to(device)
    learner.prepare(upgrade)
    method.prepare(upgrade, learner)
    parts = {"model": model, "learner": learner.to(device), "method": method.to(device)}
    # a frozen or foreign parameter never reaches the optimiser, so weight decay cannot move it
    parameters = [p for part in parts.values() for p in part.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=config.lr, weight_decay=config.weight_decay)
    total = config.epochs * learner.steps()
    about = {
        "config": asdict(config),
        "learner": type(learner).__name__,
        "method": type(method).__name__,
        "weight": method.weight,
    }
    rows = _resume(state, parts, optimizer, precision, about)

    with bar(total=total, desc=f"train {upgrade.train.name}", enabled=progress) as shown:
        for epoch in range(config.epochs):
            if epoch < len(rows):
                shown.update(learner.steps())
                continue
            started = time.perf_counter()
            sums: dict[str, float] = {}
            with torch.random.fork_rng(_cuda(device)):
                torch.manual_seed(_seed(config.seed, 1, epoch))
                labels = learner.on_epoch(epoch, epoch / config.epochs)
                method.on_epoch(Epoch(epoch, epoch / config.epochs, labels))
            prepared = time.perf_counter()
            model.train()
            for number, index in enumerate(learner.batches(epoch)):
                step = epoch * learner.steps() + number
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate(config, step / total)
                with torch.random.fork_rng(_cuda(device)):
                    torch.manual_seed(_seed(config.seed, 2, step))
                    terms = _step(upgrade, learner, method, index, labels, step / total, precision, optimizer, config)
                if not np.isfinite(terms["loss"]):
                    raise FloatingPointError(
                        f"the loss is {terms['loss']} at step {step} (terms {terms}); "
                        "lower the learning rate or the weight of the method"
                    )
                for name, value in terms.items():
                    sums[name] = sums.get(name, 0.0) + value
                shown.update()
                shown.set_postfix_str(f"loss {terms['loss']:.3f}")
            means = {name: value / (number + 1) for name, value in sums.items()}
            clock = {"prepare_seconds": prepared - started, "seconds": time.perf_counter() - prepared}
            rows.append({"epoch": epoch, **means, "lr": optimizer.param_groups[0]["lr"], **clock})
            if state is not None:
                note = {**about, "rows": rows, "scaler": precision.state()}
                write_tensors(state, pack(parts, optimizer), note)
    model.eval()
    if state is not None:
        state.unlink(missing_ok=True)
    return pd.DataFrame(rows)


def _step(
    upgrade: Upgrade,
    learner: Learner,
    method: Method,
    index: np.ndarray,
    labels: Tensor,
    progress: float,
    precision: Precision,
    optimizer: torch.optim.Optimizer,
    config: TrainConfig,
) -> dict[str, float]:
    """One batch: forward, the terms, backward, the optimiser, the memories. Returns every term as a number."""
    device = precision.device
    generator = torch.Generator().manual_seed(torch.initial_seed())
    images = upgrade.augment(learner.images(index, generator).to(device), generator)
    cams = None if upgrade.train.cams is None else torch.from_numpy(upgrade.train.cams[index]).to(device)
    rows = torch.from_numpy(index)
    old = None if upgrade.old is None else upgrade.old.vectors[rows].to(device)
    with precision.autocast():
        outputs = upgrade.model(images)
        batch = Batch(rows.to(device), labels[rows].to(device), cams, outputs, old, progress, generator)
        if method.replaces_identity:
            terms = {"compatibility": method.step(batch)}
        else:
            terms = learner.step(batch)
            terms["compatibility"] = method.weight * method.step(batch)
        loss = torch.stack([t.float() for t in terms.values()]).sum()
    precision.backward_and_step(loss, optimizer)
    with torch.no_grad():
        learner.after_step(batch)
        method.after_step(batch)
    return {"loss": loss.item(), **{k: v.item() for k, v in terms.items()}, **learner.observe(), **method.observe()}


def _seed(*numbers: int) -> int:
    """One 63-bit seed from several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


def _cuda(device: torch.device) -> list[torch.device]:
    return [device] if device.type == "cuda" else []


def _resume(
    state: Path | None, parts: dict, optimizer: torch.optim.Optimizer, precision: Precision, about: dict
) -> list[dict]:
    """Rows of the epochs that a state file has behind it, with everything restored; empty without a file."""
    if state is None or not state.exists():
        return []
    note = read_note(state)
    for name, value in about.items():
        if note.get(name) != value:
            raise ValueError(
                f"{state} belongs to another configuration ({name} {note.get(name)} instead of {value}); "
                "delete it to start afresh"
            )
    unpack(read_tensors(state), parts, optimizer)
    precision.restore(note["scaler"])
    return list(note["rows"])
