"""Pixels of every depth and mode, and every way in which a file can be bad."""

import errno
import os
import signal
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rbcl_lite.data import decoding, leftovers
from rbcl_lite.data.decoding import decode, decode_image
from rbcl_lite.data.pixels import to_rgb

SIZE = (6, 4)
RAMP = np.arange(24, dtype=np.float64).reshape(SIZE) * 11  # 0..253


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RBCL_CACHE", str(tmp_path / "cache"))


def decoded(picture: Image.Image, path: Path, **options) -> np.ndarray:
    picture.save(path, **options)
    return decode_image(path, SIZE)


def grey(values: np.ndarray) -> np.ndarray:
    return np.repeat(np.rint(values).astype(np.uint8)[:, :, None], 3, axis=2)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_16_bits(ending, tmp_path):
    values = np.rint(RAMP * 257).astype(np.uint16)
    np.testing.assert_array_equal(decoded(Image.fromarray(values), tmp_path / f"a.{ending}"), grey(RAMP))
    values[0, :3] = 0, 128, 65535
    assert decoded(Image.fromarray(values), tmp_path / f"a.{ending}")[0, :3, 0].tolist() == [0, 0, 255]


def test_16_bits_big_endian_and_rgb(tmp_path):
    values = np.rint(RAMP * 257).astype(np.uint16)
    big = Image.frombytes("I;16B", SIZE[::-1], values.astype(">u2").tobytes())
    np.testing.assert_array_equal(np.asarray(to_rgb(big)), grey(RAMP))
    rows = b"".join(b"\0" + np.repeat(row[:, None], 3, 1).astype(">u2").tobytes() for row in values)
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", 4, 6, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    png = b"".join(struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks)
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + png)
    np.testing.assert_array_equal(decode_image(tmp_path / "a.png", SIZE), grey(RAMP))


def test_32_bit_integers_count_as_16_bits(tmp_path):
    values = np.rint(RAMP * 257).astype(np.int32)
    np.testing.assert_array_equal(decoded(Image.fromarray(values), tmp_path / "a.tif"), grey(RAMP))


@pytest.mark.parametrize("factor", [1.0, 1 / 255])
def test_floating_point(factor, tmp_path):
    values = np.maximum(RAMP, 2.0) * factor
    picture = Image.fromarray(values.astype(np.float32))
    np.testing.assert_array_equal(decoded(picture, tmp_path / "a.tif"), grey(np.maximum(RAMP, 2)))


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        (float("nan"), np.float32, "a.tif: mode F holds NaN or infinity; replace them"),
        (float("inf"), np.float32, "a.tif: mode F holds NaN"),
        (-0.5, np.float32, r"a.tif: mode F holds values from -0.5 to .* only 0..1 or 0..255 has a known brightness"),
        (300.0, np.float32, r"mode F holds values from 0.0 to 300.0"),
        (-1, np.int32, r"a.tif: mode I holds values from -1 to .* only 0..65535 has .* scale all images by the same"),
        (65536, np.int32, r"mode I holds values from 0 to 65536"),
    ],
)
def test_values_without_a_known_brightness(value, kind, message, tmp_path):
    values = RAMP.astype(kind)
    values[2, 1] = value
    with pytest.raises(ValueError, match=message) as caught:
        decoded(Image.fromarray(values), tmp_path / "a.tif")
    assert "Copy the file again" not in str(caught.value)


def test_transparency_is_laid_on_black(tmp_path):
    pixels = np.full((*SIZE, 4), 200, np.uint8)
    pixels[:3, :, 3], pixels[3:, :, 3] = 0, 128
    expected = np.repeat([[0], [100]], 3, axis=0)[:, :, None] * np.ones((1, 4, 3), int)
    for name, picture in (
        ("rgba.png", Image.fromarray(pixels)),
        ("rgba.webp", Image.fromarray(pixels)),
        ("la.png", Image.fromarray(pixels).convert("LA")),
    ):
        options = {"lossless": True} if name.endswith("webp") else {}
        np.testing.assert_allclose(decoded(picture, tmp_path / name, **options), expected, atol=1)
    np.testing.assert_allclose(np.asarray(to_rgb(Image.fromarray(pixels).convert("RGBa"))), expected, atol=1)
    np.testing.assert_allclose(
        np.asarray(to_rgb(Image.fromarray(pixels).convert("LA").convert("La"))), expected, atol=1
    )


def test_palettes_with_and_without_transparency(tmp_path):
    picture = Image.new("P", SIZE[::-1])
    picture.putdata(((RAMP > 100) + 1).astype(int).ravel().tolist())
    picture.putpalette([9, 9, 9, 250, 10, 20, 30, 240, 50])
    expected = np.where((RAMP > 100)[:, :, None], [30, 240, 50], [250, 10, 20])
    np.testing.assert_array_equal(decoded(picture, tmp_path / "a.png"), expected)
    for ending in ("png", "gif"):
        result = decoded(picture, tmp_path / f"a.{ending}", transparency=1)
        np.testing.assert_array_equal(result, np.where((RAMP > 100)[:, :, None], [30, 240, 50], 0))
    rgb = Image.fromarray(expected.astype(np.uint8))
    result = decoded(rgb, tmp_path / "a.png", transparency=(250, 10, 20))
    np.testing.assert_array_equal(result, np.where((RAMP > 100)[:, :, None], [30, 240, 50], 0))


