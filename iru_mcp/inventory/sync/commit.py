"""What was staged becomes the copy, in one transaction: spans opened and closed, and every change written down."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..moves import find_moves
from ..store import set_meta, transaction
from ..tables import KINDS, Kind
from .staging import Walk


@dataclass(frozen=True, slots=True)
class Sync:
    """The facts of the sync that is committed. Times as the file writes them."""

    started_at: str
    finished_at: str
    requests: int
    seconds: float
    partial: bool = False
    """Whether it was of some tables only."""


def commit(db: sqlite3.Connection, walks: Mapping[str, Walk], sync: Sync) -> int:
    """Make the staged rows the copy; all of it or nothing. Returns the sync's number."""
    with transaction(db):
        mode = "full" if all(walk.mode == "full" for walk in walks.values() if walk.state == "done") else "incremental"
        mode = "partial" if sync.partial else mode
        row = (sync.started_at, sync.finished_at, mode, sync.requests, sync.seconds)
        columns = "started_at, finished_at, mode, requests, seconds"
        number = db.execute(f"INSERT INTO _sync({columns}) VALUES (?, ?, ?, ?, ?)", row).lastrowid or 0
        for kind in KINDS:
            _apply(db, kind, {name: walks[name] for name in kind.readings if name in walks}, number, sync)
        _unstage(db, walks)
    db.execute("PRAGMA analysis_limit = 2000")
    db.execute("ANALYZE")  # a question about one app begins with the app only if SQLite knows how few apps there are
    return number


def _unstage(db: sqlite3.Connection, walks: Mapping[str, Walk]) -> None:
    """Empty the stage of what was committed; what another sync left half-read stays, for the next to go on with."""
    for kind in KINDS:
        if any(reading in walks for reading in kind.readings):
            db.execute("DELETE FROM _stage WHERE kind = ?", (kind.name,))
            db.execute("DELETE FROM _stage_visit WHERE kind = ?", (kind.name,))
    db.executemany("DELETE FROM _stage_walk WHERE kind = ?", [(name,) for name in walks])
    if not db.execute("SELECT 1 FROM _stage_walk").fetchone():
        set_meta(db, "stage", None)


def _apply(db: sqlite3.Connection, kind: Kind, readings: Mapping[str, Walk], number: int, sync: Sync) -> None:
    done = {name: walk for name, walk in readings.items() if walk.state == "done"}
    for name, walk in readings.items():
        if name not in done:
            _denied(db, name, walk, sync)
    if not done:
        return
    if kind.name == "devices":
        _devices(db, number)
    if kind.visit:
        _listed_now(db, kind)
    left_out = _diff(db, kind, number, done, first=_first(db, kind) is None)
    if not kind.starts:  # what happened in Iru is listed itself; a change for each would only repeat it
        _log(db, kind, number)
    _turn(db, kind, number)
    if kind.visit:
        _visited_now(db, kind)
    for name, walk in done.items():
        _cover(db, kind, name, walk, number, sync, left_out if name == kind.name else 0)


def _first(db: sqlite3.Connection, kind: Kind) -> int | None:
    row = db.execute("SELECT first_sync FROM _coverage WHERE kind = ?", (kind.name,)).fetchone()
    return row[0] if row else None


def _devices(db: sqlite3.Connection, number: int) -> None:
    """Who is here now, and who is gone since this sync."""
    here = "id IN (SELECT device FROM _stage WHERE kind = 'devices')"
    db.execute(
        "UPDATE _device SET listed_sync = ?, gone_sync = NULL "
        f"WHERE (listed_sync IS NULL OR gone_sync IS NOT NULL) AND {here}",
        (number,),
    )
    db.execute(
        f"UPDATE _device SET gone_sync = ? WHERE listed_sync IS NOT NULL AND gone_sync IS NULL AND NOT {here}",
        (number,),
    )
    db.execute(
        "UPDATE _device SET (device_name, serial_number) = (SELECT v.device_name, v.serial_number FROM _stage s "
        f"JOIN _devices_value v ON v._id = s.value WHERE s.kind = 'devices' AND s.device = _device.id) WHERE {here}"
    )


def _listed_now(db: sqlite3.Connection, kind: Kind) -> None:
    """A device that lists have now is visited no more."""
    visited = "SELECT device FROM _stage_visit WHERE kind = :kind"
    staged = "SELECT device FROM _stage WHERE kind = :kind"
    db.execute(
        f"DELETE FROM _visit WHERE kind = :kind AND device IN ({staged}) AND device NOT IN ({visited})",
        {"kind": kind.name},
    )


def _visited_now(db: sqlite3.Connection, kind: Kind) -> None:
    """When each visited device had last checked in; one that is gone is forgotten."""
    db.execute(
        "INSERT OR REPLACE INTO _visit(kind, device, check_in) SELECT kind, device, check_in FROM _stage_visit "
        "WHERE kind = ?",
        (kind.name,),
    )
    db.execute(f"DELETE FROM _visit WHERE kind = ? AND device NOT IN ({_LISTED})", (kind.name,))


