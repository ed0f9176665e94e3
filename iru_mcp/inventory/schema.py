"""The tables of the copy, made from the kinds, and the steps from one version of the file to the next."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache

from ..errors import ConfigError
from .tables import BY_NAME, KINDS, Kind

# Every kind has `_<kind>_value` (each distinct content once), `_<kind>_open` (what is there now) and `_<kind>_closed`
# (what was), all in whole numbers; the views without underscore are what people and models read.
_SHARED = """
CREATE TABLE _meta(name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE _sync(id INTEGER PRIMARY KEY, started_at TEXT NOT NULL, finished_at TEXT NOT NULL, mode TEXT NOT NULL,
    requests INTEGER NOT NULL, seconds REAL NOT NULL);
CREATE TABLE _device(id INTEGER PRIMARY KEY, device_id TEXT NOT NULL UNIQUE, device_name TEXT, serial_number TEXT,
    listed_sync INTEGER, gone_sync INTEGER);
CREATE TABLE _key(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE _coverage(kind TEXT PRIMARY KEY, state TEXT NOT NULL, why TEXT, permission TEXT, rows INTEGER,
    odd INTEGER, left_out INTEGER, counted INTEGER, mode TEXT, first_sync INTEGER, good_sync INTEGER, full_at TEXT,
    since TEXT, checked_at TEXT) WITHOUT ROWID;
CREATE TABLE _change(id INTEGER PRIMARY KEY, sync INTEGER NOT NULL, kind TEXT NOT NULL, what TEXT NOT NULL,
    device INTEGER NOT NULL, key INTEGER NOT NULL, old INTEGER, new INTEGER);
CREATE INDEX _change_sync ON _change(sync, kind);
CREATE INDEX _change_device ON _change(device);
CREATE TABLE _stage(kind TEXT NOT NULL, device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL,
    since TEXT, latest TEXT, PRIMARY KEY(kind, device, key, value)) WITHOUT ROWID;
CREATE TABLE _stage_walk(kind TEXT PRIMARY KEY, state TEXT NOT NULL, position TEXT, mode TEXT NOT NULL, since TEXT,
    why TEXT, permission TEXT, endpoint TEXT, rows INTEGER NOT NULL, odd INTEGER NOT NULL, counted INTEGER)
    WITHOUT ROWID;
"""

_ALERTS = """
CREATE TABLE _alert(id INTEGER PRIMARY KEY, rule TEXT NOT NULL, severity TEXT NOT NULL, say TEXT NOT NULL,
    print TEXT NOT NULL, row TEXT NOT NULL, opened_at TEXT NOT NULL, resolved_at TEXT);
CREATE UNIQUE INDEX _alert_open ON _alert(rule, print) WHERE resolved_at IS NULL;
CREATE TABLE _outbox(id INTEGER PRIMARY KEY, event TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0);
"""

# Of devices that are visited one by one: when each had last checked in when it was read.
_VISITS = """
CREATE TABLE _visit(kind TEXT NOT NULL, device INTEGER NOT NULL, check_in TEXT, PRIMARY KEY(kind, device))
    WITHOUT ROWID;
CREATE TABLE _stage_visit(kind TEXT NOT NULL, device INTEGER NOT NULL, check_in TEXT, PRIMARY KEY(kind, device))
    WITHOUT ROWID;
"""
_FIRST = 14
"""Kinds of version 1."""


def _remade(kind: Kind) -> str:
    """A kind whose columns are others now; the next sync reads it as if for the first time."""
    dropped = "".join(f"DROP TABLE _{kind.name}_{part};\n" for part in ("value", "open", "closed"))
    forgotten = "".join(f"DELETE FROM {table} WHERE kind = '{kind.name}';\n" for table in ("_coverage", "_change"))
    return dropped + forgotten + _kind_tables(kind)


def _kind_tables(kind: Kind) -> str:
    columns = ", ".join(f'"{name}"' for name in kind.columns)
    spans = "device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL"
    return f"""
CREATE TABLE _{kind.name}_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, {columns}, more TEXT);
CREATE TABLE _{kind.name}_open({spans}, fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _{kind.name}_open_value ON _{kind.name}_open(value);
CREATE TABLE _{kind.name}_closed({spans}, fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _{kind.name}_closed_value ON _{kind.name}_closed(value);
"""


STEPS: tuple[str, ...] = (
    _SHARED + "".join(_kind_tables(kind) for kind in KINDS[:_FIRST]),
    _ALERTS,
    _VISITS + "".join(_kind_tables(kind) for kind in KINDS[_FIRST:]) + _remade(BY_NAME["device_information"]),
)
"""Step n takes a file from version n to n + 1."""

VERSION = len(STEPS)


def version(db: sqlite3.Connection) -> int:
    """The version of the file behind `db`; 0 for an empty one."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def migrate(db: sqlite3.Connection) -> None:
    """Bring the file to this version, in one transaction. Raises ConfigError for a newer file."""
    found = version(db)
    if found > VERSION:
        raise ConfigError(
            f"The inventory file is of version {found}, newer than this iru-mcp knows.",
            "Update iru-mcp, or name another file in IRU_INVENTORY.",
        )
    if found == VERSION:
        return
    db.execute("BEGIN EXCLUSIVE")
    try:
        for step in STEPS[found:]:
            _run(db, step)
        _views(db)
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _run(db: sqlite3.Connection, script: str) -> None:
    for statement in filter(str.strip, script.split(";\n")):
        db.execute(statement)


def _views(db: sqlite3.Connection) -> None:
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'view'").fetchall():
        db.execute(f'DROP VIEW "{name}"')
    for name, (_, select) in VIEWS.items():
        db.execute(f'CREATE VIEW "{name}" AS {select}')


def _own(kind: Kind) -> str:
    """What a kind's views show of a span `o` and its content `v`."""
    whose = "d.device_id, d.device_name, d.serial_number, " if kind.device and kind.name != "devices" else ""
    whose = "d.device_id, " if kind.name == "devices" else whose
    columns = ", ".join(f'v."{name}"' for name in kind.columns)
    latest = "".join(f", json_extract(o.latest, '$.{name}') AS \"{name}\"" for name in kind.latest)
    since = ", o.since" if kind.since else ""
    return f"{whose}{columns}{latest}{since}, v.more, NOT o.fresh AS baseline, s.finished_at AS valid_from"


def _joined(kind: Kind, spans: str) -> str:
    device = "JOIN _device d ON d.id = o.device " if kind.device else ""
    return f"FROM {spans} o JOIN _{kind.name}_value v ON v._id = o.value {device}JOIN _sync s ON s.id = o.seen_from"


def _current(kind: Kind) -> str:
    return f"SELECT {_own(kind)} {_joined(kind, f'_{kind.name}_open')}"


def _history(kind: Kind) -> str:
    now = f"SELECT {_own(kind)}, NULL AS valid_to {_joined(kind, f'_{kind.name}_open')}"
    before = f"SELECT {_own(kind)}, t.finished_at AS valid_to {_joined(kind, f'_{kind.name}_closed')}"
    return f"{now} UNION ALL {before} JOIN _sync t ON t.id = o.seen_to"


def _gone() -> str:
    kind = KINDS[0]
    last = f"SELECT {_own(kind)}, t.finished_at AS gone_at {_joined(kind, '_devices_closed')}"
    return f"{last} JOIN _sync t ON t.id = o.seen_to WHERE o.seen_to = d.gone_sync"


def _cells(kind: Kind, table: str) -> str:
    pairs = ", ".join(f"'{name}', {table}.\"{name}\"" for name in kind.columns)
    return f"json_object({pairs}, 'more', {table}.more)"


def _changes(kind: Kind) -> str:
    """One row for each thing that came or went, and for each column that changed."""
    head = (
        "SELECT s.finished_at AS at, c.kind, c.what, d.device_id, d.device_name, d.serial_number, k.text AS thing, "
        "{field} AS field, {old} AS old, {new} AS new, c.sync FROM _change c JOIN _sync s ON s.id = c.sync "
        "JOIN _key k ON k.id = c.key LEFT JOIN _device d ON d.id = c.device "
    )
    whole = head.format(field="NULL", old="NULL", new="NULL")
    parts = head.format(field="f.key", old=f"json_extract({_cells(kind, 'o')}, f.fullkey)", new="f.atom")
    value = f"_{kind.name}_value"
    return (
        f"{whole} WHERE c.kind = '{kind.name}' AND c.what IN ('appeared', 'gone') UNION ALL "
        f"{parts} JOIN {value} o ON o._id = c.old JOIN {value} n ON n._id = c.new "
        f"JOIN json_each({_cells(kind, 'n')}) f WHERE c.kind = '{kind.name}' AND c.what IN ('changed', 'moved') "
        f"AND f.key <> 'more' AND f.atom IS NOT json_extract({_cells(kind, 'o')}, f.fullkey)"
    )


_SYNCS = "SELECT id AS sync, started_at, finished_at, mode, requests, seconds FROM _sync"
_COVERAGE = (
    "SELECT c.kind, c.state, c.why, c.permission, c.rows, c.odd, c.left_out, c.mode, s.finished_at AS good_at, "
    "c.full_at, c.checked_at FROM _coverage c LEFT JOIN _sync s ON s.id = c.good_sync"
)
_OPEN_ALERTS = "SELECT id AS alert, rule, severity, say, row, opened_at, resolved_at FROM _alert"

VIEWS: dict[str, tuple[str, str]] = {
    **{kind.name: (f"{kind.holds}; now", _current(kind)) for kind in KINDS},
    **{
        f"{kind.name}_history": (f"{kind.holds}; now and before, valid_to null where it still is", _history(kind))
        for kind in KINDS
    },
    "devices_gone": ("a device that Iru no longer lists, as it last was", _gone()),
    "changes": (
        "what appeared, gone, changed, moved: one row a thing, or a column that changed",
        " UNION ALL ".join(_changes(kind) for kind in KINDS),
    ),
    "syncs": ("a sync that was committed", _SYNCS),
    "coverage": (
        "how far each kind reaches; odd: rows that could not be read, left_out: rows of devices no longer listed",
        _COVERAGE,
    ),
    "alerts": ("an alert; resolved_at null while open", _OPEN_ALERTS),
}
"""What people and models read: name -> what a row is, and the SELECT behind it."""


@cache
def view_columns() -> dict[str, list[str]]:
    """The views, each with its columns."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db)
        return {name: [row[0] for row in db.execute(f'SELECT * FROM "{name}" LIMIT 0').description] for name in VIEWS}
