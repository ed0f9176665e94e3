"""How the report reads the copy: the rows of a statement, cleaned for people, and what it could not copy."""

from __future__ import annotations

import sqlite3
from typing import Any

from ...output.clean import clean
from ..store import records

Row = dict[str, Any]


def rows_of(db: sqlite3.Connection, sql: str, **values: Any) -> list[Row]:
    """The rows of a statement, cleaned for people."""
    return [{name: clean(cell) for name, cell in row.items()} for row in records(db, sql, values)]


def missing(db: sqlite3.Connection, *kinds: str) -> str:
    """Why the numbers of `kinds` may be too small, as a sentence; empty when every kind was copied."""
    held = {row[0]: row[1:] for row in db.execute("SELECT kind, state, good_at FROM coverage")}
    said = []
    for kind in kinds:
        state, good = held.get(kind, ("not copied yet", None))
        if state != "copied":
            said.append(f"{kind}: {state}" + (f", as of {good}" if good else ""))
    return f"Not complete. {'; '.join(said)}." if said else ""


PRESENT = "coalesce(lower(v.status), '') <> 'remediated'"
"""SQL for whether the detections of a vulnerability v count: Iru keeps remediated CVEs in its list."""
