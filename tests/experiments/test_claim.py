"""A claim holds, or it raises."""

from __future__ import annotations

import pytest

from rbcl_lite.experiments.claim import claim
from rbcl_lite.experiments.verdict import Verdict

UP = [2.0, 1.0, 3.0, 2.0, 2.0]
DOWN = [-x for x in UP]
OPEN = [2.0, -1.0, 3.0, -2.0, 1.0]


@pytest.mark.parametrize(("gap", "word"), [(UP, "higher"), (DOWN, "lower"), (OPEN, "not separated")])
def test_five_seeds_decide(gap: list[float], word: Verdict, capsys: pytest.CaptureFixture[str]) -> None:
    claim("sentence", gap, word)
    said = capsys.readouterr().out
    assert said.startswith("sentence: ") and said.endswith(f": {word}\n") and "95 % interval" in said
    for other in {"higher", "lower", "not separated"} - {word}:
        with pytest.raises(AssertionError, match=f"sentence: the results say .*: {word}; write the sentence anew"):
            claim("sentence", gap, other)
    assert not capsys.readouterr().out


def test_fewer_say_that_they_are_few(capsys: pytest.CaptureFixture[str]) -> None:
    claim("sentence", [2.0, 1.0])
    assert capsys.readouterr().out.endswith("over 2 paired seeds: not separated (fewer than 5)\n")
    with pytest.raises(AssertionError, match="fewer than 5"):
        claim("sentence", [-2.0, 1.0])


@pytest.mark.parametrize("gap", [[], [float("nan"), 1.0]])
def test_no_pair_is_no_finding(gap: list[float]) -> None:
    with pytest.raises(AssertionError, match="hold no such pair of runs"):
        claim("sentence", gap)
