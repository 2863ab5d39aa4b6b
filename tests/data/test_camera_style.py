import numpy as np
import pytest
import torch

from rbcl_lite.data.camera_style import CameraStyle
from rbcl_lite.data.dataset import ReIDDataset


def two_cameras(n=60, seed=0):
    r = np.random.default_rng(seed)
    cams = r.permutation(np.repeat([4, 9, 2], [n // 2, n // 3, n // 6]))
    centre, width = {2: 60, 4: 120, 9: 150}, {2: 10, 4: 30, 9: 15}
    images = np.stack([r.normal(centre[c], width[c], (8, 4, 3)) + np.array([0, 5, -9]) for c in cams])
    return ReIDDataset(images.clip(0, 255).astype(np.uint8), np.arange(n), cams, [str(i) for i in range(n)], "toy")


def as_tensor(data):
    return torch.from_numpy(data.images).permute(0, 3, 1, 2)


def test_statistics_of_each_camera():
    data = two_cameras()
    style = CameraStyle.fit(data)
    assert style.cams.tolist() == [2, 4, 9]
    for i, cam in enumerate((2, 4, 9)):
        pixels = data.images[data.cams == cam].reshape(-1, 3).astype(float)
        np.testing.assert_allclose(style.mean[i], pixels.mean(0), rtol=1e-5)
        np.testing.assert_allclose(style.std[i], pixels.std(0), rtol=1e-5)


def test_statistics_do_not_depend_on_the_chunk(monkeypatch):
    data = two_cameras()
    whole = CameraStyle.fit(data)
    monkeypatch.setattr("rbcl_lite.data.camera_style.CHUNK", 7)
    torch.testing.assert_close(CameraStyle.fit(data).mean, whole.mean)


def test_transferred_images_have_the_target_statistics():
    data = two_cameras(600)
    style = CameraStyle.fit(data)
    images, cams = as_tensor(data), torch.from_numpy(data.cams)
    styled = style(images, cams, torch.full_like(cams, 9))
    for cam in (2, 4):
        pixels = styled[cams == cam].float().permute(1, 0, 2, 3).reshape(3, -1)
        torch.testing.assert_close(pixels.mean(1), style.mean[2], atol=0.6, rtol=0)
        torch.testing.assert_close(pixels.std(1), style.std[2], atol=0.6, rtol=0)
    assert styled.dtype == torch.uint8


def test_the_own_camera_is_the_image_itself():
    data = two_cameras()
    cams = torch.from_numpy(data.cams)
    assert torch.equal(CameraStyle.fit(data)(as_tensor(data), cams, cams), as_tensor(data))


def test_drawn_cameras_are_uniform():
    style = CameraStyle.fit(two_cameras())
    drawn = style.draw(6000, torch.Generator().manual_seed(0))
    for cam in (2, 4, 9):
        assert (drawn == cam).float().mean() == pytest.approx(1 / 3, abs=0.02)
    assert torch.equal(drawn, style.draw(6000, torch.Generator().manual_seed(0)))


def test_bad_input():
    data = two_cameras()
    with pytest.raises(ValueError, match="has no cameras"):
        CameraStyle.fit(ReIDDataset(data.images, data.ids, None, data.keys, "toy"))
    with pytest.raises(ValueError, match=r"camera 7 has no statistics; known are \[2, 4, 9\]"):
        CameraStyle.fit(data)(as_tensor(data)[:1], torch.tensor([2]), torch.tensor([7]))


def test_one_flat_colour():
    data = ReIDDataset(np.full((2, 4, 2, 3), 80, np.uint8), np.array([0, 1]), np.array([0, 1]), ["a", "b"], "toy")
    assert (CameraStyle.fit(data)(as_tensor(data), torch.tensor([0, 1]), torch.tensor([1, 0])) == 80).all()
