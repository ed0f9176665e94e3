"""Answers about what happened on a device: activity and MDM commands."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..world import STORY, DemoDevice, DemoTenant, Row, choose, dates, filled, hashed, uuid
from .devices import device_at
from .query import Query, counted

_COMMANDS = (
    "DeviceInformation SecurityInfo InstalledApplicationList ProfileList CertificateList InstallProfile "
    "AvailableOSUpdates"
).split()
_KEEPS = timedelta(days=60)


def _command_moments(tenant: DemoTenant, device: DemoDevice) -> Iterator[tuple[int, datetime]]:
    """Numbered moments of routine commands, oldest first: one every 31 hours while the device was seen."""
    end = min(device.checked_in or device.enrolled, tenant.now)
    start = max(device.enrolled, end - _KEEPS)
    step = timedelta(hours=31)
    count = max(1, (end - start) // step)
    for number in range(count):
        late = timedelta(seconds=hashed("command", device.serial, number) % 3000)
        yield number, end - step * (count - number - 1) - late


def _command_row(device: DemoDevice, key: str, kind: str, at: datetime, error: str = "") -> Row:
    chain = {"ErrorCode": 12021, "ErrorDomain": "MCMDMErrorDomain", "USEnglishDescription": error}
    return filled(
        "command",
        uuid=uuid("command", device.serial, key),
        error_chain=[chain] if error else [],
        command_type=kind,
        request_type=kind,
        metadata={"Queries": ["DeviceName", "OSVersion"]} if kind == "DeviceInformation" else {},
        status=4 if error else 3,
        date_requested=dates.zulu(at),
        date_completed=dates.zulu(at + timedelta(seconds=2, microseconds=7993)),
        last_pushed=dates.zulu(at + timedelta(microseconds=374_272)),
    )


def commands(tenant: DemoTenant, device: DemoDevice) -> list[Row]:
    """MDM commands of an Apple device, newest first."""
    if device.platform in ("Windows", "Android"):
        return []
    found = []
    for number, at in _command_moments(tenant, device):
        error = "" if hashed("failed", device.serial, number) % 41 else "The device was locked."
        found.append(_command_row(device, f"{number}", choose(_COMMANDS, "kind", device.serial, number), at, error))
    if device.part == "patient zero":
        error = "The system extension could not be activated: an existing process prevents it."
        found.append(_command_row(device, "protection", "InstallProfile", tenant.times.protection_failed, error))
    if device.lost:
        found.append(_command_row(device, "lost", "EnableLostMode", tenant.times.lost_mode_enabled))
    return sorted(found, key=lambda command: str(command["date_requested"]), reverse=True)


Event = tuple[datetime, str, Row]
"""When, the action, and its details."""


def activity(tenant: DemoTenant, device: DemoDevice) -> list[Row]:
    """Everything that Iru noted about a device, in no order, as Iru sends it."""
    enrolled, kind = device.enrolled, "DEP" if device.index % 5 else "OTA"
    events: list[Event] = [
        (enrolled, "enrollment", {"blueprint_name": device.blueprint.name, "enrollment_type": kind}),
        (enrolled + timedelta(seconds=9), "name_changed", {"from": device.model.name, "to": device.name}),
        *([(enrolled + timedelta(seconds=4), "routing_arrival", _ROUTED)] if device.index % 7 == 0 else ()),
        *map(_of_command, commands(tenant, device)),
        *_other_platforms(tenant, device),
        *_story(tenant, device),
    ]
    rows = [_event(device, number, *event) for number, event in enumerate(sorted(events, key=lambda event: event[0]))]
    return sorted(rows, key=lambda row: hashed("order", row["id"]))


_ROUTED: Row = {"is_fallback": False, "matched_route": None}
_COMMAND_DETAILS = (
    "command_type request_type status date_requested date_completed attempts metadata error_chain".split()
)


def _of_command(command: Row) -> Event:
    outcome = "mdm_command_failed" if command["status"] == 4 else "mdm_command_completed"
    return datetime.fromisoformat(command["date_completed"]), outcome, {key: command[key] for key in _COMMAND_DETAILS}


def _other_platforms(tenant: DemoTenant, device: DemoDevice) -> list[Event]:
    moments = [at for _, at in _command_moments(tenant, device)]
    if device.platform == "Windows":
        asked: Row = {"csp_name": "DevDetail", "csp_path": "./DevDetail/SwV", "status": 200, "results": []}
        return [(at, "device_csp_query", asked) for at in moments]
    if device.platform == "Android":
        item = {"library_item_id": uuid("item", "Play Store Apps")}
        return [(at, "amapi_policy_update_success", item | {"last_policy_update": dates.zulu(at)}) for at in moments]
    return []


def _story(tenant: DemoTenant, device: DemoDevice) -> list[Event]:
    if not (came := device.infected_at):
        return []
    app = {"app_name": STORY.app_name, "bundle_id": STORY.app_bundle_id, "version": STORY.app_version}
    plist = f"/Users/{device.local_username}/Library/LaunchAgents/{STORY.launch_label}.plist"
    if device.part == "patient zero":
        name, state, at, action = STORY.protection_item, "ERROR", tenant.times.protection_failed, "library_item_failed"
    else:
        name, state, at, action = STORY.script_name, "PASS", came - timedelta(seconds=20), "library_item_executed"
    return [
        (came, "app_installed", app),
        (came + timedelta(minutes=2), "launch_agent_added", {"label": STORY.launch_label, "path": plist}),
        (at, action, {"library_item_id": uuid("item", name), "library_item_name": name, "status": state}),
    ]


def _event(device: DemoDevice, number: int, at: datetime, action: str, details: Row) -> Row:
    return filled(
        "activity",
        device,
        id=device.index * 10_000 + number,
        created_at=dates.zulu(at),
        action_type=action,
        details=details,
        blueprint=device.blueprint.named() | {"is_removed": False} if action == "enrollment" else None,
    )


def _listed(key: str, rows_of: Callable[[DemoTenant, DemoDevice], list[Row]]) -> Any:
    def listed(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
        device = device_at(tenant, ids)
        page = counted(rows_of(tenant, device), query, 300, f"/api/v1/devices/{device.device_id}/{key}")
        return {"device_id": device.device_id, key: page}

    return listed


ROUTES: dict[str, Any] = {
    "LIST_DEVICE_ACTIVITY": _listed("activity", activity),
    "LIST_DEVICE_COMMANDS": _listed("commands", commands),
}
