"""From Iru's records to the lines of a timeline.

Each source's records become `Event`s: a time, a sentence, and what sets the event apart. Two sources often report the
same thing (a command and the activity entry about it): events with equal `dedupe_key` within five minutes of each other
are one, and the one that comes first in the order given is kept. Events of one device that follow each other with the
same source and sentence are one line with a count, the first time and the details of each. Text from Iru stands in
quotation marks that it cannot close itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, ClassVar

from ...api.endpoints.audit import AuditEvent
from ...api.endpoints.devices import Activity, Command, Device
from ...api.endpoints.vulnerabilities import Detection
from ...api.record import Record, tidy, write_moment
from ..devices.apps_and_activity import COMMAND_STATUS, condensed
from ..kit.params import newest_first
from ..threats import Sighting
from .sources import moment_of

_QUOTED = 120
_NAMED = 5
_NEAR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: `what` in our words, `item` what sets it apart from others of its kind.

    `look` is the tool call that shows more. `dedupe_key` is equal for reports of one thing by two sources.
    """

    at: datetime
    source: str
    what: str
    item: str = ""
    look: str = ""
    dedupe_key: str = ""
    device: str = ""


class Line(Record):
    """One line of a timeline: an event, or a run of events of a kind, `first` being the oldest."""

    identity: ClassVar[tuple[str, ...]] = ("time",)
    time: str
    source: str
    device: str = ""
    text: str
    count: int = 1
    first: str = ""
    look: str = ""


def to_lines(events: Iterable[Event], *, by_kind: bool = False) -> list[Line]:
    """The events as lines, newest first, without duplicates and with runs of a kind on one device collapsed.

    `by_kind` makes one line of all events of a kind, whatever stands between them.
    """
    ordered = sorted(_deduplicated(events), key=_newest_first)
    devices = dict.fromkeys(event.device for event in ordered)
    lines = [
        line for device in devices for line in _collapsed([e for e in ordered if e.device == device], by_kind=by_kind)
    ]
    return sorted(lines, key=lambda line: line.time, reverse=True)


def _collapsed(events: list[Event], *, by_kind: bool) -> list[Line]:
    if by_kind:
        kinds = list(dict.fromkeys(map(_kind, events)))
        events = sorted(events, key=lambda event: kinds.index(_kind(event)))
    return [_line(list(run)) for _, run in groupby(events, _kind)]


def _newest_first(event: Event) -> tuple[float, str, str, str]:
    return (newest_first(event.at), event.source, event.what, event.item)


def _deduplicated(events: Iterable[Event]) -> list[Event]:
    kept: list[Event] = []
    times: dict[tuple[str, str], list[datetime]] = {}
    for event in events:
        known = times.setdefault((event.device, event.dedupe_key), [])
        if not event.dedupe_key or not any(abs(at - event.at) <= _NEAR for at in known):
            kept.append(event)
        known.append(event.at)
    return kept


def _kind(event: Event) -> tuple[str, str]:
    return (event.source, event.what)


def _line(run: Sequence[Event]) -> Line:
    newest, oldest = run[0], run[-1]
    items = list(dict.fromkeys(event.item for event in run if event.item))
    more = f" and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
    text = newest.what + (f": {', '.join(items[:_NAMED])}{more}" if items else "")
    folded = {"count": len(run), "first": write_moment(oldest.at)} if len(run) > 1 else {}
    return Line(
        time=write_moment(newest.at), source=newest.source, device=newest.device, text=text, look=newest.look, **folded
    )


def row_of(line: Line) -> dict[str, Any]:
    """The line as an answer shows it."""
    flat = line.flat()
    return {name: value for name, value in flat.items() if name != "count" or value > 1}


def quoted(value: object) -> str:
    """Data inside a sentence, text between marks that it cannot end itself."""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value).replace("'", "\u2019")
    return f"'{text[: _QUOTED - 3]}...'" if len(text) > _QUOTED else f"'{text}'"


def describe(details: Any) -> str:
    """The parts of an object that say something: a name and what it holds, quoted. Times go, the event has its own."""
    kept = condensed(details) if isinstance(details, dict) else details
    if not isinstance(kept, dict):
        return quoted(kept) if kept else ""
    return ", ".join(f"{name} {_named(value)}" for name, value in kept.items() if moment_of(value) is None)


def _named(value: Any) -> str:
    """A list of things as their names, anything else as it is."""
    names = [item.get("name") if isinstance(item, dict) else None for item in value] if isinstance(value, list) else []
    return " and ".join(map(quoted, names)) if names and all(names) else quoted(value)


