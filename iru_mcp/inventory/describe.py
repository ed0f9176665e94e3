"""The state of the copy, as `iru-mcp inventory status` shows it, and notes for answers that are made from the copy."""

import sqlite3
from datetime import datetime
from typing import Any

from ..api.record import read_moment
from .store import known, last_sync, meta, records, utc, words
from .tables import READINGS


def status(db: sqlite3.Connection, now: datetime) -> dict[str, Any]:
    """Account, last sync and its age, syncs that failed since, counts, and the state of each reading."""
    found: dict[str, Any] = {"account": meta(db, "account"), "last_sync": None}
    if name := meta(db, "account_name"):
        found["account_name"] = name
    if last := last_sync(db):
        found |= {"last_sync": utc(last[1]), "age": words((now - last[1]).total_seconds())}
        found |= next(records(db, "SELECT mode, requests, seconds, id AS syncs FROM _sync WHERE id = ?", (last[0],)))
    if failed := failed_rounds(*db.execute(FAILED).fetchone()):
        found["failed_rounds"] = failed
    if begun := meta(db, "stage"):
        found["half_read"] = f"since {begun}; a sync within six hours of that goes on from there"
    found["devices_gone"] = db.execute("SELECT count(*) FROM _device WHERE gone_sync IS NOT NULL").fetchone()[0]
    found["open_alerts"] = db.execute("SELECT count(*) FROM _alert WHERE resolved_at IS NULL").fetchone()[0]
    found["kinds"] = kinds(db, now)
    return found


FAILED = "SELECT count(*), max(at), why FROM _failed_sync"
"""How many syncs have failed since the last successful one, and when and why the newest failed."""


def failed_rounds(count: int, at: str | None, why: str | None) -> str:
    """The row of FAILED in words; empty when none failed."""
    return f"{count}, the last at {at}: {why}" if count else ""


def failure_notes(db: sqlite3.Connection) -> list[str]:
    """The note of an answer from a copy whose last sync failed; none otherwise."""
    failed = failed_rounds(*db.execute(FAILED).fetchone())
    return [f"syncs that failed since: {failed}"] if failed else []


def kinds(db: sqlite3.Connection, now: datetime) -> list[dict[str, Any]]:
    """For each reading: its rows, its age, as of when removals are known, and why it is missing or old."""
    select = "SELECT kind, state, rows, good_at AS age, why, permission AS grant FROM coverage"
    held = {row["kind"]: row for row in records(db, select)}
    late = _late_removals(db)
    found = []
    for reading in READINGS:
        line = held.get(reading, {"kind": reading, "state": "not copied yet"})
        if line.get("age"):
            line["age"] = words((now - read_moment(line["age"])).total_seconds())
        line["removals_known_until"] = late.get(reading)
        found.append(known(line))
    return found


def stale(db: sqlite3.Connection) -> list[str]:
    """Notes on what answers from the copy do not have: syncs that failed, readings that were refused, rows that could
    not be read, and removals that may have been missed."""
    notes = failure_notes(db)
    for reading, state, good, odd in db.execute("SELECT kind, state, good_at, odd FROM coverage").fetchall():
        if state != "copied":
            notes.append(f"{reading} was not permitted at the last sync; {_instead(db, reading, good)}")
        if odd:
            notes.append(f"{odd} of {reading} could not be read at the last sync")
    return notes + [f"removals from {reading} are known as of {at}" for reading, at in _late_removals(db).items()]


def _instead(db: sqlite3.Connection, reading: str, good_at: str | None) -> str:
    """What the copy has of a reading that was refused; the same table may have another one, of other platforms."""
    if good_at:
        return f"it is of {good_at}"
    others = [name for name in READINGS[reading].readings if name != reading]
    marks = ", ".join("?" * len(others))
    had = db.execute(f"SELECT kind, rows FROM _coverage WHERE rows AND kind IN ({marks})", others).fetchall()
    return f"the copy has only {', '.join(f'{rows} of {name}' for name, rows in had)}" if had else "the copy has none"


def _late_removals(db: sqlite3.Connection) -> dict[str, str]:
    """The readings that may hold rows which are no longer there, each with the time as of which removals are known."""
    select = "SELECT kind, removals_at FROM _coverage WHERE state = 'copied' AND removals_at < since"
    return {reading: at for reading, at in db.execute(select) if not READINGS[reading].starts}
