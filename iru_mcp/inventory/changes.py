"""What changed between two moments, and how a device was at one."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..errors import NotFound, UsageError
from .store import records, utc
from .tables import BY_NAME, KINDS, Kind


@dataclass(frozen=True, slots=True)
class Target:
    """A device of the copy, also one that Iru no longer lists."""

    number: int
    device_id: str
    device_name: str | None
    serial_number: str | None

    def shown(self) -> dict[str, Any]:
        """The device as answers name it."""
        return {"device_id": self.device_id, "device_name": self.device_name, "serial_number": self.serial_number}


def find_device(db: sqlite3.Connection, wanted: str) -> Target:
    """The device with that id, serial number or name, also one that is gone. Raises NotFound or UsageError.

    Apple writes a curly apostrophe into names of devices, and people type a straight one: either finds both.
    """
    rows = db.execute(
        "SELECT id, device_id, device_name, serial_number FROM _device WHERE listed_sync IS NOT NULL AND "
        "(device_id = :it OR serial_number = :it COLLATE NOCASE OR replace(device_name, char(8217), '''') = :name "
        "COLLATE NOCASE) LIMIT 6",
        {"it": wanted.strip(), "name": wanted.strip().replace("\u2019", "'")},
    ).fetchall()
    if not rows:
        raise NotFound("The inventory has no such device.", "Pass a serial number, device_id or whole device name.")
    if len(rows) > 1:
        serials = ", ".join(str(row[3]) for row in rows)
        raise UsageError("More than one device has that name.", f"Pass a serial number: {serials}.")
    return Target(*rows[0])


@dataclass(slots=True)
class Changes:
    """Changes, newest first; how many there are of each sort; and whether more match than are listed."""

    items: list[dict[str, Any]]
    counts: dict[str, dict[str, int]]
    syncs: list[str]
    """The times of the syncs that were compared, newest first."""
    begins: str | None
    """The time of the first sync."""
    more: bool


def changes(  # noqa: PLR0913 - what may be asked
    db: sqlite3.Connection,
    since: datetime | None,
    until: datetime | None,
    kind: str = "",
    device: Target | None = None,
    *,
    most: int = 200,
) -> Changes:
    """The changes that syncs found which finished between the two moments."""
    kinds = [BY_NAME[kind]] if kind else [one for one in KINDS if not one.starts and (one.device or not device)]
    where = "at_sync.finished_at BETWEEN :since AND :until" + (" AND span.device = :device" if device else "")
    names = {
        "since": utc(since) if since else "",
        "until": utc(until) if until else "9",  # sorts after every time
        "device": device.number if device else 0,
        "most": most + 1,
    }
    counts: dict[str, dict[str, int]] = {}
    counted = f"SELECT kind, what, count(*) FROM ({_spans(kinds, where)}) GROUP BY 1, 2"
    for name, what, count in db.execute(counted, names):
        counts.setdefault(name, {})[what] = count
    found = records(
        db,
        "SELECT change.at, change.kind, change.what, key.text AS thing, device.device_id, device.device_name, "
        "device.serial_number, owner.user_email, owner.blueprint_name, change.device, change.old, change.new "
        f"FROM (SELECT * FROM ({_spans(kinds, where)}) ORDER BY sync DESC, place, device, value LIMIT :most) change "
        "JOIN _key key ON key.id = change.key LEFT JOIN _device device ON device.id = change.device "
        "LEFT JOIN _devices_open held ON held.device = change.device "
        "LEFT JOIN _devices_value owner ON owner._id = held.value "
        "ORDER BY change.sync DESC, change.place, change.device, change.value",
        names,
    )
    items = [_item(db, row, whole=bool(kind)) for row in found]
    begins = db.execute("SELECT min(finished_at) FROM _sync").fetchone()[0]
    compared = db.execute(  # the syncs whose changes are asked for, at most ten, and the one before them
        "SELECT finished_at FROM _sync WHERE id >= coalesce((SELECT max(id) FROM _sync WHERE finished_at < :since), 0) "
        "AND finished_at <= :until ORDER BY id DESC LIMIT 11",
        names,
    )
    return Changes(items[:most], counts, [row[0] for row in compared], begins, len(items) > most)


def _spans(kinds: Sequence[Kind], where: str) -> str:
    """SQL of the changes of the tables: spans that ended, with the content that followed, and spans that appeared."""
    found = []
    for place, kind in enumerate(kinds):
        head = (
            f"SELECT at_sync.finished_at AS at, at_sync.id AS sync, {place} AS place, '{kind.name}' AS kind, "
            "{what} AS what, content.key AS key, span.device AS device, span.value AS value, {old} AS old, "
            "{new} AS new "
            f"FROM _sync at_sync JOIN {{spans}} JOIN _{kind.name}_value content ON content._id = span.value "
            f"WHERE {where}"
        )
        appeared = f"_{kind.name}_appeared span ON span.sync = at_sync.id"
        found.append(head.format(what="'appeared'", spans=appeared, old="NULL", new="span.value"))
        what = "CASE WHEN span.next IS NULL THEN 'gone' WHEN span.flags & 4 THEN 'moved' ELSE 'changed' END"
        ended = f"_{kind.name}_closed span ON span.seen_to = at_sync.id"
        found.append(head.format(what=what, spans=ended, old="span.value", new="span.next") + " AND NOT span.flags & 2")
    return " UNION ALL ".join(found)


def _item(db: sqlite3.Connection, named: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    """A change as answers show it. Of a thing that appeared or went, all columns if `whole`, else those in
    Kind.telling."""
    device, old, new = (named.pop(name) for name in ("device", "old", "new"))
    kind = BY_NAME[named["kind"]]
    before, after = _content(db, kind.name, old), _content(db, kind.name, new)
    if after and not before:  # since when Iru has had it, if that is known and it is still there
        select = f"SELECT {_SINCE} FROM _{kind.name}_open span WHERE device = ? AND value = ?"
        since = db.execute(select, (device, new)).fetchone()
        after |= {"since": since[0]} if since and since[0] else {}
    if before and after:
        changed = [name for name in kind.columns if before.get(name) != after.get(name)]
        named["fields"] = {
            name: {side: row[name] for side, row in (("old", before), ("new", after)) if row.get(name) is not None}
            for name in changed
        }
    else:
        held = before or after
        named["was" if before else "is"] = held if whole else _brief(kind, held)
    named["username"] = (after or before).get("username")
    return {name: value for name, value in named.items() if value not in (None, "")}


_SINCE = "strftime('%Y-%m-%dT%H:%M:%SZ', span.since, 'unixepoch')"


def _content(db: sqlite3.Connection, kind: str, value: int | None) -> dict[str, Any]:
    """The columns of a row's content that are not null."""
    return next(map(_filled, records(db, f"SELECT * FROM _{kind}_value WHERE _id = ?", (value,))), {})


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    hidden = ("_id", "digest", "key", "more")
    found = {name: cell for name, cell in row.items() if cell is not None and name not in hidden}
    return found | (json.loads(row["more"]) if row["more"] else {})


