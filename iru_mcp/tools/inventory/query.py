"""SQL over the whole fleet: the tables a statement reads are read from Iru first, unless the copy has them fresh."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from ...api.endpoints.devices import LIST_DEVICES
from ...errors import UsageError
from ...inventory.tables import SOURCES
from ...output.clean import MAX_FIELD
from ..kit import Context, tool
from ..kit.params import KEEPS_PSEUDONYMS, Str, read_time
from ..kit.size import ROOM_FOR_ROWS, SizeBudget

if TYPE_CHECKING:
    from ...inventory.fill.on_demand import OnDemand, Unfinished

_SECONDS = 10.0
_FILL_SECONDS = 18.0
"""Of a call's time, what a fill may take; the rest is for the statement."""
_ROWS = 500


@tool(LIST_DEVICES, optional=SOURCES)
async def inventory_query(
    ctx: Context,
    sql: Annotated[str, Field(description="one SQLite SELECT", min_length=1, max_length=8000), KEEPS_PSEUDONYMS],
    max_age: Annotated[Str, Field(description="oldest a table may be, e.g. 30m, 7d; 0: read now")] = "1h",
) -> dict[str, Any]:
    """Rows of one SELECT over the whole fleet: joins, counts, "has X but not Y". devices(device_id, device_name,
    serial_number, platform, os_version, user_email, blueprint_name, last_check_in), device_overview(department,
    user_archived, days_silent, kev_count), mac_security(filevault, sip, firewall, gatekeeper), apps(name, bundle_id,
    version, path, since), local_users(username, type), launch_items(label, path, program), threats(threat_name,
    status), library_item_status(library_item_name, status), audit_events, windows_android_details; what is on devices
    has device_id; more: inventory_schema. `tables` says of when and what is missing. Times are text like
    2026-11-22T09:30:00Z, booleans 1, 0; version_key(text) compares versions."""
    from ...inventory import query, statement_notes
    from ...inventory.fill.provenance import facts, provenance
    from ...inventory.schema import kinds_of

    copy = _copy(ctx)
    path = await copy.path()
    views = await query.tables_read(copy.processes, path, sql, ctx.caller)
    waiting = await copy.fill(kinds_of(views), _age(max_age, ctx.now()), _FILL_SECONDS, ctx.call.report_progress)
    if waiting:
        return _not_yet(copy, waiting)
    found = await query.ask(
        copy.processes,
        path,
        sql,
        facts=facts(views) | statement_notes.lookups(sql, views),
        rows=_ROWS,
        cell=MAX_FIELD + 1,
        seconds=_SECONDS,
        caller=ctx.caller,
    )
    about = provenance(views, found.facts)
    rows, cut = _within(found.rows)
    long = sum(isinstance(cell, str) and len(cell) > MAX_FIELD for row in rows for cell in row)
    notes = _notes(more=found.more or cut, long=long)
    complete = about.complete and not notes
    notes += about.notes + _ended(sql, len(rows)) + statement_notes.notes(sql, views, found.facts)
    answer = {"tables": about.tables, "returned": len(rows), "complete": complete}
    return answer | ({"notes": notes} if notes else {}) | {"columns": found.columns, "rows": rows}


def _copy(ctx: Context) -> OnDemand:
    from ...inventory.fill.on_demand import OnDemand

    return ctx.companion(OnDemand)


def _age(text: str, now: datetime) -> timedelta:
    """How old a table may be. Raises UsageError."""
    wanted = text.strip() or "1h"
    if wanted in ("0", "0s"):
        return timedelta()
    oldest = read_time(wanted, "max_age", now)
    if oldest is None or oldest > now:
        raise UsageError("max_age lies in the future.", "Give an age like 30m, 1h, 7d, or 0.")
    return now - oldest


def _not_yet(copy: OnDemand, waiting: Collection[Unfinished]) -> dict[str, Any]:
    """The answer while tables are still being read: no rows, not even those that there are."""
    seconds = copy.ask_again(waiting)
    reading = [
        {"table": one.table, "pages": one.pages} | ({"about": one.about} if one.about is not None else {})
        for one in waiting
    ]
    note = f"not answered yet: tables are being read from Iru; send the same statement again in {seconds} s"
    return {"complete": False, "notes": [note], "ask_again_seconds": seconds, "reading": reading}


def _notes(*, more: bool, long: int) -> list[str]:
    notes = []
    if more:
        notes.append("there are more rows than this; narrow the statement, aggregate, or use LIMIT and OFFSET")
    if long:
        notes.append(f"{long} cells are cut at {MAX_FIELD} characters: use substr(), or rows instead of group_concat()")
    return notes


def _ended(sql: str, rows: int) -> list[str]:
    """A note where the statement's own LIMIT may have ended it; `complete` does not depend on it, as most limits are
    intended."""
    limit = re.search(r"\bLIMIT\s+(\d+)\s*;?\s*$", sql, re.IGNORECASE)
    return [f"LIMIT {rows} was reached: more rows may match"] if limit and int(limit[1]) == rows > 1 else []


def _within(rows: list[list[Any]]) -> tuple[list[list[Any]], bool]:
    """As many rows as an answer has room for."""
    budget = SizeBudget(ROOM_FOR_ROWS)
    for index, row in enumerate(rows):
        if not budget.take(row):
            return rows[: max(1, index)], True
    return rows, False


@tool(LIST_DEVICES, optional=SOURCES)
async def inventory_schema(
    ctx: Context,
    table: Annotated[Str, Field(description="up to 8 tables in depth")] = "",
) -> dict[str, Any]:
    """The tables of inventory_query: what a row is, rows, age, about how many requests to Iru reading it takes. With
    table: its columns, the values of those that have few, and statements that work."""
    from ...inventory.fill.schema_answer import in_depth, overview

    copy = _copy(ctx)
    if table.strip():
        return await in_depth(copy, table.strip(), _FILL_SECONDS, ctx.call.report_progress)
    return await overview(copy, ctx.now(), ctx.call.report_progress)
