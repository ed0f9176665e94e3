"""What inventory_schema tells: all tables in a line each, or one of them in depth, with statements that were run."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread

from ...api.record import read_moment
from ...errors import IruError, UsageError
from ...folding import nearest
from ..describe import failure_notes
from ..query import ask
from ..schema import kinds_of, view_columns
from ..store import reader, words
from ..tables import BY_NAME
from ..views import VIEWS
from .costs import known
from .on_demand import OnDemand, Told
from .provenance import facts, provenance

_A_DAY = timedelta(days=1)
_FEW = 12
"""Columns with at most so many values are shown with them."""
_LONGEST = 60
"""Characters of a value that is shown."""
_TABLES = 8
"""Tables that are described in one answer."""
_PLAIN = frozenset(
    "more baseline valid_from valid_to device_name serial_number user_email user_name user_id file_path".split()
)
"""Columns whose values tell nothing about a table, beside those of UUIDs and times."""
_SINCE = "since: when Iru first saw it, the column for what is new; baseline 1: of the copy's first look, new or not"
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LOOKING = 5.0
"""Seconds for the values of all columns of a table."""
_NOTES = [
    "no table or tool has browser extensions, running processes, network connections or logins: Iru's API has none",
    "<table>_history: what is and was; valid_to null: still so. since: when Iru first saw it",
    "join by device_id; times are text like 2026-11-22T09:30:00Z, datetime() too; booleans 1, 0; lists are JSON",
    "versions: version_key(os_version) >= version_key('26.1')",
    "age ?: not read yet, a query reads it. requests: about what reading it whole takes; ?: not known before",
]


async def overview(copy: OnDemand, now: datetime, told: Told | None) -> dict[str, Any]:
    """Each table: what a row is, how many there are, how old they are, and what reading it takes."""
    path, notes = await copy.path(), list(_NOTES)
    try:
        await copy.fill(["devices"], _A_DAY, 8, told)  # how many devices there are tells what the others cost
    except IruError as error:
        notes.append(error.fact)
    costs = await copy.costs.of(list(BY_NAME), await to_thread.run_sync(known, path))
    held, of_the_copy = await to_thread.run_sync(_look, path)
    lines = [_line(view, held, costs, now) for view in VIEWS if not view.endswith("_history")]
    notes += of_the_copy
    return {"columns": ["table", "a row is", "rows", "age", "requests"], "tables": lines, "notes": notes}


def _look(path: Path) -> tuple[dict[str, tuple[int, str]], list[str]]:
    """The rows of each kind and the time of its oldest reading; and notes on syncs that failed, and on tables that may
    still count rows that went since all of the table was last read."""
    with reader(path) as db:
        read = {kind: (rows, since) for kind, rows, since in db.execute("SELECT kind, rows, since FROM _coverage")}
        notes = failure_notes(db)
        late = db.execute("SELECT kind, removals_at FROM _coverage WHERE removals_at < since ORDER BY 1").fetchall()
    found = {}
    for name, kind in BY_NAME.items():
        if readings := [read[reading] for reading in kind.readings if reading in read and read[reading][1]]:
            found[name] = sum(rows or 0 for rows, _ in readings), min(since for _, since in readings)
    if late:
        behind = ", ".join(f"{kind} {moment}" for kind, moment in late)
        notes.append(f"removals are known until: {behind}; what went later may still be counted")
    return found, notes


def _line(view: str, held: dict[str, tuple[int, str]], costs: dict[str, int | None], now: datetime) -> list[str | int]:
    kinds = kinds_of([view])
    read = [held[kind] for kind in kinds if kind in held]
    since = min((since for _, since in read), default=None)
    age = words((now - read_moment(since)).total_seconds()) if since and len(read) == len(kinds) else "?"
    rows = held[view][0] if view in held else "?"
    prices = [costs[kind] for kind in kinds]
    price = "?" if None in prices else sum(filter(None, prices))
    return [view, VIEWS[view][0].removesuffix("; now"), rows, age, price]


async def in_depth(copy: OnDemand, names: str, seconds: float, told: Told | None) -> dict[str, Any]:
    """Tables, with commas between them: their columns, the values of those with few, and statements with what they
    gave, of one table. More than _TABLES are refused.

    Raises UsageError for an unknown table, naming the nearest.
    """
    wanted = [name.casefold() for name in names.replace(",", " ").split()]
    for name in wanted:
        if name not in VIEWS:
            near = nearest(name, VIEWS, 3, 0.4) or [view for view in VIEWS if not view.endswith("_history")]
            raise UsageError(f"There is no table {name[:40]}.", f"Perhaps: {', '.join(near)}.")
    if len(wanted) > _TABLES:
        raise UsageError(f"{len(wanted)} tables are too many at once.", f"Name at most {_TABLES}.")
    with suppress(UsageError):  # of the quota: it is told of each table
        await copy.fill(kinds_of(wanted), _A_DAY, seconds, told)
    found = [await _one_in_depth(copy, name, with_statements=len(wanted) == 1) for name in wanted]
    dated = any("since" in view_columns()[name] for name in wanted)
    return (found[0] if len(found) == 1 else {"described": found}) | ({"since": _SINCE} if dated else {})


async def _one_in_depth(copy: OnDemand, name: str, *, with_statements: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"table": name, "row": VIEWS[name][0], "columns": view_columns()[name]}
    try:
        waiting = await copy.fill(kinds_of([name]), _A_DAY, 0, None)
    except UsageError as error:
        return found | {"complete": False, "notes": [f"{error} So no values are shown."]}
    if waiting:
        note = f"values come when it was read: ask again in {copy.ask_again(waiting)} s"
        return found | {"complete": False, "notes": [note]}
    path = await copy.path()
    about = provenance([name], (await ask(copy.processes, path, "SELECT 1", facts=facts([name]), **_BOUNDS)).facts)
    values = await _values(copy, path, name)
    empty = [column for column, held in values.items() if held == []]
    few = {column: held for column, held in values.items() if held}
    found |= {"tables": about.tables, "values": few} | ({"always_null": empty} if empty else {})
    found |= {"notes": about.notes} if about.notes else {}
    if not with_statements:
        return found
    statements = _examples(name, [column for column, held in few.items() if len(held) > 1])
    rows = [(await ask(copy.processes, path, sql, **_BOUNDS)).rows for sql in statements]
    shown = [{"sql": sql, "first_row": first[0] if first else []} for sql, first in zip(statements, rows, strict=True)]
    return found | {"statements": shown}


_BOUNDS: dict[str, Any] = {"rows": 3, "cell": 81, "seconds": 5.0}


async def _values(copy: OnDemand, path: Path, view: str) -> dict[str, list[Any] | None]:
    """By column: its values where they are few, [] where there are none; columns not looked at in time are left out."""
    found: dict[str, list[Any] | None] = {}
    with anyio.move_on_after(_LOOKING):
        for column in view_columns()[view]:
            if column in _PLAIN:
                continue
            sql = f'SELECT DISTINCT "{column}" FROM "{view}" WHERE "{column}" IS NOT NULL LIMIT {_FEW + 1}'
            rows = (await ask(copy.processes, path, sql, rows=_FEW + 1, cell=81, seconds=_LOOKING)).rows
            told = [row[0] for row in rows if not isinstance(row[0], str) or _tells(row[0])]
            found[column] = told if len(told) == len(rows) <= _FEW else None
    return found


def _tells(text: str) -> bool:
    """Whether a text says something about its column: it is short, no UUID and no time."""
    return len(text) <= _LONGEST and not _UUID.fullmatch(text) and not _MOMENT.match(text)


def _examples(view: str, few: Sequence[str]) -> list[str]:
    """Three statements over the table: its rows with their devices, counts by value, devices without a row."""
    columns = view_columns()[view]
    by = few[0] if few else columns[0]
    counted = f"SELECT {by}, count(*) AS n FROM {view} GROUP BY 1 ORDER BY n DESC LIMIT 10"
    plain = [column for column in columns if column not in ("device_id", "device_name", "serial_number", "more")][:4]
    if "device_id" not in columns or view == "devices":
        narrowed = f"SELECT {', '.join(columns[:4])} FROM {view} WHERE {by} IS NOT NULL ORDER BY 1 LIMIT 5"
        return [counted, narrowed, f"SELECT count(*) AS n, count(DISTINCT {by}) AS different FROM {view}"]
    joined = (
        f"SELECT d.device_name, d.user_email, {', '.join(f't.{column}' for column in plain)} FROM {view} t "
        "JOIN devices d USING (device_id) LIMIT 5"
    )
    without = (
        "SELECT count(*) AS macs_without FROM devices d WHERE d.platform = 'Mac' "
        f"AND NOT EXISTS (SELECT 1 FROM {view} t WHERE t.device_id = d.device_id)"
    )
    return [joined, counted, without]
