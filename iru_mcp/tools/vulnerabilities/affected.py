"""Which devices have a CVE, who holds them, and what is known of it.

Iru's list of a CVE's devices tells neither who holds them nor when they checked in: that is joined from the device list
and the directory. What fixes a CVE Iru tells only in its description, where it is read from when it is plainly said.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from ...api.call import Call
from ...api.endpoints.devices import LIST_DEVICES, Device
from ...api.endpoints.users import LIST_USERS, User
from ...api.endpoints.vulnerabilities import (
    GET_VULNERABILITY,
    LIST_AFFECTED_APPLICATIONS,
    LIST_AFFECTED_DEVICES,
    LIST_AFFECTED_SOFTWARE,
    LIST_VULNERABILITIES,
    AffectedDevice,
    AffectedSoftware,
)
from ...errors import NotFound, UsageError
from ...folding import fold
from ..kit import Check, Context, Page, RowShape, Source, columns_of, listing, tool
from ..kit.enrolled import Enrolled, OnDeviceLine, enrolled_devices
from ..kit.params import Cursor, Fields, Limit, Since, read_time, within
from ..kit.reader import attempt, read
from .lists import FLEET_REQUESTS, fleet_row

_CVE = re.compile(r"CVE-\d{4}-\d{4,19}")
_FIXED = re.compile(
    r"(?:before|prior to|earlier than|lower than|fixed in|patched in|upgrade to)\s+(?:versions?\s+)?v?(\d+(?:\.\d+)+)",
    re.IGNORECASE,
)
_SUMMARY = (
    "cve_id severity cvss_score known_exploited epss_score status device_count first_detection_date "
    "latest_detection_date cve_published_at description"
).split()
_VERSIONS_SHOWN = 30
_USER_PAGES = 60


class AffectedDeviceLine(OnDeviceLine, total=False):
    """One device that has the CVE."""

    department: str
    job_title: str
    last_check_in: str
    stale: bool
    os_version: str
    blueprint_name: str
    software: str
    version: str
    path: str
    detection_date: str


@tool(
    LIST_AFFECTED_DEVICES,
    optional=(
        GET_VULNERABILITY,
        LIST_VULNERABILITIES,
        LIST_AFFECTED_SOFTWARE,
        LIST_AFFECTED_APPLICATIONS,
        LIST_DEVICES,
        LIST_USERS,
    ),
    requests=FLEET_REQUESTS,
)
async def find_devices_with_vulnerability(
    ctx: Context,
    cve_id: Annotated[str, Field(description="like CVE-2026-12345", min_length=1, max_length=40)],
    checked_in_before: Since = "",
    sort_by: Literal["last_check_in", "device_name"] | None = None,
    fields: Fields = (),
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[AffectedDeviceLine]:
    """Devices that have one CVE now, each with its holder, department, last check-in, the software and version that
    carry it; `summary` has severity, known_exploited, counts, affected versions and fixed_version."""
    cve = read_cve(cve_id)
    early = read_time(checked_in_before, "checked_in_before", ctx.now())
    notes: list[str] = []
    holders = await _read_holders(ctx.call, notes, people=limit > 0)
    summary = {} if cursor else await _summary(ctx.call, cve, notes)
    source = Source(
        LIST_AFFECTED_DEVICES,
        checks=[Check("checked_in_before", lambda row: holders.not_seen_since(row, early))] if early else [],
        ids={"cve_id": cve},
        order={"last_check_in": holders.longest_ago, "device_name": _by_name}.get(sort_by or ""),
    )
    flat, columns = partial(_affected, holders, ctx.now()), columns_of(AffectedDeviceLine)
    shape = RowShape(AffectedDeviceLine, flat=flat, more_columns=columns)
    page = await listing(ctx, source, shape, limit=limit, cursor=cursor, fields=fields)
    page.summary = summary
    if not cursor:
        notes.append("published detections are of Macs: whether other devices are assessed is not known")
    page.notes += notes
    return page


def _by_name(row: AffectedDevice) -> tuple[str, str]:
    return (fold(row.name or ""), row.device_id)


class _Holders(NamedTuple):
    """The device list, and the people of the directory by folded address."""

    enrolled: Enrolled
    people: Mapping[str, User]

    def device(self, row: AffectedDevice) -> Device | None:
        return Device.read(self.enrolled.devices.get(row.device_id))

    def not_seen_since(self, row: AffectedDevice, moment: datetime) -> bool | None:
        """Whether its last check-in is that old, or never was; None for a device that the device list lacks."""
        device = self.device(row)
        if device is None:
            return None
        return device.last_check_in is None or within(device.last_check_in, None, moment)

    def longest_ago(self, row: AffectedDevice) -> tuple[bool, datetime, str]:
        """A sort key: the longest silence first, unknown devices last."""
        device = self.device(row)
        seen = device.last_check_in if device else None
        return (device is None, seen or datetime.min.replace(tzinfo=UTC), row.device_id)


async def _read_holders(call: Call, notes: list[str], *, people: bool) -> _Holders:
    enrolled = await enrolled_devices(call)
    notes += enrolled.not_read("who holds the devices, and when they checked in,")
    if not people:
        return _Holders(enrolled, {})
    found = await attempt(lambda: read(call, LIST_USERS, pages=_USER_PAGES))
    if not found.complete:
        notes.append(f"department and job title of the holders: {found.state}")
    return _Holders(enrolled, {fold(user.email): user for user in found.records if user.email})


def read_cve(text: str) -> str:
    """The CVE identifier in `text`, in capitals. Raises UsageError when it is none."""
    cve = text.strip().upper()
    if not _CVE.fullmatch(cve):
        raise UsageError("cve_id is not a CVE identifier.", "Write it like CVE-2026-12345.")
    return cve


_OUR_WORDS = {"name": "device_name", "assigned_user": "user_name"}
_STALE = timedelta(days=30)
"""A device that has not checked in for so long may have been updated since, or be lost."""


def _held(holders: _Holders, record: AffectedDevice, now: datetime) -> dict[str, Any]:
    """Who holds a device and when it checked in; `stale` where that is long ago, or never was."""
    device = holders.device(record)
    if device is None:
        return {}
    seen = device.last_check_in
    found: dict[str, Any] = {"stale": True} if seen is None or now - seen > _STALE else {}
    found |= device.pick(("user_email", "last_check_in"))
    user = holders.people.get(fold(found.get("user_email", "")))
    return found | (user.pick(("department", "job_title")) if user else {})


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
    flat = fleet_row(header.value) if header.value else {}
    found = {name: flat[name] for name in _SUMMARY if name in flat}
    fixed = dict.fromkeys(_FIXED.findall(str(found.get("description", ""))))
    if fixed:
        found["fixed_version"] = ", ".join(fixed)
        notes.append("fixed_version is read from the CVE's description")
    return found | ({"software": [_software(row) for row in carriers.value]} if carriers.value else {})


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
    found = {name: value for name, value in shown.items() if value is not None}
    return found | {"devices_by_version": {str(row.get("version")): row.get("devices_impacted") for row in versions}}


def _affected(holders: _Holders, now: datetime, record: AffectedDevice) -> dict[str, Any]:
    """The device with who holds it, and with the software that carries the CVE."""
    flat = {_OUR_WORDS.get(name, name): value for name, value in record.flat().items()}
    flat |= _held(holders, record, now)
    carrier = flat.pop("software_summary", {})
    if not isinstance(carrier, Mapping):
        return flat | {"software": carrier}
    return {"software" if name == "name" else name: value for name, value in carrier.items()} | flat
