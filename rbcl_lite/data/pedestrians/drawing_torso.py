"""Torso and what hangs from it: garment pattern, print, open jacket, skirt, coat."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from rbcl_lite.data.pedestrians.canvas import Canvas
from rbcl_lite.data.pedestrians.figure import SHOULDER_Y, Figure, Joint

SKIRT_LENGTH, COAT_LENGTH = 0.24, 0.26  # of the body height, at trait value 1


def _wrap(angle: Tensor) -> Tensor:
    """An angle brought to -pi..pi."""
    return torch.remainder(angle + math.pi, 2 * math.pi) - math.pi


def draw_torso(canvas: Canvas, figure: Figure) -> None:
    """Trunk from the neck to the belt, with sloping shoulders and whatever the garment shows on
    this side.
    """
    x0, top, _ = figure.project(0.0, SHOULDER_Y - 0.026, 0.0)
    _, bottom, _ = figure.project(0.0, figure.hip_y + 0.025, 0.0)
    edge = 0.15 * figure["bulk"] * figure["girth"] * figure.size
    box = canvas.box((x0 - edge, top), (x0 + edge, bottom), margin=0.0)
    y = canvas.y(box)
    v = ((y - top) / (bottom - top)).clamp(0, 1)  # 0 at the neck, 1 at the belt
    chest = figure.half_width(figure.shoulder * 0.93, figure.depth)
    waist = figure.half_width(figure.waist, figure.depth * figure["girth"])
    hips = figure.half_width(figure.hip * 1.1 * figure["bulk"], figure.depth)
    rise = (0.20 - v).clamp(min=0) / 0.20
    slope = 1 - 0.56 * rise**2.0 - 0.10 * rise  # narrow at the neck, full at the arms
    half = torch.lerp(chest, waist, (v * 2).clamp(max=1)) + (hips - waist) * (v * 2 - 1).clamp(min=0)
    half = half * slope * figure.size
    x = canvas.x(box) - x0
    s = (x / half).clamp(-1, 1)
    distance = torch.maximum(x.abs() - half, torch.maximum(top - y, y - bottom))
    angle = _wrap(torch.asin(s) - figure.yaw)  # around the body: 0 front, +-pi back
    shade = 1.06 - 0.34 * s * s * (v * 4).clamp(max=1) + figure.light * s * 0.24 - 0.5 * (v - 0.9).clamp(min=0)
    canvas.paint(box, canvas.cover(distance), _garment(figure, v, angle), shade)


def _garment(figure: Figure, v: Tensor, angle: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Shares of the colours at height ``v`` and ``angle`` around the body."""
    rows = torch.sin(v * figure["pattern_rows"] * (2 * math.pi))
    columns = torch.sin(angle * figure["pattern_columns"])
    wave = figure["pattern_base"] + figure["pattern_hoops"] * rows + figure["pattern_stripes"] * columns
    second = ((wave + figure["pattern_dots"] * rows * columns) * 6 + 0.5).clamp_(0, 1)
    edge = figure["block_edge"]
    block = ((v - edge) * 40 * (1 - 2 * figure["yoke"])).clamp_(0, 1) * (edge < 5)
    second = torch.maximum(second, block)
    radius = (_wrap(angle - figure["print_angle"]) / figure["print_width"]) ** 2
    radius = radius + ((v - figure["print_height"]) / figure["print_length"]) ** 2
    third = ((1 - radius) * 5).clamp_(0, 1) * figure["print"]
    second = second * (1 - third)
    strap = ((0.13 - (angle.abs() - 0.62).abs()) * 14).clamp_(0, 1) * figure["backpack"] * ((0.62 - v) * 30).clamp(0, 1)
    second, third = second * (1 - strap), third * (1 - strap)
    tucked = ((v - 0.93) * 40).clamp(0, 1) * (figure["coat"] <= 0) * (figure["skirt"] <= 0)  # the belt line
    free = 1 - tucked
    return [
        ((1 - second - third - strap) * free, figure.colour("top")),
        (second * free, figure.colour("top2")),
        (third * free, figure.colour("top3")),
        (strap * free, figure.colour("bag")),
        (tucked.expand_as(second), figure.colour("bottom")),
    ]


