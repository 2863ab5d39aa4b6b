"""The same numbers as torchreid's compiled evaluation, and little memory."""

import importlib.metadata
import importlib.util
import tracemalloc

import numpy as np
import pytest
import torch

from rbcl_lite.features import Features
from rbcl_lite.metrics import evaluate_distances, evaluate_ranking


def compiled_torchreid():
    """evaluate_cy of torchreid, from the extension module in the wheel pyppbox-torchreid (the package wants OpenCV)."""
    try:
        files = importlib.metadata.files("pyppbox-torchreid") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name.startswith("rank_cy.") and file.suffix in (".so", ".pyd"):
            spec = importlib.util.spec_from_file_location("rank_cy", str(file.locate()))
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module.evaluate_cy
    return None


@pytest.mark.skipif(compiled_torchreid() is None, reason="needs pip install 'rbcl-lite[bench]' (pyppbox-torchreid)")
@pytest.mark.parametrize("people", [8, 150])
def test_equals_torchreid_on_input_without_ties(people):
    rng = np.random.default_rng(people)
    distances = rng.permuted(np.tile(np.arange(1200, dtype=np.float32), (70, 1)), axis=1) / 1200
    ids = [rng.integers(0, people, n) for n in (70, 1200)]
    cams = [rng.integers(0, 4, n) for n in (70, 1200)]
    cmc, mean_ap = compiled_torchreid()(distances, *ids, *cams, 50, False)
    result = evaluate_distances(distances, *ids, *cams)
    assert result.mAP == pytest.approx(float(mean_ap), abs=1e-6)
    np.testing.assert_allclose(result.cmc, cmc, atol=1e-6)


def traced_peak(function):
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_beyond_the_distances_is_a_block():
    rng = np.random.default_rng(0)
    distances = rng.random((2000, 10000), dtype=np.float32)  # 80 MB
    ids = [rng.integers(0, 500, n) for n in (2000, 10000)]
    assert traced_peak(lambda: evaluate_distances(distances, *ids)) < 30e6


def test_the_distance_matrix_of_features_never_exists():
    rng = np.random.default_rng(0)
    query, gallery = (
        Features(torch.randn(n, 8, generator=torch.Generator().manual_seed(n)), rng.integers(0, 500, n))
        for n in (2000, 20000)
    )
    peak = traced_peak(lambda: evaluate_ranking(query, gallery))  # numpy's share: the full matrix has 160 MB
    assert peak < 40e6
