"""Carried weights: what another upgrade's weight does in this one."""

from __future__ import annotations

import pandas as pd

from rbcl_lite.experiments.tables.across_settings import Results
from rbcl_lite.experiments.tables.runs import curve


def carried_weights(results: Results, source: str, part: str = "test") -> pd.DataFrame:
    """Each method in each other upgrade, at the weight that was chosen in ``source`` instead of its own.

    Args:
        results: upgrade to its result.
        source: the one whose weights are carried.
        part: test or validation.

    Returns:
        one row for each method and upgrade where the carried weight was trained as well: ``method``,
        ``upgrade``, ``weight``, ``own`` weight, and ``new_old``, ``new_new``, the score at the
        carried weight minus that at the own one, in points, on the seed whose weights were swept.

    Raises:
        ValueError: a source that is not among the results.

    >>> def run(weight, new_old, new_new):
    ...     test = {"new_old": new_old, "new_new": new_new}
    ...     return {"method": "bct", "weight": weight, "seed": 0, "seconds": 1.0, "test": test}
    >>> runs = [run(1.0, 40.0, 90.0), run(4.0, 42.0, 80.0)]
    >>> here, there = {"runs": runs, "chosen": {"bct": 1.0}}, {"runs": runs, "chosen": {"bct": 4.0}}
    >>> carried_weights({"here": here, "there": there}, "there").to_dict("records")
    [{'method': 'bct', 'upgrade': 'here', 'weight': 4.0, 'own': 1.0, 'new_old': 2.0, 'new_new': -10.0}]
    """
    if source not in results:
        raise ValueError(f"no result of {source!r}; there are {', '.join(results) or 'none'}")
    rows = []
    for upgrade, result in results.items():
        if upgrade == source:
            continue
        for method, weight in results[source]["chosen"].items():
            own = result["chosen"].get(method)
            if own is None:
                continue
            swept = curve(dict(result), method, part).set_index("weight")[["new_old", "new_new"]]
            if weight in swept.index:
                change = swept.loc[weight] - swept.loc[own]
                rows.append({"method": method, "upgrade": upgrade, "weight": weight, "own": own, **change})
    return pd.DataFrame(rows, columns=["method", "upgrade", "weight", "own", "new_old", "new_new"])
