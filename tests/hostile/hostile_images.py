"""Table of images that are not what a folder of crops should hold: how each is written, and what is said of it."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

Write = Callable[[Image.Image, Path], object]
Look = Callable[[Image.Image], Image.Image]


def same(picture: Image.Image) -> Image.Image:
    return picture


def grey(picture: Image.Image) -> Image.Image:
    return picture.convert("L").convert("RGB")


def content(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def bytes_of(make: Callable[[bytes], bytes]) -> Write:
    """A file of what becomes of the bytes of a good one."""
    return lambda picture, path: path.write_bytes(make(content(picture, "PNG")))


def deep(kind: type, factor: float, form: str) -> Write:
    """A grey picture of another depth."""

    def write(picture: Image.Image, path: Path) -> None:
        values = (np.asarray(picture.convert("L"), float) * factor).astype(kind)
        path.write_bytes(content(Image.fromarray(values), form))

    return write


def turned(picture: Image.Image, path: Path) -> None:
    """As a camera on its side stores it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    path.write_bytes(content(picture.transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif))


def see_through(picture: Image.Image, path: Path) -> None:
    """A palette with one transparent colour, which lies hidden under the upper half."""
    flat = Image.new("P", picture.size, 1)
    flat.putpalette([250, 10, 20, 30, 240, 50])
    flat.paste(0, (0, 0, picture.width, picture.height // 2))
    path.write_bytes(content(flat, "PNG", transparency=0))


def half_black(picture: Image.Image) -> Image.Image:
    shown = Image.new("RGB", picture.size, (30, 240, 50))
    shown.paste((0, 0, 0), (0, 0, picture.width, picture.height // 2))
    return shown


def animated(picture: Image.Image, path: Path) -> None:
    path.write_bytes(content(picture, "GIF", save_all=True, append_images=[ImageOps.mirror(picture)]))


def bomb(side: int) -> Write:
    """A few bytes that want to become a picture of side x side pixels."""
    parts = ((b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0" * 1000)))
    chunks = (struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in parts)
    whole = b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
    return lambda picture, path: path.write_bytes(whole)


def sized(width: int, height: int) -> Write:
    return lambda picture, path: path.write_bytes(content(picture.resize((width, height)), "PNG"))


def as_kind(kind: str, mode: str = "RGB", **options: object) -> Write:
    return lambda picture, path: path.write_bytes(content(picture.convert(mode), kind, **options))


def shrunk(picture: Image.Image) -> Image.Image:
    """What is left of it after a single pixel."""
    return picture.resize((1, 1)).resize(picture.size)


MORE = "and is no crop of a person; cut the people out first"
AGAIN = "Copy the file again, or remove it"
ZIP = b"PK\x03\x04" + b"\0" * 200

REFUSED: dict[str, tuple[Write, str]] = {
    "truncated": (bytes_of(lambda whole: whole[: len(whole) // 2]), f"cannot be decoded: @. {AGAIN}"),
    "last byte of the pixels missing": (bytes_of(lambda whole: whole[:-40]), f"cannot be decoded: @. {AGAIN}"),
    "0 bytes": (bytes_of(lambda whole: b""), f"is empty (0 bytes). {AGAIN}"),
    "1 byte": (bytes_of(lambda whole: whole[:1]), "cannot be decoded"),
    "text": (bytes_of(lambda whole: b"import os; os.system('touch executed')\n"), "cannot be decoded"),
    "a web page": (bytes_of(lambda whole: b"<html><script>alert(1)</script>404</html>"), "cannot be decoded"),
    "svg": (bytes_of(lambda whole: b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "cannot be decoded"),
    "an archive": (bytes_of(lambda whole: ZIP), "cannot be decoded"),
    "postscript": (bytes_of(lambda whole: b"%!PS-Adobe-3.0 EPSF\n%%BoundingBox: 0 0 9 9\n(x) run\n"), "cannot be dec"),
    "git-lfs": (bytes_of(lambda whole: b"version https://git-lfs.github.com/spec/v1\n"), "cannot be decoded"),
    "60,000 x 1": (sized(60_000, 1), f"has 60000 x 1 pixels {MORE}"),
    "1 x 60,000": (sized(1, 60_000), f"has 1 x 60000 pixels {MORE}"),
    "bomb": (bomb(20_000), "is no crop of a person"),
    "little bomb": (bomb(9_000), f"has 9000 x 9000 pixels {MORE}"),
    "animated": (animated, "holds 2 frames, and a crop is one picture; save the one that counts"),
    "floats without a scale": (deep(np.float32, 100.0, "TIFF"), "only 0..1 or 0..255 has a known brightness"),
    "NaN": (deep(np.float32, float("nan"), "TIFF"), "mode F holds NaN or infinity; replace them"),
    "32 bits below zero": (deep(np.int32, -1, "TIFF"), "only 0..65535 has a known brightness"),
}
"""Where the message holds something else, an @ stands here."""

READ: dict[str, tuple[Write, Look, int]] = {
    "1 x 1": (sized(1, 1), shrunk, 40),
    "jpeg": (as_kind("JPEG", quality=100, subsampling=0), same, 6),
    "another type": (as_kind("WEBP", lossless=True), same, 0),
    "still gif": (as_kind("GIF", "L"), grey, 1),
    "CMYK": (as_kind("TIFF", "CMYK"), same, 3),
    "16 bits": (deep(np.uint16, 257, "PNG"), grey, 1),
    "floats in 0..1": (deep(np.float32, 1 / 255, "TIFF"), grey, 1),
    "one bit": (as_kind("PNG", "1"), lambda picture: picture.convert("1").convert("RGB"), 0),
    "turned by EXIF": (turned, same, 0),
    "transparent palette": (see_through, half_black, 0),
    "bytes after its end": (bytes_of(lambda whole: whole + b"\0" * 99 + b"import os"), same, 0),
}
"""How it is written, what it shows, and by how many grey levels it may differ."""

warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
