"""References of a new vector: the old vectors of its batch, and those that agents bring in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from rbcl_lite.agents import agent_centers, neighbor_agents
from rbcl_lite.base.recorded import replays
from rbcl_lite.protocol import Batch, Upgrade

Lookup = Literal["old", "new"]


@dataclass(frozen=True)
class Rows:
    """R rows of one side of a comparison.

    Args:
        vectors: [R, D].
        index: [R] position in the training set, -1 for what is no image (a class centre).
        labels: [R] current label, -1 for none.
        cams: [R] camera, -1 where it is unknown.
    """

    vectors: Tensor
    index: Tensor
    labels: Tensor
    cams: Tensor


def ignored(query: Rows, reference: Rows, *, own: bool = False, same_camera: bool = False) -> Tensor:
    """The pairs that do not exist for a ranking, as in the evaluation: the image itself and
    same-camera positives.

    A row without a label is compared with nobody: who it shows is unknown. The centre of the
    query's own class is left out too, because the query's old vector is part of it.

    Args:
        query: B rows.
        reference: R rows.
        own: keep the old vector of the query's own image as a positive (it shares the camera).
        same_camera: keep other images of the same label from the same camera.

    Returns:
        bool [B, R], True for pairs to leave out.

    >>> rows = Rows(torch.eye(3), torch.tensor([4, 7, 9]), torch.tensor([0, 0, 1]), torch.tensor([2, 2, 2]))
    >>> ignored(rows, rows).int()  # self, and 4 with 7: one person, one camera
    tensor([[1, 1, 0],
            [1, 1, 0],
            [0, 0, 1]], dtype=torch.int32)
    """
    image = query.index[:, None] == reference.index
    same = query.labels[:, None] == reference.labels
    camera = (query.cams[:, None] == reference.cams) & (query.cams[:, None] >= 0)
    ignore = same & (reference.index < 0)
    ignore |= (query.labels < 0)[:, None] | (reference.labels < 0)
    if not same_camera:
        ignore |= same & camera & ~image
    return ignore if own else ignore | image


class References(nn.Module):
    """The old vectors of the whole training set, from which each batch takes its references.

    The references of a batch are the old vectors of its images and, with ``agents`` = k, those of
    the k nearest images (or class centres) of other people of each of them in the old space. No
    image occurs twice, not even where a batch holds it twice.

    Near is near to the image's old vector, which never changes. With ``lookup`` "new" it is near to
    its new vector, as it was when a batch last held the image (before that, to the old one), and
    the agents are looked for anew in each epoch: the strangers that the new query meets now.

    Args:
        agents: k, 0 for the batch alone.
        centers: class centres as agents instead of images.
        lookup: whose neighbours are looked for, "old" or "new".

    Raises:
        ValueError: a negative number of agents, an unknown ``lookup``.
    """

    bank: Tensor  # [N, D_old]
    labels: Tensor  # [N]
    cams: Tensor  # [N]
    agents: Tensor  # [N, k], rows of the bank or of the centres; -1 for an image without a label
    centres: Tensor  # [C, D_old]
    centre_labels: Tensor  # [C]
    seen: Tensor  # [N, D_old], with lookup "new": the vectors whose neighbours are looked for

    def __init__(self, agents: int = 0, centers: bool = False, lookup: Lookup | str = "old") -> None:
        super().__init__()
        if agents < 0:
            raise ValueError(f"agents is a number of neighbours of each image, at least 0, got {agents}")
        if lookup not in get_args(Lookup):
            raise ValueError(f"lookup must be one of {get_args(Lookup)}, got {lookup!r}")
        self.k, self.use_centers, self.follow = agents, centers, lookup == "new" and agents > 0
        for name in ("bank", "labels", "cams", "agents", "centres", "centre_labels"):
            self.register_buffer(name, torch.empty(0), persistent=False)
        self.register_buffer("seen", torch.empty(0), persistent=self.follow)

    def prepare(self, upgrade: Upgrade) -> None:
        """Take over the old vectors and the cameras of the training set, and forget those of an
        earlier one.
        """
        assert upgrade.old is not None
        cams = upgrade.train.cams
        self.hold(upgrade.old.vectors, None if cams is None else torch.from_numpy(cams))

    def hold(self, vectors: Tensor, cams: Tensor | None) -> None:
        """Take over old vectors [N, D_old] and cameras [N], or None where they are unknown."""
        self.labels = torch.empty(0, device=self.labels.device)
        self.bank = vectors
        self.seen = self.bank.clone() if self.follow else self.seen[:0]
        self.cams = torch.full((len(self.bank),), -1) if cams is None else cams

    def update(self, labels: Tensor) -> None:
        """Take over the labels [N] of an epoch, and look for the agents anew where labels or the
        vectors that look have changed.
        """
        labels = labels.to(self.bank.device)
        if torch.equal(labels, self.labels) and not self.follow:
            return
        self.labels = labels.clone()
        rows = (labels >= 0).nonzero()[:, 0]
        counts = labels[rows].unique(return_counts=True)[1]
        others = len(counts) - 1 if self.use_centers else int(counts.sum() - counts.max())
        k = min(self.k, others)
        self.agents = labels.new_full((len(labels), max(k, 0)), -1)
        if k < 1:
            return
        old, query = self.bank[rows], self.seen[rows] if self.follow else None
        if self.use_centers:
            self.centres, self.centre_labels, index = agent_centers(old, labels[rows], k, query=query)
            self.agents[rows] = index
        else:
            self.agents[rows] = rows[neighbor_agents(old, labels[rows], k, query=query)]

    def remember(self, batch: Batch) -> None:
        """Keep the new vectors of a batch, where agents are looked for from them."""
        if self.follow:
            self.seen[batch.index] = batch.pair[0].detach().to(self.seen)

    def forward(self, index: Tensor) -> Rows:
        """The references of a batch that holds the images ``index`` [B]."""
        agents = self.agents[index].flatten()
        if replays(agents) and not self.use_centers:
            return self._in_place(torch.cat([index, agents]))
        agents = agents[agents >= 0]
        images = index if self.use_centers else torch.cat([index, agents])
        images = images.unique()
        rows = Rows(self.bank[images], images, self.labels[images], self.cams[images])
        if not self.use_centers or not len(agents):
            return rows
        chosen = agents.unique()
        nothing = torch.full_like(chosen, -1)
        return Rows(
            torch.cat([rows.vectors, self.centres[chosen]]),
            torch.cat([rows.index, nothing]),
            torch.cat([rows.labels, self.centre_labels[chosen]]),
            torch.cat([rows.cams, nothing]),
        )

    def _in_place(self, images: Tensor) -> Rows:
        """Rows of some images [R], -1 for none, without asking the device how many differ: one that
        occurs twice, or is none, keeps its place and has no label, so that nobody is compared with it.
        """
        images = images.sort().values
        nobody = images < 0
        nobody[1:] |= images[1:] == images[:-1]
        rows = images.clamp_min(0)
        return Rows(self.bank[rows], images, self.labels[rows].masked_fill(nobody, -1), self.cams[rows])
