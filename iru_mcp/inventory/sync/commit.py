"""What was staged becomes the copy, in one transaction.

The problem: the copy must be the old one or the new one at every moment, and say what changed between them without
keeping a copy a day. A row of the copy is a span: a device has a value from one sync (`seen_from`) on, and while it has
it the span is in the table's _open. When a reading shows that it has no more, the span moves to _closed with the sync
that ended it and the value that took its place (`next`), if any: that pair is a change, so no list of changes is kept
beside. What began without taking a place is noted in _appeared. diff.py says which spans end and begin. What must stay
true: a reading ends only spans that it would have shown; a device or table that is read for the first time is no news.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from ..store import set_meta
from ..tables import KINDS, READINGS, Kind
from ..transaction import transaction
from .diff import ENROLLED, NEWS, diff, pair_up
from .staging import ReadState, asked_singly

_LEFT = "SELECT id FROM _device WHERE listed_sync IS NULL OR gone_sync IS NOT NULL"
"""The devices that are not enrolled: few, so that their rows are found by index."""


@dataclass(frozen=True, slots=True)
class Sync:
    """The facts of the sync that is committed. Times as the file writes them."""

    started_at: str
    finished_at: str
    requests: int
    seconds: float
    began: int
    """When it began, in seconds since 1970 by Iru's clock if Iru sent the time, else by this machine's."""
    partial: bool = False
    """Whether it was of some tables only."""


def commit(db: sqlite3.Connection, states: Mapping[str, ReadState], sync: Sync) -> int:
    """Merge the staged rows into the copy, all of them or none. Returns the sync's number."""
    with transaction(db):
        mode = "full" if all(one.mode == "full" for one in states.values() if one.state == "done") else "incremental"
        row = (sync.started_at, sync.finished_at, "partial" if sync.partial else mode, sync.requests, sync.seconds)
        columns = "started_at, finished_at, mode, requests, seconds"
        number = db.execute(f"INSERT INTO _sync({columns}) VALUES (?, ?, ?, ?, ?)", row).lastrowid or 0
        for kind in KINDS:
            _merge(db, kind, {name: states[name] for name in kind.readings if name in states}, number, sync)
        _unstage(db, states)
        _count_left_out(db)
        if not sync.partial:
            db.execute("DELETE FROM _failed_sync")
    db.execute("PRAGMA analysis_limit = 2000")
    db.execute("ANALYZE")  # a question about one app begins with the app only if SQLite knows how few apps there are
    # The staged rows' pages go back to the file system; after the first sync, which fills the file, all are packed.
    db.executescript("VACUUM" if number == 1 else "PRAGMA incremental_vacuum")
    return number


def _unstage(db: sqlite3.Connection, states: Mapping[str, ReadState]) -> None:
    """Delete what was committed from the stage. What another sync has read only partly stays, for the next to go on."""
    kinds = {(READINGS[reading].name,) for reading in states}
    for table in ("_stage", "_stage_report", "_stage_whole"):
        db.executemany(f"DELETE FROM {table} WHERE kind = ?", kinds)
    db.executemany("DELETE FROM _stage_read WHERE kind = ?", [(name,) for name in states])
    if not db.execute("SELECT 1 FROM _stage_read").fetchone():
        set_meta(db, "stage", None)


def _merge(db: sqlite3.Connection, kind: Kind, readings: Mapping[str, ReadState], number: int, sync: Sync) -> None:
    done = {name: state for name, state in readings.items() if state.state == "done"}
    for name, state in readings.items():
        if name not in done:
            _not_permitted(db, name, state, sync)
    if not done:
        return
    if kind.name == "devices":
        _enroll(db, number)
    if kind.per_device:
        _forget_listed(db, kind)
    read_before = "SELECT 1 FROM _coverage WHERE kind = ? AND first_sync IS NOT NULL"
    diff(db, kind, done, number, first=not db.execute(read_before, (kind.name,)).fetchone())
    pair_up(db, kind)
    _apply(db, kind, number)
    if kind.per_device:
        _note_check_ins(db, kind)
    if kind.prism:
        _note_reports(db, kind)
    if done.get(kind.name) and done[kind.name].mode == "full":
        db.execute("DELETE FROM _added_column WHERE kind = ?", (kind.name,))
    for name, state in done.items():
        _cover(db, kind, name, state, number, sync)


def _enroll(db: sqlite3.Connection, number: int) -> None:
    """Note which devices Iru lists now, and which it no longer lists since this sync."""
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


def _forget_listed(db: sqlite3.Connection, kind: Kind) -> None:
    """Forget when a device was asked singly, if the list has it now."""
    asked = "SELECT device FROM _stage_whole WHERE kind = :kind AND asked"
    staged = "SELECT device FROM _stage WHERE kind = :kind"
    db.execute(
        f"DELETE FROM _device_read WHERE kind = :kind AND device IN ({staged}) AND device NOT IN ({asked})",
        {"kind": kind.name},
    )


def _note_check_ins(db: sqlite3.Connection, kind: Kind) -> None:
    """Note when each device that was asked singly had last checked in, and forget those that are gone."""
    db.execute(
        "INSERT OR REPLACE INTO _device_read(kind, device, check_in) SELECT kind, device, check_in FROM _stage_whole "
        "WHERE kind = ? AND asked",
        (kind.name,),
    )
    db.execute(f"DELETE FROM _device_read WHERE kind = ? AND device NOT IN ({ENROLLED})", (kind.name,))