_SPAN = "device INTEGER, key INTEGER, value INTEGER"


def _diff(db: sqlite3.Connection, kind: Kind, number: int, done: Mapping[str, Walk], *, first: bool) -> int:
    """Fill `closing` and `opening` with what is to end and to begin. Returns how many staged rows were left out."""
    for table in ("closing", "opening"):
        db.execute(f"DROP TABLE IF EXISTS temp.{table}")
    primary = "PRIMARY KEY(device, key, value)) WITHOUT ROWID"
    db.execute(f"CREATE TEMP TABLE closing({_SPAN}, lost INTEGER, {primary}")
    db.execute(f"CREATE TEMP TABLE opening({_SPAN}, fresh INTEGER, since TEXT, latest TEXT, {primary}")
    names = {"kind": kind.name, "sync": number, "first": first}
    _ended(db, kind, names, done)
    open_, here = f"_{kind.name}_open", f"s.device IN ({_LISTED})" if kind.device else "1"
    fresh = _fresh(kind)
    db.execute(
        f"INSERT INTO opening SELECT device, key, value, {fresh}, since, latest FROM _stage s WHERE kind = :kind AND "
        f"{here} AND NOT EXISTS (SELECT 1 FROM {open_} o WHERE o.device = s.device AND o.key = s.key "
        "AND o.value = s.value)",
        names,
    )
    if kind.latest:
        _refresh(db, kind)
    return int(db.execute(f"SELECT count(*) FROM _stage s WHERE kind = :kind AND NOT ({here})", names).fetchone()[0])


_LISTED = "SELECT id FROM _device WHERE listed_sync IS NOT NULL AND gone_sync IS NULL"


def _ended(db: sqlite3.Connection, kind: Kind, names: Mapping[str, Any], done: Mapping[str, Walk]) -> None:
    """Fill `closing`: all of devices that are gone, and what was read and is not staged, or is otherwise."""
    open_ = f"_{kind.name}_open"
    if kind.device and kind.name != "devices":
        gone = "SELECT id FROM _device WHERE gone_sync IS NOT NULL"
        db.execute(f"INSERT INTO closing SELECT device, key, value, 1 FROM {open_} WHERE device IN ({gone})")
    same = (
        "EXISTS (SELECT 1 FROM _stage t WHERE t.kind = :kind AND t.device = o.device AND t.key = o.key "
        "AND t.value = o.value)"
    )
    for held in _held(kind, done):
        db.execute(
            f"INSERT OR IGNORE INTO closing SELECT o.device, o.key, o.value, 0 FROM {held} AND NOT {same}", names
        )


def _held(kind: Kind, done: Mapping[str, Walk]) -> Iterator[str]:
    """What of the copy the readings reach, as FROM and WHERE."""
    open_ = f"_{kind.name}_open"
    visited = "SELECT device FROM _stage_visit WHERE kind = :kind"
    if kind.listed and kind.name in done:
        if done[kind.name].mode == "full" and not kind.starts:
            whose = f"o.device NOT IN (SELECT device FROM _visit WHERE kind = :kind UNION {visited})"
            yield f"{open_} o WHERE {whose if kind.visit else '1'}"
        else:
            yield f"_stage s CROSS JOIN {open_} o ON o.device = s.device AND o.key = s.key WHERE s.kind = :kind"
    if kind.visit and kind.visited in done:
        yield f"{open_} o WHERE o.device IN ({visited})"


def _fresh(kind: Kind) -> str:
    """Whether a new span is news: not when its kind or its device is looked at for the first time."""
    if kind.name == "devices" or not kind.device:
        return "NOT :first"
    old = "s.device NOT IN (SELECT id FROM _device WHERE listed_sync = :sync)"
    if not kind.prism and not kind.visit:
        return f"NOT :first AND {old}"
    reported = " OR ".join(
        f"EXISTS (SELECT 1 FROM _{kind.name}_{part} p WHERE p.device = s.device)" for part in ("open", "closed")
    )
    return f"{old} AND ({reported})"


def _refresh(db: sqlite3.Connection, kind: Kind) -> None:
    """The newest value of what is not versioned."""
    db.execute(
        f"UPDATE _{kind.name}_open AS o SET latest = s.latest FROM _stage s WHERE s.kind = ? AND s.device = o.device "
        "AND s.key = o.key AND s.value = o.value AND s.latest IS NOT o.latest",
        (kind.name,),
    )