def at(db: sqlite3.Connection, device: Target, when: datetime, parts: Sequence[str] = ()) -> dict[str, Any]:
    """The device as the newest sync up to `when` had it: the rows of every kind, or of those in `parts`.

    Of a kind that is asked for by name every row is given, with all columns unless there are more than _MANY rows; of
    the others the telling columns, and of more than _MANY only their number. Raises NotFound when there was no such
    device.
    """
    row = db.execute("SELECT max(id), max(finished_at) FROM _sync WHERE finished_at <= ?", (utc(when),)).fetchone()
    if row[0] is None:
        raise NotFound("No sync had finished by then.", "Ask for a later moment; SELECT * FROM syncs lists them.")
    if not _rows_at(db, BY_NAME["devices"], device, row[0]):
        raise NotFound("Iru did not list that device then.", "inventory_changes says when it appeared or went.")
    shown: dict[str, Any] = {"as_of": row[1]}
    for kind in [kind for kind in KINDS if kind.device and (not parts or kind.name in parts)]:
        rows = _rows_at(db, kind, device, row[0])
        many = len(rows) > _MANY
        if many and not parts:
            shown[kind.name] = f"{len(rows)} rows: ask with kind={kind.name}"
        elif rows:
            shown[kind.name] = [_brief(kind, one) for one in rows] if many or not parts else rows
    return shown


_MANY = 25


def _brief(kind: Kind, row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in kind.telling if name in row} if kind.telling else row


def _rows_at(db: sqlite3.Connection, kind: Kind, device: Target, sync: int) -> list[dict[str, Any]]:
    content = f"JOIN _{kind.name}_value content ON content._id = span.value"
    rows = records(
        db,
        f"SELECT content.*, {_SINCE} AS since FROM _{kind.name}_open span {content} "
        "WHERE span.device = :device AND span.seen_from <= :sync UNION ALL "
        f"SELECT content.*, {_SINCE} AS since FROM _sync ended CROSS JOIN _{kind.name}_closed span {content} "
        "WHERE ended.id > :sync AND span.seen_to = ended.id AND span.device = :device AND span.seen_from <= :sync",
        {"device": device.number, "sync": sync},
    )
    return [_filled(row) for row in rows]
