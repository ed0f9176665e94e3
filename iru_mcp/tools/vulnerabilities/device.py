"""CVEs on one device."""

from __future__ import annotations

import json
from typing import Annotated, Literal, TypedDict

from pydantic import Field

from ...api.endpoints.devices import LIST_DEVICES
from ...api.endpoints.vulnerabilities import LIST_DETECTIONS, Detection
from ..kit.answers import Page
from ..kit.catalogue import tool
from ..kit.context import Context
from ..kit.coverage import MACS, say_coverage
from ..kit.listing import listing
from ..kit.params import Cursor, DeviceRef, Fields, Limit, Str, contains, newest_first
from ..kit.resolve import resolve
from ..kit.rows import RowShape
from ..kit.scan import Check, Source

SEVERITIES = ("undefined", "low", "medium", "high", "critical")
Severity = Literal["low", "medium", "high", "critical"] | None


class DetectionLine(TypedDict, total=False):
    """One CVE in one piece of software on the device."""

    cve_id: str
    cvss_severity: str
    cvss_score: float
    name: str
    version: str
    path: str
    first_detection_date: str
    latest_detection_date: str


def rank(severity: str | None) -> int:
    """How severe, 0 for unknown to 4 for critical."""
    word = (severity or "").casefold()
    return SEVERITIES.index(word) if word in SEVERITIES else 0


@tool(LIST_DETECTIONS, optional=(LIST_DEVICES,))
async def list_vulnerabilities(
    ctx: Context,
    device: DeviceRef,
    severity: Annotated[Severity, Field(description="at least this severe")] = None,
    software: Str = "",
    sort: Literal["worst", "newest"] = "worst",
    fields: Fields = (),
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[DetectionLine]:
    """CVEs present on one device now, with the software that carries them, worst first. cve_description and
    cve_link only by
    fields."""
    target = await resolve(ctx.call, device)
    checks: list[Check[Detection]] = [Check("device", lambda row: row.device_id == target.device_id, sent=True)]
    if severity:
        checks.append(Check("severity", lambda row: rank(row.cvss_severity) >= rank(severity)))
    if software.strip():
        has = contains(software.strip())
        checks.append(Check("software", lambda row: has(row.name) or has(row.path) or has(row.bundle_id)))
    source = Source(
        LIST_DETECTIONS,
        query={"filter": json.dumps({"device_id": {"in": [target.device_id]}})},
        checks=checks,
        order=_newest if sort == "newest" else _worst,
    )
    page = await listing(ctx, source, RowShape(DetectionLine), limit=limit, cursor=cursor, fields=fields)
    page.device = target.shown()
    await say_coverage(ctx.call, page, target, "vulnerability detections", MACS)
    return page


def _worst(row: Detection) -> tuple[int, float, float, str]:
    return (-rank(row.cvss_severity), -(row.cvss_score or 0), newest_first(row.latest_detection_date), row.cve_id)


def _newest(row: Detection) -> tuple[float, int, str]:
    return (newest_first(row.first_detection_date), -rank(row.cvss_severity), row.cve_id)
