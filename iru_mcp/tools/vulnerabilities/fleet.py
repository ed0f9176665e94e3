"""CVEs across the fleet: which there are, and which devices have one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal, TypedDict

from pydantic import Field

from ...api.call import Call
from ...api.endpoints.devices import LIST_DEVICES, Device
from ...api.endpoints.vulnerabilities import (
    GET_VULNERABILITY,
    LIST_AFFECTED_APPLICATIONS,
    LIST_AFFECTED_DEVICES,
    LIST_AFFECTED_SOFTWARE,
    LIST_VULNERABILITIES,
    AffectedDevice,
    AffectedSoftware,
    Vulnerability,
)
from ...errors import NotFound, UsageError
from ..investigate.reader import attempt
from ..kit.answers import Page
from ..kit.catalogue import tool
from ..kit.context import Context
from ..kit.enrolled import Enrolled, enrolled_devices
from ..kit.listing import listing
from ..kit.params import Cursor, Fields, Limit, Str, contains, newest_first
from ..kit.rows import RowShape
from ..kit.scan import Check, Source, flag_check
from .device import SEVERITIES, Severity, rank

_CVE = re.compile(r"CVE-\d{4}-\d{4,19}")
_FLEET_REQUESTS = 60
_SOFTWARE_SHOWN = 5
_VERSIONS_SHOWN = 30


class FleetVulnerabilityLine(TypedDict, total=False):
    """One CVE in the fleet."""

    cve_id: str
    severity: str
    cvss_score: float
    known_exploited: bool
    device_count: int
    software: list[str]
    status: str
    first_detection_date: str
    latest_detection_date: str


class AffectedDeviceLine(TypedDict, total=False):
    """One device that has the CVE."""

    device_name: str
    serial_number: str
    user_email: str
    last_check_in: str
    stale: bool
    model: str
    os_version: str
    blueprint_name: str
    software: str
    version: str
    path: str
    detection_date: str


@tool(LIST_VULNERABILITIES, toolset="vulnerabilities", requests=_FLEET_REQUESTS)
async def list_fleet_vulnerabilities(
    ctx: Context,
    severity: Annotated[Severity, Field(description="at least this severe")] = None,
    known_exploited: bool | None = None,
    software: Str = "",
    sort: Annotated[Literal["worst", "newest", "most_devices"], Field(description="worst: known-exploited first")] = (
        "worst"
    ),
    status: Literal["active", "remediated", "all"] = "active",
    fields: Fields = (),
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[FleetVulnerabilityLine]:
    """CVEs present in the whole fleet, with device counts. For one CVE's devices use find_devices_with_vulnerability;
    for one device's CVEs list_vulnerabilities."""
    checks: list[Check[Vulnerability]] = []
    narrow: dict[str, str | int] = {}
    if severity:
        narrow["filter"] = json.dumps({"severity": {"in": _at_least(severity)}})
        checks.append(Check("severity", lambda row: rank(row.severity) >= rank(severity), sent=True))
    if known_exploited is not None:
        checks.append(flag_check("known_exploited", known_exploited, _is_known_exploited))
    if software.strip():
        has = contains(software.strip())
        checks.append(Check("software", lambda row: any(has(name) for name in row.software or ())))
    if status != "all":
        checks.append(
            Check("status", lambda row: ((row.status or "").casefold() == "remediated") is (status == "remediated"))
        )
    first, order = _ORDERS[sort]
    source = Source(LIST_VULNERABILITIES, query={"sort_by": first}, narrow=narrow, checks=checks, order=order)
    return await listing(
        ctx,
        source,
        RowShape(FleetVulnerabilityLine, flat=_row, lean=_lean),
        limit=limit,
        cursor=cursor,
        fields=fields,
    )


def _is_known_exploited(row: Vulnerability) -> bool | None:
    return None if row.kev_score is None else row.kev_score > 0


def _at_least(severity: str) -> list[str]:
    """The severities from this one up, in the letter cases that may be stored."""
    words = SEVERITIES[rank(severity) :]
    return [form for word in words for form in (word.capitalize(), word, word.upper())]


def _worst(row: Vulnerability) -> tuple[Any, ...]:
    return (not row.kev_score, -rank(row.severity), -(row.cvss_score or 0), -(row.device_count or 0), row.cve_id)


def _newest(row: Vulnerability) -> tuple[Any, ...]:
    return (newest_first(row.first_detection_date), *_worst(row))


def _most_devices(row: Vulnerability) -> tuple[Any, ...]:
    return (-(row.device_count or 0), *_worst(row))


_ORDERS = {
    "worst": ("-cvss_score", _worst),
    "newest": ("-age", _newest),
    "most_devices": ("-device_count", _most_devices),
}
"""What Iru is asked to begin with, in case the walk cannot finish; and the order proper."""


def _row(row: Vulnerability) -> dict[str, Any]:
    return row.flat() | ({"known_exploited": row.kev_score > 0} if row.kev_score is not None else {})


def _lean(row: dict[str, Any]) -> dict[str, Any]:
    names = row.get("software", [])
    if len(names) <= _SOFTWARE_SHOWN:
        return row
    return row | {"software": [*names[:_SOFTWARE_SHOWN], f"{len(names) - _SOFTWARE_SHOWN} more"]}


