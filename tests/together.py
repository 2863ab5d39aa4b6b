"""Trainings of a stranger in several processes at once, and alone."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing
from stranger import PEOPLE, strange_upgrade

from rbcl_lite.base.processes import ALONE, Processes
from rbcl_lite.learners import LEARNERS
from rbcl_lite.methods import METHODS
from rbcl_lite.protocol import Epoch
from rbcl_lite.training.loop import train
from rbcl_lite.training.schedule import TrainConfig

CLUSTERS = {"eps": 0.6, "k1": 5, "k2": 2, "min_samples": 2}
OPTIONS = {
    "supervised": {},
    "pseudo-labels": CLUSTERS,
    "ecn": {"camera": False, "k": 3, "warmup": 0.0, "start": 0.3, "dropout": 0.2, **CLUSTERS},
}


@dataclass(frozen=True)
class Case:
    """One training."""

    learner: str
    method: str
    labelled: bool = False
    steps: int | None = None
    batch: tuple[int, int] = (4, 3)
    config: TrainConfig = field(default_factory=lambda: TrainConfig(epochs=4, lr=1e-3))

    def __str__(self) -> str:
        about = [self.learner, self.method, "labelled" if self.labelled else None, self.config.chunk]
        return "-".join([*(str(word) for word in about if word), self.config.precision])


def trained(case: Case, processes: Processes = ALONE, **other: Any) -> dict[str, Any]:
    """The history, the gradients after the first epoch, the weights and the memories of a training."""
    options = {**OPTIONS[case.learner], **({"steps": case.steps} if case.steps else {})}
    upgrade = strange_upgrade(PEOPLE if case.learner == "supervised" else 0, labelled=case.labelled)
    upgrade = replace(upgrade, batch=case.batch)
    learner, method = LEARNERS[case.learner](**options), METHODS[case.method]()
    grads: dict[str, torch.Tensor] = {}

    def look(epoch: Epoch) -> None:
        if epoch.number == 0:
            grads.update({k: p.grad.clone() for k, p in upgrade.model.named_parameters()})

    history = train(upgrade, learner, method, case.config, processes=processes, **{"watch": look, **other})
    return {
        "history": history.drop(columns=["seconds", "prepare_seconds"]).to_dict("list"),
        "grads": grads,
        "weights": upgrade.model.state_dict(),
        "learner": learner.state_dict(),
        "method": method.state_dict(),
    }


def spawn(work: Callable[..., Any], count: int, folder: Path, *arguments: Any) -> list[Any]:
    """What ``work(processes, *arguments)`` gives in each of several processes."""
    torch.multiprocessing.spawn(_begin, (count, folder, work, arguments), nprocs=count)
    return [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in range(count)]


def _begin(rank: int, count: int, folder: Path, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=count)
    torch.save(work(Processes(rank, count), *arguments), folder / f"{rank}.pt")
    dist.destroy_process_group()


class Interrupted(Exception):
    """A training was stopped."""


def interrupted(case: Case, state: Path, processes: Processes = ALONE) -> None:
    """Train until the third epoch is over, but not saved."""

    def stop(epoch: Epoch) -> None:
        if epoch.number == 2:
            raise Interrupted

    with contextlib.suppress(Interrupted):
        trained(case, processes, state=state, watch=stop)


def all_of(processes: Processes, cases: list[Case], case: Case, begun: Path, left: Path) -> dict[str, dict[str, Any]]:
    """All trainings, one after the other; one that was begun elsewhere, and one that is left to others."""
    results = {str(case): trained(case, processes) for case in cases}
    results["begun"] = trained(case, processes, state=begun)
    interrupted(case, left, processes)
    return results
