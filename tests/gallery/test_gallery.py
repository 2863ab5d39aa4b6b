"""The gallery in the process does what every gallery has to do."""

from __future__ import annotations

import pytest
from conformance import DIM, Conformance

from rbcl_lite.gallery import Gallery, search
from rbcl_lite.gallery.layout import Limits


class TestFolder(Conformance):
    @pytest.fixture
    def make(self, tmp_path):
        return lambda: Gallery(tmp_path / "gallery", dim=DIM)


class TestMemory(Conformance):
    @pytest.fixture
    def make(self):
        return lambda: Gallery(None, dim=DIM)


class TestFlatSegments(Conformance):
    @pytest.fixture
    def make(self, tmp_path):
        return lambda: Gallery(tmp_path / "gallery", dim=DIM, limits=Limits(tail=5))


class TestInvertedFiles(Conformance):
    @pytest.fixture
    def make(self, tmp_path, monkeypatch):
        pytest.importorskip("faiss")
        monkeypatch.setattr(search, "_FEW", 0)
        return lambda: Gallery(tmp_path / "gallery", dim=DIM, limits=Limits(tail=5, flat=10, recall=1.0))
