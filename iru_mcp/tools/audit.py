"""Who changed or viewed what in Iru itself.

Iru's log takes no filter but the dates, reaches back a bounded time, and does not say in which order it comes. So rows
are filtered here, an answer over a window that begins before the log says where the log begins, and the order that was
asked for is checked. A blueprint's event lists every item of its scope beside the few that changed: filters and rows
tell what was added, removed or set, and only count the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypedDict
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from ..api.call import Call
from ..api.endpoints.audit import LIST_AUDIT_EVENTS, AuditEvent
from ..api.endpoints.devices import LIST_DEVICES
from ..api.record import write_moment
from ..errors import UsageError
from .kit.answers import Page
from .kit.catalogue import tool
from .kit.context import Context
from .kit.enrolled import enrolled_devices
from .kit.listing import listing
from .kit.params import Cursor, Fields, Limit, Since, Str, Until, contains, newest_first, read_window, within
from .kit.rows import RowShape
from .kit.scan import Check, Source

_STATE_CHARACTERS = 160
_NAMED = 5
_CHANGED = 20
"""Names shown of what was added or removed."""


_NAMES_OF_A_DEVICE = ("device_name", "serial_number")
_ROOM_FOR_A_NAME = 36
"""Characters kept for each of them in a row about a device, until they are known."""


class AuditLine(TypedDict, total=False):
    """An audited action."""

    occurred_at: str
    action: str
    target_type: str
    target_component: str
    target_id: str
    device_name: str
    serial_number: str
    actor_type: str
    actor_id: str
    new_state: Any


@tool(LIST_AUDIT_EVENTS, optional=(LIST_DEVICES,))
async def list_audit_events(
    ctx: Context,
    since: Since = "",
    until: Until = "",
    hours: Annotated[Str, Field(description="time of day, like 22-05, UTC or with a zone: 22-05 Europe/Berlin")] = "",
    action: Annotated[Str, Field(description="create, update, delete, view (secrets)")] = "",
    target_type: Annotated[Str, Field(description="e.g. blueprint, library_item, device, user, api_token")] = "",
    target_component: Str = "",
    target: Annotated[Str, Field(description="target_id or name, also of what was added or removed")] = "",
    changed: Annotated[Str, Field(description="text in what was added, removed or set")] = "",
    actor: Annotated[Str, Field(description="actor_id or actor_type (user, api_token)")] = "",
    fields: Fields = (),
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[AuditLine]:
    """Iru's audit log, newest first: changes to blueprints, library items, tokens and admins, device lifecycle, views
    of secrets. With other filters give since. An actor_id is the target_id of the token that acted, or an Iru
    admin."""
    early, late = read_window(since, until, ctx.now())
    query, checks = audit_window(early, late)
    if hours.strip():
        checks.append(_between_hours(hours.strip()))
    if action.strip():
        word = "view" if action.strip().casefold() == "read" else action  # Iru's word for a secret that was read
        checks.append(_text("action", word, lambda event: event.action))
    if target_type.strip():
        checks.append(_text("target_type", target_type, lambda event: event.target_type))
    if target_component.strip():
        checks.append(_text("target_component", target_component, lambda event: event.target_component))
    for name, wanted, texts in (
        ("target", target, _names),
        ("changed", changed, lambda event: _changes(event.new_state)),
        ("actor", actor, lambda event: (event.actor_id or "", event.actor_type or "")),
    ):
        if wanted.strip():
            checks.append(_any_text(name, wanted, texts))
    source = Source(LIST_AUDIT_EVENTS, query=query, checks=checks, promised=lambda row: newest_first(row.occurred_at))
    shape = RowShape(AuditLine, flat=_with_room_for_names, lean=_shortened)
    page = await listing(ctx, source, shape, limit=limit, cursor=cursor, fields=fields)
    if early and not page.next_cursor:
        await _say_beginning(ctx.call, page, early)
    await _name_devices(ctx, page)
    return page


def audit_window(early: datetime | None, late: datetime | None) -> tuple[dict[str, str | int], list[Check[AuditEvent]]]:
    """What asks Iru for the events between two moments, newest first, and the checks that prove them.

    Iru is asked for a second more, as it may take the end for the beginning of its second.
    """
    asked = late + timedelta(seconds=1) if late else None
    query: dict[str, str | int] = {"sort_by": "-occurred_at"}
    query |= {"start_date": write_moment(early)} if early else {}
    query |= {"end_date": write_moment(asked)} if asked else {}
    if not query.keys() & {"start_date", "end_date"}:
        return query, []
    return query, [
        Check("since/until", lambda event: within(event.occurred_at, early, asked), sent=True),
        Check("until", lambda event: within(event.occurred_at, early, late)),
    ]


def _text(name: str, wanted: str, value: Callable[[AuditEvent], str | None]) -> Check[AuditEvent]:
    """A filter on a column whose words Iru does not publish."""
    has = contains(wanted)
    return Check(name, lambda event: has(value(event)), value=value)


def _any_text(name: str, wanted: str, texts: Callable[[AuditEvent], Iterable[str]]) -> Check[AuditEvent]:
    has = contains(wanted)
    return Check(name, lambda event: any(has(text) for text in texts(event)))


_HOURS = re.compile(r"(\d{1,2})(?::(\d\d))?\s*-\s*(\d{1,2})(?::(\d\d))?\s*(\S+)?")


def _between_hours(text: str) -> Check[AuditEvent]:
    """Events at a time of day, which may reach over midnight. Raises UsageError."""
    wrong = UsageError("hours is no time of day.", "Write it like 22-05, 08:30-17 or 22-05 Europe/Berlin.")
    match = _HOURS.fullmatch(text)
    if match is None:
        raise wrong
    begin, end = (int(match[at]) * 60 + int(match[at + 1] or 0) for at in (1, 3))
    zone = _zone(match[5] or "UTC")
    if max(begin, end) > 24 * 60 or zone is None:
        raise wrong

    def test(event: AuditEvent) -> bool | None:
        if event.occurred_at is None:
            return None
        local = event.occurred_at.astimezone(zone)
        minute = local.hour * 60 + local.minute
        return begin <= minute < end if begin < end else minute >= begin or minute < end

    return Check("hours", test)


def _zone(name: str) -> Any:
    """The time zone with this name or offset such as +02:00; None where there is none."""
    if name.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name) if "/" in name else datetime.strptime(name, "%z").tzinfo
    except (ValueError, ZoneInfoNotFoundError):
        return None


def _named(item: Any) -> str:
    """How a thing in a state is called."""
    if isinstance(item, dict):
        return str(item.get("name") or item.get("label") or item.get("id") or item)
    return str(item)


def _parts(state: Any) -> Iterator[tuple[str, Any]]:
    """The parts of a state that tell of a change: not lists of everything in scope, nor what is empty."""
    for name, value in state.items() if isinstance(state, dict) else ():
        if not name.endswith("_scoped") and value not in (None, "", [], {}):
            yield name, value


def _changes(state: Any) -> Iterator[str]:
    """What was added, removed or set, each with the name of its part."""
    for name, value in _parts(state):
        for item in value if isinstance(value, list) else [value]:
            yield f"{name} {_named(item)}"


def _names(event: AuditEvent) -> Iterator[str]:
    """The id and the names of what was acted on, and of what was added to it or removed."""
    yield event.target_id or ""
    for name, value in _parts(event.new_state):
        if name in ("name", "label"):
            yield str(value)
        elif isinstance(value, list) and name.endswith(("_added", "_removed")):
            yield from (f"{_named(item)} {item.get('id', '') if isinstance(item, dict) else ''}" for item in value)


def _with_room_for_names(event: AuditEvent) -> dict[str, Any]:
    """The row, with the device's id where its name and serial number will stand, padded to the room they may take."""
    if event.target_type != "device" or not event.target_id:
        return event.flat()
    return event.flat() | {name: event.target_id.ljust(_ROOM_FOR_A_NAME) for name in _NAMES_OF_A_DEVICE}


