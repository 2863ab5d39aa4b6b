"""What tests of the losses share: both ways of computing a ranking's risk."""

from __future__ import annotations

import pytest
from torch import Tensor

from rbcl_lite.losses import ranking_risk


@pytest.fixture(params=["a walk", "at once"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rank by a walk over the positives, and as a GPU does it where the problem is small, on any device."""

    def at_once(query: Tensor, reference: Tensor) -> bool:
        return request.param == "at once" and 0 < len(query) * len(reference)

    monkeypatch.setattr(ranking_risk, "at_once", at_once)
