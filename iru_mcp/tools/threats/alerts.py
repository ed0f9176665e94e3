"""What endpoint detection and response found: files and behavior."""

from typing import Annotated, Any, Literal, TypedDict

from pydantic import BeforeValidator, Field

from ...api.call import Call
from ...api.endpoints.devices import GET_DEVICE_STATUS, LIST_DEVICES, StatusItem
from ...api.record import as_object, write_moment
from ..devices.details import is_fine
from ..kit import Context, Page, RowShape, index_after, page_of, tool
from ..kit.coverage import MACS, say_coverage
from ..kit.enrolled import IDENTITY, LIST_REQUESTS, named_devices, without_device_id
from ..kit.params import Cursor, Fields, Limit, Since, Str, read_time
from ..kit.reader import attempt
from ..kit.resolve import find
from .reading import KINDS, THREAT_ENDPOINTS, Sighting, read_threats

_EDR = "threat-security-policy"
"""The type of the library item that makes a Mac report to EDR."""


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
    user_email: str
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


@tool(*THREAT_ENDPOINTS, optional=(LIST_DEVICES, GET_DEVICE_STATUS), requests=LIST_REQUESTS)
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
        kinds=(kind,) if kind else KINDS,
    )
    kept = [one for one in found.records if _is(one.status, status) and _is(one.classification, classification)]
    after = ctx.cursors.read(cursor)
    shown = kept[index_after(kept, after) :][:limit]
    enrolled = await named_devices(ctx.call, [one.device_id for one in shown if one.device_id] if limit else ())
    found.notes += enrolled.not_read("who holds the devices")
    shape = RowShape(
        ThreatLine,
        flat=lambda one: enrolled.facts(one.device_id or "") | one.flat(),
        lean=_lean,
        more_columns=IDENTITY,
    )
    page = page_of(ctx, kept, shape, after, limit=limit, fields=fields, declared=Sighting.field_names())
    page.notes += found.notes + [f"not looked at: {place}: {why}" for place, why in found.not_looked_at.items()]
    if found.records and not kept:
        page.notes.append(_others(found.records))
    if not found.complete:
        page.lacks()
    if target:
        page.device = target.shown()
        await say_coverage(ctx.call, page, target, "EDR alerts", MACS)
        if not found.records and page.complete:
            await _say_whether_reported(ctx.call, page, target.device_id)
    return page


async def _say_whether_reported(call: Call, page: Page[Any], device_id: str) -> None:
    """Makes a page without alerts say how EDR stands on the device: where it does not run, no alert does not
    mean that nothing happened."""
    status = await attempt(lambda: call.fetch(GET_DEVICE_STATUS, device_id=device_id))
    if status.value is None:
        page.notes.append(f"whether EDR reports on this device was not checked: {status.state}")
        return
    items = [item for row in status.value.library_items or () if (item := StatusItem.read(row)) and item.type == _EDR]
    if any(is_fine(item.status) for item in items):
        newest = max((item.reported_at for item in items if item.reported_at), default=None)
        when = f"; last report {write_moment(newest)}" if newest else ""
        page.notes.append(f"EDR reports on this device, and has no alerts{when}")
        return
    states = ", ".join(f"{item.name} is {item.status}" for item in items) or "its blueprint has no such library item"
    page.lacks(f"EDR may not report on this device: {states}; none here does not mean clean")


def _lean(row: dict[str, Any]) -> dict[str, Any]:
    """The row with what tells the parent process, without a device_id, process or owner that other columns tell."""
    row = without_device_id(row)
    path = str(row.get("file_path", ""))
    if path.endswith(f"/{row.get('process_name')}"):
        row.pop("process_name")
    if path.startswith(f"/Users/{row.get('process_owner')}/"):
        row.pop("process_owner")
    parent = as_object(row.get("parent_process"))
    told = parent.get("command_line") or parent.get("image_path") or parent.get("name")
    return row | {"parent_process": told} if told else row


def _is(value: str | None, wanted: str) -> bool:
    return not wanted.strip() or (value or "") == wanted.strip().lower().replace(" ", "_").replace("-", "_")


def _others(records: list[Sighting]) -> str:
    """What could have been asked for, when nothing fits what was."""
    statuses = ", ".join(sorted({one.status for one in records if one.status}))
    classes = ", ".join(sorted({one.classification for one in records if one.classification}))
    return f"none of {len(records)} fit; status here: {statuses}; classification: {classes}"
