"""CVEs across the fleet: which there are, and which devices have one."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, TypedDict, Unpack

from pydantic import Field

from ...api.endpoints.vulnerabilities import LIST_VULNERABILITIES, Vulnerability
from ..kit.answers import Page
from ..kit.catalogue import tool
from ..kit.context import Context
from ..kit.listing import listing
from ..kit.params import Paging, Str, newest_first
from ..kit.rows import RowShape
from ..kit.scan import Check, Source, flag_checks, text_checks
from .device import SEVERITIES, Severity, rank

FLEET_REQUESTS = 60
_SOFTWARE_SHOWN = 5


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


@tool(LIST_VULNERABILITIES, toolset="vulnerabilities", requests=FLEET_REQUESTS)
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
    checks += flag_checks("known_exploited", known_exploited, _is_known_exploited)
    checks += text_checks("software", software, tells=True)
    if status != "all":
        checks.append(
            Check("status", lambda row: ((row.status or "").casefold() == "remediated") is (status == "remediated"))
        )
    first, order = _ORDERS[sort]
    source = Source(LIST_VULNERABILITIES, query={"sort_by": first}, narrow=narrow, checks=checks, order=order)
    shape = RowShape(FleetVulnerabilityLine, flat=fleet_row, lean=_lean)
    return await listing(ctx, source, shape, **paging)


def _is_known_exploited(row: Vulnerability) -> bool | None:
    return None if row.kev_score is None else row.kev_score > 0


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


def fleet_row(row: Vulnerability) -> dict[str, Any]:
    """The columns of a CVE, with whether it is known to be exploited."""
    return row.flat() | ({"known_exploited": row.kev_score > 0} if row.kev_score is not None else {})


def _lean(row: dict[str, Any]) -> dict[str, Any]:
    names = row.get("software", [])
    if len(names) <= _SOFTWARE_SHOWN:
        return row
    return row | {"software": [*names[:_SOFTWARE_SHOWN], f"{len(names) - _SOFTWARE_SHOWN} more"]}
