"""Rows on their way into the copy.

The problem: a table takes up to thousands of pages, and the process may end between any two. Each page is staged in one
transaction with the position after it (`ReadState`), so the next sync goes on where this one was. A staged row is
whole numbers and two times (interning.py). What must stay true: a staged position never runs ahead of the staged rows.
"""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

import anyio
from anyio import to_thread

from ...api.paging import Position
from ..store import disk_errors, records
from ..tables import Kind
from ..transaction import transaction
from .canonical import seconds
from .cve_texts import keep_texts
from .interning import Interning

T = TypeVar("T")
Place = Position | list[Any]
"""Where reading goes on: a page's position; for a table with parents the parent's id and that (None: the first); for
a page by offset that overlaps with the one before, its position and what its first row must be."""


@dataclass(frozen=True, slots=True)
class ReadState:
    """How far a table, or its device by device part, was read and staged."""

    state: str = "reading"
    """reading, done, or denied."""
    position: Place | None = None
    mode: str = "full"
    """full, or incremental."""
    since: str | None = None
    """From when an incremental reading reads, as the file writes times."""
    why: str | None = None
    permission: str | None = None
    rows: int = 0
    odd: int = 0
    counted: int | None = None
    """How many rows Iru says there are, less those that the copy then holds; the same again means none is lost."""
    newest: int | None = None
    """The newest time of change that a row carried, in seconds by Iru's clock."""
    removals: bool = False
    """Whether what is no longer there was noticed on every device."""


@dataclass(frozen=True, slots=True)
class DueDevice:
    """A device that is asked for itself."""

    device_id: str
    check_in: str | None
    unchanged: bool
    """Whether it has not checked in since it was read for the copy."""


