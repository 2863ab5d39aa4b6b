"""The drawn world: what an image depends on, what it does not depend on, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from rbcl_lite.data.pedestrians.clothing import sample_people
from rbcl_lite.data.turntable import turntable
from rbcl_lite.data.world import DOMAINS, World
from rbcl_lite.plots.contact_sheet import contact_sheet

TOLERANCE = 2  # grey levels: other batch sizes may round the last bit of a float differently


def farthest(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


@pytest.fixture(scope="module")
def request_lists() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    random = np.random.default_rng(0)
    return random.integers(0, 40, 30), random.integers(0, 6, 30), random.integers(0, 1000, 30)


@pytest.fixture(scope="module", params=DOMAINS)
def small_world(request: pytest.FixtureRequest) -> World:
    return World(request.param, identities=40)


def test_same_image_in_any_order_and_any_chunk(small_world: World, request_lists: tuple) -> None:
    ids, cams, indices = request_lists
    together = small_world.images(ids, cams, indices, chunk=48)
    order = np.random.default_rng(1).permutation(len(ids))
    shuffled = small_world.images(ids[order], cams[order], indices[order], chunk=7)
    assert farthest(together[order], shuffled) <= TOLERANCE
    alone = np.concatenate([small_world.images([ids[k]], [cams[k]], [indices[k]]) for k in range(6)])
    assert farthest(together[:6], alone) <= TOLERANCE


def test_same_image_in_another_instance_with_more_people(small_world: World, request_lists: tuple) -> None:
    again = World(small_world.domain, identities=5000)
    ids, cams, indices = (keys[:6] for keys in request_lists)
    assert farthest(small_world.images(ids, cams, indices), again.images(ids, cams, indices)) <= TOLERANCE
    for trait, values in small_world.people.items():
        assert np.array_equal(values, again.people[trait][:40]), trait


def test_traits_do_not_depend_on_camera_or_index_but_poses_do(small_world: World) -> None:
    images = small_world.images([3, 3, 3], [1, 1, 2], [0, 1, 0]).astype(int)
    assert np.abs(images[0] - images[1]).mean() > 2
    assert np.abs(images[0] - images[2]).mean() > 2


def test_every_key_changes_the_image() -> None:
    base = World("campus", identities=10, seed=0).images([4], [0], [0]).astype(int)
    others = {
        "seed": World("campus", identities=10, seed=1).images([4], [0], [0]),
        "domain": World("street", identities=10, seed=0).images([4], [0], [0]),
        "id": World("campus", identities=10, seed=0).images([5], [0], [0]),
    }
    for name, image in others.items():
        assert np.abs(base - image).mean() > 5, name


def test_seasons_dress_people_differently() -> None:
    summer, winter = (sample_people(500, season, 0) for season in ("summer", "winter"))
    assert summer["coat"].sum() == 0 < winter["coat"].sum()
    assert summer["top"].mean() > winter["top"].mean() + 0.1
    assert summer["sleeve"].mean() < 1.2 < winter["sleeve"].mean()


def test_people_are_many_different_people() -> None:
    people = World("station", identities=3000).people
    table = np.concatenate([values.reshape(3000, -1) for values in people.values()], axis=1)
    assert np.isfinite(table).all()
    assert len(np.unique(table, axis=0)) == 3000


@pytest.mark.parametrize("size", [(128, 64), (256, 128), (64, 32), (32, 16)])
def test_sizes(size: tuple[int, int]) -> None:
    images = World("street", identities=8, size=size).images([0, 7], [1, 5], [2, 3])
    assert images.shape == (2, *size, 3)
    assert images.dtype == np.uint8
    assert images.flags["C_CONTIGUOUS"]
    assert all(image.std() > 10 for image in images)


def test_small_size_is_the_area_mean_of_128() -> None:
    ids, cams, indices = np.arange(12) % 5, np.arange(12) % 6, np.arange(12)
    large = World("campus", identities=5).images(ids, cams, indices).astype(float)
    small = World("campus", identities=5, size=(64, 32)).images(ids, cams, indices).astype(float)
    mean = large.reshape(12, 64, 2, 32, 2, 3).mean((2, 4))
    assert np.abs(mean - small).max() <= 1.0  # the large images are rounded before the mean


def test_256_shows_the_same_scene_as_128() -> None:
    ids, cams, indices = np.arange(4), np.full(4, 2), np.zeros(4, int)
    large = World("campus", identities=4, size=(256, 128)).images(ids, cams, indices).astype(float)
    small = World("campus", identities=4).images(ids, cams, indices).astype(float)
    mean = large.reshape(4, 128, 2, 64, 2, 3).mean((2, 4))
    same, different = np.abs(mean - small).mean((1, 2, 3)), np.abs(mean - small[::-1]).mean((1, 2, 3))
    assert (same < 0.5 * different).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"domain": "beach"}, "unknown domain 'beach'.*campus, station, street"),
        ({"identities": 0}, "identities must be at least 1, got 0"),
        ({"size": (100, 50)}, r"size \(100, 50\) cannot be drawn: allowed are"),
        ({"size": (128, 128)}, r"size \(128, 128\) cannot be drawn"),
        ({"size": (512, 256)}, r"size \(512, 256\) cannot be drawn"),
    ],
)
def test_refused_worlds(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        World(**arguments)


@pytest.mark.parametrize(
    ("ids", "cams", "indices", "message"),
    [
        ([10], [0], [0], "ids 10 does not exist.*allowed is 0 to 9"),
        ([-1], [0], [0], "ids -1 does not exist.*allowed is 0 to 9"),
        ([0], [6], [0], "cams 6 does not exist.*allowed is 0 to 5"),
        ([0], [-2], [0], "cams -2 does not exist.*allowed is 0 to 5"),
        ([0], [0], [-3], "indices -3 does not exist.*allowed is 0 or more"),
        ([0, 1], [0], [0], "one length.*'ids': .2,"),
        ([0.5], [0], [0], "ids must be whole numbers, got float64"),
    ],
)
def test_refused_images(ids: list, cams: list, indices: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        World("campus", identities=10).images(ids, cams, indices)


def test_refused_chunk_and_no_images() -> None:
    world = World("campus", identities=2)
    with pytest.raises(ValueError, match="chunk must be at least 1, got 0"):
        world.images([0], [0], [0], chunk=0)
    assert world.images([], [], []).shape == (0, 128, 64, 3)


def test_cameras_and_repr(small_world: World) -> None:
    assert DOMAINS == ("campus", "station", "street")
    assert small_world.cameras == 6
    assert small_world.chunk == 48
    assert repr(World("street", identities=3, seed=2)) == "World('street', identities=3, seed=2, size=(128, 64))"


def test_no_global_random_state_is_touched() -> None:
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - the legacy state is what is tested
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002
    World("campus", identities=3).images([0, 1], [0, 1], [0, 1])
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])  # type: ignore[index]  # noqa: NPY002


def test_long_strides_stay_inside_long_skirts() -> None:
    """Seen from the side at full stride, between waistband and hem no leg colour is left of or right of the skirt."""
    from rbcl_lite.data.pedestrians.drawing import draw_people

    people = sample_people(400, "summer", 3)
    wearers = np.flatnonzero(people["skirt"] > 0.9)[:12]
    traits = {name: torch.from_numpy(values[wearers]) for name, values in people.items()}
    count = len(wearers)
    traits["legs"] = torch.tensor([[0.0, 1.0, 0.0]]).repeat(count, 1)  # green legs, black everything else
    for name in ("skin", "hair", "hat", "top", "top2", "top3", "bottom", "shoe", "bag", "scarf_colour"):
        traits[name] = torch.zeros(count, 3)
    traits["boot"], traits["handbag"] = torch.full((count,), 0.06), torch.zeros(count)
    still = dict(arm_offset=0.0, arm_bend=0.2, pitch=0.1, magnification=1.8, x=0.0, foot=1.93, light=0.0, shadow=0.0)
    pose = {name: torch.full((count,), value) for name, value in still.items()}
    pose.update(
        yaw=torch.full((count,), np.pi / 2), phase=torch.full((count,), np.pi / 2), stride=torch.full((count,), 0.5)
    )
    green = draw_people(traits, pose, 128)[:, 1]
    rows = torch.arange(128)
    hem = 1.93 - traits["height"] * 1.8 * (1 - 0.5 - 0.24 * traits["skirt"]) * np.cos(0.1)
    above = (rows[None] + 4) / 64 < hem[:, None]
    assert green.amax(2)[above].max() < 0.05
    assert green.amax((1, 2)).min() > 0.5  # the legs are there, below the hem


def test_turntable_and_contact_sheet() -> None:
    world = World("station", identities=4)
    views = turntable(world, 3, views=5)
    assert views.shape == (5, 128, 64, 3)
    assert views.dtype == np.uint8
    assert (views[:, 0, 0] == 237).all()  # plain background
    assert np.abs(views[0].astype(int) - views[2]).max() > 30
    sheet = contact_sheet(views[None], pad=2)
    assert sheet.shape == (132, 5 * 66 + 2, 3)
    assert np.array_equal(sheet[2:130, 68:132], views[1])
    with pytest.raises(ValueError, match=r"id 4 does not exist.*allowed is 0 to 3"):
        turntable(world, 4)
    with pytest.raises(ValueError, match="views must be at least 1, got 0"):
        turntable(world, 0, views=0)
    with pytest.raises(ValueError, match=r"must be \[R, C, H, W, 3\] uint8"):
        contact_sheet(views)


@pytest.mark.gpu
def test_cuda_draws_the_same_pictures(request_lists: tuple) -> None:
    ids, cams, indices = request_lists
    ours = World("station", identities=40).images(ids, cams, indices).astype(int)
    theirs = World("station", identities=40, device="cuda").images(ids, cams, indices).astype(int)
    assert np.abs(ours - theirs).mean() < 0.1
    assert np.quantile(np.abs(ours - theirs), 0.999) <= TOLERANCE
