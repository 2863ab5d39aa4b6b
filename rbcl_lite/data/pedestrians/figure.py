"""Figure: the skeleton of a walking person at one moment, projected into the picture."""

from __future__ import annotations

import torch
from torch import Tensor

Joint = tuple[Tensor, Tensor, Tensor]

SHOULDER_Y = 0.178  # heights are shares of the body height, from the crown down
THIGH, SHIN = 0.5, 0.5  # shares of the leg
UPPER_ARM, FOREARM = 0.155, 0.150


class Figure:
    """B people: their traits, their pose, and the place of every joint in the picture.

    Body coordinates are shares of the body height: x to the side, y down from the crown (0) to the
    sole (1), z forward. ``yaw`` 0 looks into the camera, pi/2 walks to the right, pi shows the
    back. Picture coordinates are those of :class:`~rbcl_lite.data.pedestrians.canvas.Canvas`.

    Args:
        traits: what :func:`~rbcl_lite.data.pedestrians.clothing.sample_people` gives, as tensors
            with B rows.
        pose: tensors [B]: yaw, phase of the gait, stride, arm_offset, arm_bend, pitch of the camera
            (radians); magnification (body height in picture units), x of the body, foot (y of the
            soles), light (-1 from the left, 1 from the right), shadow (0..1).
    """

    def __init__(self, traits: dict[str, Tensor], pose: dict[str, Tensor]) -> None:
        self._values = {**traits, **pose}
        self.batch = pose["yaw"].shape[0]
        yaw, pitch = self["yaw"], self["pitch"]
        self.yaw, self.facing, self.turned = yaw, yaw.cos(), yaw.sin()  # facing: 1 front, -1 back
        self._cos_pitch, self.sin_pitch = pitch.cos(), pitch.sin()
        self.size = self["height"] * self["magnification"]  # body height in picture units
        self.light = self["light"]
        self.near = torch.where(self.turned > 0, -1.0, 1.0)  # the side of the body that is nearer to the camera
        bulk, girth = self["bulk"], self["girth"]
        self.shoulder = 0.112 * self["shoulder"] * bulk.sqrt()  # half widths and half depth of the torso
        self.hip = 0.082 * self["hip"] * girth.sqrt()
        self.waist = (self.shoulder * 0.76 + self["hip"] * 0.02) * girth.sqrt()
        self.depth = 0.066 * girth * bulk
        self.hip_y, self.crotch_y = 0.500 - self["leg_length"], 0.515 - self["leg_length"]

    def __getitem__(self, name: str) -> Tensor:
        """[B, 1, 1] a trait or a pose value."""
        return self._values[name].view(-1, 1, 1)

    def colour(self, name: str) -> Tensor:
        """[B, 3] a colour."""
        return self._values[name]

    def any(self, *names: str) -> bool:
        """Whether anybody in the batch has one of these traits."""
        return any(bool((self._values[name] > 0).any()) for name in names)

    def project(self, x: Tensor | float, y: Tensor | float, z: Tensor | float) -> Joint:
        """Body coordinates to (x, y) in the picture and the depth towards the camera."""
        u, towards = x * self.facing + z * self.turned, z * self.facing - x * self.turned
        height = (1 - y) * self._cos_pitch - towards * self.sin_pitch
        return self["x"] + u * self.size, self["foot"] - height * self.size, towards

    def half_width(self, lateral: Tensor | float, depth: Tensor | float) -> Tensor:
        """Half width of an elliptic cross-section as the camera sees it."""
        return ((lateral * self.facing) ** 2 + (depth * self.turned) ** 2).sqrt()

    def leg(self, side: Tensor) -> tuple[Joint, Joint, Joint, Joint]:
        """Hip, knee, ankle and toe of the leg on ``side`` (-1 or 1)."""
        swing = self["stride"] * torch.sin(self["phase"]) * side
        flex = self["stride"] * 1.3 * torch.clamp(torch.cos(self["phase"]) * side, min=0) + 0.04
        length = 0.96 - self.crotch_y
        x = self.hip * 0.52 * side
        knee_y, knee_z = self.crotch_y + THIGH * length * torch.cos(swing), THIGH * length * torch.sin(swing)
        ankle_y, ankle_z = (
            knee_y + SHIN * length * torch.cos(swing - flex),
            knee_z + SHIN * length * torch.sin(swing - flex),
        )
        return (
            self.project(x, self.crotch_y - 0.015, 0.0),
            self.project(x * 1.02, knee_y, knee_z),
            self.project(x * 1.04, ankle_y, ankle_z),
            self.project(x * 1.04, ankle_y + 0.022, ankle_z + 0.062),
        )

    def arm(self, side: Tensor) -> tuple[Joint, Joint, Joint]:
        """Shoulder, elbow and wrist of the arm on ``side`` (-1 or 1); arms swing against the legs."""
        swing = -self["stride"] * 0.8 * torch.sin(self["phase"]) * side + self["arm_offset"]
        bent = swing + 0.22 + 0.5 * self["arm_bend"]
        x, y = (self.shoulder * 0.93 - 0.022) * side, SHOULDER_Y + 0.044
        elbow_y, elbow_z = y + UPPER_ARM * torch.cos(swing), UPPER_ARM * torch.sin(swing)
        wrist_y, wrist_z = elbow_y + FOREARM * torch.cos(bent), elbow_z + FOREARM * torch.sin(bent)
        out = x + 0.024 * self["bulk"] * side
        return self.project(x, y, 0.0), self.project(out, elbow_y, elbow_z), self.project(out * 1.01, wrist_y, wrist_z)