class Stage:
    """The staged rows of one sync that is not committed yet, each put through `shown` before it is written."""

    def __init__(self, db: sqlite3.Connection, shown: Callable[[object], object] | None = None) -> None:
        self.db = db
        self._interning = Interning(db, shown)
        self._one = anyio.Lock()

    async def work(self, work: Callable[[], T]) -> T:
        """Use the connection, in a thread, one at a time. Raises Unwritable."""
        async with self._one:
            with disk_errors():
                return await to_thread.run_sync(work)

    async def state(self, reading: str) -> ReadState:
        """How far a reading that was begun is."""
        return (await self.work(self.states))[reading]

    def states(self) -> dict[str, ReadState]:
        """The readings that were begun."""
        return {
            row.pop("kind"): ReadState(**row | {"position": json.loads(row["position"] or "null")})
            for row in records(self.db, "SELECT * FROM _stage_read")
        }

    def note(self, reading: str, state: ReadState) -> None:
        """Note how far a reading is."""
        row = asdict(state) | {"position": None if state.position is None else json.dumps(state.position)}
        marks = ", ".join(f":{name}" for name in row)
        select = f"INSERT OR REPLACE INTO _stage_read(kind, {', '.join(row)}) VALUES (:kind, {marks})"
        self.db.execute(select, row | {"kind": reading})

    def clear(self, kind: Kind | None = None) -> None:
        """Delete what is staged, of one table or of all."""
        where, names = (" WHERE kind = ?", (kind.name,)) if kind else ("", ())
        with transaction(self.db):
            for table in ("_stage", "_stage_read", "_stage_report", "_stage_whole"):
                self.db.execute(f"DELETE FROM {table}{where}", names)

    def begin_anew(self, kind: Kind, state: ReadState) -> None:
        """Delete what is staged of a table, and note in `state` how it is to be read."""
        self.clear(kind)
        self.note(kind.name, state)

    def clear_devices(self, kind: Kind) -> None:
        """Delete what is staged of devices that were asked singly."""
        names = {"kind": kind.name, "reading": kind.per_device_reading}
        asked = "SELECT device FROM _stage_whole WHERE kind = :kind AND asked"
        with transaction(self.db):
            self.db.execute(f"DELETE FROM _stage WHERE kind = :kind AND device IN ({asked})", names)
            self.db.execute("DELETE FROM _stage_whole WHERE kind = :kind AND asked", names)
            self.db.execute("DELETE FROM _stage_read WHERE kind = :reading", names)

    def parents(self, kind: Kind) -> list[str]:
        """The ids of the things whose lists make up the table, as this sync read them or as the copy has them."""
        selects = [
            f'SELECT v."{column}" FROM ({_now(name, "value")}) n JOIN _{name}_value v ON v._id = n.value'
            for name, column in kind.parents
        ]
        return sorted({str(id_) for select in selects for (id_,) in self.db.execute(select) if id_})

    def unread_parents(self, kind: Kind) -> ReadState | None:
        """Why none of the tables that hold the ids could be read; None when one was."""
        states = self.states()
        read_once = {row[0] for row in self.db.execute("SELECT kind FROM _coverage WHERE good_sync IS NOT NULL")}
        for name, _ in kind.parents:
            if name in read_once or name not in states or states[name].state != "denied":
                return None
        return states[kind.parents[0][0]] if kind.parents else None

    def missing(self, kind: Kind) -> int:
        """How many things of the copy are not staged."""
        return self._count(_unstaged(kind))

    def held(self, kind: Kind) -> int:
        """How many things the copy would hold if what is staged came on top of it, without devices asked one by one."""
        listed = f"device NOT IN ({asked_singly(kind)})" if kind.per_device else "1"
        staged = self._count(f"_stage WHERE kind = '{kind.name}' AND {listed}")
        if self.states()[kind.name].mode == "full":
            return staged
        whole = f"SELECT device FROM _stage_whole WHERE kind = '{kind.name}'"
        return staged + self._count(f"{_unstaged(kind)} AND {listed} AND device NOT IN ({whole})")

    def _count(self, rows: str) -> int:
        """How many rows there are, by their FROM and WHERE."""
        return int(self.db.execute(f"SELECT count(*) FROM {rows}").fetchone()[0])

    def suspects(self, kind: Kind) -> list[str]:
        """The devices that reported again, and of which the copy has a thing that is in none of their new rows."""
        reported = f"o.device IN (SELECT device FROM _stage WHERE kind = '{kind.name}')"
        select = f"SELECT device_id FROM _device WHERE id IN (SELECT o.device FROM {_unstaged(kind)} AND {reported})"
        return sorted(row[0] for row in self.db.execute(select))

    def counted(self, kind: Kind) -> int | None:
        """By how many rows Iru's count exceeded those that the copy held, at the last reading; None where unknown."""
        row = self.db.execute("SELECT counted FROM _coverage WHERE kind = ?", (kind.name,)).fetchone()
        return row[0] if row else None

    def devices_of(self, kind: Kind) -> int:
        """How many devices have rows of the table in the copy."""
        return self._count(f"(SELECT DISTINCT device FROM _{kind.name}_open)")

    def replace_whole(self, kind: Kind, device_ids: Sequence[str], rows: Sequence[object]) -> int:
        """Stage `rows` as all that the devices have, in place of what is staged of them. Returns how many of the rows
        were not staged before."""
        marks = [(kind.name, self._interning.device(device_id)) for device_id in device_ids]
        staged = f"_stage WHERE kind = '{kind.name}'"
        with transaction(self.db):
            before = self._count(staged)
            self.db.executemany("DELETE FROM _stage WHERE kind = ? AND device = ?", marks)
            self._insert(kind, rows)
            self.db.executemany("INSERT OR REPLACE INTO _stage_whole(kind, device, asked) VALUES (?, ?, 0)", marks)
            return self._count(staged) - before

    def due(self, kind: Kind) -> list[DueDevice]:
        """The listed devices that must still be asked singly: no list has rows of theirs."""
        platforms = kind.per_device.platforms if kind.per_device else ()
        listed = _now("devices", "device, value, latest")
        found = self.db.execute(
            f"""SELECT d.device_id, s.check_in, EXISTS (SELECT 1 FROM _device_read r WHERE r.kind = ?1
                AND r.device = s.device AND r.check_in IS s.check_in)
            FROM (SELECT *, json_extract(latest, '$.last_check_in') AS check_in FROM ({listed})) s
            JOIN _device d ON d.id = s.device JOIN _devices_value t ON t._id = s.value
            WHERE t.platform IN ({", ".join("?" * len(platforms))})
                AND NOT EXISTS (SELECT 1 FROM _stage_whole w WHERE w.kind = ?1 AND w.device = s.device)
                AND NOT EXISTS (SELECT 1 FROM _stage l WHERE l.kind = ?1 AND l.device = s.device)
                AND (EXISTS (SELECT 1 FROM _device_read r WHERE r.kind = ?1 AND r.device = s.device)
                    OR NOT EXISTS (SELECT 1 FROM _{kind.name}_open o WHERE o.device = s.device))
            ORDER BY 1""",
            (kind.name, *platforms),
        )
        return [DueDevice(device_id, check_in, bool(unchanged)) for device_id, check_in, unchanged in found]

    def add(self, kind: Kind, rows: Sequence[object], state: ReadState, device: DueDevice | None = None) -> ReadState:
        """Stage one page, or all that a `device` has that was asked for itself, and note `state` with these rows
        counted, which is returned."""
        with transaction(self.db):
            if device:
                self.db.execute(
                    "INSERT OR REPLACE INTO _stage_whole(kind, device, asked, check_in) VALUES (?, ?, 1, ?)",
                    (kind.name, self._interning.device(device.device_id), device.check_in),
                )
            staged = self._insert(kind, rows)
            if kind.prism:
                self._note_reports(kind, rows)
            if kind.keeps_texts:
                keep_texts(self.db, [self._interning.written(row) for row in rows])
            state = replace(state, rows=state.rows + staged, odd=state.odd + len(rows) - staged)
            self.note(kind.per_device_reading if device else kind.name, state)
        return state

    def _insert(self, kind: Kind, rows: Sequence[object]) -> int:
        """Stage rows. Returns how many of them are things of the kind."""
        placed = [self._interning.placed(kind, row) for row in rows]
        staged = [(kind.name, *one) for one in placed if one is not None]
        if kind.record.unique:  # read twice while it changed: the newer reading counts
            twice = [row[:3] for row in staged]
            self.db.executemany("DELETE FROM _stage WHERE kind = ? AND device = ? AND key = ?", twice)
        self.db.executemany(
            "INSERT OR REPLACE INTO _stage(kind, device, key, value, since, changed, latest) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            staged,
        )
        return len(staged)

    def _note_reports(self, kind: Kind, rows: Sequence[object]) -> None:
        """Note when each device last reported the category: the newest times of its rows."""
        held = [row for row in rows if isinstance(row, dict) and isinstance(row.get("device_id"), str)]
        moments = ("updated_at", "last_collected_at")
        times = dict.fromkeys((row["device_id"], *(seconds(row.get(name)) or 0 for name in moments)) for row in held)
        self.db.executemany(
            "INSERT INTO _stage_report(kind, device, updated_at, collected_at) VALUES (?, ?, ?, ?) ON CONFLICT(kind, "
            "device) DO UPDATE SET updated_at = max(updated_at, excluded.updated_at), "
            "collected_at = max(collected_at, excluded.collected_at)",
            [(kind.name, self._interning.device(device_id), *both) for device_id, *both in times],
        )
        first_rows = {row["device_id"]: row for row in reversed(held)}
        self.db.executemany(  # Iru's device list has better names, but not of every device
            "UPDATE _device SET device_name = ?, serial_number = ? WHERE device_id = ? AND serial_number IS NULL",
            [(*self._interning.names(row), device_id) for device_id, row in first_rows.items()],
        )


def asked_singly(kind: Kind) -> str:
    """The SELECT of the devices that were asked one by one for what the copy has of the table."""
    return f"SELECT device FROM _device_read WHERE kind = '{kind.name}'"


def _now(kind: str, columns: str) -> str:
    """The SELECT of a table's rows as this sync read them, or as the copy has them when this sync did not read it."""
    return (
        f"SELECT {columns} FROM _stage WHERE kind = '{kind}' UNION ALL SELECT {columns} FROM _{kind}_open "
        f"WHERE NOT EXISTS (SELECT 1 FROM _stage_read WHERE kind = '{kind}' AND state = 'done')"
    )


def _unstaged(kind: Kind) -> str:
    """FROM and WHERE of the rows of the copy whose thing is not staged."""
    return (
        f"_{kind.name}_open o JOIN _{kind.name}_value v ON v._id = o.value WHERE NOT EXISTS (SELECT 1 FROM _stage s "
        f"WHERE s.kind = '{kind.name}' AND s.device = o.device AND s.key = v.key)"
    )
