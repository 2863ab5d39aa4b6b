"""Where: which vectors of a gallery a search looks at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

Time = float | int | datetime


def seconds(time: Time) -> float:
    """Seconds since 1970 of a number or a date; a date without a time zone is in the local one.

    Raises:
        ValueError: not a finite number.

    >>> from datetime import timezone
    >>> seconds(datetime(1970, 1, 2, tzinfo=timezone.utc))
    86400.0
    """
    value = time.timestamp() if isinstance(time, datetime) else float(time)
    if not math.isfinite(value):
        raise ValueError(f"a time is a number of seconds or a datetime, got {time}")
    return value


@dataclass(frozen=True)
class Where:
    """A condition on the vectors of a gallery; each part that is given has to hold.

    Args:
        camera: one camera, or several.
        version: one version of the model, or several.
        person: one person, or several.
        since: seen at this time or later, in seconds since 1970 or as a datetime.
        until: seen before this time. A vector without a time is in no span.

    Raises:
        ValueError: an empty choice, a wrong type, or an empty span.

    >>> Where(camera=[3, 1], since=10)
    Where(camera=(1, 3), version=None, person=None, since=10.0, until=None)
    """

    camera: int | Sequence[int] | None = None
    version: str | Sequence[str] | None = None
    person: int | Sequence[int] | None = None
    since: Time | None = None
    until: Time | None = None

    def __post_init__(self) -> None:
        for name, kind in (("camera", int), ("version", str), ("person", int)):
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, str) or not hasattr(value, "__iter__"):
                value = [value]
            values = [v.item() if hasattr(v, "item") else v for v in value]  # numpy's and torch's numbers
            wrong = [v for v in values if not isinstance(v, kind) or isinstance(v, bool)]
            if wrong or not values:
                what = "is empty" if not values else f"holds {wrong[0]!r}"
                raise ValueError(f"where: {name} {what}; give one {kind.__name__} or several")
            object.__setattr__(self, name, tuple(sorted(set(values))))
        for name in ("since", "until"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, seconds(getattr(self, name)))
        if self.since is not None and self.until is not None and not self.since < self.until:  # type: ignore[operator]
            raise ValueError(f"where: since ({self.since}) must be before until ({self.until})")

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return any(getattr(self, f.name) is not None for f in fields(self))


def as_where(where: Where | Mapping[str, object] | None) -> Where:
    """The condition that a caller gave, a plain mapping included.

    Raises:
        ValueError: an unknown name.

    >>> as_where({"camera": 3})
    Where(camera=(3,), version=None, person=None, since=None, until=None)
    """
    if isinstance(where, Where):
        return where
    known = [f.name for f in fields(Where)]
    unknown = [name for name in where or {} if name not in known]
    if unknown:
        raise ValueError(f"where knows no {unknown[0]!r}; it takes {', '.join(known)}")
    return Where(**(where or {}))  # type: ignore[arg-type]
