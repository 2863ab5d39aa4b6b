"""What a temperature buys and costs: how true the ranking surrogate is, and how many pairs it leaves."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from rbcl_lite.experiments.close_up.gaps import same_camera
from rbcl_lite.features import Features
from rbcl_lite.losses.ranking import saturation, smooth_ap_loss


def surrogate_table(query: Features, gallery: Features, temperatures: Sequence[float]) -> pd.DataFrame:
    """The ranking loss of real lists over its temperature, under the camera rule.

    Args:
        query: Q queries with cameras.
        gallery: G images with cameras.
        temperatures: values of tau, above 0.

    Returns:
        index ``τ``; ``smooth mAP in %``, ``gradient per query``, the mean length of the gradient of
        a query's own loss, and ``dead pairs in %`` of (query, positive).

    >>> import torch
    >>> gallery = Features(torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]), ids=[1, 1, 2], cams=[0, 1, 1])
    >>> query = Features(torch.tensor([[1.0, 0.0]]), ids=[1], cams=[0])
    >>> surrogate_table(query, gallery, [0.01])["smooth mAP in %"].tolist()
    [100.0]
    """
    junk = (query.ids[:, None] == gallery.ids) & same_camera(query, gallery)
    rows = []
    for temperature in temperatures:
        vectors = query.vectors.double().requires_grad_()
        loss = smooth_ap_loss(
            vectors, gallery.vectors.double(), query.ids, gallery.ids, temperature=temperature, ignore=junk
        )
        loss.backward()
        assert vectors.grad is not None
        dead = saturation(query.vectors, gallery.vectors, query.ids, gallery.ids, temperature=temperature, ignore=junk)
        pull = len(query) * vectors.grad.norm(dim=1).mean().item()
        rows.append([temperature, 100 * (1 - loss.item()), pull, 100 * float(dead)])
    columns = ["τ", "smooth mAP in %", "gradient per query", "dead pairs in %"]
    return pd.DataFrame(rows, columns=columns).set_index("τ")