def draw_coat_tail(canvas: Canvas, figure: Figure) -> None:
    """The part of a coat below the belt; painted before the torso, which keeps its pattern down to
    the belt.
    """
    flare = 0.1 + 0.1 * figure["flare"]
    _draw_hanging(canvas, figure, figure["coat"] * COAT_LENGTH, flare, figure.colour("top"), pleated=False)


def draw_skirt(canvas: Canvas, figure: Figure) -> None:
    """A skirt, painted over the torso from the waistband down."""
    length = figure["skirt"] * SKIRT_LENGTH
    _draw_hanging(canvas, figure, length, figure["flare"] - 1, figure.colour("bottom"), pleated=True)


def _draw_hanging(
    canvas: Canvas, figure: Figure, length: Tensor, flare: Tensor, colour: Tensor, *, pleated: bool
) -> None:
    """Cloth from the waistband to the hem, ``length`` below the hips, as wide as flare and stride
    make it.
    """
    if not bool((length > 0).any()):
        return
    x0, top, _ = figure.project(0.0, figure.hip_y - 0.05, 0.0)
    bottom = figure.project(0.0, figure.hip_y + length, 0.0)[1]
    waist = figure.half_width(figure.hip * 1.1 * figure["bulk"] + 0.004, figure.depth * 1.05) * figure.size
    left, right = _pushed(figure, x0, top, bottom, waist)
    flared = waist * flare
    widest = [waist + torch.maximum(flared, side) for side in (left, right)]
    box = canvas.box((x0 - widest[0], top), (x0 + widest[1], bottom), margin=0.02)
    y = canvas.y(box)
    v = ((y - top) / (bottom - top)).clamp(0, 1)  # 0 at the waistband, 1 at the hem
    fall = v * v * (1.6 - 0.6 * v)  # over the hips first, outwards below them
    left = waist + torch.maximum(flared * fall, left * v)
    right = waist + torch.maximum(flared * fall, right * v)
    centre, half = (right - left) / 2, (right + left) / 2
    s = (canvas.x(box) - x0 - centre) / half
    distance = torch.maximum((s.abs() - 1) * half, torch.maximum(top - y, y - bottom))
    shade = 1.05 - 0.30 * s * s + figure.light * s * 0.2
    if pleated:
        shade = shade + torch.sin(s * 9 + figure.yaw * 3) * 0.06 * v
    canvas.paint(box, canvas.cover(distance) * (length > 0), colour, shade)


def _pushed(figure: Figure, x0: Tensor, top: Tensor, bottom: Tensor, waist: Tensor) -> tuple[Tensor, Tensor]:
    """How far the legs push the hem out to the left and to the right (picture units, at least 0).

    The side of the cloth is a straight line, so it must clear the legs at a few heights, extended
    to the hem.
    """
    left = right = torch.zeros_like(x0)
    radius = 0.046 * figure["loose"] * figure.size
    for side in (figure.near, -figure.near):
        hip, knee, ankle, _ = figure.leg(side)
        for share in (0.4, 0.6, 0.8, 1.0):
            x = _leg_at(hip, knee, ankle, torch.lerp(top, bottom, share)) - x0
            left = torch.maximum(left, (-x + radius - waist) / share)
            right = torch.maximum(right, (x + radius - waist) / share)
    return left, right


def _leg_at(hip: Joint, knee: Joint, ankle: Joint, y: Tensor) -> Tensor:
    """x of a leg's axis at height ``y``."""
    thigh = ((y - hip[1]) / (knee[1] - hip[1])).clamp(0, 1)
    shin = ((y - knee[1]) / (ankle[1] - knee[1]).clamp(min=1e-3)).clamp(0, 1)
    return hip[0] + (knee[0] - hip[0]) * thigh + (ankle[0] - knee[0]) * shin
