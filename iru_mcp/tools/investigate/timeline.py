"""What happened to one device, or around one person, in order."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypedDict

from pydantic import Field

from ...api.call import Call
from ...api.endpoints.audit import AuditEvent
from ...api.endpoints.devices import GET_DEVICE, LIST_DEVICE_ACTIVITY, LIST_DEVICE_COMMANDS, LIST_DEVICES, Device
from ...api.endpoints.users import LIST_USERS
from ...errors import UsageError
from ...folding import fold
from ..audit.actors import Actors
from ..kit import Context, Page, RowShape, page_of, tool
from ..kit.coverage import APPLE
from ..kit.params import Cursor, Limit, Since, Str, Until, read_window, within
from ..kit.reader import OK, Attempt, SourceRows, gather, read
from .appearances import CHANGE_ENDPOINTS, CHANGES
from .event_texts import from_activity, from_audit, from_command, from_detection, from_device, from_sighting
from .events import Event, Level, row_of, to_lines
from .sources import HISTORY_ENDPOINTS, read_audit, read_detections, read_prism_rows, read_sightings
from .timeline_subject import Subject, read_subject, serial_of

_REQUESTS = 150
"""About 18 for a device, as many for each device of a person, more where a history is long."""
_NOTABLE = "notable"
_SOURCES: dict[str, tuple[Callable[[Call, str], Awaitable[SourceRows[Any]]], Callable[[Any], list[Event]]]] = {
    "activity": (lambda call, device_id: read(call, LIST_DEVICE_ACTIVITY, device_id=device_id), from_activity),
    "commands": (lambda call, device_id: read(call, LIST_DEVICE_COMMANDS, device_id=device_id), from_command),
    "threats": (partial(read_sightings, "threat"), from_sighting),
    "behaviors": (partial(read_sightings, "behavioral"), from_sighting),
    "vulnerabilities": (read_detections, from_detection),
}
"""The sources about one device, by name; of two that report the same thing, the first is kept."""
_OF_MACS = ("threats", "behaviors", "vulnerabilities")
_KINDS = {"device", *_SOURCES, *CHANGES, "audit"}
_NOT_READ = {
    "network connections, removed apps": "Iru records none",
    "scripts that ran, notes": "get_device_status show=all, list_device_notes",
}
"""What no source tells, and where else to look."""

Names = Annotated[tuple[str, ...], Field(max_length=20)]


class TimelineLine(TypedDict, total=False):
    """One line of a timeline; several events of a kind have a count and the first time."""

    time: str
    source: str
    device: str
    text: str
    notable: bool
    count: int
    first: str
    look: str


@tool(
    LIST_DEVICES,
    optional=(
        GET_DEVICE,
        LIST_USERS,
        LIST_DEVICE_ACTIVITY,
        LIST_DEVICE_COMMANDS,
        *HISTORY_ENDPOINTS,
        *CHANGE_ENDPOINTS,
    ),
    requests=_REQUESTS,
)
async def get_timeline(
    ctx: Context,
    device: Annotated[Str, Field(description="serial number, name or device_id")] = "",
    user: Annotated[Str, Field(description="or an e-mail: all devices of this person")] = "",
    since: Since = "7d",
    until: Until = "",
    include: Annotated[Names, Field(description="notable, or sources like threats, audit")] = (),
    exclude: Names = (),
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[TimelineLine]:
    """What happened, newest first, in one list: activity, MDM commands, audit log (also of the
    device's blueprint), threats, CVEs, new apps, launch items, accounts, profiles, privacy permissions, protections
    turned off, enrolment. Routine of a kind is one line. `look` names the tool to go on with. How a device stands now:
    get_device_dossier."""
    unknown = [name for name in (*include, *exclude) if name not in _KINDS and name != _NOTABLE]
    if unknown:
        raise UsageError(f"There is no source '{unknown[0][:40]}'.", f"Valid: {_NOTABLE}, {', '.join(sorted(_KINDS))}.")
    early, late = read_window(since, until, ctx.now())
    after = ctx.cursors.read(cursor)
    subject = await read_subject(ctx, device.strip(), user.strip())
    wanted = (set(include) - {_NOTABLE} or _KINDS) - set(exclude)
    # Where the device's platform or the person is known without the lists, an answer of little is better than none.
    is_known = any(record.platform for record in subject.devices) or "user" in subject.shown
    parts = await gather(_work(ctx, subject, wanted, early, late), keep_denied=is_known)
    found = [event for part in parts.values() for event in part.records]
    if "device" in wanted:
        found += [_on(record, subject, event) for record in subject.devices for event in from_device(record)]
    if _NOTABLE in include:
        found = [event for event in found if event.level is Level.NOTABLE]
    uncovered: dict[str, Attempt[Any]] = {
        f"{name}{_label(subject, record)}": Attempt(f"not covered: {record.platform}")
        for record in subject.devices
        for name in (*_OF_MACS, *CHANGES)
        if name in wanted and not _is_apples(record)
    }
    lines = to_lines(event for event in found if within(event.at, early, late))
    page = page_of(ctx, lines, RowShape(TimelineLine, flat=row_of), after, limit=limit)
    _say_sources(page, subject, subject.parts | parts | uncovered)
    return page


def _work(
    ctx: Context, subject: Subject, wanted: Collection[str], early: datetime | None, late: datetime | None
) -> dict[str, Callable[[], Awaitable[SourceRows[Event]]]]:
    """What to read: each wanted source of each device, and the audit log once."""
    work: dict[str, Callable[[], Awaitable[SourceRows[Event]]]] = {}
    for record in subject.devices:
        label = _label(subject, record)
        for name, (reader, to_events) in _SOURCES.items():
            if name not in _OF_MACS or _is_apples(record):
                reading = partial(reader, ctx.call, record.device_id)
                work[f"{name}{label}"] = partial(_read_events, subject, record, reading, to_events)
        for name, one in CHANGES.items():
            if one.reported_by(record.platform):
                since = early if one.only_new else None
                rows = partial(read_prism_rows, ctx.call, one.category, record.device_id, since)
                work[f"{name}{label}"] = partial(_read_events, subject, record, rows, one.to_events)
    work["audit"] = partial(_audit, ctx, subject, early, late)
    return {name: job for name, job in work.items() if name.partition("/")[0] in wanted}


def _label(subject: Subject, record: Device) -> str:
    """What follows a source's name where several devices have it."""
    return f"/{serial_of(record)}" if len(subject.devices) > 1 else ""


def _is_apples(record: Device) -> bool:
    """Whether Apple made the device, as far as is known; of others some sources have nothing, whatever is on them."""
    return record.platform is None or record.platform in APPLE


async def _read_events(
    subject: Subject,
    record: Device,
    reading: Callable[[], Awaitable[SourceRows[Any]]],
    to_events: Callable[[Any], list[Event]],
) -> SourceRows[Event]:
    rows = await reading()
    return SourceRows([_on(record, subject, event) for row in rows.records for event in to_events(row)], rows.missing)


def _on(record: Device, subject: Subject, event: Event) -> Event:
    """The event with its device's name, where there are several."""
    return event._replace(device=serial_of(record)) if len(subject.devices) > 1 else event


async def _audit(ctx: Context, subject: Subject, early: datetime | None, late: datetime | None) -> SourceRows[Event]:
    names = set(map(fold, subject.names))
    targets = names | {fold(record.blueprint_id) for record in subject.devices if record.blueprint_id}

    def about(event: AuditEvent) -> bool:
        state = fold(str(event.new_state))
        return fold(event.target_id or "") in targets or any(name in state for name in names)

    rows = await read_audit(ctx.call, ctx.companion(Actors), early, late, about)
    held = {record.device_id: record for record in subject.devices}
    by_record = ((held.get(row.target_id or ""), event) for row in rows.records for event in from_audit(row))
    return SourceRows([_on(record, subject, event) if record else event for record, event in by_record], rows.missing)


def _say_sources(page: Page[Any], subject: Subject, parts: dict[str, Attempt[Any]]) -> None:
    """Makes the page say whom it is about, how each source stands, and whether any is missing."""
    if "user" in subject.shown:
        not_here = "what this person did as an Iru admin is not here"
        page.notes.append(f"{not_here}: list_audit_events knows admins by actor_id")
    lacking = [name for name, part in parts.items() if not part.complete]
    if lacking:
        sources = dict.fromkeys(name.partition("/")[0] for name in lacking)
        page.lacks(f"not all is here, see summary.sources: {', '.join(sources)}")
    page.summary = subject.shown | {"sources": _states(parts), "not_looked_at": _NOT_READ}


def _states(parts: dict[str, Attempt[Any]]) -> dict[str, str]:
    """The state of each source; where it differs between devices, what is missing on which."""
    sources: dict[str, dict[str, str]] = {}
    for name, part in parts.items():
        source, _, device = name.partition("/")
        sources.setdefault(source, {})[device] = part.state
    return {
        source: "; ".join(f"{state} ({device})" for device, state in states.items() if state != OK)
        if len(set(states.values())) > 1
        else next(iter(states.values()))
        for source, states in sources.items()
    }
