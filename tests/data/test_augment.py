"""Augmentation: each image by itself, drawn from the generator alone."""

import math

import pytest
import torch
from torchvision.transforms.v2 import functional as V

from rbcl_lite.data.augment import Augment, unchanged

OFF = Augment(flip=0, pad=0, colour=0, erase=0)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(n=16, size=(64, 32), seed=1):
    return torch.randint(0, 256, (n, 3, *size), dtype=torch.uint8, generator=rng(seed))


def only(**on):
    return Augment(**{"flip": 0, "pad": 0, "colour": 0, "erase": 0, **on})


def image_by_image(augment, images, generator):
    """The definition, slowly: one image after the other with torchvision's operations."""
    draws = torch.rand(len(images), 10, generator=generator)
    done = []
    for image, draw in zip(images, draws):
        flip, row, column, bright, contrast, erase, area, aspect, down, right = draw.tolist()
        x = V.to_dtype(image, torch.float32, scale=True)
        height, width = x.shape[1:]
        if flip < augment.flip:
            x = V.horizontal_flip(x)
        pad = augment.pad * height // 64
        top, left = int(row * (2 * pad + 1)), int(column * (2 * pad + 1))
        x = V.crop(V.pad(x, [pad]), top, left, height, width).clone()
        if augment.colour:
            x = x * (1 + augment.colour * (2 * bright - 1))  # brightness
            grey = x.mean()
            x = (grey + (x - grey) * (1 + augment.colour * (2 * contrast - 1))).clamp(0, 1)
        if erase < augment.erase:
            pixels, ratio = (0.02 + 0.23 * area) * height * width, 3.3 ** (2 * aspect - 1)
            h = min(height - 1, round(math.sqrt(pixels * ratio)))
            w = min(width - 1, round(math.sqrt(pixels / ratio)))
            noise = torch.rand(h, w, 3, generator=generator).permute(2, 0, 1)
            x = V.erase(x, int(down * (height - h + 1)), int(right * (width - w + 1)), h, w, noise)
        done.append(x)
    return torch.stack(done) if done else torch.zeros(images.shape)


@pytest.mark.parametrize("size", [(64, 32), (128, 64), (40, 40), (24, 57), (16, 8)])
@pytest.mark.parametrize("augment", [Augment(), Augment(1, 6, 0.5, 1), Augment(0, 4, 0, 0.5), Augment(0.5, 0, 0.3, 0)])
def test_a_batch_is_its_images_one_by_one(augment, size):
    for seed in range(8):
        for x in (pictures(9, size, seed), pictures(9, size, seed) / 255):
            for given in (x, x.contiguous(memory_format=torch.channels_last), x[:1], x[:0]):
                ours, theirs = rng(seed), rng(seed)
                torch.testing.assert_close(augment(given, ours), image_by_image(augment, given, theirs))
                assert torch.equal(ours.get_state(), theirs.get_state())  # not one draw more


def test_parts_that_are_off_draw_nothing():
    for augment in (OFF, only(flip=1), only(pad=4), only(colour=0.2)):
        used, table = rng(), rng()
        augment(pictures(), used)
        torch.rand(16, 10, generator=table)
        assert torch.equal(used.get_state(), table.get_state())


def test_turning_one_part_off_leaves_the_others():
    x = pictures()
    assert torch.equal(Augment(pad=0, colour=0, erase=0)(x, rng()), only(flip=0.5)(x, rng()))
    assert torch.allclose(Augment(colour=1e-9, erase=0)(x, rng()), Augment(colour=0, erase=0)(x, rng()))
    erased = (Augment(colour=0)(x, rng()) != Augment(colour=0, erase=0)(x, rng())).any(1)
    assert torch.equal(erased, (only(erase=0.5)(x, rng()) != OFF(x, rng())).any(1))


def test_unchanged_and_what_is_no_image():
    vectors = torch.randn(4, 7)
    assert unchanged(vectors, rng()) is vectors
    for wrong in (vectors, torch.zeros(4, 1, 8, 4), torch.zeros(3, 8, 4)):
        with pytest.raises(ValueError, match=r"\[B, 3, H, W\], got \[.*give augment=unchanged for stored vectors"):
            Augment()(wrong, rng())
    with pytest.raises(ValueError, match=r"uint8, or float in 0..1, got torch.int64"):
        Augment()(torch.zeros(4, 3, 8, 4, dtype=torch.int64), rng())


def test_output_is_channels_last_for_the_network():
    for augment in (Augment(), OFF):
        for x in (pictures(), pictures() / 255):
            assert augment(x, rng()).is_contiguous(memory_format=torch.channels_last)


def test_all_off_changes_nothing():
    x = pictures()
    assert torch.equal(OFF(x / 255, rng()), x / 255)
    assert torch.allclose(OFF(x, rng()), x / 255)


