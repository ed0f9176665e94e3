"""Rows as whole numbers.

The problem: what a row says repeats on thousands of devices, and a copy that wrote it out for each would be many times
as large and as slow to group. So each content is kept once in its table's values, found by a digest of its columns, and
each device and key once too; a row is then the numbers of its device, key and value, and two times. Most rows of a
Prism page were met before on another device: their raw content is remembered, and not read again. What must stay true:
equal contents have one number, whichever way they were written.
"""

import marshal
import sqlite3
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ...output.clean import clean
from ..tables import BY_NAME, Kind
from .canonical import Thing, read, seconds

_MEMO = 50_000
"""How many contents are remembered before all are forgotten: apps and launch items repeat on every device."""


class Interning:
    """The numbers of devices, keys and values in `db`; each row is put through `shown` before it is written."""

    def __init__(self, db: sqlite3.Connection, shown: Callable[[object], object] | None) -> None:
        self._db, self._shown = db, shown
        self._known: dict[tuple[str, bytes], tuple[int, int]] = {}
        self._devices: dict[str, int] = {}

    def written(self, row: object) -> object:
        """A row as it is written: through `shown`, if that is given."""
        return self._shown(row) if self._shown else row

    def names(self, row: dict[str, Any]) -> tuple[Any, Any]:
        """What Prism calls the device of a row, and its serial number."""
        written = self.written({name: row.get(name) for name in ("device__name", "serial_number")})
        cleaned = clean(written) if isinstance(written, dict) else {}
        return cleaned.get("device__name"), cleaned.get("serial_number")

    def placed(self, kind: Kind, row: object) -> tuple[Any, ...] | None:
        """Device, key, value, since, changed and latest of one row. What repeats from device to device is read once."""
        same = _content(kind, row)
        known = self._known.get((kind.name, same)) if same else None
        if known and isinstance(row, dict):
            times = seconds(row.get(kind.since)), seconds(row.get(kind.changed))
            return self.device(row[kind.device]), *known, *_short(*times), None
        if (thing := read(kind, self.written(row))) is None:
            return None
        found = self._value(kind, thing)
        if same:
            if len(self._known) >= _MEMO:
                self._known.clear()
            self._known[kind.name, same] = found
        return self.device(thing.device), *found, *_short(thing.since, thing.changed), thing.latest

    def device(self, device_id: str) -> int:
        if not device_id:
            return 0
        if device_id not in self._devices:
            self._db.execute("INSERT OR IGNORE INTO _device(device_id) VALUES (?)", (device_id,))
            found = self._db.execute("SELECT id FROM _device WHERE device_id = ?", (device_id,)).fetchone()
            self._devices[device_id] = found[0]
        return self._devices[device_id]

    def _value(self, kind: Kind, thing: Thing) -> tuple[int, int]:
        """The numbers of the thing's key and content, which are made if they are new."""
        table, digest = f"_{kind.name}_value", thing.digest(kind)
        if found := self._db.execute(f"SELECT key, _id FROM {table} WHERE digest = ?", (digest,)).fetchone():
            return int(found[0]), int(found[1])
        self._db.execute("INSERT OR IGNORE INTO _key(text) VALUES (?)", (thing.key,))
        key = int(self._db.execute("SELECT id FROM _key WHERE text = ?", (thing.key,)).fetchone()[0])
        columns = ", ".join(f'"{name}"' for name in (*kind.columns, "more"))
        insert = f"INSERT INTO {table}(digest, key, {columns}) VALUES (?, ?{', ?' * len(thing.cells)})"
        return key, int(self._db.execute(insert, (digest, key, *thing.cells)).lastrowid or 0)


def _short(since: int | None, changed: int | None) -> tuple[int | None, int | None]:
    """Both times, the second as 0 where it is the first."""
    return since, 0 if since is not None and since == changed else changed


def _content(kind: Kind, row: object) -> bytes | None:
    """Equal for raw rows with the same content; None where contents do not repeat from device to device."""
    if not kind.prism or kind.latest or not isinstance(row, dict) or not isinstance(row.get(kind.device), str):
        return None
    names = _content_columns(kind.name, tuple(row))
    try:
        return marshal.dumps((names, tuple(map(row.get, names))), 2)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _content_columns(kind: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """A row's columns, without its device and dates."""
    other = BY_NAME[kind].skipped | {BY_NAME[kind].device, BY_NAME[kind].since}
    return tuple(name for name in columns if name not in other)
