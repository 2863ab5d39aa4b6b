"""Sheet of many small pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def contact_sheet(images: NDArray[np.uint8], pad: int = 3, background: int = 245) -> NDArray[np.uint8]:
    """Lay a grid of images on one sheet.

    Args:
        images: [R, C, H, W, 3] uint8.
        pad: pixels between the images and around them.
        background: grey level of what is not covered, 0..255.

    Returns:
        [R (H + pad) + pad, C (W + pad) + pad, 3] uint8.

    Raises:
        ValueError: an array that is not [R, C, H, W, 3] uint8.

    >>> contact_sheet(np.zeros((2, 3, 128, 64, 3), np.uint8), pad=2).shape
    (262, 200, 3)
    """
    if images.ndim != 5 or images.shape[-1] != 3 or images.dtype != np.uint8:
        raise ValueError(f"images must be [R, C, H, W, 3] uint8, got {images.shape} {images.dtype}")
    edges = ((0, 0), (0, 0), (0, pad), (0, pad), (0, 0))
    padded = np.pad(images, edges, constant_values=background)
    rows, columns, height, width, _ = padded.shape
    sheet = padded.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, 3)
    return np.pad(sheet, ((pad, 0), (pad, 0), (0, 0)), constant_values=background)
