"""What an export of rows has: which tables, which of their rows, the key of each row, and the manifest of the export.

A warehouse is kept in step by merging what began or ended after a sync. A row of the copy is a span: a device, a thing
and a content (the value of every versioned column). Its `row_key` is a hash of the three, so the same row has the same
key in every export, whichever file it comes from, and a row whose content changed is one row that ended and another
that began. What must stay true: merging the exports since sync n into the whole export of sync n gives the whole
export of now, but for Prism's `last_collected_at` and `last_changed_at`, which are as of the export in which their row
last left. Three more things change a row without a new span: columns of which only the newest value is kept, the name,
serial number or enrolment of its device, and what people decide about an alert. So tables with such columns and alerts
leave whole each time, and so does every row of a device that was renamed, came or went.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ... import __version__
from ...errors import UsageError
from ...output.clean import clean
from ..schema import version, view_columns
from ..store import account_name, known, last_sync, meta, records
from ..tables import KINDS, Kind
from ..views import BEGAN, columns_of, rows_from
from .columns import Type, type_of, typed

Row = dict[str, Any]
Shown = Callable[[Any], Any]
"""Makes of a row or text what may be shown: in privacy mode with pseudonyms."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an export has beside the current rows."""

    history: bool = False
    """A table `<name>_history` for each kind: every row that was, with valid_from and valid_to."""
    changes: bool = False
    gone: bool = False
    alerts: bool = False
    since: int | None = None
    """Only rows that began or ended after this sync, with the column `op`: upsert or delete."""
    key: bytes = b""
    """The key of the hash row_key, of at most 64 bytes: in privacy mode nobody can then test what a row says."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of an export. `select` gives the columns in their order, then what the row_key is made of."""

    name: str
    columns: dict[str, Type]
    select: str


def names(db: sqlite3.Connection) -> Iterator[Row]:
    """The rows of the copy that name devices and people."""
    for kind in ("devices", "users"):
        for row in records(db, f"SELECT * FROM {kind}"):
            yield {name: clean(cell, name) for name, cell in row.items() if cell is not None}


def begin(db: sqlite3.Connection, wanted: Wanted) -> int:
    """Begin to read one state of the copy, that of its newest sync. Raises UsageError when there is none, or when
    `since` is not one of the copy's syncs."""
    db.execute("BEGIN")
    if (last := last_sync(db)) is None:
        raise UsageError("No sync has finished yet.", "Run: iru-mcp sync")
    if wanted.since is not None and not 1 <= wanted.since <= last[0]:
        raise UsageError(
            f"The copy has no sync {wanted.since}; its newest is {last[0]}.",
            "Give the sync that _manifest.json of your last export names; export whole if the copy was begun anew.",
        )
    return last[0]


def tables(wanted: Wanted) -> Iterator[Table]:
    """The tables of an export, each kind's first."""
    for kind in KINDS:
        yield _now(kind, wanted.since)
        if wanted.history:
            yield _history(kind, wanted.since)
    if wanted.gone:
        yield _gone(wanted.since)
    if wanted.changes:
        yield _changes(wanted.since)
    if wanted.alerts:
        yield _table("alerts", f"SELECT *{_op(wanted.since)}, alert FROM alerts", wanted.since)


def rows(db: sqlite3.Connection, table: Table, wanted: Wanted, shown: Shown, sync: int) -> Iterator[Row]:
    """The rows of a table as they are exported: cleaned, typed, without nulls, with `row_key` and `sync` (the sync of
    the export; a change has its own)."""
    for cells in db.execute(table.select, {"since": wanted.since}):
        row = {
            name: clean(typed(cell, type_), name)
            for (name, type_), cell in zip(table.columns.items(), cells, strict=False)
            if cell is not None
        }
        own = repr(cells[len(table.columns) :]).encode()
        key = hashlib.blake2b(own, digest_size=16, key=wanted.key).hexdigest()
        yield {"sync": sync, "row_key": key} | shown(row)


def _table(view: str, select: str, since: int | None, kind: Kind | None = None) -> Table:
    about = (kind.name, kind.record) if kind else (view, None)
    types = {name: type_of(about[0], name, about[1]) for name in view_columns()[view]}
    return Table(view, types if since is None else types | {"op": "text"}, select)


def _op(since: int | None) -> str:
    """The column `op` of a row that began, where only rows since a sync are exported."""
    return "" if since is None else ", 'upsert'"