def _note_reports(db: sqlite3.Connection, kind: Kind) -> None:
    """Note when each device last reported the category."""
    db.execute("INSERT OR IGNORE INTO _category(name) VALUES (?)", (kind.name,))
    db.execute(
        "INSERT OR REPLACE INTO _report(category, device, updated_at, collected_at) SELECT c.id, s.device, "
        "nullif(s.updated_at, 0), nullif(s.collected_at, 0) FROM _stage_report s JOIN _category c ON c.name = s.kind "
        "WHERE s.kind = ?",
        (kind.name,),
    )


def _apply(db: sqlite3.Connection, kind: Kind, number: int) -> None:
    """Close the spans that ended and open those that began. What follows a span that is NEWS is NEWS too."""
    name = kind.name
    dated = f"since, changed{', latest' if kind.latest else ''}"
    db.execute(
        f"INSERT OR REPLACE INTO _{name}_closed(seen_to, device, value, seen_from, flags, next, {dated}) SELECT :sync, "
        f"o.device, o.value, o.seen_from, (o.flags & {NEWS}) | c.flags, c.next, {dated} FROM closing c "
        f"JOIN _{name}_open o ON o.device = c.device AND o.value = c.value ORDER BY o.device, o.value",
        {"sync": number},
    )
    db.execute(f"DELETE FROM _{name}_open WHERE (device, value) IN (SELECT device, value FROM closing)")
    db.execute(
        f"INSERT INTO _{name}_open(device, value, seen_from, flags, {dated}) "
        f"SELECT device, value, ?, fresh, {dated} FROM opening",
        (number,),
    )
    if not kind.starts:  # what happened in Iru is listed itself; a change for each would only repeat it
        db.execute(
            f"INSERT INTO _{name}_appeared(sync, device, value) SELECT ?, device, value FROM opening "
            "WHERE fresh AND NOT paired",
            (number,),
        )


def _cover(  # noqa: PLR0913, PLR0917 - the facts of one reading
    db: sqlite3.Connection, kind: Kind, reading: str, state: ReadState, number: int, sync: Sync
) -> None:
    full = state.mode == "full"
    facts = {
        "kind": reading,
        "state": "copied",
        "rows": db.execute(f"SELECT count(*) FROM _{kind.name}_open WHERE {_whose(kind, reading)}").fetchone()[0],
        "odd": state.odd,
        "counted": state.counted,
        "mode": state.mode,
        "good_sync": number,
        "full_at": sync.started_at if full else None,
        "since": sync.started_at,
        "checked_at": sync.finished_at,
        "removals_at": sync.started_at if full or state.removals or kind.starts else None,
        "bound": _bound(db, reading, state, sync),
    }
    marks = ", ".join(f":{name}" for name in facts)
    newest = ", ".join(f"{name} = coalesce(excluded.{name}, {name})" for name in facts)
    db.execute(
        f"INSERT INTO _coverage({', '.join(facts)}, first_sync) VALUES ({marks}, :good_sync) "
        f"ON CONFLICT(kind) DO UPDATE SET {newest}, first_sync = coalesce(first_sync, excluded.first_sync), "
        "why = NULL, permission = NULL",
        facts,
    )


def _count_left_out(db: sqlite3.Connection) -> None:
    """Count the rows of each reading that are of devices which are not enrolled. All readings are counted: a device may
    have come or gone while a table was not read."""
    for reading, kind in READINGS.items():
        count = f"SELECT count(*) FROM _{kind.name}_open WHERE device IN ({_LEFT}) AND {_whose(kind, reading)}"
        left_out = count if kind.device and kind.name != "devices" else "0"
        db.execute(f"UPDATE _coverage SET left_out = ({left_out}) WHERE kind = ? AND rows IS NOT NULL", (reading,))


def _bound(db: sqlite3.Connection, reading: str, state: ReadState, sync: Sync) -> int | None:
    """From when the next incremental reading reads, by Iru's clock: the newest change that was seen, but no later than
    this sync began."""
    row = db.execute("SELECT bound FROM _coverage WHERE kind = ?", (reading,)).fetchone()
    known = [time for time in (state.newest, row[0] if row else None) if time is not None]
    return min(max(known), sync.began) if known else None


def _whose(kind: Kind, reading: str) -> str:
    """SQL for the rows of the copy that a reading is for."""
    if len(kind.readings) == 1:
        return "1"
    return f"device {'NOT ' if reading == kind.name else ''}IN ({asked_singly(kind)})"


def _not_permitted(db: sqlite3.Connection, reading: str, state: ReadState, sync: Sync) -> None:
    """A reading that the token may not make (any more): the rows of before stay, and the coverage says why."""
    db.execute(
        "INSERT INTO _coverage(kind, state, why, permission, checked_at) VALUES (?, 'not permitted', ?, ?, ?) "
        "ON CONFLICT(kind) DO UPDATE SET state = 'not permitted', why = excluded.why, "
        "permission = excluded.permission, checked_at = excluded.checked_at",
        (reading, state.why, state.permission, sync.finished_at),
    )
