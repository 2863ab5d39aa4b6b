"""Loop over (learner, method): one teaches the new model, the other keeps it compatible."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from rbcl_lite.base.processes import ALONE, Processes
from rbcl_lite.base.progress import bar
from rbcl_lite.base.tensors import send
from rbcl_lite.models.batch_norm import share_statistics, synchronise_statistics
from rbcl_lite.models.forward import Forward
from rbcl_lite.models.outputs import Outputs
from rbcl_lite.protocol import Batch, Epoch, Learner, Method, Upgrade
from rbcl_lite.training.means import RunningMeans
from rbcl_lite.training.precision import Precision
from rbcl_lite.training.prefetch import prefetch
from rbcl_lite.training.replay import Replayed
from rbcl_lite.training.resume import resume, save_state
from rbcl_lite.training.schedule import TrainConfig, learning_rate
from rbcl_lite.training.speed import adamw, arrange_memory, fast_float32, seed_draws

Watch = Callable[[Epoch], "Mapping[str, float] | None"]
"""Called after each epoch; the numbers that it gives join the history's row."""

READ_EVERY = 20  # steps between two looks at the loss: each look waits for a GPU


def train(
    upgrade: Upgrade,
    learner: Learner,
    method: Method,
    config: TrainConfig,
    *,
    device: str | torch.device = "cpu",
    processes: Processes = ALONE,
    state: Path | None = None,
    watch: Watch | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Train ``upgrade.model`` in place.

    Every draw of a step comes from (seed, step), so two runs with one seed are equal on a CPU, and
    a run that was killed continues, from the start of the epoch it was killed in, to the same
    weights. So do several processes, up to rounding: each step is that of the whole batch, however
    many share it (see :class:`~rbcl_lite.base.processes.Processes`), and another number of them may
    continue.

    Args:
        upgrade: training images, the new model, and the old model's vectors.
        learner: where supervision comes from.
        method: how the model is kept compatible.
        config: see :class:`~rbcl_lite.training.schedule.TrainConfig`.
        device: where to compute.
        processes: this process among those that train together; all of them call this function with
            equal arguments, and end with equal models.
        state: file for the state after each epoch, written by process 0; if it exists, training
            goes on from it. It stays there: remove it when the model is kept.
        watch: called with the :class:`~rbcl_lite.protocol.Epoch` after it; what it returns is kept
            in the history. It may read ``upgrade.model`` (in training mode), and draws nothing from
            the training.
        progress: see :func:`rbcl_lite.base.progress.bar`.

    Returns:
        the history: one row per epoch with the mean of each term, the learning rate and the
            seconds.

    Raises:
        ValueError: the learner or the method lacks something, or the state belongs to another
            configuration.
        FloatingPointError: the loss became NaN or infinite (the step is named).
    """
    device = torch.device(device)
    precision = Precision(config.precision, device)
    model = arrange_memory(upgrade.model.to(device))
    synchronise_statistics(model, device, processes)
    processes.broadcast_(model.state_dict().values())
    upgrade = replace(upgrade, forward=Forward(processes, config.chunk))
    learner.prepare(upgrade)
    method.prepare(upgrade, learner)
    parts = {"model": model, "learner": learner.to(device), "method": method.to(device)}
    # a frozen or foreign parameter never reaches the optimiser, so weight decay cannot move it
    parameters = [p for part in parts.values() for p in part.parameters() if p.requires_grad]
    optimizer = adamw(parameters, config)
    about = {
        "config": asdict(config),
        "learner": type(learner).__name__,
        "method": type(method).__name__,
        "weight": method.weight,
    }
    rows = resume(state, parts, optimizer, precision, about)
    processes.wait()  # nobody writes the state before all have read it
    forward = Replayed(model, precision) if upgrade.forward.plain else partial(upgrade.forward, model)
    progress = progress if processes.main else False

    with (
        bar(total=config.epochs * learner.steps(), desc=f"train {upgrade.train.name}", enabled=progress) as shown,
        torch.random.fork_rng([device] if device.type == "cuda" else []),
        fast_float32(precision),
    ):
        shown.update(len(rows) * learner.steps())
        for epoch in (Epoch(n, config.epochs) for n in range(len(rows), config.epochs)):
            started = time.perf_counter()
            seed_draws(_seed(config.seed, 1, epoch.number), device)
            labels = learner.on_epoch(epoch)
            processes.check_equal("labels", labels)
            method.on_epoch(epoch, labels)
            prepared = time.perf_counter()
            model.train()
            means = RunningMeans()
            first = epoch.number * learner.steps()
            numbered = enumerate(learner.batches(epoch.number), start=first)
            fetch = partial(fetched, upgrade, learner, labels, config.seed, device)
            for given in prefetch(numbered, fetch, ahead=device.type == "cuda"):
                step, done = given.step, given.step / (config.epochs * learner.steps())
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate(config, done)
                seed_draws(given.generator.initial_seed(), device)
                with precision.autocast():
                    batch = given.passed(forward(given.inputs), done)
                    terms = losses(learner, method, batch)
                loss = torch.stack([t.float() for t in terms.values()]).sum()
                precision.backward_and_step(loss, optimizer, processes)
                with torch.no_grad():
                    learner.after_step(batch)
                    method.after_step(batch)
                means.add(step, {"loss": loss, **terms, **learner.observe(), **method.observe()})
                shown.update()
                if (step - first) % READ_EVERY == READ_EVERY - 1:
                    shown.set_postfix_str(f"loss {means.read_loss():.3f}")
            means.read_loss()
            share_statistics(model, processes)
            clock = {"prepare_seconds": prepared - started, "seconds": time.perf_counter() - prepared}
            watched = {k: float(v) for k, v in ((watch(epoch) if watch else None) or {}).items()}
            lr = optimizer.param_groups[0]["lr"]
            rows.append({"epoch": epoch.number, **means.values(), **watched, "lr": lr, **clock})
            if state is not None and processes.main:
                save_state(state, parts, optimizer, {**about, "rows": rows, "scaler": precision.state()})
    model.eval()
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Given:
    """What a batch is before it passes the model, on the device.

    Args:
        inputs: [B, ...] augmented.
        index, labels, cams, old, step, generator: see :class:`~rbcl_lite.protocol.Batch`.
    """

    inputs: Tensor
    index: Tensor
    labels: Tensor
    cams: Tensor | None
    old: Tensor | None
    step: int
    generator: torch.Generator

    def passed(self, outputs: Outputs, progress: float) -> Batch:
        """The batch after it."""
        return Batch(self.index, self.labels, self.cams, outputs, self.old, self.step, progress, self.generator)


def fetched(
    upgrade: Upgrade,
    learner: Learner,
    labels: Tensor,
    seed: int,
    device: torch.device,
    numbered: tuple[int, np.ndarray],
) -> Given:
    """What a step begins with, which needs nothing of the step before."""
    step, index = numbered
    generator = torch.Generator().manual_seed(_seed(seed, 2, step))
    inputs = upgrade.augment(send(learner.inputs(index, generator), device), generator)
    rows, cams = torch.from_numpy(index), upgrade.train.cams
    return Given(
        inputs,
        index=send(rows, device),
        labels=send(labels[rows], device),
        cams=None if cams is None else send(torch.from_numpy(cams[index]), device),
        old=None if upgrade.old is None else send(upgrade.old.vectors[rows], device),
        step=step,
        generator=generator,
    )


def losses(learner: Learner, method: Method, batch: Batch) -> dict[str, Tensor]:
    """The terms of the loss of a batch, each with its weight in it."""
    if method.replaces_identity:
        return {"compatibility": method.step(batch)}
    return {**learner.step(batch), "compatibility": method.weight * method.step(batch)}


def _seed(*numbers: int) -> int:
    """One 63-bit seed from several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)
