"""Pixels of any mode as 8-bit RGB: other depths scaled, transparency laid on black."""

from __future__ import annotations

import numpy as np
from PIL import Image

TRANSPARENT = ("LA", "La", "PA", "RGBA", "RGBa")


def to_rgb(picture: Image.Image) -> Image.Image:
    """A picture as RGB, with the brightness that its format means.

    - 16 bits: divided by 257, so that 65535 is white. Thermal and depth crops that use a small part
      of the range stay dark: one factor for all keeps images comparable. Stretch them beforehand,
      all by the same factor.
    - 32-bit integers: as 16 bits, if all lie in 0..65535.
    - Floating point: times 255 if all lie in 0..1, as they are if all lie in 0..255.
    - Transparency: laid on black. What lies hidden under transparent pixels is not shown.
    - Grey, 1 bit, palette, CMYK, YCbCr, HSV: as Pillow converts them.

    Args:
        picture: any mode.

    Returns:
        mode RGB, same size.

    Raises:
        ValueError: values outside these ranges, NaN, or a mode that Pillow cannot convert; the
            message names the mode.

    >>> grey = Image.fromarray(np.array([[0, 257 * 100, 65535]], np.uint16))
    >>> np.asarray(to_rgb(grey))[0, :, 0].tolist()
    [0, 100, 255]
    """
    mode = picture.mode
    if mode.startswith("I") or mode == "F":
        grey = _eight_bits(np.asarray(picture), mode)
        return Image.fromarray(grey).convert("RGB")
    if mode == "La":
        picture = picture.convert("LA")
    if mode in TRANSPARENT or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, (0, 0, 0, 255)), picture).convert("RGB")
    return picture.convert("RGB")


def _eight_bits(values: np.ndarray, mode: str) -> np.ndarray:
    """[H, W] uint8 of 16-bit, 32-bit or floating-point values."""
    if not np.isfinite(values).all():
        raise ValueError(f"mode {mode} holds NaN or infinity; replace them, and save as 8 or 16 bits")
    low, high = values.min(), values.max()
    top = 255 if mode == "F" else 65535
    if low < 0 or high > top:
        wanted = "0..1 or 0..255" if mode == "F" else "0..65535"
        raise ValueError(
            f"mode {mode} holds values from {low} to {high}, and only {wanted} has a known brightness; scale all "
            "images by the same factor, and save as 8 or 16 bits"
        )
    if mode == "F":
        return np.rint(values.astype(np.float64) * (255 if high <= 1 else 1)).astype(np.uint8)
    return ((values.astype(np.int64) + 128) // 257).astype(np.uint8)