def test_one_bit_and_cmyk(tmp_path):
    bits = Image.fromarray(RAMP > 100)
    assert bits.mode == "1"
    np.testing.assert_array_equal(decoded(bits, tmp_path / "a.png"), grey((RAMP > 100) * 255.0))
    red = Image.new("RGB", (64, 96), (220, 30, 40)).convert("CMYK")
    np.testing.assert_allclose(decoded(red, tmp_path / "a.jpg", quality=95), [[[220, 30, 40]] * 4] * 6, atol=6)
    np.testing.assert_allclose(decoded(red, tmp_path / "a.tif"), [[[220, 30, 40]] * 4] * 6, atol=2)


@pytest.mark.parametrize("ending", ["jpg", "png", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation(orientation, ending, tmp_path):
    upright = np.zeros((48, 32, 3), np.uint8)
    upright[:24], upright[:, :16, 1] = (255, 0, 0), 200
    # how a camera stores it, for each orientation: the inverse of what a viewer does
    inverse = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = Image.fromarray(upright)
    if orientation > 1:
        stored = stored.transpose(Image.Transpose(inverse[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / f"a.{ending}", exif=exif)
    np.testing.assert_allclose(decode_image(tmp_path / f"a.{ending}", (48, 32)), upright, atol=90)


@pytest.mark.parametrize("ending", ["tif", "gif", "png", "webp"])
def test_several_frames(ending, tmp_path):
    frames = [Image.new("RGB", (40, 60), (40 * i, 0, 255 - 40 * i)) for i in range(3)]
    frames[0].save(tmp_path / f"a.{ending}", save_all=True, append_images=frames[1:])
    with pytest.raises(ValueError, match=rf"a.{ending} holds 3 frames, and a crop is one picture; save the one"):
        decode_image(tmp_path / f"a.{ending}", SIZE)


def test_previews_in_a_cameras_jpeg(tmp_path):
    frames = [Image.new("RGB", (40, 60), colour) for colour in ((200, 0, 0), (0, 0, 200))]
    frames[0].save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=frames[1:])
    assert decode_image(tmp_path / "a.jpg", SIZE)[0, 0, 0] > 150


def test_the_content_decides_not_the_ending(tmp_path):
    Image.fromarray(grey(RAMP)).save(tmp_path / "a.jpg", format="PNG")
    np.testing.assert_array_equal(decode_image(tmp_path / "a.jpg", SIZE), grey(RAMP))


@pytest.mark.parametrize("shape", [(60000, 1), (1, 60000), (60, 3001)])
def test_absurd_shapes(shape, tmp_path):
    Image.new("L", shape).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=f"a.png has {shape[0]} x {shape[1]} pixels and is no crop of a person; cut"):
        decode_image(tmp_path / "a.png", SIZE)


@pytest.mark.parametrize("side", [8193, 14000, 20000])
def test_decompression_bombs(side, tmp_path):
    rows = zlib.compress(b"\0" * 1000)
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
    png = b"".join(struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks)
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + png)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match=r"a.png .*no crop of a person"):
            decode_image(tmp_path / "a.png", SIZE)


def folder(tmp_path: Path, count=12) -> list[str]:
    names = [f"{i:02d}.png" for i in range(count)]
    for i, name in enumerate(names):
        Image.fromarray(np.full((*SIZE, 3), i, np.uint8)).save(tmp_path / name)
    return names


