"""Headings: what a column of a table or a group of a pattern means, one list for both."""

from __future__ import annotations

from collections.abc import Sequence

SPELLINGS = {
    "path": (
        *("path", "file", "filename", "filepath", "image", "imagepath", "imagename", "imagefile"),
        *("img", "imgpath", "imgname", "imgfile"),
    ),
    "id": (
        *("id", "pid", "person", "personid", "identity", "identityid", "label", "personlabel"),
        *("subject", "subjectid", "pedestrian", "pedestrianid"),
    ),
    "camera": ("camera", "cam", "camid", "cameraid", "cid", "cameraname", "camname", "cameranumber", "camno"),
    "split": ("split", "set", "subset", "partition"),
}
"""Small letters without spaces, hyphens and underscores; the first of each line is the one that
messages name.
"""


def meaning(heading: str) -> str | None:
    """path, id, camera or split; None for a heading that is not known.

    >>> meaning("Cam_ID"), meaning("Person ID"), meaning("weather")
    ('camera', 'id', None)
    """
    squeezed = "".join(c for c in heading.lower() if c not in " _-")
    return next((m for m, spellings in SPELLINGS.items() if squeezed in spellings), None)


def assign(headings: Sequence[str], where: str) -> dict[str, int]:
    """Position of each meaning among the headings.

    Args:
        headings: columns of a table, or groups of a pattern.
        where: the table or the pattern, for the message.

    Raises:
        ValueError: two headings mean the same.

    >>> assign(["file", "PID", "weather"], "people.csv")
    {'path': 0, 'id': 1}
    """
    place: dict[str, int] = {}
    for i, heading in enumerate(headings):
        known = meaning(heading)
        if known in place:
            raise ValueError(
                f"{where}: {headings[place[known]]!r} and {heading!r} both mean {known}; rename or remove one of them"
            )
        if known:
            place[known] = i
    return place
