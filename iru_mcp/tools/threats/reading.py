"""Threats and behavioral detections in one shape, whichever version of the API the tenant answers.

Files are read from version 2, which says what was managed (`management_state`) and how severe it is, behavior from
version 1, for version 2 lists that of one device only. Either may be retired, absent or not granted: where one does not
answer, the other is asked. What must stay true: a kind that was not read is told in `not_looked_at`, with what would
make it readable.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from ...api.call import Call
from ...api.endpoint import Endpoint
from ...api.endpoints.threats import (
    LIST_BEHAVIORAL_DETECTIONS_V1,
    LIST_BEHAVIORAL_DETECTIONS_V2,
    LIST_THREATS_V1,
    LIST_THREATS_V2,
    BehavioralDetection,
    Threat,
)
from ...api.record import Moment, Record, Text, as_object, write_moment
from ...errors import Denied, IruError, NotFound, Refused, Unauthorized
from ..kit import Check, Scan, Source
from ..kit.params import newest_first, within
from ..kit.reader import first_pages

_VERSIONS: dict[str, tuple[Endpoint[Any], Endpoint[Any]]] = {
    "threat": (LIST_THREATS_V2, LIST_THREATS_V1),
    "behavioral": (LIST_BEHAVIORAL_DETECTIONS_V1, LIST_BEHAVIORAL_DETECTIONS_V2),
}
KINDS = tuple(_VERSIONS)
THREAT_ENDPOINTS: tuple[Endpoint[Any], ...] = tuple(endpoint for pair in _VERSIONS.values() for endpoint in pair)
"""What a tool names that calls `read_threats`."""

_NO_ANSWER = (Denied, NotFound, Refused, Unauthorized)
"""How a version that is retired, absent or not granted answers."""
_LONGEST_RANGE = 365
_PAGES = 20
"""Pages of one list, of up to 1,000 rows."""


class Sighting(Record):
    """A threat or a behavioral detection in one shape; status and classification in lower case.

    For behavior the process and file are those of the target process, and threat_name is the rule.
    """

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


async def read_threats(
    call: Call,
    *,
    device_id: str = "",
    since: datetime | None = None,
    days: int = 0,
    kinds: Iterable[str] = KINDS,
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
    """Why a kind is missing from an answer. The other kind was read, so the product is licensed, and a denial means
    that a permission is lacking."""
    if isinstance(error, Denied) and error.grant:
        return f"not permitted: {' or '.join(endpoint.grant for endpoint in _VERSIONS[kind])}"
    return error.fact


async def _read(call: Call, kind: str, device_id: str, since: datetime | None, days: int, found: Threats) -> None:
    first, second = _VERSIONS[kind]
    try:
        return await _scan(call, kind, first, device_id, since, days, found)
    except _NO_ANSWER as error:
        denied: IruError = error
    try:
        if "device_id" in second.required and not device_id:
            await call.page(second, query=second.required)
            raise Refused(
                "Iru's version 1 does not answer here, and version 2 lists behavioral detections of one device only.",
                "Repeat with device.",
            )
        await _scan(call, kind, second, device_id, since, days, found)
    except (Denied, NotFound, Unauthorized) as error:
        # What a permission could mend is worth more than what is not there.
        is_absent = isinstance(denied, (NotFound, Refused)) or (isinstance(denied, Denied) and not denied.grant)
        raise (error if is_absent else denied) from None


async def _scan(
    call: Call, kind: str, endpoint: Endpoint[Any], device_id: str, since: datetime | None, days: int, found: Threats
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
    rows, is_cut = await first_pages(scan, _PAGES)
    records = list(map(_sighting, rows))
    if is_cut:
        scan.stopped = "ask by device for others"
    found.records += records
    notes = scan.notes() + ([_reach(records)] if scan.stopped else [])
    found.notes += [f"{_PLURAL[kind]}: {note}" for note in notes]
    found.complete = found.complete and not (scan.stopped or scan.unreadable)


def _reach(records: Sequence[Sighting]) -> str:
    """Which part of a list was read, as far as the order tells in which its rows came."""
    times = [one.detection_date for one in records if one.detection_date]
    if not times:
        return "none of them has a time"
    if any(later > earlier for earlier, later in pairwise(times)):
        return "Iru did not give the newest first: any of any time may be missing"
    return f"the newest, back to {write_moment(times[-1])}; older ones are missing"


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
    device, target = as_object(record.device_info), as_object(record.target_process)
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