def from_device(record: Device) -> list[Event]:
    """Enrolment and check-in."""
    found = [
        (record.first_enrollment, "Enrolled for the first time", "enrolled"),
        (record.last_enrollment, "Enrolled", "enrolled"),
        (record.last_check_in, "Last check-in so far", ""),
    ]
    return [Event(at, "device", what, "", "get_device_details", same) for at, what, same in found if at]


def from_activity(record: Activity) -> list[Event]:
    """One event of a device's history."""
    if record.created_at is None:
        return []
    details = record.details if isinstance(record.details, dict) else {}
    kind, at = record.action_type, record.created_at
    look = f"get_device_activity action_type={kind}"
    if kind.startswith("mdm_command"):
        return [_command(at, "activity", kind.rpartition("_")[2], details, look)]
    what = kind.replace("_", " ").capitalize()
    if kind == "enrollment":
        return [Event(at, "activity", "Enrolled", describe(details), look, "enrolled")]
    if kind == "name_changed":
        return [Event(at, "activity", "Renamed", f"{quoted(details.get('from'))} to {quoted(details.get('to'))}", look)]
    return [Event(at, "activity", what, describe(record.details), look)]


def from_command(record: Command) -> list[Event]:
    """One MDM command, when it was answered or else when it was sent."""
    at = record.date_completed or record.date_requested
    status = COMMAND_STATUS.get(int(record.status or 0), "in an unknown state")
    sent: dict[str, Any] = {
        "command_type": record.command_type,
        "request_type": record.request_type,
        "error_chain": record.error_chain,
    }
    sent |= {"date_requested": record.date_requested, "profile_name": (record.model_extra or {}).get("profile_name")}
    return [_command(at, "commands", status, sent, "get_device_activity action_type=mdm_command")] if at else []


def _command(at: datetime, source: str, status: str, sent: Mapping[str, Any], look: str) -> Event:
    name = quoted(sent.get("command_type") or sent.get("request_type") or "?")
    profile = f" {quoted(sent['profile_name'])}" if sent.get("profile_name") else ""
    requested = moment_of(sent.get("date_requested"))
    same = f"{name} {requested.isoformat()}" if requested else ""
    if status != "failed":
        return Event(at, source, f"MDM commands {status}", name + profile, look, same)
    return Event(at, source, f"MDM command {name}{profile} failed", _faults(sent.get("error_chain")), look, same)


def _faults(chain: Any) -> str:
    texts = [
        link.get("USEnglishDescription") or link.get("LocalizedDescription") or ""
        for link in chain or []
        if isinstance(link, dict)
    ]
    return ", ".join(quoted(text) for text in texts if text)


def from_audit(record: AuditEvent) -> list[Event]:
    """One action in Iru itself."""
    if record.occurred_at is None:
        return []
    target = " ".join(filter(None, (record.target_type, record.target_component)))
    actor = f"{record.actor_type or 'somebody'} {quoted(record.actor_id)}" if record.actor_id else record.actor_type
    what = f"Audited in Iru: {record.action or 'action'} of {target or 'something'} by {actor}"
    look = f"list_audit_events actor={record.actor_id}" if record.actor_id else "list_audit_events"
    if record.actor_type == "api_token":
        # what else it did; as target its making: label, rights, by whom
        look = f"list_audit_events actor= or target={record.actor_id}"
    return [Event(record.occurred_at, "audit", what, describe(tidy(record.new_state)), look)]


def from_sighting(record: Sighting) -> list[Event]:
    """A file or a process that endpoint detection noticed."""
    if record.detection_date is None:
        return []
    kind = " ".join(filter(None, (record.severity, record.classification)))
    state = ", ".join(filter(None, (kind, (record.status or "").replace("_", " "))))
    name = f"{quoted(record.threat_name or '?')} ({state or 'state unknown'})"
    if record.kind == "threat":
        by = f" (process {quoted(record.process_name)})" if record.process_name else ""
        what, item = f"Threat {name} found", f"{quoted(record.file_path)}{by}"
        return [Event(record.detection_date, "threats", what, item, "list_threats kind=threat")]
    what = f"Behavior {name} noticed, {quoted(record.description or '?')}"
    ran = quoted(record.command_line or record.file_path or record.process_name or "?")
    return [Event(record.detection_date, "behaviors", what, ran, "list_threats kind=behavioral")]


def from_detection(record: Detection) -> list[Event]:
    """A CVE that was first seen."""
    if record.first_detection_date is None:
        return []
    software = quoted(f"{record.name or record.path or '?'} {record.version or ''}".strip())
    item = f"{record.cve_id} ({(record.cvss_severity or 'unknown severity').lower()})"
    look = f"list_vulnerabilities software={quoted(record.name)}" if record.name else "list_vulnerabilities"
    return [Event(record.first_detection_date, "vulnerabilities", f"First seen in {software}", item, look)]
