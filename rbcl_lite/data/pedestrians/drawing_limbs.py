"""Arms and legs: tapered capsules between the joints, dressed along their length."""

from __future__ import annotations

import torch
from torch import Tensor

from rbcl_lite.data.pedestrians.canvas import Box, Canvas, Capsule
from rbcl_lite.data.pedestrians.figure import Figure, Joint


class _Limb:
    """Two capsules that meet at a knee or an elbow; ``along`` runs from 0 over 1 (the middle joint)
    to 2.
    """

    def __init__(
        self, canvas: Canvas, box: Box, joints: tuple[Joint, Joint, Joint], radii: tuple[Tensor, Tensor, Tensor]
    ) -> None:
        start, middle, end = (joint[:2] for joint in joints)
        upper = Capsule(canvas, box, start, middle, radii[0], radii[1])
        lower = Capsule(canvas, box, middle, end, radii[1], radii[2])
        first = upper.distance < lower.distance
        self.along = torch.where(first, upper.along, lower.along + 1)
        self.cover = canvas.cover(torch.minimum(upper.distance, lower.distance))
        self.square = torch.where(first, upper.square, lower.square)
        self.across = torch.where(first, upper.across, lower.across)

    def shade(self, figure: Figure, radius: Tensor, darkening: Tensor | float) -> Tensor:
        """A cylinder: dark towards its edges, lighter on the side of the light."""
        lit = 1.05 + figure.light * (self.across * (0.28 / radius))
        return torch.addcmul(lit, self.square, -darkening / (radius * radius))


def _above(limit: Tensor, along: Tensor) -> Tensor:
    """1 where ``along`` is before ``limit`` on the limb, with a sharp but anti-aliased hem."""
    return ((limit - along) * 30).clamp_(0, 1)


def draw_leg(canvas: Canvas, figure: Figure, side: Tensor, tone: Tensor | float) -> None:
    """Leg and shoe on ``side``; ``tone`` darkens the far leg."""
    size = figure.size
    hip, knee, ankle, toe = figure.leg(side)
    loose = figure["loose"]
    radii = (0.058 * figure["girth"] ** 0.6 * loose**0.3 * size, 0.041 * loose * size, 0.027 * loose * size)
    box = canvas.box(hip, knee, ankle, margin=0.14)
    limb = _Limb(canvas, box, (hip, knee, ankle), radii)
    cloth = _above(figure["hem"], limb.along)
    shade = limb.shade(figure, radii[1], torch.full_like(radii[1], 0.30)) * tone
    canvas.paint(box, limb.cover, [(cloth, figure.colour("bottom")), (1 - cloth, figure.colour("legs"))], shade)

    shaft_x, shaft_y = (ankle[i] + (knee[i] - ankle[i]) * figure["boot"] for i in (0, 1))
    box = canvas.box((shaft_x, shaft_y), ankle, toe, margin=0.08)
    foot = Capsule(canvas, box, (ankle[0], ankle[1] + 0.012 * size), toe[:2], 0.026 * size, 0.019 * size)
    shaft = Capsule(canvas, box, (shaft_x, shaft_y), ankle[:2], radii[2] * 1.12, radii[2] * 1.08)
    shade = torch.where(foot.distance < shaft.distance, 1.05, 0.95) * tone
    canvas.paint(box, canvas.cover(torch.minimum(foot.distance, shaft.distance)), figure.colour("shoe"), shade)


def draw_arm(canvas: Canvas, figure: Figure, side: Tensor, tone: Tensor | float) -> Joint:
    """Arm, sleeve and hand on ``side``; returns the wrist, where a handbag hangs."""
    size, bulk = figure.size, figure["bulk"]
    shoulder, elbow, wrist = figure.arm(side)
    radii = (0.036 * bulk * figure["girth"] ** 0.4 * size, 0.028 * bulk * size, 0.021 * size)
    box = canvas.box(shoulder, elbow, wrist, margin=0.10)
    limb = _Limb(canvas, box, (shoulder, elbow, wrist), radii)
    # flat at the shoulder, round further down: the sleeve grows out of the torso without a seam
    darkening = 0.24 * (limb.along * 1.6 - 0.25).clamp_(0, 1)
    shade = limb.shade(figure, radii[1], darkening) * tone

    cloth = _above(figure["sleeve"], limb.along)
    hoops = torch.sin(limb.along * figure["pattern_rows"] * 3.0) * figure["pattern_hoops"] + figure["pattern_base"]
    contrast = figure["sleeve_contrast"]
    second = cloth * ((hoops * 6 + 0.5).clamp_(0, 1) * (1 - contrast) + contrast)
    colours = [
        (cloth - second, figure.colour("top")),
        (second, figure.colour("top2")),
        (1 - cloth, figure.colour("skin")),
    ]
    canvas.paint(box, limb.cover, colours, shade)
    hand = Capsule(canvas, box, wrist[:2], (wrist[0], wrist[1] + 0.018 * size), 0.023 * size, 0.019 * size)
    canvas.paint(box, canvas.cover(hand.distance), figure.colour("skin"), 0.98 * torch.as_tensor(tone))
    return wrist
