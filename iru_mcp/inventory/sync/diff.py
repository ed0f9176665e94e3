"""Which spans of a table end and which begin when what was staged is merged in, and which of both belong together."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence

from ..tables import Kind
from .staging import ReadState, asked_singly

NEWS, QUIET, MOVED = 1, 2, 4
"""Bits of a span's flags. NEWS: it began after its table and its device were first read. QUIET: its end is not a
change. MOVED: its end is a move."""

ENROLLED = "SELECT id FROM _device WHERE listed_sync IS NOT NULL AND gone_sync IS NULL"


def diff(db: sqlite3.Connection, kind: Kind, done: Mapping[str, ReadState], number: int, *, first: bool) -> None:
    """Fill the temporary tables `closing` (spans that end) and `opening` (spans that begin)."""
    for table in ("closing", "opening"):
        db.execute(f"DROP TABLE IF EXISTS temp.{table}")
    span = "device INTEGER, key INTEGER, value INTEGER"
    primary = "PRIMARY KEY(device, key, value)) WITHOUT ROWID"
    db.execute(f"CREATE TEMP TABLE closing({span}, flags INTEGER, next INTEGER, {primary}")
    db.execute(
        f"CREATE TEMP TABLE opening({span}, fresh INTEGER, paired INTEGER, since INTEGER, changed INTEGER, "
        f"latest TEXT, {primary}"
    )
    names = {"kind": kind.name, "sync": number, "first": first}
    lost = f"iif(o.device IN ({ENROLLED}), 0, {QUIET})" if kind.device and kind.name != "devices" else "0"
    for held in _held(kind, done):
        db.execute(
            f"INSERT OR IGNORE INTO closing SELECT o.device, v.key, o.value, {lost}, NULL FROM {held} AND NOT EXISTS "
            "(SELECT 1 FROM _stage t WHERE t.kind = :kind AND t.device = o.device AND t.key = v.key "
            "AND t.value = o.value)",
            names,
        )
    db.execute(
        f"INSERT INTO opening SELECT device, key, value, {_fresh(kind)}, 0, since, changed, latest FROM _stage s "
        f"WHERE kind = :kind AND NOT EXISTS (SELECT 1 FROM _{kind.name}_open o WHERE o.device = s.device "
        "AND o.value = s.value)",
        names,
    )
    _refresh(db, kind)


def _held(kind: Kind, done: Mapping[str, ReadState]) -> Iterator[str]:
    """SQL (FROM and WHERE) for the spans that the readings would have shown again if nothing had changed."""
    if kind.starts:
        return  # what happened stays
    joined = f"_{kind.name}_open o JOIN _{kind.name}_value v ON v._id = o.value"
    whole = "SELECT device FROM _stage_whole WHERE kind = :kind"
    if kind.listed and kind.name in done:
        if done[kind.name].mode == "full":
            asked = f"o.device NOT IN ({asked_singly(kind)} UNION {whole})"
            yield f"{joined} WHERE {asked if kind.per_device else '1'}"
        else:  # a thing of which the device has another value now
            reported = "(SELECT DISTINCT device FROM _stage WHERE kind = :kind) r"
            known = "EXISTS (SELECT 1 FROM _stage t WHERE t.kind = :kind AND t.device = o.device AND t.key = v.key)"
            spans = f"_{kind.name}_open o ON o.device = r.device JOIN _{kind.name}_value v ON v._id = o.value"
            yield f"{reported} CROSS JOIN {spans} WHERE {known}"
    yield f"{joined} WHERE o.device IN ({whole})"


def _fresh(kind: Kind) -> str:
    """SQL for whether a new span is NEWS: not when its table or its device is read for the first time."""
    if kind.name == "devices" or not kind.device:
        return "NOT :first"
    known = f"s.device IN ({ENROLLED} AND listed_sync <> :sync)"
    if not kind.prism and not kind.per_device:
        return f"NOT :first AND {known}"
    open_ = f"EXISTS (SELECT 1 FROM _{kind.name}_open p WHERE p.device = s.device)"
    closed = (
        f"EXISTS (SELECT 1 FROM _sync y CROSS JOIN _{kind.name}_closed p WHERE p.seen_to = y.id "
        "AND p.device = s.device)"
    )
    return f"{known} AND ({open_} OR {closed})"


def _refresh(db: sqlite3.Connection, kind: Kind) -> None:
    """Update what is not versioned: columns of which only the newest value is kept, and Iru's time of change."""
    differs = "s.changed IS NOT o.changed" + (" OR s.latest IS NOT o.latest" if kind.latest else "")
    if kind.latest or kind.changed:
        newest = f"changed = s.changed{', latest = s.latest' if kind.latest else ''}"
        db.execute(
            f"UPDATE _{kind.name}_open AS o SET {newest} FROM _stage s "
            f"WHERE s.kind = ? AND s.device = o.device AND s.value = o.value AND ({differs})",
            (kind.name,),
        )


