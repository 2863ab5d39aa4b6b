"""The gallery in the process does what every gallery has to do."""

from __future__ import annotations

import pytest
from conformance import DIM, Conformance

from rbcl_lite.gallery import Gallery


class TestFolder(Conformance):
    @pytest.fixture
    def make(self, tmp_path):
        return lambda: Gallery(tmp_path / "gallery", dim=DIM)


class TestMemory(Conformance):
    @pytest.fixture
    def make(self):
        return lambda: Gallery(None, dim=DIM)
