"""A line for each system, in per cent."""

import torch

from rbcl_lite.experiments.tables.scores import score_table
from rbcl_lite.metrics import evaluate_distances


def test_rows_are_systems_and_columns_scores() -> None:
    perfect = evaluate_distances(torch.tensor([[0.0, 1.0]]), [1], [1, 2])
    poor = evaluate_distances(torch.tensor([[1.0, 0.0]]), [1], [1, 2])
    table = score_table({"perfect": perfect, "poor": poor}, ranks=(1, 10))
    assert table.columns.tolist() == ["mAP", "rank-1", "rank-10", "camera rule"]
    assert table["mAP"].tolist() == [100.0, 50.0] and table["rank-1"].tolist() == [100.0, 0.0]
