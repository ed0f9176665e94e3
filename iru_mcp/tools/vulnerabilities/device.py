"""CVEs on one device."""

from __future__ import annotations

import json
from typing import Annotated, Literal, TypedDict, Unpack

from pydantic import Field

from ...api.call import Call
from ...api.endpoints.devices import LIST_DEVICES
from ...api.endpoints.vulnerabilities import LIST_DETECTIONS, LIST_VULNERABILITIES, Detection
from ..investigate.sources import read_known_exploited
from ..kit.answers import Page
from ..kit.catalogue import tool
from ..kit.context import Context
from ..kit.coverage import MACS, say_coverage
from ..kit.listing import listing
from ..kit.params import DeviceRef, Paging, Str, newest_first
from ..kit.reader import attempt
from ..kit.resolve import resolve
from ..kit.rows import RowShape
from ..kit.scan import Check, Source, flag_checks, text_checks

SEVERITIES = ("undefined", "low", "medium", "high", "critical")
Severity = Literal["low", "medium", "high", "critical"] | None


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
        order=_newest if sort == "newest" else lambda row: (not _is_in(row, exploited), *_worst(row)),
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


def _worst(row: Detection) -> tuple[int, float, float, str]:
    return (-rank(row.cvss_severity), -(row.cvss_score or 0), newest_first(row.latest_detection_date), row.cve_id)


def _newest(row: Detection) -> tuple[float, int, str]:
    return (newest_first(row.first_detection_date), -rank(row.cvss_severity), row.cve_id)
