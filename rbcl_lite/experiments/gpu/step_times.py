"""Time and memory of a training step: the real loop, cut short, on made-up images of the real size."""

from __future__ import annotations

import copy
import gc
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import torch

from rbcl_lite.base.scale import SCALES, Scale
from rbcl_lite.data.augment import Augment
from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.data.world import check_domain
from rbcl_lite.features import Features
from rbcl_lite.learners import LEARNERS
from rbcl_lite.methods import METHODS
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.protocol import Batch, Learner, Upgrade
from rbcl_lite.runs.config import code_of
from rbcl_lite.training.loop import train
from rbcl_lite.training.schedule import TrainConfig

PAIRS = [("supervised", m) for m in METHODS] + [(learner, "independent") for learner in ("ecn", "pseudo-labels")]
"""What is timed: every method with labels, and the two learners without them."""

DEEPER = replace(SCALES["gpu"], name="gpu, ResNet-50", new_backbone="resnet50")
"""The network of ``large`` on images of the size of ``gpu``."""

COMPARED = [("supervised", method) for method in ("independent", "bct", "contrastive", "smooth-ap", "rbcl")]
"""What is timed with it."""

IMAGES = "made up: one colour for each person under noise, uint8, 4 of each, 3 cameras"
"""What the steps are timed on, for the record."""

EACH = 4  # images of a person; a step's time does not depend on how many there are
CAMERAS = 3
PLACE_CAMERAS = len(check_domain("campus").cameras)  # of a drawn place, which the upgrades are trained on
WARM = 5  # steps before the clock starts: memory is taken, and a CUDA graph recorded
EPOCHS = 2  # that are timed; the faster one counts

FROM_THE_START: dict[str, dict[str, Any]] = {"ecn": {"warmup": 0.0, "start": 0.0}, "pseudo-labels": {"start": 0.3}}
"""Options with which every term of the loss counts in the epochs that are timed."""


def to_time(at: Scale) -> list[tuple[Scale, list[tuple[str, str]]]]:
    """The scales, and the pairs of learner and method, whose steps belong to the report of a scale.

    >>> from rbcl_lite.base.scale import SCALES
    >>> [each.name for each, _ in to_time(SCALES["gpu"])], len(to_time(SCALES["smoke"]))
    (['gpu', 'gpu, ResNet-50', 'large'], 1)
    """
    return [(at, PAIRS)] if at.name != "gpu" else [(at, PAIRS), (DEEPER, COMPARED), (SCALES["large"], PAIRS)]


