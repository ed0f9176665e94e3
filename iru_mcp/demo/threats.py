"""Answers of endpoint detection and response: files and behavior, versions 1 and 2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from . import dates
from .chance import hexes, pick, roll, uuid
from .fleet import Device
from .query import Fault, Query, Row, counted, ordered
from .software import arrival
from .story import STORY
from .tenant import Tenant

_UNWANTED = ("Adware.Genieo", "PUP.MacKeeper", "Adware.Pirrit", "PUP.AdvancedMacCleaner", "Adware.Bundlore")
_ITEM_ID = uuid("item", STORY.protection_item)


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
    return {
        "threat_name": threat.name,
        "classification": threat.classification,
        "status": threat.status,
        "process_name": threat.process,
        "process_owner": threat.owner,
        "device_name": threat.device.name,
        "device_id": threat.device.device_id,
        "detection_date": dates.bare_t(threat.at),
        "date_of_quarantine": done if threat.closed else "",
        "date_of_release": dates.bare_t(threat.at + timedelta(days=1)) if threat.status == "RELEASED" else "",
        "released_by": "Nell Harrow" if threat.status == "RELEASED" else "",
        "release_note": "false alarm" if threat.status == "RELEASED" else "",
        "file_path": threat.path,
        "file_hash": threat.file_hash,
        "bundle_path": threat.bundle_path,
        "device_serial_number": threat.device.serial,
        "blueprint_id": threat.device.blueprint.id,
        "blueprint_name": threat.device.blueprint.name,
        "library_item_name": STORY.protection_item,
        "library_item_id": _ITEM_ID,
        "pup_posture": "detect",
        "malware_posture": "protect",
    }


def _second(threat: Threat) -> Row:
    """A file in version 2."""
    more = {"id": uuid("threat", threat.device.serial, threat.name), "severity": threat.severity, "tags": []}
    return (
        _first(threat)
        | more
        | {"status": threat.status.lower(), "management_state": "closed" if threat.closed else "open"}
    )


_PERSISTS = "A program in a hidden folder, started at login under an Apple-like label, connects out"
_UNLOADS = "launchctl unload -w /Library/LaunchDaemons/at.obdev.plist"


@dataclass(frozen=True, slots=True)
class Behavior:
    """A process that did what no process should."""

    device: Device
    rule: str
    description: str
    classification: str
    status: str
    severity: str
    at: datetime
    parent: tuple[str, str]
    target: tuple[str, str, str]


@lru_cache(maxsize=4)
def behaviors(tenant: Tenant) -> tuple[Behavior, ...]:
    """All processes that were noticed, newest first."""
    found = []
    for device in tenant.devices:
        turn, user = arrival(device), device.local_username
        if turn == 0:
            program = STORY.launch_program.format(user=user)
            line = f"{program} --connect {STORY.command_host}:443 --keep"
            found.append(
                Behavior(
                    device,
                    STORY.behavioral_rule,
                    _PERSISTS,
                    "malicious",
                    "detected",
                    "critical",
                    tenant.times.behavior_detected,
                    ("launchd", "/sbin/launchd"),
                    ("softwareupdated", program, line),
                )
            )
        elif device.platform == "Mac" and roll(tenant.seed, "behavior", device.index) % 31 == 0:
            at = tenant.now - timedelta(days=1 + roll("behavior day", device.serial) % 80, microseconds=462_076)
            found.append(
                Behavior(
                    device,
                    "KTI_BD_0163",
                    "A shell disables a security tool",
                    "suspicious",
                    "blocked",
                    "medium",
                    at,
                    ("zsh", "/bin/zsh"),
                    ("launchctl", "/bin/launchctl", _UNLOADS),
                )
            )
    return tuple(sorted(found, key=lambda behavior: behavior.at, reverse=True))


def _process(name: str, path: str, line: str, owner: str, pid: int, sha256: str) -> Row:
    return {"name": name, "command_line": line, "image_path": path, "pid": pid, "owner": owner, "sha256": sha256}


def _told(found: Behavior) -> Row:
    device, pid = found.device, 400 + found.device.index
    own = found.rule == STORY.behavioral_rule
    name, path, line = found.target
    return {
        "id": uuid("behavior", device.serial, found.rule).upper(),
        "threat_id": found.rule,
        "rule_version": 2,
        "description": found.description,
        "classification": found.classification,
        "informational_tags": ["Launch Agent", "persistence", "hidden folder"]
        if own
        else ["exec", "Disable", "unload"],
        "malware_family": ["HollowQuill"] if own else [],
        "detection_date": dates.offset(found.at),
        "threat_status": found.status,
        "device_info": {"id": device.device_id, "name": device.name, "serial_number": device.serial},
        "parent_process": _process(
            *found.parent, found.parent[1], "root", 1 if own else pid, hexes(64, found.parent[1])
        ),
        "target_process": _process(
            name, path, line, device.local_username, pid + 7, STORY.file_hash if own else hexes(64, path)
        ),
        "library_item": {"id": _ITEM_ID, "name": STORY.protection_item, "mal_posture_mode": "protect"},
        "blueprint": device.blueprint.named(),
    }


def _among(query: Query, name: str, value: str) -> bool:
    wanted = [part.strip().casefold() for part in query.get(name, "").split(",") if part.strip()]
    return not wanted or value.casefold() in wanted


def _dated(tenant: Tenant, query: Query, at: datetime, since: str, until: str) -> bool:
    start, end, days = dates.parse(query.get(since, "")), dates.parse(query.get(until, "")), query.get("date_range", "")
    if not start and not end and days.isdigit():
        start = tenant.now - timedelta(days=int(days))
    return (not start or at >= start) and (not end or at <= end)


def _files(tenant: Tenant, query: Query, statuses: str) -> list[Threat]:
    term = query.get("term", "").casefold()
    return [
        threat
        for threat in threats(tenant)
        if query.get("device_id", threat.device.device_id) == threat.device.device_id
        and _among(query, "classification", threat.classification)
        and _among(query, statuses, threat.status)
        and _among(query, "management_state", "closed" if threat.closed else "open")
        and _among(query, "severities", threat.severity)
        and _dated(tenant, query, threat.at, "detection_date_from", "detection_date_to")
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


def _processes_v1(tenant: Tenant, ids: Mapping[str, str], query: Query) -> Row:
    rows = [
        _told(one)
        for one in behaviors(tenant)
        if query.get("device_id", one.device.device_id) == one.device.device_id
        and _among(query, "threat_id", one.rule)
        and _among(query, "classification", one.classification)
        and _among(query, "status", one.status)
        and _among(query, "parent_process_name", one.parent[0])
        and _among(query, "target_process_name", one.target[0])
        and _dated(tenant, query, one.at, "detection_date_from", "detection_date_to")
    ]
    kinds = [row["classification"] for row in rows]
    page = counted(rows, query, 1000, "/api/v1/behavioral-detections", count="total_count")
    return page | {"malicious_count": kinds.count("malicious"), "suspicious_count": kinds.count("suspicious")}


_SHORT = {"malicious": "mal", "suspicious": "sus"}


def _processes_v2(tenant: Tenant, ids: Mapping[str, str], query: Query) -> Row:
    if not query.get("device_id"):
        raise Fault(400, {"device_id": ["This field is required."]})
    rows = [
        _told(one) | {"status": one.status, "severity": one.severity, "management_state": "open", "tags": []}
        for one in behaviors(tenant)
        if one.device.device_id == query["device_id"]
        and _among(query, "classifications", _SHORT[one.classification])
        and _among(query, "statuses", one.status)
        and _among(query, "severities", one.severity)
        and _dated(tenant, query, one.at, "detection_from", "detection_to")
    ]
    return counted(rows, query, 1000, "/api/v2/threat/behavioral-detections/events")


ROUTES: dict[str, Any] = {
    "LIST_THREATS_V1": _files_v1,
    "LIST_THREATS_V2": _files_v2,
    "LIST_BEHAVIORAL_DETECTIONS_V1": _processes_v1,
    "LIST_BEHAVIORAL_DETECTIONS_V2": _processes_v2,
}
