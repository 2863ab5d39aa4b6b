"""Versions: whose vectors may be compared, because it was measured and declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rbcl_lite.gallery.records import Evidence, Version


def check_known(name: str, versions: Mapping[str, Version]) -> None:
    """Make sure that a version is registered.

    Raises:
        ValueError: it is not.
    """
    if name not in versions:
        known = ", ".join(versions) or "none"
        raise ValueError(
            f"version {name!r} is not registered in this gallery (registered: {known}); register it, with what it is "
            f"compatible with and the evidence: gallery.register({name!r}, compatible_with={{...}})"
        )


def check_declaration(
    name: str, compatible_with: Mapping[str, Evidence], versions: Mapping[str, Version], force: bool
) -> None:
    """Make sure that a version can be registered.

    Raises:
        ValueError: no name, a name that is taken by another declaration, an unknown old version, or
            evidence that speaks against it and is not forced.
    """
    if not name:
        raise ValueError("a version needs a name, the one that Features.model says")
    for old, evidence in compatible_with.items():
        if old == name:
            raise ValueError(f"version {name!r} is always compatible with itself; leave it out")
        if old not in versions:
            known = ", ".join(versions) or "none"
            raise ValueError(
                f"{name!r} is declared compatible with {old!r}, which is not registered (there is {known})"
            )
        if not isinstance(evidence, Evidence):
            raise ValueError(
                f"the evidence for {name!r} with {old!r} must be Evidence(new_old, old_old, date), got {evidence!r}"
            )
        if not evidence.holds and not force:
            raise ValueError(
                f"{name!r} on vectors of {old!r} scores {evidence.new_old:.3f}, {old!r} itself {evidence.old_old:.3f}: "
                "by this evidence they are not compatible. Register with force=True to search them together"
            )
    if name in versions and dict(versions[name].compatible_with) != dict(compatible_with):
        raise ValueError(f"version {name!r} is registered with another declaration; give a changed model another name")


def check_comparable(query: str, present: Iterable[str], versions: Mapping[str, Version]) -> None:
    """Make sure that queries of one version may be compared with vectors of others.

    Args:
        query: version that made the queries.
        present: versions of the vectors that are searched.
        versions: what is registered.

    Raises:
        ValueError: an unknown version, or a pair that nobody declared compatible; both are named.

    >>> old, new = Version("old"), Version("new", {"old": Evidence(0.5, 0.3, "2026-11-02")})
    >>> check_comparable("new", ["old", "new"], {"old": old, "new": new})
    >>> check_comparable("old", ["new"], {"old": old, "new": new})
    Traceback (most recent call last):
    ValueError: queries of version 'old' are not declared compatible with the vectors of 'new' ...
    """
    check_known(query, versions)
    declared = versions[query].compatible_with
    other = [name for name in present if name != query and name not in declared]
    if other:
        raise ValueError(
            f"queries of version {query!r} are not declared compatible with the vectors of {other[0]!r} in "
            f"this gallery; search with where={{'version': ...}} only what {query!r} may read "
            f"({', '.join([query, *declared])}), "
            f"backfill the others, or register {query!r} with evidence"
        )