def _log(db: sqlite3.Connection, kind: Kind, number: int) -> None:
    """Write the changes down: what both ended and began under one key changed, the rest appeared or is gone."""
    rank = "row_number() OVER (PARTITION BY device, key ORDER BY value) AS n"
    old = f"SELECT device, key, value, {rank} FROM closing WHERE NOT lost"
    new = f"SELECT device, key, value, fresh, {rank} FROM opening"
    pairs = f"({old}) o JOIN ({new}) n ON n.device = o.device AND n.key = o.key AND n.n = o.n"
    head = "INSERT INTO _change(sync, kind, what, device, key, old, new) SELECT :sync, :kind, "
    names = {"sync": number, "kind": kind.name}
    db.execute(f"{head} 'changed', o.device, o.key, o.value, n.value FROM {pairs}", names)
    left = f"({old}) o LEFT JOIN ({new}) n ON n.device = o.device AND n.key = o.key AND n.n = o.n"
    db.execute(f"{head} 'gone', o.device, o.key, o.value, NULL FROM {left} WHERE n.value IS NULL", names)
    right = f"({new}) n LEFT JOIN ({old}) o ON n.device = o.device AND n.key = o.key AND n.n = o.n"
    db.execute(
        f"{head} 'appeared', n.device, n.key, NULL, n.value FROM {right} WHERE o.value IS NULL AND n.fresh", names
    )
    find_moves(db, kind, number)
    _forget_unknown(db, kind, number)


def _forget_unknown(db: sqlite3.Connection, kind: Kind, number: int) -> None:
    """A column that Iru adds some day changes every row; only columns that are known are news."""
    table = f"_{kind.name}_value"
    differs = " OR ".join(f'a."{name}" IS NOT b."{name}"' for name in kind.columns) or "0"
    db.execute(
        "DELETE FROM _change WHERE sync = ? AND kind = ? AND what = 'changed' AND NOT EXISTS "
        f"(SELECT 1 FROM {table} a, {table} b WHERE a._id = _change.old AND b._id = _change.new AND ({differs}))",
        (number, kind.name),
    )


def _turn(db: sqlite3.Connection, kind: Kind, number: int) -> None:
    """Close what ended and open what began. What changed goes on being news only if it was."""
    name = kind.name
    ended = "(device, key, value) IN (SELECT device, key, value FROM closing)"
    columns = "device, key, value, seen_from, fresh, since, latest"
    db.execute(
        f"INSERT OR REPLACE INTO _{name}_closed({columns}, seen_to) "
        f"SELECT {columns}, ? FROM _{name}_open WHERE {ended}",
        (number,),
    )
    db.execute(f"DELETE FROM _{name}_open WHERE {ended}")
    db.execute(
        f"INSERT INTO _{name}_open({columns}) SELECT device, key, value, ?, fresh, since, latest FROM opening",
        (number,),
    )


def _cover(  # noqa: PLR0913, PLR0917 - the facts of one reading
    db: sqlite3.Connection, kind: Kind, reading: str, walk: Walk, number: int, sync: Sync, left_out: int
) -> None:
    rows = db.execute(f"SELECT count(*) FROM _{kind.name}_open WHERE {_whose(kind, reading)}").fetchone()[0]
    full_at = sync.started_at if walk.mode == "full" else None
    db.execute(
        "INSERT INTO _coverage(kind, state, rows, odd, left_out, counted, mode, first_sync, good_sync, full_at, since, "
        "checked_at) VALUES (:kind, 'copied', :rows, :odd, :out, :counted, :mode, :sync, :sync, :full, :since, :at) "
        "ON CONFLICT(kind) DO UPDATE SET state = 'copied', why = NULL, permission = NULL, rows = :rows, odd = :odd, "
        "left_out = :out, counted = coalesce(:counted, counted), mode = :mode, "
        "first_sync = coalesce(first_sync, :sync), good_sync = :sync, "
        "full_at = coalesce(:full, full_at), since = :since, checked_at = :at",
        {"kind": reading, "rows": rows, "odd": walk.odd, "out": left_out, "mode": walk.mode, "sync": number}
        | {"full": full_at, "counted": walk.counted, "since": sync.started_at, "at": sync.finished_at},
    )


def _whose(kind: Kind, reading: str) -> str:
    """The rows of the copy that a reading is for."""
    if len(kind.readings) == 1:
        return "1"
    return f"device {'NOT ' if reading == kind.name else ''}IN (SELECT device FROM _visit WHERE kind = '{kind.name}')"


def _denied(db: sqlite3.Connection, reading: str, walk: Walk, sync: Sync) -> None:
    """What may no longer be read stays as it last was, and says so."""
    db.execute(
        "INSERT INTO _coverage(kind, state, why, permission, checked_at) VALUES (?, 'not permitted', ?, ?, ?) "
        "ON CONFLICT(kind) DO UPDATE SET state = 'not permitted', why = excluded.why, "
        "permission = excluded.permission, checked_at = excluded.checked_at",
        (reading, walk.why, walk.permission, sync.finished_at),
    )
