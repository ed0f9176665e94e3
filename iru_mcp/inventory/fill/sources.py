"""Which tables of the copy a view is made of, and what it takes to read them from Iru."""

from __future__ import annotations

from collections.abc import Iterable

from ..schema import kinds_read

OF_SYNCS = frozenset({"changes", "syncs", "coverage", "alerts"})
"""Views that tell of syncs: reading Iru for them would add nothing."""


def kinds_of(views: Iterable[str]) -> frozenset[str]:
    """The kinds that any of `views` reads and a fill brings up to date."""
    return frozenset().union(*(kinds_read()[view] for view in views if view not in OF_SYNCS))
