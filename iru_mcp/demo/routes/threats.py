"""Answers of endpoint detection and response: files and behavior, versions 1 and 2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from ..world import dates
from ..world.chance import choose, hashed, hex_digits, uuid
from ..world.data import Row, filled
from ..world.fleet import DemoDevice
from ..world.story import STORY
from ..world.tenant import DemoTenant
from .query import Fault, Query, comma_list, counted, number, ordered

_UNWANTED = ("Adware.Genieo", "PUP.MacKeeper", "Adware.Pirrit", "PUP.AdvancedMacCleaner", "Adware.Bundlore")
ITEM_ID = uuid("item", STORY.protection_item)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that was found."""

    device: DemoDevice
    name: str
    classification: str
    status: str
    severity: str
    at: datetime
    process: str
    owner: str
    path: str
    file_hash: str
    bundle_path: str = ""

    @property
    def closed(self) -> bool:
        """Whether somebody or something has dealt with it."""
        return self.status != "NOT_QUARANTINED"


_FOUND_ON = {"patient zero": ("NOT_QUARANTINED", timedelta()), "spread 1": ("QUARANTINED", timedelta(minutes=38))}
"""On which devices of the first incident the program was found; its status there, and how long after the first."""


@lru_cache(maxsize=4)
def threats(tenant: DemoTenant) -> tuple[FoundFile, ...]:
    """All files found, newest first."""
    found = []
    for device in tenant.devices:
        user = device.local_username
        if device.platform == "Mac" and hashed(tenant.seed, "pup", device.index) % 23 == 0:
            name = choose(_UNWANTED, "pup", device.serial)
            at = tenant.now - timedelta(days=2 + hashed("pup day", device.serial) % 85, microseconds=883_134)
            status = "RELEASED" if device.index % 6 == 0 else "QUARANTINED"
            file = (f"/Users/{user}/Downloads/{name.partition('.')[2]}.dmg", hex_digits(64, "pup", name))
            found.append(FoundFile(device, name, "PUP", status, "low", at, "Safari", user, *file))
        if device.part in _FOUND_ON:
            status, later = _FOUND_ON[device.part]
            file = (STORY.launch_program.format(user=user), STORY.file_hash)
            what = (STORY.threat_name, "MALWARE", status, "critical", tenant.times.threat_detected + later)
            bundle = f"/Applications/{STORY.app_name}.app"
            found.append(FoundFile(device, *what, "softwareupdated", user, *file, bundle))
    return tuple(sorted(found, key=lambda threat: threat.at, reverse=True))


def _first(threat: FoundFile) -> Row:
    """A file in version 1."""
    released = threat.status == "RELEASED"
    return filled(
        "threat",
        threat,
        date_of_quarantine=dates.bare_t(threat.at + timedelta(seconds=2)) if threat.closed else "",
        date_of_release=dates.bare_t(threat.at + timedelta(days=1)) if released else "",
        released_by="Nell Harrow" if released else "",
        release_note="false alarm" if released else "",
        library_item_name=STORY.protection_item,
        library_item_id=ITEM_ID,
    )


def among(query: Query, name: str, value: str) -> bool:
    """Whether `value` is in the comma list `name`, in any case; true where nothing is asked."""
    wanted = comma_list(query.get(name, "").casefold())
    return not wanted or value.casefold() in wanted


def dated(tenant: DemoTenant, query: Query, at: datetime, since: str, until: str) -> bool:
    """Whether `at` lies between two dates, or within the last `date_range` days where neither is given."""
    start, end = dates.parse(query.get(since, "")), dates.parse(query.get(until, ""))
    days = number(query, "date_range", 0, most=36_500)
    if not start and not end and days:
        start = tenant.now - timedelta(days=days)
    return (not start or at >= start) and (not end or at <= end)


def _files(tenant: DemoTenant, query: Query, statuses: str) -> list[FoundFile]:
    term = query.get("term", "").casefold()
    return [
        threat
        for threat in threats(tenant)
        if query.get("device_id", threat.device.device_id) == threat.device.device_id
        and among(query, "classification", threat.classification)
        and among(query, statuses, threat.status)
        and among(query, "management_state", "closed" if threat.closed else "open")
        and among(query, "severities", threat.severity)
        and dated(tenant, query, threat.at, "detection_date_from", "detection_date_to")
        and any(term in text.casefold() for text in (threat.device.name, threat.file_hash, threat.path))
    ]


_FILE_ORDER = (
    "threat_name classification device_name process_name process_owner detection_date status management_state severity"
).split()


def _ordered(rows: list[Row], query: Query) -> list[Row]:
    return ordered(rows, query.get("sort_by", ""), lambda row, name: row.get(name), _FILE_ORDER)


def _files_v1(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    rows = [_first(threat) for threat in _files(tenant, query, "status")]
    kinds = [row["classification"] for row in rows]
    counts = {"malware_count": kinds.count("MALWARE"), "pup_count": kinds.count("PUP")}
    return counted(_ordered(rows, query), query, 1000, "/api/v1/threat-details") | counts


def _files_v2(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    if not query.get("statuses"):
        raise Fault(400, {"statuses": ["This field is required."]})
    rows = []
    for threat in _files(tenant, query, "statuses"):
        state = {"status": threat.status.lower(), "management_state": "closed" if threat.closed else "open"}
        more = {"id": uuid("threat", threat.device.serial, threat.name), "severity": threat.severity, "tags": []}
        rows.append(_first(threat) | more | state)
    return counted(_ordered(rows, query), query, 1000, "/api/v2/threat/threat-details")


ROUTES: dict[str, Any] = {"LIST_THREATS_V1": _files_v1, "LIST_THREATS_V2": _files_v2}
