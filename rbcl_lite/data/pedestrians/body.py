"""Body of a person before dressing: proportions, skin, hair, face."""

from __future__ import annotations

import numpy as np

from rbcl_lite.data.pedestrians.draws import Draws, Floats
from rbcl_lite.data.pedestrians.palettes import HAIR, SKIN

SHORT, LONG, BUN, BALD, BOB = range(5)


def body_traits(draws: Draws) -> dict[str, Floats]:
    """Proportions (1 = average), skin, hair and face of N people.

    Args:
        draws: one key per person.

    Returns:
        Arrays [N], colours [N, 3] in 0..1. Switches are 0 or 1. Heights on the head are in head
        radii, downwards.
    """
    style = draws.choice("hair style", [0.42, 0.24, 0.12, 0.07, 0.15])
    long, bob = draws.uniform("long hair", 0.75, 1.25), draws.uniform("bob", 0.3, 0.5)
    bald = style == BALD
    beard = ((style == SHORT) | bald) & draws.chance("beard", 0.3)
    traits = {
        "height": draws.normal("height", 1.0, 0.045, 0.88, 1.10),
        "girth": draws.normal("girth", 1.0, 0.13, 0.76, 1.40),
        "shoulder": draws.normal("shoulder", 1.0, 0.09, 0.80, 1.22),
        "hip": draws.normal("hip", 1.0, 0.09, 0.80, 1.25),
        "leg_length": draws.normal("leg length", 0.0, 0.012, -0.03, 0.03),  # hips higher by this share of the height
        "head": draws.normal("head", 1.0, 0.05, 0.88, 1.12),
        "skin": draws.colour("skin", SKIN, shift=0.015),
        "hair": draws.colour("hair", HAIR, shift=0.02),
        "hair_long": np.where(style == LONG, long, np.where(style == BOB, bob, 0)),  # length below the head
        "bun": (style == BUN) * draws.uniform("bun", 0.7, 1.1),
        "bald": bald,
        "hairline": np.where(bald, -2.0, draws.uniform("hairline", -0.62, -0.26)),
        "beard": beard,
        "glasses": draws.chance("glasses", 0.16),
    }
    return {name: np.asarray(value, dtype=np.float32) for name, value in traits.items()}