def test_output_is_float_in_range_and_the_input_is_untouched():
    for x in (pictures(), pictures() / 255):
        before = x.clone()
        y = Augment()(x, rng())
        assert y.dtype == torch.float32 and y.shape == x.shape
        assert 0 <= y.min() and y.max() <= 1
        assert torch.equal(x, before)


def test_uint8_and_float_are_the_same_picture():
    x = pictures()
    assert torch.allclose(Augment()(x, rng()), Augment()(x / 255, rng()))


def test_draws_depend_on_the_generator_alone():
    x = pictures()
    first = Augment()(x, rng(3))
    torch.manual_seed(99)
    before = torch.get_rng_state()
    assert torch.equal(Augment()(x, rng(3)), first)
    assert torch.equal(torch.get_rng_state(), before)  # the global generator is left alone
    assert not torch.equal(Augment()(x, rng(4)), first)


@pytest.mark.parametrize("augment", [only(flip=0.5), only(pad=4), only(colour=0.3), only(erase=0.5)])
def test_every_image_has_its_own_draw(augment):
    x = pictures(1).expand(16, -1, -1, -1)  # one picture, sixteen times
    y = augment(x, rng())
    assert len({tuple(image.flatten().tolist()) for image in y}) >= 2


def test_an_image_does_not_see_its_neighbours():
    x = pictures()
    other = torch.cat([x[:4], pictures(12, seed=7)])
    assert torch.equal(Augment()(x, rng())[:4], Augment()(other, rng())[:4])


@pytest.mark.parametrize(("p", "share"), [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_flip(p, share):
    x = pictures(400, (8, 4)) / 255
    y = only(flip=p)(x, rng())
    kept, flipped = (y == x).flatten(1).all(1), (y == x.flip(-1)).flatten(1).all(1)
    assert bool((kept ^ flipped).all())
    assert abs(float(flipped.float().mean()) - share) < 0.1


def test_crop_is_a_shift_of_at_most_pad():
    height, width = 128, 64
    x = (torch.arange(height * width).view(1, 1, height, width).expand(64, 3, -1, -1) + 1) / (height * width)
    y = only(pad=4)(x, rng())
    shifts = set()
    for image in y:
        row, column = (image[0] > 0).nonzero()[0].tolist()
        place = round(float(image[0, row, column]) * height * width) - 1
        shifts.add((place // width - row, place % width - column))
    rows, columns = zip(*shifts)
    assert min(rows) == min(columns) == -8 and max(rows) == max(columns) == 8  # 4 pixels per 64 rows
    assert len(shifts) > 30


def test_colour_keeps_to_its_range():
    grey = torch.full((200, 3, 4, 4), 0.5)
    factor = only(colour=0.2)(grey, rng())[:, 0, 0, 0] / 0.5
    assert 0.8 <= factor.min() < 0.85 and 1.15 < factor.max() <= 1.2


def test_erasing_covers_2_to_25_percent_of_every_side():
    black = torch.full((600, 3, 64, 32), 2.0)  # outside 0..1, so that noise is recognised
    y = only(erase=0.5)(black, rng())
    erased = (y != 2.0).all(1)
    count = erased.flatten(1).sum(1)
    assert 0.4 < float((count > 0).float().mean()) < 0.6
    share = count[count > 0] / (64 * 32)
    assert 0.01 < share.min() < 0.05 and 0.2 < share.max() < 0.27
    for mask in erased[count > 0]:
        rows, columns = mask.any(1).nonzero(), mask.any(0).nonzero()
        assert int(mask.sum()) == (rows.max() - rows.min() + 1) * (columns.max() - columns.min() + 1)  # one rectangle
    hit = erased.any(0)
    assert bool(hit[[0, -1]].any(1).all()) and bool(hit[:, [0, -1]].any(0).all())  # the borders too
    assert y[erased[:, None].expand_as(y)].unique().numel() > 1000


def test_small_pictures():
    assert Augment()(pictures(50, (16, 8)), rng()).shape == (50, 3, 16, 8)


@pytest.mark.gpu
def test_draws_are_those_of_the_cpu():
    x = pictures()
    whole = Augment(erase=0)
    assert torch.allclose(whole(x.cuda(), rng()).cpu(), whole(x, rng()), atol=1e-6)


@pytest.mark.gpu
def test_a_card_erases_the_rectangles_of_the_cpu_with_noise_of_its_own():
    x, whole = pictures(), Augment(erase=0)
    kept = whole(x, rng())
    erased = (Augment()(x, rng()) != kept).any(1)
    on_card = Augment()(x.cuda(), rng()).cpu()
    assert torch.allclose(on_card[~erased[:, None].expand_as(x)], kept[~erased[:, None].expand_as(x)], atol=1e-6)
    noise = on_card[erased[:, None].expand_as(x)]
    assert noise.unique().numel() > 1000 and 0 <= noise.min() and noise.max() <= 1
    assert torch.equal(on_card, Augment()(x.cuda(), rng()).cpu())
