"""Numbers that options may be: said by name as soon as they are given."""

from __future__ import annotations

import math


def check_not_negative(**values: float) -> None:
    """Make sure of weights, margins and the like.

    Raises:
        ValueError: one is below 0, NaN or infinite; it is named.

    >>> check_not_negative(triplet=1.0, margin=-0.1)
    Traceback (most recent call last):
    ValueError: margin must be a number that is not negative, got -0.1
    """
    for name, value in values.items():
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} must be a number that is not negative, got {value}")


def check_positive(**values: float) -> None:
    """Make sure of temperatures, counts and the like.

    Raises:
        ValueError: one is not above 0, NaN or infinite; it is named.

    >>> check_positive(k1=10, k2=0)
    Traceback (most recent call last):
    ValueError: k2 must be a number above 0, got 0
    """
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be a number above 0, got {value}")


def check_share(**values: float) -> None:
    """Make sure of shares and probabilities.

    Raises:
        ValueError: one lies outside [0, 1]; it is named.

    >>> check_share(label_smoothing=1.5)
    Traceback (most recent call last):
    ValueError: label_smoothing must lie between 0 and 1, got 1.5
    """
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must lie between 0 and 1, got {value}")
