"""Canvas: a batch of transparent pictures on which shapes are painted back to front."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor


class Box(NamedTuple):
    """A window of the canvas, in pixels."""

    rows: slice
    columns: slice


class Canvas:
    """Premultiplied RGBA pictures [B, 4, H, W]; every shape touches only the box it needs.

    Picture coordinates: x from -0.5 (left) to 0.5 (right), y from 0 (top) to 2 (bottom); one unit
    is the width.

    Args:
        batch: B.
        height: H in pixels; the width is H / 2.
        device: where the pictures lie.
    """

    def __init__(self, batch: int, height: int, device: torch.device) -> None:
        width = height // 2
        self.height, self.width = height, width
        self.pixels = float(width)  # pixels: how many there are in one unit
        self.rgba = torch.zeros(batch, 4, height, width, device=device)
        self._x = ((torch.arange(width, device=device) + 0.5) / width - 0.5).view(1, 1, width)
        self._y = ((torch.arange(height, device=device) + 0.5) / width).view(1, height, 1)

    def box(self, *points: tuple[Tensor, ...], margin: float) -> Box:
        """The smallest window with the points (x, y, ...) of the whole batch, and ``margin``
        picture units around.
        """
        x, y = (torch.stack([point[axis].expand(len(self.rgba), 1, 1) for point in points]) for axis in (0, 1))
        left, right, top, bottom = torch.stack([x.min(), x.max(), y.min(), y.max()]).tolist()
        spare = margin * self.pixels + 1
        rows = self._slice(top * self.pixels - spare, bottom * self.pixels + spare, self.height)
        return Box(
            rows, self._slice((left + 0.5) * self.pixels - spare, (right + 0.5) * self.pixels + spare, self.width)
        )

    @staticmethod
    def _slice(first: float, last: float, size: int) -> slice:
        start = min(max(0, math.floor(first)), size)
        return slice(start, max(start, min(size, math.ceil(last))))

    def x(self, box: Box) -> Tensor:
        """[1, 1, C] x of the columns of the box."""
        return self._x[:, :, box.columns]

    def y(self, box: Box) -> Tensor:
        """[1, R, 1] y of the rows of the box."""
        return self._y[:, box.rows]

    def cover(self, distance: Tensor, softness: float = 1.0) -> Tensor:
        """Anti-aliased coverage 0..1 of each pixel from its signed distance to a shape (negative
        inside).
        """
        return (distance * (-self.pixels / softness)).add_(0.5).clamp_(0, 1)

    def paint(
        self, box: Box, alpha: Tensor, colour: Tensor | list[tuple[Tensor, Tensor]], shade: Tensor | None = None
    ) -> None:
        """Lay paint over what is there.

        Args:
            box: window that ``alpha`` covers.
            alpha: [B, R, C] coverage in 0..1.
            colour: [B, 3], or a list of (share [B, R, C], colour [B, 3]) whose shares add up to
                one.
            shade: factor on the colour, broadcast against ``alpha``.
        """
        target = self.rgba[:, :, box.rows, box.columns]
        target.mul_((1 - alpha).unsqueeze(1))
        target[:, 3].add_(alpha)
        weight = alpha if shade is None else alpha * shade
        parts = [(None, colour)] if isinstance(colour, Tensor) else colour
        for share, rgb in parts:
            mask = weight if share is None else weight * share
            target[:, :3].addcmul_(mask.unsqueeze(1), rgb[:, :, None, None])


class Capsule:
    """A tapered capsule from ``a`` to ``b``: signed distance, and where along and across it each
    pixel lies.

    Attributes (each [B, R, C]):
        distance: signed distance in picture units, negative inside.
        along: 0 at ``a``, 1 at ``b``.
        square: squared distance to the axis.
        across: horizontal part of it, positive to the right.
    """

    def __init__(
        self,
        canvas: Canvas,
        box: Box,
        a: tuple[Tensor, Tensor],
        b: tuple[Tensor, Tensor],
        radius_a: Tensor,
        radius_b: Tensor,
    ) -> None:
        x, y = canvas.x(box) - a[0], canvas.y(box) - a[1]
        ux, uy = b[0] - a[0], b[1] - a[1]
        inverse = 1 / (ux * ux + uy * uy + 1e-9)
        self.along = (x * (ux * inverse) + y * (uy * inverse)).clamp_(0, 1)
        self.across = torch.addcmul(x, self.along, ux, value=-1)
        dy = torch.addcmul(y, self.along, uy, value=-1)
        self.square = (self.across * self.across).addcmul_(dy, dy)
        self.distance = self.square.sqrt().sub_(radius_a).addcmul_(self.along, radius_b - radius_a, value=-1)