def made_up(at: Scale, seed: int = 0) -> Upgrade:
    """An upgrade of a scale's sizes that needs neither a drawn image nor a trained old model.

    N = 4 images of each of the scale's people at the scale's size; the old vectors of a person lie
    near each other; the old classifier knew a quarter of the people.

    Args:
        at: the scale.
        seed: of everything.
    """
    r = np.random.default_rng(seed)
    ids = np.repeat(np.arange(at.people), EACH)
    shape = (len(ids), *at.size, 3)
    images = np.frombuffer(r.bytes(int(np.prod(shape))), np.uint8).reshape(shape) >> 2
    images += r.integers(0, 192, (at.people, 1, 1, 3), dtype=np.uint8)[ids]
    cams = np.arange(len(ids)) % CAMERAS
    data = ReIDDataset(images, ids, cams, [f"made-up/{i}" for i in range(len(ids))], "made-up")
    centres = r.standard_normal((at.people, at.dim), dtype=np.float32)
    vectors = centres[ids] + 0.3 * r.standard_normal((len(ids), at.dim), dtype=np.float32)
    known = max(2, at.people // 4)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Embedder(EmbedderConfig(at.new_backbone, at.dim, at.people))
    return Upgrade(
        data,
        model,
        old=Features(torch.from_numpy(vectors), torch.from_numpy(ids), torch.from_numpy(cams), "made-up"),
        old_classifier=torch.from_numpy(centres[:known]),
        old_classes=np.arange(known),
        old_logit_scale=16.0,
        labelled=data,
        batch=at.batch,
        seed=seed,
        augment=Augment(erase=at.erase),
    )


def new_steps(at: Scale) -> float:
    """The steps of a new model's training at a scale, on all people of a domain.

    >>> from rbcl_lite.base.scale import SCALES
    >>> new_steps(SCALES["gpu"])
    6000.0
    """
    return at.epochs * PLACE_CAMERAS * at.people * at.views / (at.batch[0] * at.batch[1])


def step_time(start: Upgrade, at: Scale, learner: str, method: str, device: str, steps: int = 15) -> dict[str, Any]:
    """What a step of a learner and a method costs.

    Args:
        start: of :func:`made_up`; it is left as it is.
        at: its scale, for the recipe.
        learner: a name in :data:`~rbcl_lite.learners.LEARNERS`.
        method: a name in :data:`~rbcl_lite.methods.METHODS`.
        device: ``cuda``, or ``cpu``.
        steps: in an epoch that is timed.

    Returns:
        ``scale``, ``learner``, ``method``; ``ms``, wall-clock milliseconds of a step; ``peak_mb``,
        MiB of the device's memory at the highest, None on a CPU; ``prepare_s``, seconds once an
        epoch before its first step; ``batch``, images of a step; ``code``, fingerprint of what was
        timed. Where the training fails, for example because the memory is too small, ``ms``,
        ``peak_mb`` and ``prepare_s`` are None, and ``error`` says why.
    """
    at_options = {"label_smoothing": at.label_smoothing} if learner == "supervised" else {}
    base = LEARNERS[learner]
    cuda = device == "cuda"
    taken: list[float] = []

    class Short(base):  # type: ignore[misc, valid-type]
        """The learner with epochs of a few steps."""

        def steps(self) -> int:
            """Batches in an epoch that is timed."""
            return steps

        def batches(self, number: int) -> Iterator[np.ndarray]:
            """The first batches of an epoch, with a look at the clock before."""
            self.left = min(WARM, steps) if number == 0 else steps
            taken.append(-_clock(cuda))
            yield from islice(self._endless(number), self.left)

        def after_step(self, batch: Batch) -> None:
            """A look at the clock after the last one."""
            super().after_step(batch)
            self.left -= 1
            if self.left == 0:
                taken[-1] += _clock(cuda)

        def _endless(self, number: int) -> Iterator[np.ndarray]:
            while True:  # an epoch of a small scale may have fewer batches than are timed
                yield from super().batches(number)

    named = {"scale": at.name, "learner": learner, "method": method, "batch": at.batch[0] * at.batch[1]}
    named["code"] = code_of(method, learner)
    free()
    begun = replace(start, model=copy.deepcopy(start.model))
    short: Learner = Short(**{**at_options, **FROM_THE_START.get(learner, {})})
    config = TrainConfig(epochs=1 + EPOCHS, lr=at.lr)
    try:
        history = train(begun, short, METHODS[method](), config, device=device, progress=False)
    except (
        RuntimeError,
        ValueError,
        FloatingPointError,
    ) as error:  # one that fails on this machine does not take the others with it
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        return {**named, "ms": None, "peak_mb": None, "prepare_s": None, "error": reason}
    peak = round(torch.cuda.max_memory_allocated() / 2**20) if cuda else None
    prepare = round(float(history["prepare_seconds"].iloc[1:].min()), 4)
    return {**named, "ms": round(1e3 * min(taken[1:]) / steps, 3), "peak_mb": peak, "prepare_s": prepare}


def _clock(cuda: bool) -> float:
    if cuda:
        torch.cuda.synchronize()
    return time.perf_counter()


def free() -> None:
    """Give the device's memory back that nothing holds any more, and begin to count anew."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