@tool(
    LIST_AFFECTED_DEVICES,
    optional=(
        GET_VULNERABILITY,
        LIST_VULNERABILITIES,
        LIST_AFFECTED_SOFTWARE,
        LIST_AFFECTED_APPLICATIONS,
        LIST_DEVICES,
    ),
    requests=_FLEET_REQUESTS,
    toolset="vulnerabilities",
)
async def find_devices_with_vulnerability(
    ctx: Context,
    cve_id: Annotated[str, Field(description="like CVE-2026-12345", min_length=1, max_length=40)],
    fields: Fields = (),
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[AffectedDeviceLine]:
    """Devices that have one CVE now, each with its user, last check-in, the software, version and path that carry it;
    `summary` has severity, known_exploited, counts and the affected versions (limit 0: that alone)."""
    cve = read_cve(cve_id)
    notes: list[str] = []
    enrolled = await enrolled_devices(ctx.call)
    if enrolled.missing:
        notes.append(f"who holds the devices, and when they checked in, was not read: {enrolled.missing}")
    summary = {} if cursor else await _summary(ctx.call, cve, notes)
    source: Source[AffectedDevice] = Source(LIST_AFFECTED_DEVICES, ids={"cve_id": cve})
    page = await listing(
        ctx,
        source,
        RowShape(AffectedDeviceLine, flat=partial(_affected, enrolled, ctx.now())),
        limit=limit,
        cursor=cursor,
        fields=fields,
    )
    page.summary = summary or None
    if not cursor:
        notes.append("published detections are of Macs: whether other devices are assessed is not known")
    page.notes += notes
    return page


def read_cve(text: str) -> str:
    """The CVE identifier in `text`, in capitals. Raises UsageError when it is none."""
    cve = text.strip().upper()
    if not _CVE.fullmatch(cve):
        raise UsageError("cve_id is not a CVE identifier.", "Write it like CVE-2026-12345.")
    return cve


_OUR_WORDS = {"name": "device_name", "assigned_user": "user_name"}
_STALE = timedelta(days=30)
"""A device that has not checked in for so long may have been mended, or be lost."""


def _held(device: Device | None, now: datetime) -> dict[str, Any]:
    """Who holds a device and when it checked in; `stale` where that is long ago, or never was."""
    if device is None:
        return {}
    seen = device.last_check_in
    found = {"stale": True} if seen is None or now - seen > _STALE else {}
    return found | device.pick(("user_email", "last_check_in"))


async def _summary(call: Call, cve: str, notes: list[str]) -> dict[str, Any]:
    """What is known of the CVE. Raises NotFound when Iru has never seen it, NotLicensed when it sees none at all."""
    header = await attempt(lambda: call.fetch(GET_VULNERABILITY, cve_id=cve))
    if isinstance(header.error, NotFound):
        await call.page(LIST_VULNERABILITIES)  # tells a tenant without the product from one without the CVE
        raise NotFound(
            f"Iru has not found {cve} on any device of this tenant.",
            "Check the number; list_fleet_vulnerabilities shows what there is.",
        )
    carriers = await attempt(lambda: _carriers(call, cve))
    for name, part in (("severity and dates", header), ("affected software", carriers)):
        if part.error:
            notes.append(f"{name}: {part.state}")
    found = _header(header.value) if header.value else {}
    return found | ({"software": [_software(row) for row in carriers.value]} if carriers.value else {})


def _header(record: Vulnerability) -> dict[str, Any]:
    flat = _row(record)
    names = (
        "cve_id severity cvss_score known_exploited epss_score status device_count first_detection_date "
        "latest_detection_date cve_published_at description"
    ).split()
    return {name: flat[name] for name in names if name in flat}


async def _carriers(call: Call, cve: str) -> list[AffectedSoftware]:
    try:
        batch = await call.page(LIST_AFFECTED_SOFTWARE, cve_id=cve)
    except NotFound:
        batch = await call.page(LIST_AFFECTED_APPLICATIONS, cve_id=cve)
    return [record for record in batch.records if record is not None]


def _software(record: AffectedSoftware) -> dict[str, Any]:
    """The software with the number of devices on each version."""
    versions = [row for row in record.software_versions or () if isinstance(row, Mapping)][:_VERSIONS_SHOWN]
    shown = {"name": record.name, "bundle_id": record.bundle_id, "num_devices": record.num_devices}
    return {name: value for name, value in shown.items() if value is not None} | {
        "devices_by_version": {str(row.get("version")): row.get("devices_impacted") for row in versions}
    }


def _affected(enrolled: Enrolled, now: datetime, record: AffectedDevice) -> dict[str, Any]:
    """The device with who holds it, and with the software that carries the CVE."""
    flat = {_OUR_WORDS.get(name, name): value for name, value in record.flat().items()}
    flat |= _held(Device.read(enrolled.devices.get(record.device_id)), now)
    carrier = flat.pop("software_summary", {})
    if not isinstance(carrier, Mapping):
        return flat | {"software": carrier}
    renamed = {"software" if name == "name" else name: value for name, value in carrier.items()}
    return renamed | flat
