"""Answers of endpoint detection and response: files and behavior, versions 1 and 2."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from ..world import STORY, DemoDevice, DemoTenant, Row, choose, dates, filled, hashed, hex_digits, uuid
from .query import Fault, Query, comma_list, counted, number, ordered

_UNWANTED = ("Adware.Genieo", "PUP.MacKeeper", "Adware.Pirrit", "PUP.AdvancedMacCleaner", "Adware.Bundlore")
_ITEM_ID = uuid("item", STORY.protection_item)


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
        library_item_id=_ITEM_ID,
    )


def _among(query: Query, name: str, value: str) -> bool:
    """Whether `value` is in the comma list `name`, in any case; true where nothing is asked."""
    wanted = comma_list(query.get(name, "").casefold())
    return not wanted or value.casefold() in wanted


def _dated(tenant: DemoTenant, query: Query, at: datetime, since: str, until: str) -> bool:
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


_PERSISTS = "A program in a hidden folder, started at login under an Apple-like label, connects out"
_DISABLES = "A shell disables a security tool"


@dataclass(frozen=True, slots=True)
class Behavior:
    """A process whose behavior matched a rule."""

    device: DemoDevice
    rule: str
    description: str
    classification: str
    status: str
    severity: str
    at: datetime
    parent: tuple[str, str]
    target: tuple[str, str, str]


@lru_cache(maxsize=4)
def behaviors(tenant: DemoTenant) -> tuple[Behavior, ...]:
    """All processes that were noticed, newest first."""
    found = []
    for device in tenant.devices:
        if device.part == "patient zero":
            program = STORY.launch_program.format(user=device.local_username)
            target = ("softwareupdated", program, f"{program} --connect {STORY.command_host}:443 --keep")
            kinds = ("malicious", "detected", "critical", tenant.times.behavior_detected)
            parent = ("launchd", "/sbin/launchd")
            found.append(Behavior(device, STORY.behavioral_rule, _PERSISTS, *kinds, parent, target))
        elif device.platform == "Mac" and hashed(tenant.seed, "behavior", device.index) % 31 == 0:
            at = tenant.now - timedelta(days=1 + hashed("behavior day", device.serial) % 80, microseconds=462_076)
            target = ("launchctl", "/bin/launchctl", "launchctl unload -w /Library/LaunchDaemons/at.obdev.plist")
            kinds = ("suspicious", "blocked", "medium", at)
            found.append(Behavior(device, "KTI_BD_0163", _DISABLES, *kinds, ("zsh", "/bin/zsh"), target))
    return tuple(sorted(found, key=lambda behavior: behavior.at, reverse=True))


def _process(name: str, path: str, line: str, owner: str, pid: int, sha256: str) -> Row:
    return {"name": name, "command_line": line, "image_path": path, "pid": pid, "owner": owner, "sha256": sha256}


def _record(found: Behavior) -> Row:
    device, pid = found.device, 400 + found.device.index
    own = found.rule == STORY.behavioral_rule
    (parent, parent_path), (name, path, line) = found.parent, found.target
    parent_hash, target_hash = hex_digits(64, parent_path), STORY.file_hash if own else hex_digits(64, path)
    return filled(
        "behavioral detection",
        found,
        id=uuid("behavior", device.serial, found.rule).upper(),
        informational_tags=["Launch Agent", "persistence", "hidden folder"] if own else ["exec", "Disable", "unload"],
        malware_family=["HollowQuill"] if own else [],
        parent_process=_process(parent, parent_path, parent_path, "root", 1 if own else pid, parent_hash),
        target_process=_process(name, path, line, device.local_username, pid + 7, target_hash),
        library_item={"id": _ITEM_ID, "name": STORY.protection_item, "mal_posture_mode": "protect"},
    )


def _processes_v1(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    rows = [
        _record(one)
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


def _processes_v2(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    if not query.get("device_id"):
        raise Fault(400, {"device_id": ["This field is required."]})
    rows = [
        _record(one) | {"status": one.status, "severity": one.severity, "management_state": "open", "tags": []}
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
