"""Slow loops, written from the definitions, that the ranking metrics are held against."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np


def average_precision(hits: Sequence[bool]) -> float:
    """Mean over the positives of the precision at their rank."""
    found, total = 0, 0.0
    for rank, hit in enumerate(hits, start=1):
        if hit:
            found += 1
            total += found / rank
    return total / found


def slow_ranking(distances, query_ids, gallery_ids, query_cams=None, gallery_cams=None, max_rank=50, keys=None):
    """mAP, CMC, mINP, ap, valid: sort each row by (distance, negatives first) and walk down the list."""
    cameras = query_cams is not None and gallery_cams is not None
    ap, inp, cmc, valid = [], [], [], []
    for q in range(len(query_ids)):
        row = []
        for g in range(len(gallery_ids)):
            same = int(query_ids[q]) == int(gallery_ids[g])
            if same and cameras and int(query_cams[q]) == int(gallery_cams[g]):
                continue  # junk
            if keys is not None and keys[0][q] == keys[1][g]:
                continue  # the image itself
            if int(gallery_ids[g]) < 0:
                continue  # nobody
            row.append((float(distances[q][g]), same))
        hits = [same for _, same in sorted(row)]  # False sorts before True: ties count against the query
        valid.append(any(hits) and int(query_ids[q]) >= 0)
        if not valid[-1]:
            ap.append(float("nan"))
            continue
        ap.append(average_precision(hits))
        ranks = [rank for rank, hit in enumerate(hits, start=1) if hit]
        inp.append(len(ranks) / ranks[-1])
        cmc.append([1.0 if ranks[0] <= k else 0.0 for k in range(1, max_rank + 1)])
    return {
        "mAP": float(np.nanmean(ap)),
        "cmc": np.mean(cmc, axis=0),
        "mINP": float(np.mean(inp)),
        "ap": np.array(ap),
        "valid": np.array(valid),
    }


def worst_over_all_orders(distances: Sequence[float], positive: Sequence[bool]) -> tuple[float, int, float]:
    """Smallest AP, largest first rank, smallest INP over every order of one row that respects the distances."""
    worst_ap, worst_first, worst_inp = 1.0, 1, 1.0
    for order in itertools.permutations(range(len(distances))):
        if any(distances[a] > distances[b] for a, b in itertools.pairwise(order)):
            continue
        hits = [positive[i] for i in order]
        ranks = [rank for rank, hit in enumerate(hits, start=1) if hit]
        worst_ap = min(worst_ap, average_precision(hits))
        worst_first = max(worst_first, ranks[0])
        worst_inp = min(worst_inp, len(ranks) / ranks[-1])
    return worst_ap, worst_first, worst_inp
