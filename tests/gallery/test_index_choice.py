"""Recall of indexes against exact search."""

from __future__ import annotations

import sys

import pytest
from two_models import two_models

from rbcl_lite.gallery.index_choice import index_choices

UPGRADE = two_models(people=12, cams=4)


def test_exact_finds_all_and_looking_further_finds_no_less() -> None:
    pytest.importorskip("faiss")
    choices = [("Flat", 0), ("IVF2,Flat", 1), ("IVF2,Flat", 2), ("HNSW8,Flat", 64)]
    table = index_choices(UPGRADE.new_gallery, UPGRADE.new_query, choices, k=5)
    recall = table["recall"].tolist()
    assert recall[0] == recall[2] == 1 and recall[1] < 1 and recall[3] > 0.9
    assert (table[["ms", "build_seconds", "mb"]] > 0).all().all()
    with pytest.raises(ValueError, match="96 vectors cannot give 97 neighbours"):
        index_choices(UPGRADE.new_gallery, UPGRADE.new_query, choices, k=97)


def test_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(ImportError, match=r"pip install \"rbcl-lite\[gallery\]\""):
        index_choices(UPGRADE.new_gallery, UPGRADE.new_query, [("Flat", 0)])
