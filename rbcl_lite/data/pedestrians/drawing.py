"""Drawing of a person: what is farther from the camera first."""

from __future__ import annotations

import torch
from torch import Tensor

from rbcl_lite.data.pedestrians.canvas import Canvas
from rbcl_lite.data.pedestrians.drawing_bags import draw_backpack, draw_handbag, draw_shoulder_bag
from rbcl_lite.data.pedestrians.drawing_head import draw_head
from rbcl_lite.data.pedestrians.drawing_limbs import draw_arm, draw_leg
from rbcl_lite.data.pedestrians.drawing_torso import draw_coat_tail, draw_skirt, draw_torso
from rbcl_lite.data.pedestrians.figure import Figure


def draw_people(traits: dict[str, Tensor], pose: dict[str, Tensor], height: int) -> Tensor:
    """Draw B people on transparent ground.

    Args:
        traits: tensors with B rows, see :func:`~rbcl_lite.data.pedestrians.clothing.sample_people`.
        pose: tensors [B], see :class:`~rbcl_lite.data.pedestrians.figure.Figure`.
        height: of the pictures in pixels, 128 or a multiple; they are half as wide.

    Returns:
        [B, 4, height, height / 2] premultiplied RGBA in 0..1.
    """
    figure = Figure(traits, pose)
    canvas = Canvas(figure.batch, height, figure.size.device)
    far_tone = 1 - 0.14 * figure.turned.abs()  # the far limbs lie in the body's shadow, unless seen from the front
    _draw_shadow(canvas, figure)
    draw_arm(canvas, figure, -figure.near, far_tone)
    draw_backpack(canvas, figure, over_torso=False)
    draw_leg(canvas, figure, -figure.near, far_tone)
    draw_leg(canvas, figure, figure.near, 1.0)
    draw_coat_tail(canvas, figure)
    draw_torso(canvas, figure)
    draw_skirt(canvas, figure)
    draw_backpack(canvas, figure, over_torso=True)
    draw_head(canvas, figure)
    draw_shoulder_bag(canvas, figure)
    hand = draw_arm(canvas, figure, figure.near, 1.0)
    draw_handbag(canvas, figure, hand)
    return canvas.rgba


def _draw_shadow(canvas: Canvas, figure: Figure) -> None:
    """A soft ellipse on the ground, away from the light."""
    y0 = figure["foot"] - 0.005 * figure.size
    x0 = figure["x"] - figure.light * 0.05
    box = canvas.box((x0 - 0.22 * figure.size, y0 - 0.16), (x0 + 0.22 * figure.size, y0 + 0.16), margin=0.02)
    x = (canvas.x(box) - x0) / (0.17 * figure.size)
    y = (canvas.y(box) - y0) / (0.05 * figure.size * (1 + 2 * figure.sin_pitch))
    black = torch.zeros(figure.batch, 3, device=figure.size.device)
    canvas.paint(box, (1.2 - x**2 - y**2).clamp_(0, 1) * figure["shadow"], black)
