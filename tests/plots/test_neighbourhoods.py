"""The memory, frame by frame: neighbours by definition, nothing asked of another host."""

import numpy as np
import pytest

from rbcl_lite.plots.neighbourhoods import _links, moving_map, neighbourhood_frames

R = np.random.default_rng(0)
PEOPLE = np.repeat(np.arange(5), 6)


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def snapshots() -> list[np.ndarray]:
    centres = R.normal(size=(5, 16))
    return [unit(spread * R.normal(size=(30, 16)) + centres[PEOPLE]) for spread in (3.0, 0.2)]


def test_links_are_the_nearest_other_rows() -> None:
    keys = snapshots()[0]
    pairs = _links(keys, 3)
    for i in range(len(keys)):
        order = sorted((j for j in range(len(keys)) if j != i), key=lambda j: -float(keys[i] @ keys[j]))
        assert pairs[pairs[:, 0] == i, 1].tolist() == order[:3]


def test_map_keeps_people_together_once_the_keys_do() -> None:
    loose, tight = moving_map(snapshots())
    for points in (loose, tight):
        assert np.abs(points.mean(axis=0)).max() < 1e-5 and np.linalg.norm(points, axis=1).max() == pytest.approx(1)
    share = [np.mean(PEOPLE[_near(points)] == PEOPLE[:, None]) for points in (loose, tight)]
    assert share[1] > 0.95 > share[0]


def _near(points: np.ndarray) -> np.ndarray:
    distance = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(distance, np.inf)
    return distance.argsort(axis=1)[:, :3]


def test_every_frame_is_there_and_described() -> None:
    page = neighbourhood_frames(snapshots(), PEOPLE, ["start", "end"], {"purity": [0.1, 0.9]}, 'Keys "gather".').data
    assert page.count("data:image/png;base64") == 2 and 'max="1" step="1" value="1"' in page  # the last one first
    for title in ("start", "end"):
        assert f'alt="Keys &quot;gather&quot;. This frame: {title}."' in page and f'data-label="{title}"' in page
    assert page.count("<button") == 1 and "http" not in page


def test_numbers_must_fit() -> None:
    with pytest.raises(ValueError, match=r"per snapshot are needed, got \[1, 2\]"):
        neighbourhood_frames(snapshots(), PEOPLE, ["one"], {"purity": [0.1, 0.9]}, "alt")
