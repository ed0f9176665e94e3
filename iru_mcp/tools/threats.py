"""What endpoint detection and response found: files and behavior, whichever version of the API the tenant answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, TypedDict

from pydantic import BeforeValidator, Field

from ..api.call import Call
from ..api.endpoint import Endpoint
from ..api.endpoints.devices import GET_DEVICE_STATUS, LIST_DEVICES, StatusItem
from ..api.endpoints.threats import (
    LIST_BEHAVIORAL_DETECTIONS_V1,
    LIST_BEHAVIORAL_DETECTIONS_V2,
    LIST_THREATS_V1,
    LIST_THREATS_V2,
    BehavioralDetection,
    Threat,
)
from ..api.record import Moment, Record, Text, write_moment
from ..errors import Denied, IruError, NotFound, Refused, Unauthorized
from .devices.details import is_fine
from .investigate.reader import attempt
from .kit.answers import Page
from .kit.catalogue import tool
from .kit.context import Context
from .kit.coverage import MACS, say_coverage
from .kit.listing import page_of
from .kit.params import Cursor, Fields, Limit, Since, Str, newest_first, read_time, within
from .kit.resolve import find
from .kit.rows import RowShape
from .kit.scan import Check, Scan, Source

_VERSIONS: dict[str, tuple[Endpoint[Any], Endpoint[Any]]] = {
    "threat": (LIST_THREATS_V1, LIST_THREATS_V2),
    "behavioral": (LIST_BEHAVIORAL_DETECTIONS_V1, LIST_BEHAVIORAL_DETECTIONS_V2),
}
THREAT_ENDPOINTS: tuple[Endpoint[Any], ...] = tuple(endpoint for pair in _VERSIONS.values() for endpoint in pair)
"""What a tool names that calls `read_threats`."""

_NO_ANSWER = (Denied, NotFound, Refused, Unauthorized)
"""How a version that is retired, absent or not granted answers."""
_EDR = "threat-security-policy"
"""The type of the library item that makes a Mac report to EDR."""
_LONGEST_RANGE = 365
_PAGES = 5
"""Pages of one list, of up to 1,000 rows."""


class Sighting(Record):
    """A threat or a behavioral detection in one shape; status and classification in lower case.

    For behavior the process and file are those of the target process, and threat_name is the rule.
    """

    identity: ClassVar[tuple[str, ...]] = ("kind",)
    kind: str
    device_id: Text = None
    device_name: Text = None
    serial_number: Text = None
    detection_date: Moment = None
    threat_name: Text = None
    description: Text = None
    classification: Text = None
    status: Text = None
    management_state: Text = None
    severity: Text = None
    process_name: Text = None
    process_owner: Text = None
    command_line: Text = None
    file_path: Text = None
    file_hash: Text = None
    parent_process: Any = None
    """Name, image_path, command_line, sha256 and more, of behavior only."""


@dataclass(slots=True)
class Threats:
    """What was found, newest first; what to say about it; and which kind was not looked at, and why."""

    records: list[Sighting] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    not_looked_at: dict[str, str] = field(default_factory=dict)
    complete: bool = True


class ThreatLine(TypedDict, total=False):
    """One file or process."""

    kind: str
    detection_date: str
    threat_name: str
    description: str
    classification: str
    status: str
    management_state: str
    severity: str
    device_id: str
    device_name: str
    serial_number: str
    process_name: str
    process_owner: str
    command_line: str
    file_path: str
    file_hash: str
    parent_process: Any


def _kind(value: object) -> object:
    word = value.strip().casefold() if isinstance(value, str) else value
    return word.removesuffix("s").removesuffix("detection").strip("_") or None if isinstance(word, str) else word


Kind = Annotated[
    Literal["threat", "behavioral"] | None,
    BeforeValidator(_kind),
    Field(description="threat: files; behavioral: processes"),
]


@tool(*THREAT_ENDPOINTS, optional=(LIST_DEVICES, GET_DEVICE_STATUS))
async def list_threats(
    ctx: Context,
    device: Annotated[Str, Field(description="only this serial number, name or device_id")] = "",
    since: Since = "",
    status: Annotated[Str, Field(description="not_quarantined, released, detected, blocked...")] = "",
    classification: Annotated[Str, Field(description="malware, pup, malicious, suspicious")] = "",
    kind: Kind = None,
    fields: Fields = (),
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[ThreatLine]:
    """EDR alerts, newest first, fleet-wide or on one device: malicious files (threats) and processes (behavioral
    detections). For one hash, path or process use find_indicator."""
    target = await find(ctx.call, device)
    early = read_time(since, "since", ctx.now())
    found = await read_threats(
        ctx.call,
        device_id=target.device_id if target else "",
        since=early,
        days=(ctx.now() - early).days + 2 if early else 0,
        kinds=(kind,) if kind else tuple(_VERSIONS),
    )
    kept = [one for one in found.records if _is(one.status, status) and _is(one.classification, classification)]
    shape = RowShape(ThreatLine, lean=_lean)
    declared = Sighting.field_names()
    page = page_of(ctx, kept, shape, ctx.cursors.read(cursor), limit=limit, fields=fields, declared=declared)
    page.notes += found.notes + [f"not looked at: {place}: {why}" for place, why in found.not_looked_at.items()]
    if found.records and not kept:
        page.notes.append(_others(found.records))
    if not found.complete:
        page.complete, page.total = False, None
    if target:
        page.device = target.shown()
        await say_coverage(ctx.call, page, target, "EDR alerts", MACS)
        if not found.records and page.complete:
            await _say_whether_reported(ctx.call, page, target.device_id)
    return page


async def _say_whether_reported(call: Call, page: Page[Any], device_id: str) -> None:
    """Makes a page without alerts say how EDR stands on the device: where it does not run, none means nothing."""
    status = await attempt(lambda: call.fetch(GET_DEVICE_STATUS, device_id=device_id))
    if status.value is None:
        page.notes.append(f"whether EDR reports on this device was not checked: {status.state}")
        return
    items = [item for row in status.value.library_items or () if (item := StatusItem.read(row)) and item.type == _EDR]
    if any(is_fine(item.status) for item in items):
        page.notes.append("EDR reports on this device, and has no alerts" + _when(items))
        return
    page.complete, page.total = False, None
    states = ", ".join(f"{item.name} is {item.status}" for item in items) or "its blueprint has no such library item"
    page.notes.append(f"EDR may not report on this device: {states}; none here does not mean clean")


def _when(items: Sequence[StatusItem]) -> str:
    newest = max((item.reported_at for item in items if item.reported_at), default=None)
    return f"; last report {write_moment(newest)}" if newest else ""


async def read_threats(
    call: Call,
    *,
    device_id: str = "",
    since: datetime | None = None,
    days: int = 0,
    kinds: Iterable[str] = tuple(_VERSIONS),
) -> Threats:
    """Threats and behavioral detections of one device or, without `device_id`, of the fleet.

    `days` is the age of `since`, rounded up: version 1 is asked for no more where it takes a range of days.
    The calling tool names THREAT_ENDPOINTS. A kind that is denied is told in `not_looked_at`; raises the IruError of
    the first kind when none could be read.
    """
    found = Threats()
    failed: dict[str, IruError] = {}
    for kind in kinds:
        try:
            await _read(call, kind, device_id, since, days, found)
        except IruError as error:
            failed[kind] = error
    if failed and len(failed) == len(list(kinds)):
        raise next(iter(failed.values()))
    for kind, problem in failed.items():
        found.not_looked_at[_PLURAL[kind]] = _why(kind, problem)
        found.complete = False
    found.records.sort(key=lambda one: newest_first(one.detection_date))
    return found


_PLURAL = {"threat": "threats (files)", "behavioral": "behavioral detections"}


def _why(kind: str, error: IruError) -> str:
    """The reason in an answer that the other kind made: it proves that the product is licensed."""
    if isinstance(error, Denied) and error.grant:
        return f"not permitted: {' or '.join(endpoint.grant for endpoint in _VERSIONS[kind])}"
    return error.fact


async def _read(call: Call, kind: str, device_id: str, since: datetime | None, days: int, found: Threats) -> None:
    first, second = _VERSIONS[kind]
    try:
        return await _scan(call, first, device_id, since, days, found)
    except _NO_ANSWER as error:
        denied: IruError = error
    try:
        if "device_id" in second.required and not device_id:
            await call.page(second, query=second.required)
            raise _per_device()
        await _scan(call, second, device_id, since, days, found)
    except (Denied, NotFound, Unauthorized) as error:
        # What a permission could mend is worth more than what is not there.
        raise (error if _absent(denied) else denied) from None


def _per_device() -> IruError:
    return Refused(
        "Iru's version 1 does not answer here, and version 2 lists behavioral detections of one device only.",
        "Repeat with device.",
    )


def _absent(error: IruError) -> bool:
    return isinstance(error, (NotFound, Refused)) or (isinstance(error, Denied) and not error.grant)


async def _scan(
    call: Call, endpoint: Endpoint[Any], device_id: str, since: datetime | None, days: int, found: Threats
) -> None:
    query: dict[str, str | int] = {"sort_by": "-detection_date"}
    if "statuses" in endpoint.required:
        query["statuses"] = endpoint.required["statuses"]
    checks: list[Check[Any]] = [Check("since", lambda record: within(record.detection_date, since, None))]
    if device_id:
        query["device_id"] = device_id
        checks.append(Check("device_id", lambda record: _sighting(record).device_id == device_id, sent=True))
    if 0 < days <= _LONGEST_RANGE and "date_range" in endpoint.filters:
        query["date_range"] = days
    scan: Scan[Any] = Scan(call, Source(endpoint, query, checks=checks))
    pages, records = 0, []
    async with aclosing(scan.pages()) as walk:
        async for hits, end in walk:
            records += [_sighting(hit.record) for hit in hits]
            pages += 1
            if pages == _PAGES and not end:
                scan.stopped = "older ones need since, or a device"
                break
    found.records += records
    found.notes += scan.notes()
    found.complete = found.complete and not (scan.stopped or scan.unreadable)


def _sighting(record: Threat | BehavioralDetection) -> Sighting:
    flat = record.flat()
    if isinstance(record, Threat):
        shaped = flat | {"kind": "threat", "serial_number": record.device_serial_number}
    else:
        shaped = flat | _behavior(record)
    lower = {name: str(shaped[name]).lower() for name in ("classification", "status") if name in shaped}
    sighting = Sighting.read(shaped | lower)
    assert sighting is not None  # noqa: S101 - every shape has its kind
    return sighting


def _behavior(record: BehavioralDetection) -> dict[str, Any]:
    device, target = _part(record.device_info), _part(record.target_process)
    return {
        "kind": "behavioral",
        "device_id": device.get("id"),
        "device_name": device.get("name"),
        "serial_number": device.get("serial_number"),
        "threat_name": record.threat_id,
        "status": record.status or record.threat_status or "",
        "process_name": target.get("name"),
        "process_owner": target.get("owner"),
        "command_line": target.get("command_line"),
        "file_path": target.get("image_path"),
        "file_hash": target.get("sha256"),
    }


def _lean(row: dict[str, Any]) -> dict[str, Any]:
    """The row with what tells the parent process, and the device_id only where no serial number names the device."""
    row = {name: value for name, value in row.items() if name != "device_id" or "serial_number" not in row}
    parent = _part(row.get("parent_process"))
    told = parent.get("command_line") or parent.get("image_path") or parent.get("name")
    return row | {"parent_process": told} if told else row


def _part(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _is(value: str | None, wanted: str) -> bool:
    return not wanted.strip() or (value or "") == wanted.strip().lower().replace(" ", "_").replace("-", "_")


def _others(records: list[Sighting]) -> str:
    """What could have been asked for, when nothing fits what was."""
    seen = [
        sorted({value for one in records if (value := getattr(one, name))}) for name in ("status", "classification")
    ]
    return f"none of {len(records)} fit; status here: {', '.join(seen[0])}; classification: {', '.join(seen[1])}"