def pair_up(db: sqlite3.Connection, kind: Kind) -> None:
    """Pair the spans that ended with those that followed: of the same thing, else of one family (an app with another
    path)."""
    _pair(db, "device, key", "WHERE", "")
    if kind.family:
        of_value = f'JOIN _{kind.name}_value v ON v._id = t.value WHERE v."{kind.family}" IS NOT NULL AND'
        _pair(db, f'device, v."{kind.family}"', of_value, "t.key, ")
    _mark(db, kind)


def _pair(db: sqlite3.Connection, same: str, joined: str, order: str) -> None:
    """Pair ended and begun spans that have the `same`, the first with the first in the order of their values."""
    rank = f"row_number() OVER (PARTITION BY {same} ORDER BY {order}t.value)"
    columns = f"t.device AS device, {same.partition(', ')[2]} AS shared, t.key AS key, t.value AS value, {rank} AS n"
    ended = f"SELECT {columns} FROM closing t {joined} t.next IS NULL AND NOT t.flags & {QUIET}"
    begun = f"SELECT {columns} FROM opening t {joined} NOT t.paired"
    pairs = db.execute(
        "SELECT e.device, e.key, e.value, b.key, b.value FROM "
        f"({ended}) e JOIN ({begun}) b ON b.device = e.device AND b.shared = e.shared AND b.n = e.n"
    ).fetchall()
    db.executemany(
        "UPDATE closing SET next = ? WHERE device = ? AND key = ? AND value = ?",
        [(new, device, key, old) for device, key, old, _, new in pairs],
    )
    db.executemany(
        "UPDATE opening SET paired = 1 WHERE device = ? AND key = ? AND value = ?",
        [(device, key, new) for device, _, _, key, new in pairs],
    )


def _mark(db: sqlite3.Connection, kind: Kind) -> None:
    """Flag a changed span as MOVED; or as QUIET where it differs only in columns that a later version added."""
    added = {row[0] for row in db.execute("SELECT name FROM _added_column WHERE kind = ?", (kind.name,))}
    differs = _differs([name for name in kind.columns if name not in added])
    table = f"_{kind.name}_value"
    both = f"SELECT 1 FROM {table} a, {table} b WHERE a._id = closing.value AND b._id = closing.next"
    db.execute(
        f"UPDATE closing SET flags = flags | {QUIET} WHERE next IS NOT NULL AND NOT EXISTS ({both} AND ({differs}))"
    )
    if kind.moves:
        moved = _differs(kind.moves)
        db.execute(
            f"UPDATE closing SET flags = flags | {MOVED} WHERE next IS NOT NULL AND EXISTS ({both} AND ({moved}))"
        )
    db.execute(
        f"UPDATE opening SET fresh = o.flags & {NEWS} FROM closing c JOIN _{kind.name}_open o ON o.device = c.device "
        "AND o.value = c.value WHERE c.device = opening.device AND c.next = opening.value AND opening.paired "
        f"AND c.flags & {QUIET}"
    )


def _differs(columns: Sequence[str]) -> str:
    return " OR ".join(f'a."{name}" IS NOT b."{name}"' for name in columns) or "0"
