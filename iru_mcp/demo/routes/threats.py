"""Answers of endpoint detection and response: files and behavior, versions 1 and 2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from ..world import dates
from ..world.chance import hexes, pick, roll, uuid
from ..world.data import Row, filled
from ..world.fleet import Device
from ..world.installed import arrival
from ..world.story import STORY
from ..world.tenant import Tenant
from .query import Fault, Query, counted, number, ordered

_UNWANTED = ("Adware.Genieo", "PUP.MacKeeper", "Adware.Pirrit", "PUP.AdvancedMacCleaner", "Adware.Bundlore")
ITEM_ID = uuid("item", STORY.protection_item)


@dataclass(frozen=True, slots=True)
class Threat:
    """A file that was found."""

    device: Device
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


@lru_cache(maxsize=4)
def threats(tenant: Tenant) -> tuple[Threat, ...]:
    """All files found, newest first."""
    found = [
        _unwanted(tenant, device)
        for device in tenant.devices
        if device.platform == "Mac" and roll(tenant.seed, "pup", device.index) % 23 == 0
    ]
    for device in tenant.devices:
        turn = arrival(device)
        if turn is not None and turn < 2:
            found.append(_story(tenant, device, turn))
    return tuple(sorted(found, key=lambda threat: threat.at, reverse=True))


def _unwanted(tenant: Tenant, device: Device) -> Threat:
    name = pick(_UNWANTED, "pup", device.serial)
    at = tenant.now - timedelta(days=2 + roll("pup day", device.serial) % 85, microseconds=883_134)
    status = "RELEASED" if device.index % 6 == 0 else "QUARANTINED"
    path = f"/Users/{device.local_username}/Downloads/{name.partition('.')[2]}.dmg"
    return Threat(device, name, "PUP", status, "low", at, "Safari", device.local_username, path, hexes(64, "pup", name))


def _story(tenant: Tenant, device: Device, turn: int) -> Threat:
    at = tenant.times.threat_detected + timedelta(minutes=turn * 38)
    status = "QUARANTINED" if turn else "NOT_QUARANTINED"
    user = device.local_username
    program = STORY.launch_program.format(user=user)
    return Threat(
        device,
        STORY.threat_name,
        "MALWARE",
        status,
        "critical",
        at,
        "softwareupdated",
        user,
        program,
        STORY.file_hash,
        f"/Applications/{STORY.app_name}.app",
    )


def _first(threat: Threat) -> Row:
    """A file in version 1."""
    done = dates.bare_t(threat.at + timedelta(seconds=2))
    return filled(
        "threat",
        threat,
        date_of_quarantine=done if threat.closed else "",
        date_of_release=dates.bare_t(threat.at + timedelta(days=1)) if threat.status == "RELEASED" else "",
        released_by="Nell Harrow" if threat.status == "RELEASED" else "",
        release_note="false alarm" if threat.status == "RELEASED" else "",
        library_item_name=STORY.protection_item,
        library_item_id=ITEM_ID,
    )


def _second(threat: Threat) -> Row:
    """A file in version 2."""
    more = {"id": uuid("threat", threat.device.serial, threat.name), "severity": threat.severity, "tags": []}
    return (
        _first(threat)
        | more
        | {"status": threat.status.lower(), "management_state": "closed" if threat.closed else "open"}
    )


def among(query: Query, name: str, value: str) -> bool:
    """Whether `value` is in the comma list `name`, in any case; true where nothing is asked."""
    wanted = [part.strip().casefold() for part in query.get(name, "").split(",") if part.strip()]
    return not wanted or value.casefold() in wanted


def dated(tenant: Tenant, query: Query, at: datetime, since: str, until: str) -> bool:
    """Whether `at` lies between two dates, or within the last `date_range` days where neither is given."""
    start, end = dates.parse(query.get(since, "")), dates.parse(query.get(until, ""))
    days = number(query, "date_range", 0, most=36_500)
    if not start and not end and days:
        start = tenant.now - timedelta(days=days)
    return (not start or at >= start) and (not end or at <= end)


def _files(tenant: Tenant, query: Query, statuses: str) -> list[Threat]:
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


def _files_v1(tenant: Tenant, ids: Mapping[str, str], query: Query) -> Row:
    rows = [_first(threat) for threat in _files(tenant, query, "status")]
    rows = ordered(rows, query.get("sort_by", ""), lambda row, name: row.get(name), _FILE_ORDER)
    kinds = [row["classification"] for row in rows]
    return counted(rows, query, 1000, "/api/v1/threat-details") | {
        "malware_count": kinds.count("MALWARE"),
        "pup_count": kinds.count("PUP"),
    }


def _files_v2(tenant: Tenant, ids: Mapping[str, str], query: Query) -> Row:
    if not query.get("statuses"):
        raise Fault(400, {"statuses": ["This field is required."]})
    rows = [_second(threat) for threat in _files(tenant, query, "statuses")]
    return counted(
        ordered(rows, query.get("sort_by", ""), lambda row, name: row.get(name), _FILE_ORDER),
        query,
        1000,
        "/api/v2/threat/threat-details",
    )


ROUTES: dict[str, Any] = {"LIST_THREATS_V1": _files_v1, "LIST_THREATS_V2": _files_v2}