def _parts(kind: Kind, since: int | None) -> tuple[str, str, str, str]:
    """SQL over the aliases of the views: the columns of a kind's rows, what their key is made of, the current rows that
    are exported, the earlier ones."""
    device = "device.device_id" if kind.device else "NULL"
    key = f"{device}, (SELECT text FROM _key WHERE id = content.key), content.digest"
    now, before = (rows_from(kind, f"_{kind.name}_{spans}") for spans in ("open", "closed"))
    # Where columns may change without a new span, all rows are exported each time. Prism's times of collection do not
    # count: they are as of the export that has the row.
    if since is not None and not kind.latest and (not kind.changed or kind.prism):
        now += f" WHERE span.seen_from > :since{_of_device(kind)}"
    return columns_of(kind), key, now, before


def _now(kind: Kind, since: int | None) -> Table:
    """The current rows; with `since` those that began after that sync, then those of that sync that ended."""
    own, key, now, before = _parts(kind, since)
    if since is None:
        return _table(kind.name, f"SELECT {own}, {key} {now}", None, kind)
    ended = (
        " WHERE span.seen_from <= :since AND span.seen_to > :since AND NOT EXISTS (SELECT 1 FROM "
        f"_{kind.name}_open n WHERE n.device = span.device AND n.value = span.value)"
    )
    select = f"SELECT {own}, 'upsert', {key} {now} UNION ALL SELECT {own}, 'delete', {key} {before}{ended}"
    return _table(kind.name, select, since, kind)


def _of_device(kind: Kind) -> str:
    """SQL: or the row's device came, went or got another name or serial number since."""
    if not kind.device:
        return ""
    return (
        " OR span.device IN (SELECT e.device FROM _devices_closed e JOIN _devices_value w ON w._id = e.value "
        "JOIN _device f ON f.id = e.device WHERE e.seen_to > :since AND (w.device_name IS NOT f.device_name OR "
        "w.serial_number IS NOT f.serial_number) UNION SELECT id FROM _device WHERE gone_sync > :since "
        "UNION SELECT o.device FROM _devices_open o WHERE o.seen_from > :since AND NOT EXISTS "
        "(SELECT 1 FROM _devices_closed z WHERE z.device = o.device AND z.seen_to = o.seen_from))"
    )


def _history(kind: Kind, since: int | None) -> Table:
    """Every span. Its key has its beginning too: the same content may come and go."""
    own, key, now, before = _parts(kind, since)
    op = _op(since)
    ended = f" WHERE span.seen_to > :since{_of_device(kind)}" if since is not None else ""
    select = (
        f"SELECT {own}, NULL{op}, {key}, {BEGAN} {now} UNION ALL "
        f"SELECT {own}, ended.finished_at{op}, {key}, {BEGAN} {before} "
        f"JOIN _sync ended ON ended.id = span.seen_to{ended}"
    )
    return _table(f"{kind.name}_history", select, since, kind)


def _gone(since: int | None) -> Table:
    """Devices that Iru no longer lists, all of them each time; with `since` also a delete for each that came or came
    back."""
    select = f"SELECT *{_op(since)}, device_id FROM devices_gone"
    if since is not None:
        columns = view_columns()["devices_gone"]
        nothing = ", ".join("NULL" if name != "device_id" else "d.device_id" for name in columns)
        select += (
            f" UNION ALL SELECT {nothing}, 'delete', d.device_id FROM _devices_open o "
            "JOIN _device d ON d.id = o.device WHERE o.seen_from > :since"
        )
    return _table("devices_gone", select, since, KINDS[0])


def _changes(since: int | None) -> Table:
    every = ", ".join(f'"{name}"' for name in view_columns()["changes"])
    after = " WHERE sync > :since" if since is not None else ""
    return _table("changes", f"SELECT DISTINCT {every}{_op(since)}, {every} FROM changes{after}", since)


def entry(table: Table, file: str, count: int) -> Row:
    """What the manifest says of one table."""
    return {"file": file, "rows": count, "key": ["tenant", "row_key"], "columns": table.columns}


def manifest(db: sqlite3.Connection, form: str, wanted: Wanted, found: dict[str, Row]) -> str:
    """The manifest as JSON. The same copy gives the same text: no time of the export is in it."""
    syncs = list(records(db, "SELECT * FROM syncs ORDER BY sync"))
    whole = {
        "format": form,
        "written_by": f"iru-mcp {__version__}",
        "schema_version": version(db),
        "tenant": meta(db, "account"),
        "account_name": account_name(db),
        "pseudonyms": bool(wanted.key),
        "sync": known(syncs[-1]),
        "first_sync": {name: syncs[0][name] for name in ("sync", "started_at", "finished_at")},
        "since_sync": wanted.since,
        "coverage": [known(row) for row in records(db, "SELECT * FROM coverage ORDER BY kind")],
        "tables": found,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"
