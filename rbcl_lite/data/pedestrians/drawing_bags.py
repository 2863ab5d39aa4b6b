"""Backpack, shoulder bag and handbag."""

from __future__ import annotations

import torch

from rbcl_lite.data.pedestrians.canvas import Canvas, Capsule
from rbcl_lite.data.pedestrians.figure import SHOULDER_Y, Figure, Joint


def draw_backpack(canvas: Canvas, figure: Figure, *, over_torso: bool) -> None:
    """A rounded bag on the back: painted over the torso where the back is seen, before it
    otherwise.
    """
    worn = ((figure.facing < 0) == over_torso).float() * figure["backpack"]
    if not bool((worn > 0).any()):
        return
    size, large = figure.size, figure["bag_size"]
    x0, y0, _ = figure.project(0.0, 0.30, -(figure.depth + 0.04 * large))
    half_w, half_h, corner = figure.half_width(0.088 * large, 0.05 * large) * size, 0.118 * large * size, 0.03 * size
    box = canvas.box((x0 - half_w, y0 - half_h), (x0 + half_w, y0 + half_h), margin=0.02)
    x, y = canvas.x(box) - x0, canvas.y(box) - y0
    dx, dy = (x.abs() - half_w + corner).clamp(min=0), (y.abs() - half_h + corner).clamp(min=0)
    pocket = (
        ((y - half_h * 0.1) * 60).clamp(0, 1)
        * ((half_w * 0.72 - x.abs()) * 60).clamp(0, 1)
        * (-figure.facing).clamp(min=0)
    )
    shade = (1.02 + figure.light * x / half_w * 0.18) * (1 - 0.2 * pocket)
    distance = (dx * dx + dy * dy).sqrt_().sub_(corner)
    canvas.paint(box, canvas.cover(distance) * worn, figure.colour("bag"), shade)


def draw_shoulder_bag(canvas: Canvas, figure: Figure) -> None:
    """A bag at the hip on a strap from the other shoulder; the body hides the bag on its far side."""
    if not figure.any("shoulder_bag"):
        return
    size, side, worn = figure.size, figure["bag_side"], figure["shoulder_bag"]
    bag_x, bag_y, towards = figure.project(figure.hip * 1.35 * side, 0.53, 0.0)
    top_x, top_y, _ = figure.project(-figure.shoulder * 0.50 * side, SHOULDER_Y - 0.002, 0.0)
    box = canvas.box((top_x, top_y), (bag_x, bag_y), margin=0.03)
    width = 0.007 * size
    strap = Capsule(canvas, box, (top_x, top_y), (bag_x, bag_y - 0.05 * size), width, width)
    canvas.paint(box, canvas.cover(strap.distance) * worn, figure.colour("bag") * 0.85)
    half_w = figure.half_width(0.02, 0.06 * figure["bag_size"]) * size + 0.01
    half_h = 0.05 * figure["bag_size"] * size
    box = canvas.box((bag_x - half_w, bag_y - half_h), (bag_x + half_w, bag_y + half_h), margin=0.01)
    x, y = canvas.x(box) - bag_x, canvas.y(box) - bag_y
    distance = torch.maximum(x.abs() - half_w, y.abs() - half_h)
    flap = ((y + half_h * 0.3).abs() < 0.012 * size) * 0.2
    seen = worn * (towards > -0.045)
    canvas.paint(box, canvas.cover(distance) * seen, figure.colour("bag"), 1.02 + figure.light * x * 3 - flap)


def draw_handbag(canvas: Canvas, figure: Figure, hand: Joint) -> None:
    """A bag with a round handle below the near hand."""
    if not figure.any("handbag"):
        return
    size, large = figure.size, figure["bag_size"]
    x0, y0 = hand[0], hand[1] + 0.085 * size
    half_w = 0.045 * large * (0.55 + 0.45 * figure.turned.abs()) * size
    half_h = 0.052 * large * size
    box = canvas.box((x0 - half_w, y0 - half_h - 0.09), (x0 + half_w, y0 + half_h), margin=0.03)
    x, y = canvas.x(box) - x0, canvas.y(box) - y0
    body = canvas.cover(torch.maximum(x.abs() - half_w * (1 + y / half_h * 0.12), y.abs() - half_h))
    ring = ((x / (half_w * 0.6)) ** 2 + ((y + half_h) / (0.035 * size)) ** 2).sqrt()
    handle = ((0.22 - (ring - 1).abs()) * 6).clamp_(0, 1) * (y < -half_h)
    canvas.paint(
        box, torch.maximum(body, handle) * figure["handbag"], figure.colour("bag"), 1.02 + figure.light * x * 3
    )
