"""Lists of CVEs: of one device, and of the fleet."""

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypedDict, Unpack

from pydantic import Field

from ...api.call import Call
from ...api.endpoints.devices import LIST_DEVICES
from ...api.endpoints.vulnerabilities import LIST_DETECTIONS, LIST_VULNERABILITIES, Detection, Vulnerability
from ..investigate.sources import read_known_exploited
from ..kit import Check, Context, Page, RowShape, Source, flag_checks, listing, text_checks, tool
from ..kit.coverage import MACS, say_coverage
from ..kit.params import DeviceRef, Paging, Str, newest_first
from ..kit.reader import attempt
from ..kit.resolve import resolve

SEVERITIES = ("undefined", "low", "medium", "high", "critical")
Severity = Literal["low", "medium", "high", "critical"] | None
FLEET_REQUESTS = 60
_SOFTWARE_SHOWN = 5


class DetectionLine(TypedDict, total=False):
    """One CVE in one piece of software on the device."""

    cve_id: str
    cvss_severity: str
    cvss_score: float
    known_exploited: bool
    name: str
    version: str
    path: str
    first_detection_date: str
    latest_detection_date: str


def rank(severity: str | None) -> int:
    """How severe, 0 for unknown to 4 for critical."""
    word = (severity or "").casefold()
    return SEVERITIES.index(word) if word in SEVERITIES else 0


@tool(LIST_DETECTIONS, optional=(LIST_DEVICES, LIST_VULNERABILITIES))
async def list_vulnerabilities(
    ctx: Context,
    device: DeviceRef,
    severity: Annotated[Severity, Field(description="at least this severe")] = None,
    known_exploited: bool | None = None,
    software: Str = "",
    sort: Literal["worst", "newest"] = "worst",
    **paging: Unpack[Paging],
) -> Page[DetectionLine]:
    """CVEs present on one device now, with the software that carries them, worst first (known-exploited before all).
    cve_description and cve_link only by fields."""
    target = await resolve(ctx.call, device)
    exploited, why = await _known_exploited(ctx.call)
    checks: list[Check[Detection]] = [
        Check("device", lambda row: row.device_id == target.device_id, sent=True),
        *flag_checks("known_exploited", known_exploited, lambda row: _is_in(row, exploited)),
        *text_checks("software", software, lambda row: (row.name, row.path, row.bundle_id), tells=True),
    ]
    if severity:
        checks.append(Check("severity", lambda row: rank(row.cvss_severity) >= rank(severity)))
    source = Source(
        LIST_DETECTIONS,
        query={"filter": json.dumps({"device_id": {"in": [target.device_id]}})},
        checks=checks,
        order=_newest_here if sort == "newest" else lambda row: (not _is_in(row, exploited), *_worst_here(row)),
    )
    known = {"known_exploited": True}
    shape = RowShape(DetectionLine, flat=lambda row: row.flat() | (known if _is_in(row, exploited) else {}))
    page = await listing(ctx, source, shape, **paging)
    page.device = target.shown()
    page.notes += [f"which of these are known to be exploited was not read: {why}"] if why else []
    await say_coverage(ctx.call, page, target, "vulnerability detections", MACS)
    return page


async def _known_exploited(call: Call) -> tuple[frozenset[str] | None, str]:
    """The fleet's CVEs that are known to be exploited, which detections do not say; None and why when not all of them
    could be read."""
    found = await attempt(lambda: read_known_exploited(call))
    if found.value is None or found.value.missing:
        return None, found.state
    return frozenset(row.cve_id for row in found.value.records), ""


def _is_in(row: Detection, exploited: frozenset[str] | None) -> bool | None:
    return None if exploited is None else row.cve_id in exploited


def _worst_here(row: Detection) -> tuple[int, float, float, str]:
    return (-rank(row.cvss_severity), -(row.cvss_score or 0), newest_first(row.latest_detection_date), row.cve_id)


def _newest_here(row: Detection) -> tuple[float, int, str]:
    return (newest_first(row.first_detection_date), -rank(row.cvss_severity), row.cve_id)


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


@tool(LIST_VULNERABILITIES, requests=FLEET_REQUESTS)
async def list_fleet_vulnerabilities(
    ctx: Context,
    severity: Annotated[Severity, Field(description="at least this severe")] = None,
    known_exploited: bool | None = None,
    software: Str = "",
    sort: Annotated[Literal["worst", "newest", "most_devices"], Field(description="worst: known-exploited first")] = (
        "worst"
    ),
    status: Literal["active", "remediated", "all"] = "active",
    **paging: Unpack[Paging],
) -> Page[FleetVulnerabilityLine]:
    """CVEs present in the whole fleet, with device counts. For one CVE's devices use find_devices_with_vulnerability;
    for one device's CVEs list_vulnerabilities."""
    checks: list[Check[Vulnerability]] = []
    narrow: dict[str, str | int] = {}
    if severity:
        words = SEVERITIES[rank(severity) :]  # in the letter cases that may be stored
        forms = [form for word in words for form in (word.capitalize(), word, word.upper())]
        narrow["filter"] = json.dumps({"severity": {"in": forms}})
        checks.append(Check("severity", lambda row: rank(row.severity) >= rank(severity), sent=True))
    checks += flag_checks(
        "known_exploited", known_exploited, lambda row: None if row.kev_score is None else row.kev_score > 0
    )
    checks += text_checks("software", software, tells=True)
    if status != "all":
        checks.append(
            Check("status", lambda row: ((row.status or "").casefold() == "remediated") is (status == "remediated"))
        )
    first, order = _ORDERS[sort]
    source = Source(LIST_VULNERABILITIES, query={"sort_by": first}, narrow=narrow, checks=checks, order=order)
    return await listing(ctx, source, RowShape(FleetVulnerabilityLine, flat=fleet_row, lean=_lean), **paging)


def _worst(row: Vulnerability) -> tuple[Any, ...]:
    return (not row.kev_score, -rank(row.severity), -(row.cvss_score or 0), -(row.device_count or 0), row.cve_id)


_ORDERS: dict[str, tuple[str, Callable[[Vulnerability], tuple[Any, ...]]]] = {
    "worst": ("-cvss_score", _worst),
    "newest": ("-age", lambda row: (newest_first(row.first_detection_date), *_worst(row))),
    "most_devices": ("-device_count", lambda row: (-(row.device_count or 0), *_worst(row))),
}
"""What Iru is asked to begin with, in case the walk cannot finish; and the order proper."""


def fleet_row(row: Vulnerability) -> dict[str, Any]:
    """The columns of a CVE, with whether it is known to be exploited."""
    return row.flat() | ({"known_exploited": row.kev_score > 0} if row.kev_score is not None else {})


def _lean(row: dict[str, Any]) -> dict[str, Any]:
    names = row.get("software", [])
    if len(names) <= _SOFTWARE_SHOWN:
        return row
    return row | {"software": [*names[:_SOFTWARE_SHOWN], f"{len(names) - _SOFTWARE_SHOWN} more"]}
