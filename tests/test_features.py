"""The record of vectors: construction, checks, joining by key, files."""

import numpy as np
import pytest
import torch

from rbcl_lite.features import Features, fit_dimension


def make(n=5, d=4, seed=0, **other):
    vectors = torch.randn(n, d, generator=torch.Generator().manual_seed(seed))
    cams, keys = [i % 2 for i in range(n)], [f"k{i}" for i in range(n)]
    given = {"ids": list(range(n)), "cams": cams, "model": "m", "keys": keys}
    return Features(vectors, **{**given, **other})


def test_rows_are_unit_vectors_of_at_least_float32():
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        f = Features(torch.randn(6, 3).to(dtype) * 100, ids=range(6))
        assert f.vectors.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
        assert torch.allclose(f.vectors.norm(dim=1), torch.ones(6, dtype=f.vectors.dtype), atol=1e-6)


def test_construction_keeps_no_graph_and_does_not_touch_the_input():
    raw = torch.tensor([[3.0, 4.0]], requires_grad=True)
    f = Features(raw, [1])
    assert not f.vectors.requires_grad
    assert raw.tolist() == [[3.0, 4.0]]


def test_integer_fields_accept_lists_arrays_and_ranges():
    for ids in ([4, 2], np.array([4, 2], np.int32), torch.tensor([4, 2], dtype=torch.int16), (4, 2)):
        assert Features(torch.eye(2), ids).ids.tolist() == [4, 2]
        assert Features(torch.eye(2), ids).ids.dtype == torch.int64
    assert len(Features(torch.empty(0, 3), [], [], keys=[])) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vectors": torch.ones(3)}, r"\[N, D\].*\[3\]"),
        ({"vectors": torch.ones(3, 0)}, "D >= 1"),
        ({"vectors": torch.ones(3, 2, dtype=torch.long)}, "floating point, got torch.int64"),
        ({"vectors": torch.tensor([[1.0], [float("nan")], [float("inf")]])}, r"NaN or infinity in 2 row.*first row 1"),
        ({"vectors": torch.tensor([[1.0, 1.0], [3e38, 3e38], [1.0, 1.0]])}, "first row 1"),
        ({"vectors": torch.tensor([[1.0], [0.0], [0.0]])}, r"row 1 .* zero vector \(2 in all\)"),
        ({"ids": [1, 2]}, r"ids must be \[3\]"),
        ({"ids": [[1], [2], [3]]}, r"ids must be \[3\]"),
        ({"ids": [1.0, 2.0, 3.0]}, "ids must be integers"),
        ({"cams": [1]}, r"cams must be \[3\]"),
        ({"keys": ["a"]}, "keys has 1 entries for 3"),
    ],
)
def test_bad_input(change, message):
    given = {"vectors": torch.ones(3, 2), "ids": [1, 2, 3], "cams": [0, 0, 1], "keys": list("abc"), **change}
    with pytest.raises(ValueError, match=message):
        Features(**given)


@pytest.mark.parametrize(
    "index",
    [
        slice(1, 4),
        [1, 2, 3],
        np.array([1, 2, 3]),
        torch.tensor([1, 2, 3]),
        torch.tensor([False, True, True, True, False]),
    ],
)
def test_selecting_rows_keeps_everything_together(index):
    f = make()
    part = f[index]
    rows = [int(k[1:]) for k in part.keys]
    assert torch.equal(part.vectors, f.vectors[rows])
    assert part.ids.tolist() == rows and part.cams.tolist() == [i % 2 for i in rows]
    assert part.model == "m"


def test_selecting_nothing_and_backwards():
    f = make()
    assert len(f[[]]) == 0 and len(f[torch.zeros(5, dtype=torch.bool)]) == 0
    assert f[[-1, 0]].keys == ("k4", "k0")
    with pytest.raises(IndexError):
        f[[5]]


def test_fit_dimension():
    x = torch.randn(2, 3, 5)
    assert fit_dimension(x, 5) is x
    assert torch.equal(fit_dimension(x, 2), x[..., :2])
    wide = fit_dimension(x, 7)
    assert torch.equal(wide[..., :5], x) and not wide[..., 5:].any()
    with pytest.raises(ValueError, match="at least 1, got 0"):
        fit_dimension(x, 0)


def test_fit_normalises_again():
    f = make(d=4)
    assert f.fit(4) is f
    narrow = f.fit(2)
    assert torch.allclose(narrow.vectors, torch.nn.functional.normalize(f.vectors[:, :2]))
    assert narrow.keys == f.keys and narrow.dim == 2
    assert torch.allclose(f.fit(6).vectors[:, :4], f.vectors)


def test_align_joins_by_key():
    f = make()
    order = [3, 0, 4, 1, 2]
    g = make(seed=1)[order]
    joined = f.align(g)
    assert joined.keys == f.keys
    for i, k in enumerate(f.keys):
        assert torch.equal(joined.vectors[i], g.vectors[g.keys.index(k)])
    assert f[[2, 4]].align(g).keys == ("k2", "k4")


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"keys": None}, "needs keys on both sides"),
        ({"keys": ["k0", "k1", "k2", "k3", "k3"]}, "twice"),
        ({"keys": ["k0", "k1", "k2", "k3", "other"]}, "1 keys are missing .* 'k4'"),
        ({"ids": [0, 1, 2, 9, 4]}, "'k3' is identity 3 here and 9 there"),
    ],
)
def test_align_errors(other, message):
    with pytest.raises(ValueError, match=message):
        make().align(make(**other))


def test_concat():
    a, b = make(n=2), make(n=3, seed=1, model="n", keys=["x", "y", "z"])
    both = Features.concat([a, b])
    assert both.keys == ("k0", "k1", "x", "y", "z") and both.model == "m+n"
    assert torch.allclose(both.vectors, torch.cat([a.vectors, b.vectors]))
    assert Features.concat([a, make(cams=None)]).cams is None
    assert Features.concat([a, make(keys=None)]).keys is None
    with pytest.raises(ValueError, match="at least one"):
        Features.concat([])
    with pytest.raises(ValueError, match=r"different dimensions \[3, 4\]"):
        Features.concat([a, make(d=3)])


@pytest.mark.parametrize(
    "f",
    [
        make(),
        make(cams=None, keys=None),
        make(n=2, keys=["a line\nbreak", "Ünï ✓"]),
        make(n=1, keys=[""]),
        Features(torch.empty(0, 3), [], keys=[]),
    ],
    ids=["full", "bare", "odd-keys", "empty-key", "no-rows"],
)
def test_files_give_back_what_was_saved(f, tmp_path):
    path = f.save(tmp_path / "deep" / "f.safetensors")
    g = Features.load(path)
    assert torch.equal(f.vectors, g.vectors) and torch.equal(f.ids, g.ids)
    assert (f.cams is None) == (g.cams is None) and (f.cams is None or torch.equal(f.cams, g.cams))
    assert g.keys == f.keys and g.model == f.model
    assert [p.name for p in path.parent.iterdir()] == ["f.safetensors"]


def test_file_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match="no features file"):
        Features.load(tmp_path / "none.safetensors")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(make().save(tmp_path / "f.safetensors").read_bytes()[:-20])
    with pytest.raises(ValueError, match="not a readable safetensors"):
        Features.load(broken)
    from safetensors.torch import save_file

    save_file({"weight": torch.ones(2)}, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match=r"holds \['weight'\], expected vectors and ids"):
        Features.load(tmp_path / "model.safetensors")
