"""What is in the copy: its tables for whoever writes SQL, its state for whoever looks after it."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from ..api.record import read_moment
from .schema import VIEWS, view_columns
from .store import last_sync, meta, words
from .tables import READINGS


def tables(names: list[str] | None = None) -> list[dict[str, Any]]:
    """The tables with what a row is and its columns; `<name>_history` adds valid_to and is not listed."""
    wanted = names or [name for name in VIEWS if not name.endswith("_history")]
    return [{"table": name, "row": VIEWS[name][0], "columns": view_columns()[name]} for name in wanted]


def status(db: sqlite3.Connection, now: datetime) -> dict[str, Any]:
    """Account, last sync, age, counts and what was not permitted."""
    last = last_sync(db)
    found: dict[str, Any] = {"account": meta(db, "account"), "last_sync": None}
    if last:
        row = db.execute("SELECT mode, requests, seconds FROM _sync WHERE id = ?", (last[0],)).fetchone()
        found["last_sync"] = last[1].strftime("%Y-%m-%dT%H:%M:%SZ")
        found |= {"age": words((now - last[1]).total_seconds()), "mode": row[0], "requests": row[1], "seconds": row[2]}
        found["syncs"] = last[0]
    found["devices_gone"] = db.execute("SELECT count(*) FROM _device WHERE gone_sync IS NOT NULL").fetchone()[0]
    found["open_alerts"] = db.execute("SELECT count(*) FROM _alert WHERE resolved_at IS NULL").fetchone()[0]
    found["kinds"] = kinds(db, now)
    return found


def kinds(db: sqlite3.Connection, now: datetime) -> list[dict[str, Any]]:
    """Each reading's rows, the age of its newest reading, why it is missing or old where it is, and until when it is
    known what went, where that is not its age."""
    until = dict(db.execute("SELECT kind, removals_at FROM _coverage WHERE removals_at < since").fetchall())
    held = {row[0]: row[1:] for row in db.execute("SELECT kind, state, rows, good_at, why, permission FROM coverage")}
    found = []
    for reading in READINGS:
        state, rows, good_at, why, permission = held.get(reading, ("not copied yet", None, None, None, None))
        old = words((now - read_moment(good_at)).total_seconds()) if good_at else None
        line = {"kind": reading, "state": state, "rows": rows, "age": old, "why": why, "grant": permission}
        line["removals_known_until"] = until.get(reading)
        found.append({name: value for name, value in line.items() if value is not None})
    return found


def stale(db: sqlite3.Connection) -> list[str]:
    """Notes on kinds that the last sync could not read: answers about them are older, or empty."""
    held = db.execute("SELECT kind, state, good_at, odd FROM coverage").fetchall()
    return [
        f"{kind} was not permitted at the last sync; " + (f"it is of {good}" if good else "the copy has none of it")
        for kind, state, good, _ in held
        if state != "copied"
    ] + [f"{odd} of {kind} could not be read at the last sync" for kind, _, _, odd in held if odd]
