"""Rows on their way in: each page and the place after it are one transaction, so a killed sync goes on where it was."""

from __future__ import annotations

import json
import marshal
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ...api.paging import Position
from ..store import transaction
from ..tables import BY_NAME, Kind
from .canonical import Thing, plain, read
from .device_rows import PLATFORMS

_MEMO = 50_000
"""Contents remembered before the memory is emptied: apps and launch items repeat on every device."""


Place = Position | list[Any]
"""Where reading goes on: a page's position; for a table with parents the parent's id and that (None: the first)."""


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a reading was staged."""

    state: str
    """walking, done, or denied."""
    position: Place | None
    mode: str
    """full, or incremental."""
    since: str | None
    why: str | None = None
    permission: str | None = None
    endpoint: str | None = None
    rows: int = 0
    odd: int = 0
    counted: int | None = None
    """How many rows Iru says the kind has, beyond those that the copy then holds; the same again means none is lost."""


@dataclass(frozen=True, slots=True)
class Visited:
    """A device that is asked for itself."""

    device_id: str
    check_in: str | None
    unchanged: bool
    """Whether it has not checked in since it was read for the copy."""


_LISTED_NOW = (
    "SELECT device, value, latest FROM _stage WHERE kind = 'devices' UNION ALL SELECT device, value, latest "
    "FROM _devices_open WHERE NOT EXISTS (SELECT 1 FROM _stage_walk WHERE kind = 'devices' AND state = 'done')"
)
"""The device list as this sync read it, or as the copy has it when this sync did not need to read it."""


class Stage:
    """The staged rows of one sync that is not committed yet, each put through `shown` before it is written."""

    def __init__(self, db: sqlite3.Connection, shown: Callable[[object], object] | None = None) -> None:
        self.db = self._db = db
        self._shown = shown
        self._known: dict[tuple[str, bytes], tuple[int, int]] = {}
        self._devices: dict[str, int] = {}

    def walks(self) -> dict[str, Walk]:
        """The readings that were begun."""
        found = self._db.execute(
            "SELECT kind, state, position, mode, since, why, permission, endpoint, rows, odd, counted FROM _stage_walk"
        ).fetchall()
        return {name: Walk(state, json.loads(place) if place else None, *rest) for name, state, place, *rest in found}

    def note(self, reading: str, walk: Walk) -> None:
        """Write down how far a reading is."""
        place = None if walk.position is None else json.dumps(walk.position)
        row = (reading, walk.state, place, walk.mode, walk.since, walk.why, walk.permission, walk.endpoint)
        self._db.execute(
            "INSERT OR REPLACE INTO _stage_walk(kind, state, position, mode, since, why, permission, endpoint, rows, "
            "odd, counted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*row, walk.rows, walk.odd, walk.counted),
        )

    def clear(self, kind: Kind | None = None) -> None:
        """Forget what is staged, of one kind or of all."""
        where, names = (" WHERE kind = ?", (kind.name,)) if kind else ("", ())
        with transaction(self._db):
            for table in ("_stage", "_stage_walk", "_stage_visit"):
                self._db.execute(f"DELETE FROM {table}{where}", names)

    def clear_visits(self, kind: Kind) -> None:
        """Forget what was staged of visited devices."""
        names = {"kind": kind.name, "reading": kind.visited}
        visited = "SELECT device FROM _stage_visit WHERE kind = :kind"
        with transaction(self._db):
            self._db.execute(f"DELETE FROM _stage WHERE kind = :kind AND device IN ({visited})", names)
            self._db.execute("DELETE FROM _stage_visit WHERE kind = :kind", names)
            self._db.execute("DELETE FROM _stage_walk WHERE kind = :reading", names)

    def parents(self, kind: Kind) -> list[str]:
        """The ids of the things whose lists make up the table, as this sync read them or as the copy has them."""
        found: set[str] = set()
        for name, column in kind.parents:
            now = (
                f"SELECT value FROM _stage WHERE kind = '{name}' UNION ALL SELECT value FROM _{name}_open WHERE NOT "
                f"EXISTS (SELECT 1 FROM _stage_walk WHERE kind = '{name}' AND state = 'done')"
            )
            ids = self._db.execute(f'SELECT v."{column}" FROM ({now}) n JOIN _{name}_value v ON v._id = n.value')
            found |= {str(row[0]) for row in ids if row[0]}
        return sorted(found)

    def unread_parents(self, kind: Kind) -> Walk | None:
        """Why none of the tables that hold the ids could be read; None when one was."""
        walks = self.walks()
        read = {row[0] for row in self._db.execute("SELECT kind FROM _coverage WHERE good_sync IS NOT NULL")}
        for name, _ in kind.parents:
            if name in read or name not in walks or walks[name].state != "denied":
                return None
        return walks[kind.parents[0][0]] if kind.parents else None

    def missing(self, kind: Kind, further: str = "") -> int:
        """How many things of the copy are not staged."""
        found = self._db.execute(
            f"SELECT count(*) FROM _{kind.name}_open o WHERE NOT EXISTS (SELECT 1 FROM _stage s WHERE s.kind = ? "
            f"AND s.device = o.device AND s.key = o.key) {further}",
            (kind.name,),
        )
        return int(found.fetchone()[0])

    def held(self, kind: Kind) -> int:
        """How many things of listed devices the copy would hold if what is staged came on top of it."""
        listed = f"device IN (SELECT device FROM ({_LISTED_NOW}))"
        if kind.visit:
            listed += f" AND device NOT IN (SELECT device FROM _visit WHERE kind = '{kind.name}')"
        staged = self._db.execute(f"SELECT count(*) FROM _stage WHERE kind = ? AND {listed}", (kind.name,)).fetchone()
        if self.walks()[kind.name].mode == "full":
            return int(staged[0])
        return int(staged[0]) + self.missing(kind, f"AND o.{listed}")

    def visits(self, kind: Kind) -> list[Visited]:
        """The listed devices that must be asked one by one and were not yet: no row of theirs is in a list."""
        marks = ", ".join("?" * len(PLATFORMS))
        found = self._db.execute(
            "SELECT d.device_id, json_extract(s.latest, '$.last_check_in') AS seen, EXISTS (SELECT 1 FROM _visit v "
            "WHERE v.kind = ?1 AND v.device = s.device AND v.check_in IS json_extract(s.latest, '$.last_check_in')) "
            f"FROM ({_LISTED_NOW}) s JOIN _device d ON d.id = s.device JOIN _devices_value t ON t._id = s.value "
            f"WHERE t.platform IN ({marks}) "
            "AND NOT EXISTS (SELECT 1 FROM _stage_visit v WHERE v.kind = ?1 AND v.device = s.device) "
            "AND NOT EXISTS (SELECT 1 FROM _stage l WHERE l.kind = ?1 AND l.device = s.device) "
            "AND (EXISTS (SELECT 1 FROM _visit v WHERE v.kind = ?1 AND v.device = s.device) "
            f"OR NOT EXISTS (SELECT 1 FROM _{kind.name}_open o WHERE o.device = s.device)) ORDER BY 1",
            (kind.name, *PLATFORMS),
        )
        return [Visited(device_id, check_in, bool(unchanged)) for device_id, check_in, unchanged in found]

    def add_visits(
        self, kind: Kind, found: Mapping[Visited, Sequence[object]], after: Callable[[int, int], Walk]
    ) -> tuple[int, int]:
        """Stage what the visited devices have, as `add` does a page."""
        with transaction(self._db):
            self._db.executemany(
                "INSERT OR REPLACE INTO _stage_visit(kind, device, check_in) VALUES (?, ?, ?)",
                [(kind.name, self._device(device.device_id), device.check_in) for device in found],
            )
            return self._add(kind, kind.visited, (row for rows in found.values() for row in rows), after)

    def add(self, kind: Kind, rows: Iterable[object], after: Callable[[int, int], Walk]) -> tuple[int, int]:
        """Stage one page; `after` tells from its number of rows and odd rows how far that is. Returns both numbers."""
        with transaction(self._db):
            return self._add(kind, kind.name, rows, after)

    def _add(
        self, kind: Kind, reading: str, rows: Iterable[object], after: Callable[[int, int], Walk]
    ) -> tuple[int, int]:
        staged: list[tuple[Any, ...]] = []
        odd = 0
        for row in rows:
            found = self._placed(kind, row)
            if found is None:
                odd += 1
            else:
                staged.append((kind.name, *found))
        if kind.record.unique:  # read twice while it changed: the newer reading counts
            twice = [entry[:3] for entry in staged]
            self._db.executemany("DELETE FROM _stage WHERE kind = ? AND device = ? AND key = ?", twice)
        self._db.executemany(
            "INSERT OR REPLACE INTO _stage(kind, device, key, value, since, latest) VALUES (?, ?, ?, ?, ?, ?)", staged
        )
        self.note(reading, after(len(staged), odd))
        return len(staged), odd

    def _placed(self, kind: Kind, row: object) -> tuple[int, int, int, str | None, str | None] | None:
        """Device, key, value, since and latest of one row. What repeats from device to device is read once."""
        same = _same(kind, row)
        known = self._known.get((kind.name, same)) if same else None
        if known and isinstance(row, dict):
            return self._device(row[kind.device]), *known, _since(kind, row), None
        thing = read(kind, self._shown(row) if self._shown else row)
        if thing is None:
            return None
        found = self._key(thing.key), self._value(kind, thing)
        if same:
            if len(self._known) >= _MEMO:
                self._known.clear()
            self._known[kind.name, same] = found
        return self._device(thing.device), *found, thing.since, thing.latest

    def _device(self, device_id: str) -> int:
        if not device_id:
            return 0
        if device_id not in self._devices:
            self._db.execute("INSERT OR IGNORE INTO _device(device_id) VALUES (?)", (device_id,))
            found = self._db.execute("SELECT id FROM _device WHERE device_id = ?", (device_id,)).fetchone()
            self._devices[device_id] = found[0]
        return self._devices[device_id]

    def _key(self, text: str) -> int:
        self._db.execute("INSERT OR IGNORE INTO _key(text) VALUES (?)", (text,))
        return int(self._db.execute("SELECT id FROM _key WHERE text = ?", (text,)).fetchone()[0])

    def _value(self, kind: Kind, thing: Thing) -> int:
        table, digest = f"_{kind.name}_value", thing.digest
        found = self._db.execute(f"SELECT _id FROM {table} WHERE digest = ?", (digest,)).fetchone()
        if found:
            return int(found[0])
        marks = ", ".join("?" * (len(thing.cells) + 1))
        columns = ", ".join(f'"{name}"' for name in (*kind.columns, "more"))
        done = self._db.execute(f"INSERT INTO {table}(digest, {columns}) VALUES ({marks})", (digest, *thing.cells))
        return int(done.lastrowid or 0)


def _same(kind: Kind, row: object) -> bytes | None:
    """The same for raw rows with the same content; None where contents do not repeat from device to device."""
    if not kind.prism or kind.latest or not isinstance(row, dict) or not isinstance(row.get(kind.device), str):
        return None
    names = _telling(kind.name, tuple(row))
    try:
        return marshal.dumps((names, tuple(map(row.get, names))), 2)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _telling(kind: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that are content: what is left of a row without its device and dates."""
    other = BY_NAME[kind].skipped | {BY_NAME[kind].device, BY_NAME[kind].since}
    return tuple(name for name in columns if name not in other)


def _since(kind: Kind, row: Mapping[str, Any]) -> str | None:
    value = plain(row.get(kind.since), kind.since)
    return value if isinstance(value, str) and value else None
