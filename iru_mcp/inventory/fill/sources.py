"""Which tables of the copy a view is made of, and what it takes to read them from Iru."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from functools import cache

from ..schema import VIEWS, migrate
from ..tables import BY_NAME

OF_SYNCS = frozenset({"changes", "syncs", "coverage", "alerts"})
"""Views that tell of syncs: reading Iru for them would add nothing."""


@cache
def sources() -> dict[str, frozenset[str]]:
    """The kinds that each view reads, found by asking SQLite, so that no list of them can be wrong."""
    found: dict[str, set[str]] = {}
    longest_first = sorted(BY_NAME, key=len, reverse=True)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db)
        for view in VIEWS:
            read: set[str] = set()

            def seen(_: int, table: str | None, *__: object, read: set[str] = read) -> int:
                read.add((table or "").removeprefix("_"))
                return sqlite3.SQLITE_OK

            db.set_authorizer(seen)
            db.execute(f'EXPLAIN SELECT * FROM "{view}"')
            db.set_authorizer(None)
            kinds = (next((kind for kind in longest_first if f"{name}_".startswith(f"{kind}_")), "") for name in read)
            found[view] = {kind for kind in kinds if kind}
    return {view: frozenset() if view in OF_SYNCS else frozenset(kinds) for view, kinds in found.items()}


def kinds_of(views: Iterable[str]) -> frozenset[str]:
    """The kinds that any of `views` reads."""
    return frozenset().union(*(sources()[view] for view in views))
