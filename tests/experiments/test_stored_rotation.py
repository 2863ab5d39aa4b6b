"""The rotation, from files of vectors alone."""

from pathlib import Path

import pytest
import torch
from scipy.stats import ortho_group

from rbcl_lite.data.named_vectors import NamedVectors
from rbcl_lite.data.vector_files import write_vectors
from rbcl_lite.experiments.stored_rotation import stored_rotation
from rbcl_lite.experiments.stored_sides import read_sides

N, D = 20, 4
SPLITS = ["train"] * 12 + ["query"] * 3 + ["gallery"] * 5
PEOPLE = [f"p{i % 5}" for i in range(N)]


def vectors(dim: int = D) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.randn(N, dim, generator=torch.Generator().manual_seed(0)))


def write(path: Path, values: torch.Tensor, rows: list[int], splits: list[str] | None = SPLITS) -> Path:
    named = NamedVectors(values, [f"{i}.png" for i in range(N)], PEOPLE, ["a", "b"] * (N // 2), splits)
    write_vectors(path, named.rows(rows))
    return path


def test_a_turned_space_is_turned_back(tmp_path: Path) -> None:
    """Rows in another order, and one training image that the old file lacks."""
    turn = torch.from_numpy(ortho_group.rvs(D, random_state=0)).float()
    files = {
        "old": [write(tmp_path / "old.npy", vectors(), list(range(1, N)))],
        "independent": [write(tmp_path / "new.npy", vectors() @ turn, list(range(N))[::-1])],
    }
    sides, _ = read_sides(files)
    turned = stored_rotation(files, sides["independent"])
    assert turned is not None and turned.query is not None and sides["old"].query is not None
    torch.testing.assert_close(turned.query.vectors, sides["old"].query.vectors, atol=1e-5, rtol=0)
    torch.testing.assert_close(turned.gallery.vectors, sides["old"].gallery.vectors, atol=1e-5, rtol=0)


@pytest.mark.parametrize("rows", [list(range(12, N)), list(range(6, N))])
def test_nothing_to_fit_it_on(tmp_path: Path, rows: list[int]) -> None:
    """No training row in one file, or none that the other has as well."""
    files = {
        "old": [write(tmp_path / "old.npy", vectors(), rows)],
        "independent": [write(tmp_path / "new.npy", vectors(), [*range(6), *range(12, N)])],
    }
    sides, _ = read_sides(files)
    assert stored_rotation(files, sides["independent"]) is None
