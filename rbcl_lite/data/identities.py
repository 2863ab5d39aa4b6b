"""Identities: when two names are one person, and which names are nobody."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import warnings
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

NUMBER = re.compile(r"[+-]?\d+(\.0*)?", re.ASCII)
UNKNOWN = {"", "nan", "none", "null", "n/a", "#n/a", "<na>", "nat"}
"""What programs write for a value that they do not have, in small letters."""
FIRST = 3
"""Examples in a message."""


def canonical(name: str) -> str:
    """One spelling for all spellings of a name: a whole number in plain decimal, other text in
    Unicode's form C.

    >>> canonical("007"), canonical("12.0"), canonical("-1"), canonical("anna 02")
    ('7', '12', '-1', 'anna 02')
    """
    if NUMBER.fullmatch(name):
        return str(int(name.partition(".")[0]))
    return unicodedata.normalize("NFC", name)


def drawn(seed: int, *names: str) -> float:
    """A number in [0, 1) that depends on these names and the seed alone, and looks random.

    >>> drawn(0, "7") == drawn(0, "007") != drawn(1, "7")
    True
    """
    text = "\0".join([str(seed), *(canonical(n) for n in names)])
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:6], "big") / 2**48


def is_unknown(name: str) -> bool:
    """Whether a field is what a program writes for a missing value.

    >>> is_unknown("NaN"), is_unknown(""), is_unknown("NA"), is_unknown("Na"), is_unknown("0")
    (True, True, True, False, False)
    """
    return name.lower() in UNKNOWN or name == "NA"


def check_spellings(names: Sequence[str], what: str, where: str) -> None:
    """Raise ValueError where one thing is written in two ways, such as 7 and 007, 12 and 12.0.

    Args:
        names: as the user wrote them.
        what: what they name, for the message: identity or camera.
        where: the table or the folder.
    """
    spellings = defaultdict(set)
    for name in set(names):
        spellings[canonical(name)].add(name)
    doubt = sorted((sorted(s) for s in spellings.values() if len(s) > 1), key=lambda s: (len(s[0]), s))
    if doubt:
        shown = "; ".join(" and ".join(map(repr, s)) for s in doubt[:FIRST])
        raise ValueError(
            f"{where} writes {len(doubt)} of its {what} names in more than one way: {shown}. Write each in one way, "
            f"or put a letter in front where they are not the same {what}"
        )


def known_people(identities: Sequence[str], labels: Sequence[str], where: str) -> np.ndarray:
    """Which images show a person: all but junk, which is marked by identity -1.

    Args:
        identities: N names of people.
        labels: N descriptions of the lines or files that they come from, for messages.
        where: the table or the folder.

    Returns:
        [N] bool. A warning says how many images are junk.

    Raises:
        ValueError: a missing value such as an empty field or nan, a number below -1, one number in
            two spellings, or nothing but junk.
    """
    missing = [i for i, name in enumerate(identities) if is_unknown(name)]
    if missing:
        shown = ", ".join(f"{identities[i]!r} in {labels[i]}" for i in missing[:FIRST])
        raise ValueError(
            f"{where}: no id in {len(missing)} of {len(identities)} places: {shown}. Write -1 where the person is not "
            "known, or leave the image out; a person who is really called so needs another name"
        )
    plain = {name: canonical(name) for name in set(identities)}
    below = [i for i, n in enumerate(identities) if NUMBER.fullmatch(n) and int(plain[n]) < -1]
    if below:
        raise ValueError(
            f"{where}: identity {identities[below[0]]} below zero in {labels[below[0]]} ({len(below)} in all); people "
            "are counted from 0 up, and -1 marks an image of nobody in particular (junk)"
        )
    keep = np.array([plain[name] != "-1" for name in identities], bool)
    if not keep.any():
        raise ValueError(f"{where}: all {len(keep)} images have identity -1 (junk); nobody is left")
    check_spellings([n for n, k in zip(identities, keep.tolist()) if k], "identity", where)
    junk = int((~keep).sum())
    if junk:
        warnings.warn(f"{where}: {junk} of {len(keep)} images have identity -1 (junk) and are left out", stacklevel=3)
    return keep
