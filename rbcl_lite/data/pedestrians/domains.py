"""Domains: three of them, six cameras each."""

from __future__ import annotations

from typing import NamedTuple

from rbcl_lite.data.pedestrians.cameras import BACK, FRONT, LEFT, RIGHT, Camera


class Domain(NamedTuple):
    """A place with its cameras; ``season`` dresses its people, ``seed`` keeps its draws apart from
    other domains'.
    """

    season: str
    seed: int
    cameras: tuple[Camera, ...]


# fmt: off
DOMAINS: dict[str, Domain] = {
    # a sunny campus: good cameras, summer clothes
    "campus": Domain("summer", 11, (
        Camera("plaza", FRONT, pitch=0.1, gain=(1.06, 1.02, 0.94), contrast=1.05, blur=0.05, noise=0.015,
               light=0.8, horizon=0.42),
        Camera("grass", BACK, pitch=0.16, gain=(0.98, 1.04, 0.94), gamma=1.05, saturation=0.95, blur=0.2,
               low_resolution=0.1, noise=0.02, light=-0.7, horizon=0.36),
        Camera("brick", RIGHT, pitch=0.14, gain=(1.06, 0.99, 0.9), gamma=0.95, saturation=0.9, blur=0.15,
               noise=0.02, light=0.3, horizon=0.5),
        Camera("road", LEFT, pitch=0.2, gain=(0.96, 1.0, 1.08), gamma=0.9, contrast=0.95, saturation=0.9,
               blur=0.35, low_resolution=0.3, noise=0.025, light=-0.5, horizon=0.34, occlusion=0.16),
        Camera("park", FRONT + 0.7, gain=(1.04, 1.04, 0.9), gamma=1.15, contrast=1.1, blur=0.15,
               low_resolution=0.1, noise=0.02, light=0.9, horizon=0.46, vignette=0.2),
        Camera("plaza", BACK - 0.6, pitch=0.3, gain=(0.92, 0.97, 1.06), gamma=0.8, contrast=0.85,
               saturation=0.85, blur=0.4, low_resolution=0.55, noise=0.03, light=0, horizon=0.2, haze=0.08),
    )),
    # an underground station in winter: poor light, coats, crowds
    "station": Domain("winter", 23, (
        Camera("platform", FRONT, pitch=0.18, gain=(0.92, 1.04, 0.98), gamma=1.1, contrast=0.95,
               saturation=0.75, blur=0.35, low_resolution=0.3, noise=0.03, light=0.1, horizon=0.36,
               occlusion=0.2, crowd=0.35),
        Camera("hall", BACK, pitch=0.26, gain=(0.88, 1.0, 1.1), contrast=0.9, saturation=0.7, blur=0.3,
               low_resolution=0.35, noise=0.04, light=-0.2, horizon=0.28, crowd=0.3),
        Camera("corridor", RIGHT, gain=(1.14, 1.02, 0.8), gamma=1.15, saturation=0.8, blur=0.3,
               low_resolution=0.2, noise=0.035, light=0.2, horizon=0.5, crowd=0.25, motion=0.5),
        Camera("corridor", LEFT, pitch=0.2, gain=(1.0, 1.06, 0.88), gamma=1.2, contrast=1.05,
               saturation=0.7, blur=0.45, low_resolution=0.45, noise=0.035, light=0, horizon=0.4,
               crowd=0.25, motion=0.4),
        Camera("hall", FRONT - 0.5, pitch=0.36, gain=(0.95, 0.98, 1.06), gamma=0.85, contrast=0.8,
               saturation=0.6, blur=0.5, low_resolution=0.6, noise=0.04, light=0.1, horizon=0.14, crowd=0.3,
               haze=0.1),
        Camera("platform", BACK + 0.5, pitch=0.14, gain=(0.98, 1.02, 0.96), gamma=1.25, contrast=1.1,
               saturation=0.7, blur=0.4, low_resolution=0.3, noise=0.04, light=-0.3, horizon=0.42,
               occlusion=0.2, crowd=0.35),
    )),
    # a shopping street in the evening: mixed clothes, shop windows, two cameras in the dark
    "street": Domain("mixed", 37, (
        Camera("shop", FRONT, gain=(1.1, 1.0, 0.88), contrast=1.1, saturation=1.15, low_resolution=0.1,
               noise=0.03, light=0.5, horizon=0.5, crowd=0.3),
        Camera("night", BACK, pitch=0.16, gain=(0.90, 0.94, 1.14), gamma=1.05, saturation=0.75, blur=0.4,
               low_resolution=0.45, noise=0.05, light=-0.6, horizon=0.42, vignette=0.3),
        Camera("shop", RIGHT + 0.2, pitch=0.2, gain=(1.04, 0.94, 1.08), gamma=1.1, saturation=1.1, blur=0.2,
               low_resolution=0.2, noise=0.03, light=0.3, horizon=0.42, occlusion=0.18, crowd=0.3),
        Camera("road", LEFT - 0.2, pitch=0.24, gain=(1.18, 0.96, 0.72), gamma=1.15, saturation=0.9,
               blur=0.4, low_resolution=0.5, noise=0.045, light=0.6, horizon=0.3, vignette=0.3),
        Camera("corridor", FRONT + 0.4, pitch=0.1, gain=(1.02, 1.02, 1.0), gamma=0.85, contrast=0.95,
               noise=0.02, light=0, horizon=0.52),
        Camera("night", BACK - 0.4, pitch=0.3, gain=(1.22, 0.98, 0.72), gamma=1.05, contrast=0.95,
               saturation=0.9, blur=0.5, low_resolution=0.6, noise=0.055, horizon=0.22, vignette=0.35),
    )),
}
# fmt: on
