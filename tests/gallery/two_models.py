"""Two models' vectors of the same queries and gallery images, small and made up."""

from __future__ import annotations

import torch

from rbcl_lite.features import Features
from rbcl_lite.gallery.mixed import MixedGallery


def two_models(people: int = 7, cams: int = 3, dim: int = 12, seed: int = 0, *, noise: float = 0.8) -> MixedGallery:
    """A gallery of 2 images a person and camera, and one query each; the new vectors are less noisy."""
    r = torch.Generator().manual_seed(seed)
    centres = torch.randn(people, dim, generator=r)

    def part(images: int, name: str) -> list[Features]:
        ids = torch.arange(people).repeat_interleave(cams * images)
        at = torch.arange(cams).repeat(people).repeat_interleave(images)
        keys = [f"{name}{i}" for i in range(len(ids))]
        made = []
        for model, width in (("old", noise), ("new", 0.4 * noise)):
            vectors = centres[ids] + width * torch.randn(len(ids), dim, generator=r)
            made.append(Features(vectors, ids, at, model, keys))
        return made

    (old_query, new_query), (old_gallery, new_gallery) = part(1, "q"), part(2, "g")
    return MixedGallery(old_query, old_gallery, new_query, new_gallery)
