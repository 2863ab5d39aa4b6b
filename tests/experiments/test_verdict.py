"""The rule by which one method may be called better than another."""

from typing import Any

import pytest

from rbcl_lite.experiments.verdict import verdict


def result(gaps: list[float]) -> dict[str, Any]:
    runs = [
        {"method": m, "weight": w, "seed": s, "seconds": 1.0, "test": {"new_old": 20.0 + s + g}}
        for s, gap in enumerate(gaps)
        for m, w, g in (("bct", 1.0, 0.0), ("mixbct", 0.3, gap), ("mixbct", 0.9, 50.0))
    ]
    return {"runs": runs, "chosen": {"bct": 1.0, "mixbct": 0.3}}


@pytest.mark.parametrize(
    ("gaps", "word"),
    [
        ([2.0, 2.1, 1.9, 2.2], "not separated (fewer than 5)"),
        ([2.0, 2.1, 1.9, 2.2, 1.8], "higher"),
        ([-2.0, -2.1, -1.9, -2.2, -1.8], "lower"),
        ([9.0, -2.0, 1.0, 3.0, -4.0], "not separated"),
        ([3.0], "not separated (fewer than 5)"),
    ],
)
def test_words(gaps: list[float], word: str) -> None:
    said = verdict(result(gaps), "mixbct", "bct")
    assert said.endswith(f": {word}") and f"over {len(gaps)} paired seed" in said


def test_unknown_method() -> None:
    with pytest.raises(ValueError, match="no run of 'l2'"):
        verdict(result([1.0]), "l2", "bct")