def _shortened(flat: dict[str, Any]) -> dict[str, Any]:
    """The row with what was set as a reader says it: changes by name, what is in scope counted."""
    state = flat.get("new_state")
    if not isinstance(state, dict):
        return flat
    told = {
        name: _said(value, _CHANGED if name.endswith(("_added", "_removed")) else _NAMED)
        for name, value in _parts(state)
    }
    told |= {name: f"{len(value)} items" for name, value in state.items() if name.endswith("_scoped") and value}
    return {name: value for name, value in (flat | {"new_state": told}).items() if value != {}}


def _said(state: Any, most: int) -> Any:
    if isinstance(state, dict):
        named = state.keys() <= {"id", "name"} and isinstance(state.get("name"), str)
        return state["name"] if named and "id" in state else {name: _said(one, most) for name, one in state.items()}
    if isinstance(state, list):
        more = [f"and {len(state) - most} more"] if len(state) > most else []
        return [_said(item, most) for item in state[:most]] + more
    return f"{state[:_STATE_CHARACTERS]}..." if isinstance(state, str) and len(state) > _STATE_CHARACTERS else state


async def _say_beginning(call: Call, page: Page[Any], early: datetime) -> None:
    """Says where the log begins, when that is after the beginning of what is asked: before it, none means nothing."""
    begins = await log_beginning(call)
    if begins is None or begins <= early:
        return
    page.complete, page.total = False, None
    page.summary = (page.summary or {}) | {"log_starts_at": write_moment(begins)}
    page.notes.append("the log begins after since: what was done before log_starts_at is in no answer")


async def log_beginning(call: Call) -> datetime | None:
    """When the oldest event in the log was; None where Iru does not tell."""
    first = await call.page(LIST_AUDIT_EVENTS, query={"sort_by": "occurred_at"})
    times = [event.occurred_at for event in first.records if event and event.occurred_at]
    ascends = times == sorted(times) or first.next is None
    return min(times, default=None) if ascends else None


async def _name_devices(ctx: Context, page: Page[Any]) -> None:
    """Names the devices that rows are about, in the room that was kept for it; the device list is read for such rows
    alone."""
    about = [row for row in page.items if row.keys() & set(_NAMES_OF_A_DEVICE)]
    devices = (await enrolled_devices(ctx.call)).devices if about else {}
    for row in about:
        for name in _NAMES_OF_A_DEVICE:
            known = devices.get(row.pop(name, "").rstrip(), {}).get(name)
            if known:
                row[name] = known
