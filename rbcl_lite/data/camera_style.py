"""Camera styles: a picture in another camera's colours, in place of style-transfer images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rbcl_lite.data.dataset import ReIDDataset

CHUNK = 1024
"""Images whose statistics are summed up at a time."""


@dataclass(frozen=True)
class CameraStyle:
    r"""Mean and standard deviation of each colour channel of each camera, and the transfer between
    cameras.

    .. math:: x' = \frac{x - \mu_c}{\sigma_c}\, \sigma_t + \mu_t

    for an image of camera c in the colours of camera t (Reinhard et al. 2001, on RGB, with
    statistics of the whole camera instead of one image). ECN (Zhong et al. 2019) uses images of
    CycleGAN and StarGAN ("CamStyle") for its camera invariance. These statistics are a stand-in:
    they know a camera's exposure and colour cast, and nothing of its sharpness, its background or
    its viewpoint.

    Args:
        cams: [C] camera numbers, ascending.
        mean: [C, 3] in 0..255.
        std: [C, 3], above 0.

    >>> black_and_grey = np.stack([np.zeros((4, 2, 3), np.uint8), np.full((4, 2, 3), 100, np.uint8)])
    >>> data = ReIDDataset(black_and_grey, np.array([1, 1]), np.array([3, 8]), ["a", "b"], "toy")
    >>> style = CameraStyle.fit(data)
    >>> style(torch.zeros(1, 3, 4, 2, dtype=torch.uint8), torch.tensor([3]), torch.tensor([8])).unique()
    tensor([100], dtype=torch.uint8)
    """

    cams: Tensor
    mean: Tensor
    std: Tensor

    @staticmethod
    def fit(data: ReIDDataset) -> CameraStyle:
        """The statistics of a data set, over all pixels of all images of each camera.

        Raises:
            ValueError: cameras are unknown.
        """
        if data.cams is None:
            raise ValueError(f"{data.name} has no cameras, so there is no style to transfer; switch camera styles off")
        cams, place = np.unique(data.cams, return_inverse=True)
        sums = np.zeros((2, len(cams), 3))
        for start in range(0, len(data), CHUNK):
            rows = slice(start, start + CHUNK)
            pixels = data.images[rows].reshape(len(place[rows]), -1, 3).astype(np.float64)
            np.add.at(sums[0], place[rows], pixels.mean(1))
            np.add.at(sums[1], place[rows], np.square(pixels).mean(1))
        mean, square = sums / np.bincount(place)[None, :, None]
        std = np.sqrt(np.maximum(square - mean**2, 1.0))  # a camera that sees one flat colour: no division by 0
        return CameraStyle(torch.from_numpy(cams), torch.from_numpy(mean).float(), torch.from_numpy(std).float())

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """A camera [count] for each image, uniform over all, so that an image keeps its own with
        probability 1 / C.
        """
        return self.cams[torch.randint(len(self.cams), (count,), generator=generator)]

    def __call__(self, images: Tensor, cams: Tensor, targets: Tensor) -> Tensor:
        """The images in the colours of other cameras; where ``targets`` is the own camera, the
        image itself.

        Args:
            images: [B, 3, H, W] uint8.
            cams: [B] camera of each.
            targets: [B] camera whose colours it gets.

        Returns:
            [B, 3, H, W] uint8.

        Raises:
            ValueError: a camera without statistics.
        """
        unknown = ~torch.isin(torch.cat([cams, targets]), self.cams)
        if bool(unknown.any()):
            camera = int(torch.cat([cams, targets])[unknown][0])
            raise ValueError(f"camera {camera} has no statistics; known are {self.cams.tolist()}")
        a, b = torch.searchsorted(self.cams, cams), torch.searchsorted(self.cams, targets)
        scale = (self.std[b] / self.std[a])[:, :, None, None]
        styled = (images - self.mean[a][:, :, None, None]) * scale + self.mean[b][:, :, None, None]
        return torch.where((a == b)[:, None, None, None], images, styled.round().clamp(0, 255).to(torch.uint8))
