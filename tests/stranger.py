"""A stranger's model on vectors that somebody stored: it knows nothing of this package but ``Outputs``."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rbcl_lite.data.augment import unchanged
from rbcl_lite.data.stored_vectors import StoredVectors
from rbcl_lite.features import Features
from rbcl_lite.models.outputs import Outputs
from rbcl_lite.protocol import Upgrade

PEOPLE, IMAGES, WIDTH, OLD_WIDTH = 9, 6, 12, 10


class Stranger(nn.Module):
    def __init__(self, classes: int, dim: int = OLD_WIDTH) -> None:
        super().__init__()
        self.map = nn.Linear(WIDTH, dim)
        self.classifier = nn.Linear(dim, classes, bias=False) if classes else None

    def forward(self, x: Tensor) -> Outputs:
        v = self.map(x)
        return Outputs(v, v, 16 * F.normalize(v) @ F.normalize(self.classifier.weight).T if self.classifier else None)


def stored(people: int = PEOPLE, seed: int = 0) -> tuple[Features, Features]:
    """New [N, 12] and old [N, 10] vectors of the same images in shuffled order; the old space is turned and noisy."""
    g = torch.Generator().manual_seed(seed)
    label = torch.arange(people).repeat_interleave(IMAGES)[torch.randperm(people * IMAGES, generator=g)]
    ids, cams = 3 * label + 2 + 1000 * seed, torch.randint(0, 3, (len(label),), generator=g)
    centres = torch.randn(people, WIDTH, generator=g)[label]
    turn = torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=g))[0][:, :OLD_WIDTH]
    new = centres + 0.3 * torch.randn(centres.shape, generator=g)
    old = centres @ turn + 0.3 * torch.randn(len(ids), OLD_WIDTH, generator=g)
    keys = [f"{seed}/{i}" for i in range(len(ids))]
    return Features(new, ids, cams, "new", keys), Features(old, ids, cams, "old", keys)


def strange_upgrade(classes: int | None = PEOPLE, *, labelled: bool = False, seed: int = 0) -> Upgrade:
    """A fresh stranger each time, equal for equal arguments."""
    new, old = stored()
    other = StoredVectors(stored(5, seed=1)[0]) if labelled else None
    torch.manual_seed(seed)
    model = Stranger(5 if labelled else classes or 0)
    return Upgrade(StoredVectors(new), model, old, labelled=other, batch=(4, 3), seed=seed, augment=unchanged)
