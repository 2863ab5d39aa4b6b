"""Neck, scarf, face, hair and hat, drawn in units of the head's radii."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from rbcl_lite.data.pedestrians.canvas import Canvas, Capsule
from rbcl_lite.data.pedestrians.figure import Figure


class Head:
    """Where the head is, and the head coordinates of the pixels around it.

    Attributes:
        x, y: [B, 1, 1] centre of the head in the picture.
        rx, ry: [B, 1, 1] its radii in picture units.
        u, v: [B, R, W] pixel coordinates from the centre in radii, to the right and down.
        angle: [B, R, W] angle around the head, 0 at the nose, pi at the back.
        shade: [B, R, W] roundness and light.
    """

    def __init__(self, canvas: Canvas, figure: Figure) -> None:
        self.rx, self.ry = 0.047 * figure["head"] * figure.size, 0.064 * figure["head"] * figure.size
        self.x, self.y, _ = figure.project(0.0, 0.072, 0.012)
        self.neck_x = figure.project(0.0, 0.15, 0.0)[0]
        collar = 0.166 + 0.024 * figure.facing.clamp(min=0)  # open at the throat, high at the nape
        self.neck_y = figure.project(0.0, collar, 0.0)[1]
        upper, lower = self.y - self.ry * 1.9, self.y + self.ry * 1.15
        self.box = canvas.box((self.x - self.rx * 1.95, upper), (self.x + self.rx * 1.95, lower), margin=0.02)
        self.u, self.v = (canvas.x(self.box) - self.x) / self.rx, (canvas.y(self.box) - self.y) / self.ry
        square = self.u * self.u + self.v * self.v
        self.shade = 1.04 - 0.22 * square + figure.light * self.u * 0.18
        around = torch.asin((self.u / (1.12 - self.v * self.v).clamp(min=0.05).sqrt()).clamp(-1, 1)) - figure.yaw
        self.angle = (torch.remainder(around + math.pi, 2 * math.pi) - math.pi).abs()
        self._edge = self.rx * canvas.pixels

    def inside(self, quadric: Tensor) -> Tensor:
        """Coverage of the shape ``quadric <= 1``."""
        return ((1 - quadric.clamp(min=1e-4).sqrt()) * self._edge + 0.5).clamp_(0, 1)


def draw_head(canvas: Canvas, figure: Figure) -> None:
    """Everything above the collar."""
    head = Head(canvas, figure)
    _draw_neck(canvas, figure, head)
    hair = torch.where(figure["bald"].view(-1, 1) > 0, figure.colour("skin"), figure.colour("hair"))
    _draw_long_hair(canvas, figure, head, hair)
    _draw_skull(canvas, figure, head, hair)
    _draw_face(canvas, figure, head)
    _draw_hat(canvas, figure, head)


def _draw_neck(canvas: Canvas, figure: Figure, head: Head) -> None:
    """Neck, and a scarf around it with one end hanging down in front."""
    size, x, y = figure.size, head.neck_x, head.neck_y
    box = canvas.box((head.x, head.y), (x, y), margin=0.09)
    neck = Capsule(canvas, box, (head.x, head.y), (x, y), 0.026 * size, 0.031 * size)
    canvas.paint(
        box, canvas.cover(neck.distance), figure.colour("skin"), 0.82 + figure.light * neck.across / size * 3.3
    )
    if not figure.any("scarf"):
        return
    box = canvas.box((x, y), (x, y + 0.11 * size), margin=0.14)
    collar_y = y - 0.012 * size
    ring = Capsule(canvas, box, (x - 0.032 * size, collar_y), (x + 0.032 * size, collar_y), 0.028 * size, 0.028 * size)
    start, end = (x + 0.02 * size * figure.facing, y), (x + 0.03 * size * figure.facing, y + 0.11 * size)
    tail = Capsule(canvas, box, start, end, 0.018 * size, 0.020 * size)
    distance = torch.minimum(ring.distance, tail.distance + (figure.facing < 0) * 9.0)
    canvas.paint(
        box,
        canvas.cover(distance) * figure["scarf"],
        figure.colour("scarf_colour"),
        1.02 + figure.light * ring.across * 4,
    )


def _draw_long_hair(canvas: Canvas, figure: Figure, head: Head, hair: Tensor) -> None:
    """Hair that falls behind the neck, in front of it when the back is seen."""
    if not figure.any("hair_long"):
        return
    length, x, y, rx, ry = figure["hair_long"], head.x, head.y, head.rx, head.ry
    start = (x - figure.turned * rx * 0.3, y - 0.1 * ry)
    end = (x - figure.turned * rx * 0.45, y + ry * 1.7 * length)
    box = canvas.box(start, end, (head.neck_x, head.neck_y), margin=0.13)
    fall = Capsule(canvas, box, start, end, rx * 1.08, rx * (0.95 - 0.1 * length))
    worn = (length > 0).float()
    canvas.paint(box, canvas.cover(fall.distance) * worn, hair, 0.95 + figure.light * fall.across / rx * 0.15)
    throat = Capsule(
        canvas, box, (x, y + 0.5 * ry), (head.neck_x, head.neck_y), 0.024 * figure.size, 0.030 * figure.size
    )
    seen = worn * ((figure.facing - 0.1) * 4).clamp(0, 1)
    canvas.paint(box, canvas.cover(throat.distance) * seen, figure.colour("skin"), torch.full_like(seen, 0.82))


def _draw_skull(canvas: Canvas, figure: Figure, head: Head, hair: Tensor) -> None:
    """Face, nose in profile, and the hair that grows where the angle is large or the height above
    the hairline.
    """
    u, v, rx, ry = head.u, head.v, head.rx, head.ry
    if figure.any("bun"):
        bun = figure["bun"]
        knot = ((u + figure.turned * 0.75) ** 2 * (rx / ry) ** 2 + (v + 0.95) ** 2) / (0.42 * bun.clamp(min=0.1)) ** 2
        canvas.paint(
            head.box, ((1 - knot.sqrt()) * 4 + 0.5).clamp_(0, 1) * (bun > 0), hair, torch.full_like(knot, 0.95)
        )
    jaw = (u * (1 + 0.16 * v.clamp(min=0))) ** 2 + v * v
    canvas.paint(head.box, head.inside(jaw), figure.colour("skin"), head.shade)
    nose = ((u - figure.turned * 0.98) ** 2 + ((v - 0.18) * 1.1) ** 2).sqrt()
    profile = ((figure.turned.abs() - 0.45) * 3).clamp(0, 1)
    canvas.paint(head.box, ((0.2 - nose) * 6).clamp_(0, 1) * profile, figure.colour("skin"), head.shade + 0.04)
    long = figure["hair_long"] > 0
    lowest = torch.where(long, 1.2, 0.45 * (head.angle - 1.1).clamp(min=0) - 0.1 - 3 * figure["bald"])
    sides = torch.minimum((head.angle - torch.where(long, 1.18, 1.32)) * 4, (lowest - v) * 5)
    grown = (torch.maximum((figure["hairline"] - v) * 5, sides) + 0.5).clamp_(0, 1)
    canvas.paint(head.box, head.inside((u * u + (v + 0.05) ** 2) / 1.14) * grown, hair, head.shade)
    beard = torch.minimum((1.25 - head.angle) * 4, (v - 0.38) * 5).add_(0.5).clamp_(0, 1)
    canvas.paint(head.box, beard * figure["beard"] * head.inside(jaw) * 0.8, figure.colour("hair"), head.shade)


def _draw_face(canvas: Canvas, figure: Figure, head: Head) -> None:
    """Eyes, mouth and glasses: a few dark pixels that tell where the face looks."""
    u, v = head.u, head.v
    jaw = head.inside((u * (1 + 0.16 * v.clamp(min=0))) ** 2 + v * v)
    centre = figure.turned * 0.68
    apart = (u - centre).abs() - 0.36 * figure.facing.clamp(min=0.25)
    seen = (figure.facing > -0.25).float()
    eyes = ((0.15 - (apart * apart + (v * 1.1) ** 2).sqrt()) * 9).clamp_(0, 1) * seen * 0.75
    lens = ((0.26 - (apart * apart + (v * 1.25) ** 2).sqrt()) * 9).clamp_(0, 1) * seen
    bridge = torch.minimum((1.55 - head.angle) * 6, (0.06 - (v + 0.05).abs()) * 16).add_(0.5).clamp_(0, 1)
    glasses = torch.maximum(lens, bridge) * figure["glasses"] * 0.8
    canvas.paint(head.box, torch.maximum(eyes, glasses) * jaw, figure.colour("skin") * 0.16)
    lips = ((0.2 - (u - centre).abs()) * 9).clamp_(0, 1) * ((0.07 - (v - 0.56).abs()) * 16).clamp_(0, 1)
    canvas.paint(head.box, lips * (figure.facing > -0.1) * 0.4 * jaw, figure.colour("skin") * 0.5)


def _draw_hat(canvas: Canvas, figure: Figure, head: Head) -> None:
    """Cap with a peak, or beanie with a folded band."""
    if not figure.any("cap", "beanie"):
        return
    u, v, rx, ry = head.u, head.v, head.rx, head.ry
    worn = torch.maximum(figure["cap"], figure["beanie"])
    brim = 0.08 * figure["beanie"] - 0.34 + (-figure.facing).clamp(min=0) * 0.25
    crown = head.inside(u * u / 1.2 + (v + 0.08) ** 2 / 1.34) * ((brim - v) * ry * canvas.pixels + 0.5).clamp_(0, 1)
    band = ((v - brim + 0.22) * 12).clamp(0, 1) * figure["beanie"]
    canvas.paint(head.box, crown * worn, figure.colour("hat"), head.shade * (1 - 0.16 * band))
    wide = figure.facing.clamp(min=0) * rx * 0.6
    start = (head.x + figure.turned * rx * 0.2 - wide, head.y + brim * ry)
    end = (head.x + figure.turned * rx * 1.05 + wide, head.y + (brim + 0.06) * ry)
    peak = Capsule(canvas, head.box, start, end, 0.010 * figure.size, 0.010 * figure.size)
    seen = figure["cap"] * (figure.facing > -0.6)
    canvas.paint(head.box, canvas.cover(peak.distance) * seen, figure.colour("hat") * 0.8)
