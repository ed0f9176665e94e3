"""The dated copy of the tenant: its tables, one SELECT over it, what changed, how a device was, what hangs together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from anyio import to_thread
from pydantic import BeforeValidator, Field

from ..api.client import Call
from ..errors import ConfigError, UsageError
from ..output.clean import MAX_FIELD
from .kit.answers import Page, View, size
from .kit.catalogue import tool
from .kit.params import Since, Str, Until, folded, listed, read_time

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")
_SECONDS = 10.0
_ROWS = 500
_CHARACTERS = 40_000

What = Annotated[
    Literal[
        "devices",
        "users",
        "blueprints",
        "device_information",
        "filevault",
        "startup_settings",
        "local_users",
        "profiles",
        "launch_items",
        "apps",
        "vulnerabilities",
        "detections",
        "threats",
        "behavioral_detections",
        "windows_android_details",
    ]
    | None,
    BeforeValidator(folded),
]
OneDevice = Annotated[Str, Field(description="serial number, name or device_id, also of a gone device")]


class ChangeLine(View):
    """Something that came, went, changed or moved between two syncs."""

    at: str
    kind: str
    what: str
    thing: str
    device_id: str
    device_name: str
    serial_number: str
    user_email: str
    blueprint_name: str
    fields: dict[str, Any]


class AlertLine(View):
    """What a rule found."""

    rule: str
    severity: str
    say: str
    opened_at: str
    row: dict[str, Any]


def _file(iru: Call) -> Path:
    if not iru.inventory:
        raise ConfigError("No inventory file is set.", "Set IRU_INVENTORY, then run: iru-mcp sync")
    return Path(iru.inventory)


async def _read(iru: Call, work: Callable[[sqlite3.Connection], T]) -> tuple[dict[str, str], T]:
    """The age of the copy, and what `work` reads from it in a thread."""
    from ..inventory.store import age, reader

    def inside() -> tuple[dict[str, str], T]:
        with reader(_file(iru)) as db:
            db.execute("BEGIN")  # one state for everything that is read
            return age(db, iru.now()), work(db)

    return await to_thread.run_sync(inside)


@tool(toolset="inventory", default=False)
async def inventory_schema(
    iru: Call,
    tables: Annotated[tuple[str, ...], BeforeValidator(listed), Field(description="only these, with columns")] = (),
) -> dict[str, Any]:
    """The tables of the local inventory copy for inventory_query: what a row is, columns, row counts, ages, and what
    Iru did not permit. Call it first."""
    from ..inventory import describe
    from ..inventory.schema import VIEWS

    unknown = [name for name in tables if name not in VIEWS]
    copy, kinds = await _read(iru, lambda db: describe.kinds(db, iru.now()))
    notes = [f"there is no table {name[:40]}" for name in unknown]
    notes.append(
        "every kind has a <kind>_history too: what is and what was, with valid_to, null where it still is. valid_from "
        "and valid_to are times of syncs; since is when Iru first saw the record, not its values; baseline 1: already "
        "there at the first look"
    )
    shown = describe.tables([name for name in tables if name not in unknown])
    return {"copy": copy, "notes": notes, "tables": shown, "kinds": kinds}


@tool(toolset="inventory", default=False)
async def inventory_query(
    iru: Call, sql: Annotated[str, Field(description="one SQLite SELECT", min_length=1, max_length=8000)]
) -> dict[str, Any]:
    """Rows of one read-only SELECT over the local inventory copy (no requests to Iru): joins, counts and history of
    devices, users, blueprints, apps, launch_items, local_users, profiles, filevault, windows_android_details,
    vulnerabilities, detections, threats, changes, alerts, syncs and more; columns are in inventory_schema. Booleans
    are 1 and 0, times text like 2026-11-22T09:30:00Z. At most 500 rows."""
    from ..inventory import describe, query
    from ..inventory.sandbox.processes import Processes

    if iru.private:
        raise UsageError(
            "SQL could take names apart, so privacy mode has no inventory_query.",
            "Use inventory_changes, inventory_at, inventory_graph or inventory_alerts, or the tools that ask Iru.",
        )
    path = _file(iru)
    copy, notes = await _read(iru, describe.stale)
    processes = iru.companion(Processes)
    found = await query.ask(processes, path, sql, rows=_ROWS, cell=MAX_FIELD + 1, seconds=_SECONDS)
    rows, cut = _within(found.rows)
    if found.more or cut:
        notes.append("there are more rows than this; narrow the statement, aggregate, or use LIMIT and OFFSET")
    long = sum(isinstance(cell, str) and len(cell) > MAX_FIELD for row in rows for cell in row)
    if long:
        notes.append(f"{long} cells are cut at {MAX_FIELD} characters: use substr(), or rows instead of group_concat()")
    answer = {"copy": copy, "returned": len(rows), "complete": not (found.more or cut or long)}
    return answer | ({"notes": notes} if notes else {}) | {"columns": found.columns, "rows": rows}


def _within(rows: list[list[Any]]) -> tuple[list[list[Any]], bool]:
    """As many rows as an answer has room for."""
    room = _CHARACTERS
    for place, row in enumerate(rows):
        room -= size([cell[:MAX_FIELD] if isinstance(cell, str) else cell for cell in row])
        if room < 0:
            return rows[: max(1, place)], True
    return rows, False


@tool(toolset="inventory", default=False)
async def inventory_changes(
    iru: Call,
    since: Since = "7d",
    until: Until = "",
    kind: What = None,
    device: OneDevice = "",
    limit: Annotated[int, Field(ge=1, le=500)] = 50,
) -> Page[ChangeLine]:
    """What appeared, went, changed or moved between syncs of the local inventory copy, newest first, with old and new
    values; summary counts all that match. For changes by admins ask list_audit_events."""
    from ..inventory import changes as history
    from ..inventory import describe
    from ..inventory.store import utc

    now = iru.now()
    begin, end = read_time(since, "since", now), read_time(until, "until", now, end=True)
    if begin and end and begin >= end:
        raise UsageError("since is after until.", "Give both; since is 7d unless given.")

    def work(db: sqlite3.Connection) -> tuple[history.Changes, dict[str, Any] | None, list[str]]:
        target = history.find_device(db, device) if device.strip() else None
        found = history.changes(db, begin, end, kind or "", target, most=limit)
        return found, target.shown() if target else None, describe.stale(db)

    copy, (found, target, notes) = await _read(iru, work)
    unknown = found.begins is not None and (begin is None or found.begins > utc(begin))
    if unknown:
        notes.append(f"the copy begins at {found.begins}: of what came before, list_audit_events and get_timeline tell")
    return Page(
        found.items,
        not found.more and not unknown,
        total=sum(count for whats in found.counts.values() for count in whats.values()),
        notes=notes + (["more match: narrow by since, kind or device, or raise limit"] if found.more else []),
        device=target,
        summary={"copy": copy, "compared": found.syncs, "changes": found.counts},
    )


@tool(toolset="inventory", default=False)
async def inventory_at(iru: Call, device: OneDevice, when: Since, kind: What = None) -> dict[str, Any]:
    """A device as the local inventory copy had it at a moment: record, hardware, encryption, accounts, profiles,
    login items, apps and detections, also of a device that is gone since. With kind: all its rows, in full where they
    are few."""
    from ..inventory import changes as history

    moment = read_time(when, "when", iru.now(), end=True) or iru.now()

    def work(db: sqlite3.Connection) -> dict[str, Any]:
        target = history.find_device(db, device)
        return {"device": target.shown()} | history.at(db, target, moment, (kind,) if kind else ())

    copy, found = await _read(iru, work)
    return {"copy": copy} | found


_NAMED = {"device": "device_name", "user": "user"}
"""What the name of a node is called where it is a person's or a device's: privacy mode goes by that."""


@tool(toolset="inventory", default=False)
async def inventory_graph(
    iru: Call,
    around: Annotated[
        str,
        Field(
            description="device, user's e-mail, blueprint, app, profile, CVE, or account", min_length=1, max_length=300
        ),
    ],
    hops: Annotated[int, Field(ge=1, le=3)] = 1,
) -> dict[str, Any]:
    """Nodes and edges of the local inventory copy around something: account has device; device assigned user,
    blueprint, profile; device installed app; app has vulnerability."""
    from ..inventory import graph

    copy, found = await _read(iru, lambda db: graph.around(db, around, hops))
    number = {node: place for place, node in enumerate(found.names)}
    nodes = [
        {"n": number[node], "type": node[0], "id": node[1], _NAMED.get(node[0], "name"): name}
        for node, name in found.names.items()
    ]
    edges = [
        [number[edge.source], edge.verb, number[edge.target]]
        for edge in found.edges
        if edge.source in number and edge.target in number
    ]
    left = sum(found.left_out.values())
    notes = [f"{left} neighbours left out at crowded nodes; ask inventory_query for them"] if left else []
    return {"copy": copy, "complete": not left, "notes": notes, "nodes": nodes, "edges": edges}


@tool(toolset="inventory", default=False)
async def inventory_alerts(
    iru: Call,
    severity: Annotated[Literal["critical", "high", "medium", "low"] | None, BeforeValidator(folded)] = None,
    rule: Annotated[Str, Field(description="a name of summary.open")] = "",
    device: OneDevice = "",
    resolved_since: Annotated[Since, Field(description="also those resolved since then")] = "",
    limit: Annotated[int, Field(ge=1, le=500)] = 25,
) -> Page[AlertLine]:
    """Open alerts of the local inventory copy, worst first: what the rules found at the last sync, such as malware that
    is not quarantined, a new local admin, FileVault turned off. summary.open counts what matches, by rule."""
    from ..inventory import changes as history
    from ..inventory.alerts import evaluate as alerts

    moment = read_time(resolved_since, "resolved_since", iru.now())

    def work(db: sqlite3.Connection) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        target = history.find_device(db, device) if device.strip() else None
        which = alerts.Which(severity or "", rule.strip(), target.device_id if target else "", moment)
        return alerts.listed(db, which), target.shown() if target else None

    copy, (found, target) = await _read(iru, work)
    opened: dict[str, dict[str, Any]] = {}
    for one in found:
        if "resolved_at" not in one:
            held = opened.setdefault(one["rule"], {"severity": one["severity"], "alerts": 0})
            held["alerts"] += 1
    return Page(
        found[:limit],
        len(found) <= limit,
        total=len(found),
        notes=["more match: narrow by severity, rule or device, or raise limit"] if len(found) > limit else [],
        device=target,
        summary={"copy": copy, "open": opened},
    )
