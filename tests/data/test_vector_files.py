"""Files of vectors: what is written is read, names mean the same everywhere, mistakes are said."""

import numpy as np
import pytest
import torch

from rbcl_lite.data.named_vectors import NamedVectors, features_of
from rbcl_lite.data.vector_files import read_vectors, write_vectors
from rbcl_lite.features import Features


@pytest.fixture
def named():
    vectors = torch.nn.functional.normalize(torch.randn(4, 6, generator=torch.Generator().manual_seed(0)))
    return NamedVectors(
        vectors,
        ["a,b.png", 'c "d".png', "é\udcff.png", "e\nf.png"],
        ["bo", "anna", "-1", "bo"],
        ["door", "7", "7", "door"],
        list("qqgg"),
        "run",
    )


@pytest.mark.parametrize("name", ["v.safetensors", "v.npy"])
@pytest.mark.parametrize("lacking", [(), ("splits",), ("cameras", "splits"), ("people", "cameras", "splits")])
def test_round_trip(tmp_path, named, name, lacking):
    named = NamedVectors(**{k: None if k in lacking else v for k, v in vars(named).items()})
    write_vectors(tmp_path / name, named)
    back = read_vectors(tmp_path / name)
    assert torch.equal(back.vectors, named.vectors)
    assert (back.keys, back.cameras, back.splits) == (named.keys, named.cameras, named.splits)
    if named.people or name.endswith("npy"):
        assert back.people == named.people
    if name == "v.safetensors":
        plain = Features.load(tmp_path / name)
        assert plain.keys == tuple(named.keys) and torch.equal(plain.vectors, named.vectors) and plain.model == "run"
        assert plain.ids.tolist() == ([2, 1, -1, 2] if named.people else [-1] * 4)


def test_what_features_save_wrote(tmp_path):
    stored = Features(torch.eye(3), ids=[7, 0, 7], cams=[2, 1, 2], keys=["a", "b", "c"])
    (back,) = features_of([read_vectors(stored.save(tmp_path / "f.safetensors"))], ["f"])
    assert torch.equal(back.vectors, stored.vectors) and back.keys == stored.keys
    assert back.ids.tolist() == [7, 0, 7] and back.cams.tolist() == [2, 1, 2]


def test_one_number_for_one_name_across_files():
    a = NamedVectors(torch.eye(3), None, ["cy", "bo", "-1"], ["c2", "c3", "c2"])
    b = NamedVectors(torch.eye(3), None, ["bo", "anna", "cy"], ["c1", "c3", "c2"])
    one, two = features_of([a, b], ["a", "b"])
    assert one.ids.tolist() == [3, 2, -1] and two.ids.tolist() == [2, 1, 3]
    assert one.cams.tolist() == [2, 3, 2] and two.cams.tolist() == [1, 3, 2]
    with pytest.raises(ValueError, match=r"'0?0?7' and '0?0?7'"):
        features_of([NamedVectors(torch.eye(1), None, ["7"]), NamedVectors(torch.eye(1), None, ["007"])], ["a", "b"])
    with pytest.raises(ValueError, match="x: no id in 1 of 3 rows, first row 1"):
        features_of([NamedVectors(torch.eye(3), None, ["7", "nan", "8"])], ["x"])
    with pytest.raises(ValueError, match="x does not say who is on the images"):
        features_of([NamedVectors(torch.eye(3))], ["x"])


def test_a_table_of_another_program(tmp_path):
    np.save(tmp_path / "v.npy", np.eye(2, dtype=">f2"))
    (tmp_path / "v.csv").write_text("\ufeffPID,img_path,Cam_ID\n 3 ,a.png,1\n4,b.png,2\n", encoding="utf-8")
    read = read_vectors(tmp_path / "v.npy")
    assert (read.people, read.keys, read.cameras, read.splits) == (["3", "4"], ["a.png", "b.png"], ["1", "2"], None)
    assert Features(read.vectors, [3, 4]).vectors.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (None, "says whose vectors it holds in v.csv beside it, which is missing"),
        ("key,id\na,1\n", "v.csv has 1 lines for the 2 vectors"),
        ("key,id,weather\na,1,x\nb,2,y\n", "'weather' mean nothing here; known are key, id, camera, split"),
        ("key,path,id\na,a,1\nb,b,2\n", "both mean path"),
        ("", "is no CSV table"),
        ('key,id\n"a,1\n', "is no CSV table"),
    ],
)
def test_tables_that_do_not_fit(tmp_path, table, message):
    np.save(tmp_path / "v.npy", np.eye(2))
    if table is not None:
        (tmp_path / "v.csv").write_text(table)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        read_vectors(tmp_path / "v.npy")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("v.npy", np.eye(2, dtype=int), "must hold floating-point vectors"),
        ("v.npy", np.ones(2), "must hold floating-point vectors"),
        ("v.npy", np.array([{}, {}]), "no NumPy file of numbers"),
        ("v.npy", b"", "no NumPy file of numbers"),
        ("v.safetensors", b"nonsense", "damaged or no safetensors file"),
    ],
)
def test_damaged_files(tmp_path, name, content, message):
    if isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
    else:
        np.save(tmp_path / name, content, allow_pickle=True)
    (tmp_path / "v.csv").write_text("key,id\na,1\nb,2\n")
    with pytest.raises(ValueError, match=message):
        read_vectors(tmp_path / name)
