"""Answers about processes whose behavior matched a rule, versions 1 and 2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from ..world.chance import hashed, hex_digits, uuid
from ..world.data import Row, filled
from ..world.fleet import DemoDevice
from ..world.story import STORY
from ..world.tenant import DemoTenant
from .query import Fault, Query, counted
from .threats import ITEM_ID, among, dated

_PERSISTS = "A program in a hidden folder, started at login under an Apple-like label, connects out"
_DISABLES = "A shell disables a security tool"


@dataclass(frozen=True, slots=True)
class Behavior:
    """A process that did what no process should."""

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
            found.append(
                Behavior(device, STORY.behavioral_rule, _PERSISTS, *kinds, ("launchd", "/sbin/launchd"), target)
            )
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
    target_hash = STORY.file_hash if own else hex_digits(64, path)
    return filled(
        "behavioral detection",
        found,
        id=uuid("behavior", device.serial, found.rule).upper(),
        informational_tags=["Launch Agent", "persistence", "hidden folder"] if own else ["exec", "Disable", "unload"],
        malware_family=["HollowQuill"] if own else [],
        parent_process=_process(
            parent, parent_path, parent_path, "root", 1 if own else pid, hex_digits(64, parent_path)
        ),
        target_process=_process(name, path, line, device.local_username, pid + 7, target_hash),
        library_item={"id": ITEM_ID, "name": STORY.protection_item, "mal_posture_mode": "protect"},
    )


def _processes_v1(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    rows = [
        _record(one)
        for one in behaviors(tenant)
        if query.get("device_id", one.device.device_id) == one.device.device_id
        and among(query, "threat_id", one.rule)
        and among(query, "classification", one.classification)
        and among(query, "status", one.status)
        and among(query, "parent_process_name", one.parent[0])
        and among(query, "target_process_name", one.target[0])
        and dated(tenant, query, one.at, "detection_date_from", "detection_date_to")
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
        and among(query, "classifications", _SHORT[one.classification])
        and among(query, "statuses", one.status)
        and among(query, "severities", one.severity)
        and dated(tenant, query, one.at, "detection_from", "detection_to")
    ]
    return counted(rows, query, 1000, "/api/v2/threat/behavioral-detections/events")


ROUTES: dict[str, Any] = {
    "LIST_BEHAVIORAL_DETECTIONS_V1": _processes_v1,
    "LIST_BEHAVIORAL_DETECTIONS_V2": _processes_v2,
}