def test_all_bad_files_are_counted_at_once_and_nothing_decoded_is_lost(tmp_path, monkeypatch):
    names = folder(tmp_path)
    whole = (tmp_path / "03.png").read_bytes()
    for i, content in (
        (3, whole[: len(whole) // 2]),
        (5, b""),
        (7, b"text"),
        (8, b"x"),
        (9, b"x"),
        (10, b"x"),
        (11, b"x"),
    ):
        (tmp_path / names[i]).write_bytes(content)
    with pytest.raises(ValueError) as caught:
        decode(tmp_path, names, SIZE)
    lines = str(caught.value).splitlines()
    assert lines[0] == "7 of 12 images cannot be used:" and lines[-1] == "... and 2 more"
    assert "03.png cannot be decoded" in lines[1] and "05.png is empty (0 bytes)" in lines[2] and len(lines) == 7

    Image.fromarray(np.full((*SIZE, 3), 77, np.uint8)).save(tmp_path / "03.png")
    read = []
    with monkeypatch.context() as patched:
        patched.setattr(decoding, "decode_image", lambda path, size: read.append(path.name) or decode_image(path, size))
        images = decode(tmp_path, ["03.png", *names[:3], "04.png", "06.png"], SIZE)  # the others were removed
    assert read == ["03.png"], "only the mended file is decoded"
    assert images[:, 0, 0, 0].tolist() == [77, 0, 1, 2, 4, 6]
    assert not list((tmp_path / "cache/leftovers").iterdir())


def test_an_interruption_loses_nothing(tmp_path, monkeypatch):
    names = folder(tmp_path, 40)
    seen = []

    def stopping(path, size):
        seen.append(path.name)
        return decode_image(path, size)

    def interrupted(iterable, **options):
        for i, item in enumerate(iterable):
            if i == 10:
                raise KeyboardInterrupt
            yield item

    with monkeypatch.context() as patched:
        patched.setattr(decoding, "decode_image", stopping)
        patched.setattr(decoding, "bar", interrupted)
        with pytest.raises(KeyboardInterrupt):
            decode(tmp_path, names, SIZE)
    first = len(seen)
    assert first >= 10
    with monkeypatch.context() as patched:
        patched.setattr(decoding, "decode_image", stopping)
        images = decode(tmp_path, names, SIZE)
    assert len(seen) == 40 == len(set(seen)), "each file was decoded once, over both attempts"
    assert images[:, 0, 0, 0].tolist() == list(range(40))


KILLED = """
import json, os, signal, sys, time
from pathlib import Path
from rbcl_lite.data import decoding

decode_image, calls = decoding.decode_image, []

def killing(path, size):
    calls.append(path)
    if len(calls) == 30:
        (record,) = Path(os.environ["RBCL_CACHE"]).glob("leftovers/*.json")
        while sum(map(bool, json.loads(record.read_text()))) < 20:
            time.sleep(0.01)  # the threads run ahead of the one that writes down
        os.kill(os.getpid(), signal.SIGKILL)
    return decode_image(path, size)

decoding.decode_image, decoding.KEEP = killing, 10
root = Path(sys.argv[1])
decoding.decode(root, sorted(p.name for p in root.glob("*.png")), (6, 4))
"""


def test_a_killed_decoding_goes_on_where_it_was(tmp_path, monkeypatch):
    names = folder(tmp_path, 40)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not list((tmp_path / "cache/arrays").glob("*.npy")), "nothing under the final name"
    seen = []
    monkeypatch.setattr(decoding, "decode_image", lambda path, size: seen.append(path.name) or decode_image(path, size))
    images = decode(tmp_path, names, SIZE)
    assert len(seen) <= 20, "what was written down is not decoded again"
    assert images[:, 0, 0, 0].tolist() == list(range(40))
    assert not list((tmp_path / "cache/leftovers").iterdir())


def test_a_row_that_was_not_written_down_is_decoded_again(tmp_path):
    """A kill between the pixels and the record: the file holds rows of which nobody says that they are whole."""
    names = folder(tmp_path, 4)
    left = leftovers.Leftovers("key")
    files = [(name, 1, 1) for name in names]
    images, done = left.resume(files, SIZE)
    assert not done.any()
    images[:] = 7
    done[1] = True
    left.keep(images, files, done)
    del images
    images, done = left.resume(files, SIZE)
    assert done.tolist() == [False, True, False, False] and (images[1] == 7).all()
    images, done = left.resume([files[3], files[1], ("new.png", 1, 1)], SIZE)
    assert done.tolist() == [False, True, False] and (images[1] == 7).all()
    left.record.unlink()
    assert not left.resume(files, SIZE)[1].any()


def test_no_room_on_the_disk(tmp_path, monkeypatch):
    names = folder(tmp_path, 2)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match=r"no room for 0.0 GiB of decoded images in .*cache; set RBCL_CACHE"):
        decode(tmp_path, names, SIZE)
    assert not [p for p in (tmp_path / "cache").rglob("*.npy*") if p.suffix != ".lock"]


def test_leftovers_of_files_that_changed_are_not_used(tmp_path):
    names = folder(tmp_path, 3)
    (tmp_path / names[1]).write_bytes(b"x")
    with pytest.raises(ValueError, match="1 of 3 images"):
        decode(tmp_path, names, SIZE)
    for i, value in ((0, 90), (1, 91)):
        Image.fromarray(np.full((*SIZE, 3), value, np.uint8)).save(tmp_path / names[i])
    assert decode(tmp_path, names, SIZE)[:, 0, 0, 0].tolist() == [90, 91, 2]


def test_arrays_of_other_code_are_not_read(tmp_path, monkeypatch):
    """A cache of the time when 16 bits came out white must not be used."""
    names = folder(tmp_path, 2)
    decode(tmp_path, names, SIZE)
    monkeypatch.setattr(decoding, "fingerprint", lambda *modules: "another")
    monkeypatch.setattr(decoding, "decode_image", lambda path, size: np.full((*SIZE, 3), 7, np.uint8))
    assert (decode(tmp_path, names, SIZE) == 7).all()
