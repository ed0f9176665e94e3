"""The history in a copy that was synced: what changed, how a device was, what hangs together, what rules found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict, TypeVar, cast

from anyio import to_thread
from pydantic import Field

from ...errors import ConfigError, UsageError
from ..kit import Context, Page, tool
from ..kit.params import Limit, Since, Str, Until, read_time

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")

What = (
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
    | None
)
OneDevice = Annotated[Str, Field(description="serial number, name or device_id, also of a gone device")]


class ChangeLine(TypedDict, total=False):
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


class AlertLine(TypedDict, total=False):
    """What a rule found."""

    rule: str
    severity: str
    say: str
    opened_at: str
    row: dict[str, Any]


async def _read(ctx: Context, work: Callable[[sqlite3.Connection], T]) -> tuple[dict[str, str], T]:
    """The age of the copy, and what `work` reads from it in a thread."""
    from ...inventory.store import age, reader

    if not ctx.inventory:
        raise ConfigError("No inventory file is set.", "Set IRU_INVENTORY, then run: iru-mcp sync")

    def inside() -> tuple[dict[str, str], T]:
        with reader(Path(ctx.inventory)) as db:
            db.execute("BEGIN")  # one state for everything that is read
            return age(db, ctx.now()), work(db)

    return await to_thread.run_sync(inside)


@tool(default=False)
async def inventory_changes(
    ctx: Context,
    since: Since = "7d",
    until: Until = "",
    kind: What = None,
    device: OneDevice = "",
    limit: Limit = 50,
) -> Page[ChangeLine]:
    """What appeared, went, changed or moved between syncs of the local inventory copy, newest first, with old and new
    values; summary counts all that match. For changes by admins ask list_audit_events."""
    from ...inventory import changes as history
    from ...inventory import describe
    from ...inventory.store import utc

    now = ctx.now()
    begin, end = read_time(since, "since", now), read_time(until, "until", now, end=True)
    if begin and end and begin >= end:
        raise UsageError("since is after until.", "Give both; since is 7d unless given.")

    def work(db: sqlite3.Connection) -> tuple[history.Changes, dict[str, Any] | None, list[str]]:
        target = history.find_device(db, device) if device.strip() else None
        found = history.changes(db, begin, end, kind or "", target, most=limit)
        return found, target.shown() if target else None, describe.stale(db)

    copy, (found, target, notes) = await _read(ctx, work)
    unknown = found.begins is not None and (begin is None or found.begins > utc(begin))
    if unknown:
        notes.append(f"the copy begins at {found.begins}: of what came before, list_audit_events and get_timeline tell")
    return Page(
        cast("list[ChangeLine]", found.items),
        not (found.more and limit) and not unknown,
        total=sum(count for whats in found.counts.values() for count in whats.values()),
        notes=notes + (["more match: narrow by since, kind or device, or raise limit"] if found.more and limit else []),
        device=target,
        summary={"copy": copy, "compared": found.syncs, "changes": found.counts},
    )


@tool(default=False)
async def inventory_at(ctx: Context, device: OneDevice, when: Since, kind: What = None) -> dict[str, Any]:
    """A device as the local inventory copy had it at a moment: record, hardware, encryption, accounts, profiles,
    login items, apps and detections, also of a device that is gone since. With kind: all its rows, in full where they
    are few."""
    from ...inventory import changes as history
    from ...inventory import describe

    moment = read_time(when, "when", ctx.now(), end=True) or ctx.now()

    def work(db: sqlite3.Connection) -> dict[str, Any]:
        target = history.find_device(db, device)
        notes = describe.failure_notes(db)
        found = {"device": target.shown()} | history.at(db, target, moment, (kind,) if kind else ())
        return found | ({"notes": notes} if notes else {})

    copy, found = await _read(ctx, work)
    return {"copy": copy} | found


_NAMED = {"device": "device_name", "user": "user"}
"""By type of node, the key of its name: privacy mode finds names of people and devices by their keys."""


@tool(default=False)
async def inventory_graph(
    ctx: Context,
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
    from ...inventory import describe, graph

    copy, (found, notes) = await _read(ctx, lambda db: (graph.around(db, around, hops), describe.failure_notes(db)))
    number = {node: place for place, node in enumerate(found.names)}
    nodes = [
        {"n": number[node], "type": node[0], "id": node[1], _NAMED.get(node[0], "name"): name}
        for node, name in found.names.items()
    ]
    edges = [
        [number[edge.source], edge.verb, number[edge.target], *([dict(edge.properties)] if edge.properties else [])]
        for edge in found.edges
        if edge.source in number and edge.target in number
    ]
    if found.left_out:
        notes.append(f"{found.left_out} neighbours left out at crowded nodes; ask inventory_query for them")
    return {"copy": copy, "complete": not found.left_out, "notes": notes, "nodes": nodes, "edges": edges}


@tool(default=False)
async def inventory_alerts(
    ctx: Context,
    severity: Literal["low", "medium", "high", "critical"] | None = None,
    rule: Annotated[Str, Field(description="a name of summary.open")] = "",
    device: OneDevice = "",
    resolved_since: Annotated[Since, Field(description="also those resolved since then")] = "",
    limit: Limit = 25,
) -> Page[AlertLine]:
    """Open alerts of the local inventory copy, worst first: what the rules found at the last sync, such as malware that
    is not quarantined, a new local admin, FileVault turned off. summary.open counts what matches, by rule."""
    from ...inventory import changes as history
    from ...inventory import describe
    from ...inventory.alerts import evaluate as alerts

    moment = read_time(resolved_since, "resolved_since", ctx.now())

    def work(db: sqlite3.Connection) -> tuple[list[dict[str, Any]], dict[str, Any] | None, list[str]]:
        target = history.find_device(db, device) if device.strip() else None
        listed = alerts.listed(db, severity or "", rule.strip(), target.device_id if target else "", moment)
        return listed, target.shown() if target else None, describe.failure_notes(db)

    copy, (found, target, notes) = await _read(ctx, work)
    opened: dict[str, dict[str, Any]] = {}
    for one in found:
        if "resolved_at" not in one:
            opened.setdefault(one["rule"], {"severity": one["severity"], "alerts": 0})["alerts"] += 1
    return Page(
        cast("list[AlertLine]", found[:limit]),
        len(found) <= limit or not limit,
        total=len(found),
        notes=notes
        + (["more match: narrow by severity, rule or device, or raise limit"] if 0 < limit < len(found) else []),
        device=target,
        summary={"copy": copy, "open": opened},
    )
