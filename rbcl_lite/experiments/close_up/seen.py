"""What the references of a batch show of the whole old space, and how hard the loss pulls with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from rbcl_lite.agents import neighbor_agents
from rbcl_lite.experiments.close_up.gaps import same_camera
from rbcl_lite.features import Features
from rbcl_lite.losses.ranking import smooth_ap_loss
from rbcl_lite.losses.reactivation import Reactivation
from rbcl_lite.methods.references import References, Rows, ignored


def hardest_seen(new: Features, stored: Features, queries: Tensor, references: Tensor) -> tuple[Tensor, Tensor]:
    """The hardest stranger among some references, and its rank among all strangers.

    Args:
        new: N new vectors.
        stored: the old vectors of the same images.
        queries: [B] rows of the queries.
        references: [R] rows that can be seen; each query sees a stranger among them.

    Returns:
        rank [B], 1 for the hardest stranger of the whole set, and its row [B].

    >>> x = Features(torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]), ids=[0, 1, 2])
    >>> hardest_seen(x, x, torch.tensor([0]), torch.tensor([0, 2]))
    (tensor([2]), tensor([2]))
    """
    s = new.vectors[queries] @ stored.vectors.T
    s = s.masked_fill(new.ids[queries][:, None] == stored.ids, -torch.inf)
    hardest, place = s[:, references].max(dim=1)
    return 1 + (s > hardest[:, None]).sum(1), references[place]


def slope_shares(new: Features, stored: Features, queries: Tensor, *, temperature: float = 0.01) -> Tensor:
    """Where the slopes of a ranking loss over the whole old space sit.

    Args:
        new, stored: see :func:`hardest_seen`; with cameras.
        queries: [B] rows of the queries.
        temperature: tau of the loss.

    Returns:
        [B, N] slope at every stranger, summed over the query's positives; a row adds up to 1.
    """
    s = (new.vectors[queries] @ stored.vectors.T).double() / temperature
    same = new.ids[queries][:, None] == stored.ids
    total = torch.zeros_like(s)
    for i, p in (same & ~same_camera(new[queries], stored)).nonzero().tolist():
        x = torch.sigmoid(s[i] - s[i, p])
        total[i] += x * (1 - x)
    total = total.masked_fill(same, 0) + 1e-300  # no division by zero where every slope has underflowed
    return total / total.sum(1, keepdim=True)


def seen_table(new: Features, stored: Features, batches: Iterable[Tensor], counts: Sequence[int]) -> pd.DataFrame:
    """What batches see of the old space with agents, and with as many old vectors drawn at random.

    Args:
        new, stored: see :func:`slope_shares`.
        batches: rows of each batch.
        counts: numbers k of agents of each image.

    Returns:
        index (``agents`` or ``random``, k); means over the batches: ``references``, ``coverage in %``
        (share of the slopes at strangers that are seen), ``median rank`` of the hardest stranger
        seen, ``hardest seen in %`` of the queries.
    """
    generator, rows = torch.Generator().manual_seed(0), []
    near = neighbor_agents(stored.vectors, stored.ids, k=max(counts))
    for batch in batches:
        shares = slope_shares(new, stored, batch)
        for k in counts:
            agents = torch.cat([batch, near[batch, :k].flatten()]).unique()
            extra = torch.randperm(len(stored), generator=generator)
            extra = extra[~torch.isin(extra, batch)][: len(agents) - len(batch.unique())]
            for kind, references in (("agents", agents), ("random", torch.cat([batch, extra]).unique())):
                rank = hardest_seen(new, stored, batch, references)[0].double()
                covered = 100 * shares[:, references].sum(1).mean().item()
                at_once = 100 * (rank == 1).double().mean().item()
                rows.append([kind, k, len(references), covered, rank.median().item(), at_once])
    columns = ["kind", "k", "references", "coverage in %", "median rank", "hardest seen in %"]
    return pd.DataFrame(rows, columns=columns).groupby(["kind", "k"]).mean()


def references_of(stored: Features, batches: Sequence[Tensor], agents: int = 0, *, centers: bool = False) -> list[Rows]:
    """The references of batches, as the ranking methods of this package gather them.

    Args:
        stored: N old vectors with cameras.
        batches: rows of each batch.
        agents: k of each image; -1 for the whole set.
        centers: class centres as agents instead of images.

    Returns:
        the references of each batch, none twice.

    >>> x = Features(torch.eye(4), ids=[0, 0, 1, 2], cams=[0, 1, 0, 1])
    >>> references_of(x, [torch.tensor([0])])[0].index, references_of(x, [torch.tensor([0])], -1)[0].index
    (tensor([0]), tensor([0, 1, 2, 3]))
    """
    if stored.cams is None:
        raise ValueError("references need cameras")
    if agents < 0:
        everything = torch.arange(len(stored))
        return [Rows(stored.vectors, everything, stored.ids, stored.cams)] * len(batches)
    gather = References(agents, centers)
    gather.hold(stored.vectors, stored.cams)
    gather.update(stored.ids)
    return [gather(batch) for batch in batches]


def pull_table(
    new: Features, stored: Features, batches: Sequence[Tensor], cases: Mapping[str, tuple[int, bool]]
) -> pd.DataFrame:
    """How large loss and gradient are with more references, without and with reactivation.

    Args:
        new, stored: see :func:`slope_shares`.
        batches: rows of each batch.
        cases: name to (agents, centres), as :func:`references_of` takes them; the first is what the
            others are compared with.

    Returns:
        one row per case, means over the batches: ``references``; ``loss`` and ``pull``, the length
        of the gradient on a query; both with DGR; and ``λ for equal pull``, the factor by which the
        weight would have to change to pull as hard as the first case does, without and with DGR.
    """
    rows = {}
    for name, (agents, centers) in cases.items():
        found = references_of(stored, batches, agents, centers=centers)
        plain, dgr = (
            np.mean([loss_and_pull(new, batch, r, constants) for batch, r in zip(batches, found)], axis=0)
            for constants in (None, Reactivation())
        )
        rows[name] = [np.mean([len(r.index) for r in found]), *plain, *dgr]
    table = pd.DataFrame(rows, index=["references", "loss", "pull", "loss, DGR", "pull, DGR"]).T
    for column in ("pull", "pull, DGR"):
        table[f"λ for equal {column}"] = table[column].iloc[0] / table[column]
    return table


def loss_and_pull(
    new: Features, batch: Tensor, references: Rows, reactivation: Reactivation | None = None
) -> tuple[float, float]:
    """The ranking loss of a batch, and the mean length of its gradient on a query, times B.

    Args:
        new: N new vectors with cameras.
        batch: [B] rows of the queries.
        references: what they are ranked among.
        reactivation: constants of the loss.
    """
    if new.cams is None:
        raise ValueError("the camera rule needs cameras")
    query = Rows(new.vectors[batch].clone().requires_grad_(), batch, new.ids[batch], new.cams[batch])
    left_out = ignored(query, references)
    loss = smooth_ap_loss(
        query.vectors, references.vectors, query.labels, references.labels, ignore=left_out, reactivation=reactivation
    )
    (gradient,) = torch.autograd.grad(loss, query.vectors)
    return loss.item(), len(batch) * gradient.norm(dim=1).mean().item()
