"""A batch of transparent pictures on which shapes are painted back to front."""

from __future__ import annotations

import math

import torch
from torch import Tensor

Rows = tuple[int, int]


class Canvas:
    """Premultiplied RGBA pictures [B, 4, H, W]; every shape touches only the rows it needs.

    Picture coordinates: x from -0.5 (left) to 0.5 (right), y from 0 (top) to 2 (bottom); one unit is the width.

    Args:
        batch: B.
        height: H in pixels; the width is H / 2.
        device: where the pictures lie.
    """

    def __init__(self, batch: int, height: int, device: torch.device) -> None:
        width = height // 2
        self.height, self.pixels = height, float(width)  # pixels: how many there are in one unit
        self.rgba = torch.zeros(batch, 4, height, width, device=device)
        self.x = ((torch.arange(width, device=device) + 0.5) / width - 0.5).view(1, 1, width)
        self._y = ((torch.arange(height, device=device) + 0.5) / width).view(1, height, 1)

    def rows(self, top: Tensor, bottom: Tensor) -> Rows:
        """The pixel rows between the highest ``top`` and the lowest ``bottom`` of the batch."""
        first = max(0, math.floor(float(top.min()) * self.pixels) - 1)
        last = min(self.height, math.ceil(float(bottom.max()) * self.pixels) + 1)
        return (first, last) if last > first else (0, 0)

    def y(self, rows: Rows) -> Tensor:
        """[1, R, 1] y of the given rows."""
        return self._y[:, rows[0] : rows[1]]

    def cover(self, distance: Tensor, softness: float = 1.0) -> Tensor:
        """Anti-aliased coverage 0..1 of each pixel from its signed distance to a shape (negative inside)."""
        return (distance * (-self.pixels / softness)).add_(0.5).clamp_(0, 1)

    def paint(
        self, rows: Rows, alpha: Tensor, colour: Tensor | list[tuple[Tensor, Tensor]], shade: Tensor | None = None
    ) -> None:
        """Lay paint over what is there.

        Args:
            rows: pixel rows that ``alpha`` covers.
            alpha: [B, R, W] coverage in 0..1.
            colour: [B, 3], or a list of (share [B, R, W], colour [B, 3]) whose shares add up to one.
            shade: factor on the colour, broadcast against ``alpha``.
        """
        target = self.rgba[:, :, rows[0] : rows[1]]
        target.mul_((1 - alpha).unsqueeze(1))
        target[:, 3].add_(alpha)
        weight = alpha if shade is None else alpha * shade
        parts = [(None, colour)] if isinstance(colour, Tensor) else colour
        for share, rgb in parts:
            mask = weight if share is None else weight * share
            target[:, :3].addcmul_(mask.unsqueeze(1), rgb[:, :, None, None])


class Capsule:
    """A tapered capsule from ``a`` to ``b``: signed distance, and where along and across it each pixel lies.

    Attributes (each [B, R, W]):
        distance: signed distance in picture units, negative inside.
        along: 0 at ``a``, 1 at ``b``.
        square: squared distance to the axis.
        across: horizontal part of it, positive to the right.
    """

    def __init__(
        self,
        canvas: Canvas,
        rows: Rows,
        a: tuple[Tensor, Tensor],
        b: tuple[Tensor, Tensor],
        radius_a: Tensor,
        radius_b: Tensor,
    ) -> None:
        x, y = canvas.x - a[0], canvas.y(rows) - a[1]
        ux, uy = b[0] - a[0], b[1] - a[1]
        scale = 1 / (ux * ux + uy * uy + 1e-9)
        self.along = (x * (ux * scale) + y * (uy * scale)).clamp_(0, 1)
        self.across = torch.addcmul(x, self.along, ux, value=-1)
        dy = torch.addcmul(y, self.along, uy, value=-1)
        self.square = (self.across * self.across).addcmul_(dy, dy)
        self.distance = self.square.sqrt().sub_(radius_a).addcmul_(self.along, radius_b - radius_a, value=-1)
