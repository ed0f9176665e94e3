"""Answers about what happened on a device: activity and MDM commands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ..world import dates
from ..world.chance import pick, roll, uuid
from ..world.data import Row, filled
from ..world.fleet import Device
from ..world.installed import arrival
from ..world.story import STORY
from ..world.tenant import Tenant
from .devices import device_at
from .query import Query, counted

_COMMANDS = (
    "DeviceInformation",
    "SecurityInfo",
    "InstalledApplicationList",
    "ProfileList",
    "CertificateList",
    "InstallProfile",
    "AvailableOSUpdates",
)
_KEEPS = timedelta(days=60)


def _command_moments(tenant: Tenant, device: Device) -> list[tuple[int, datetime]]:
    """Numbered moments of routine commands, oldest first: one every 31 hours while the device was seen."""
    end = min(device.checked_in or device.enrolled, tenant.now)
    start = max(device.enrolled, end - _KEEPS)
    step = timedelta(hours=31)
    count = max(1, (end - start) // step)
    return [
        (number, end - step * (count - number - 1) - timedelta(seconds=roll("command", device.serial, number) % 3000))
        for number in range(count)
    ]


def _routine_command(device: Device, number: int, at: datetime) -> Row:
    kind = pick(_COMMANDS, "kind", device.serial, number)
    failed = roll("failed", device.serial, number) % 41 == 0
    return _command_row(device, f"{number}", kind, at, ["The device was locked."] if failed else [])


def _command_row(device: Device, key: str, kind: str, at: datetime, errors: list[str]) -> Row:
    return filled(
        "command",
        uuid=uuid("command", device.serial, key),
        error_chain=[
            {"ErrorCode": 12021, "ErrorDomain": "MCMDMErrorDomain", "USEnglishDescription": text} for text in errors
        ],
        command_type=kind,
        request_type=kind,
        metadata={"Queries": ["DeviceName", "OSVersion"]} if kind == "DeviceInformation" else {},
        status=4 if errors else 3,
        date_requested=dates.zulu(at),
        date_completed=dates.zulu(at + timedelta(seconds=2, microseconds=7993)),
        last_pushed=dates.zulu(at + timedelta(microseconds=374_272)),
    )


def commands(tenant: Tenant, device: Device) -> list[Row]:
    """MDM commands of an Apple device, newest first."""
    if device.platform in ("Windows", "Android"):
        return []
    found = [_routine_command(device, number, at) for number, at in _command_moments(tenant, device)]
    if device.part == "patient zero":
        text = "The system extension could not be activated: an existing process prevents it."
        found.append(_command_row(device, "protection", "InstallProfile", tenant.times.protection_failed, [text]))
    if device.lost:
        found.append(_command_row(device, "lost", "EnableLostMode", tenant.times.lost_mode_enabled, []))
    return sorted(found, key=lambda command: str(command["date_requested"]), reverse=True)


def activity(tenant: Tenant, device: Device) -> list[Row]:
    """Everything that Iru noted about a device, in no order, as Iru sends it."""
    events: list[tuple[datetime, str, Row]] = [
        (
            device.enrolled,
            "enrollment",
            {"blueprint_name": device.blueprint.name, "enrollment_type": "DEP" if device.index % 5 else "OTA"},
        ),
        (device.enrolled + timedelta(seconds=9), "name_changed", {"from": device.model.name, "to": device.name}),
    ]
    if device.index % 7 == 0:
        events.append(
            (device.enrolled + timedelta(seconds=4), "routing_arrival", {"is_fallback": False, "matched_route": None})
        )
    events += [_of_command(command) for command in commands(tenant, device)]
    events += _other_platforms(tenant, device) + _story(tenant, device)
    rows = [_event(device, number, *event) for number, event in enumerate(sorted(events, key=lambda event: event[0]))]
    return sorted(rows, key=lambda row: roll("order", row["id"]))


def _of_command(command: Row) -> tuple[datetime, str, Row]:
    at = dates.parse(command["date_completed"])
    assert at is not None  # noqa: S101 - written above
    kept = (
        "command_type",
        "request_type",
        "status",
        "date_requested",
        "date_completed",
        "attempts",
        "metadata",
        "error_chain",
    )
    outcome = "mdm_command_failed" if command["status"] == 4 else "mdm_command_completed"
    return at, outcome, {key: command[key] for key in kept}


def _other_platforms(tenant: Tenant, device: Device) -> list[tuple[datetime, str, Row]]:
    moments = _command_moments(tenant, device)
    if device.platform == "Windows":
        return [
            (
                at,
                "device_csp_query",
                {"csp_name": "DevDetail", "csp_path": "./DevDetail/SwV", "status": 200, "results": []},
            )
            for _, at in moments
        ]
    if device.platform == "Android":
        return [
            (
                at,
                "amapi_policy_update_success",
                {"library_item_id": uuid("item", "Play Store Apps"), "last_policy_update": dates.zulu(at)},
            )
            for _, at in moments
        ]
    return []


def _story(tenant: Tenant, device: Device) -> list[tuple[datetime, str, Row]]:
    turn, times = arrival(device), tenant.times
    if turn is None:
        return []
    came = times.app_installed if turn == 0 else times.spread[turn - 1]
    planted = came + timedelta(minutes=2)
    found: list[tuple[datetime, str, Row]] = [
        (
            came,
            "app_installed",
            {"app_name": STORY.app_name, "bundle_id": STORY.app_bundle_id, "version": STORY.app_version},
        ),
        (
            planted,
            "launch_agent_added",
            {
                "label": STORY.launch_label,
                "path": f"/Users/{device.local_username}/Library/LaunchAgents/{STORY.launch_label}.plist",
            },
        ),
    ]
    if turn:
        item = {"library_item_id": STORY.script_item_id, "library_item_name": STORY.script_name, "status": "PASS"}
        found.append((came - timedelta(seconds=20), "library_item_executed", item))
    else:
        item = {
            "library_item_id": uuid("item", STORY.protection_item),
            "library_item_name": STORY.protection_item,
            "status": "ERROR",
        }
        found.append((times.protection_failed, "library_item_failed", item))
    return found


def _event(device: Device, number: int, at: datetime, action: str, details: Row) -> Row:
    return {
        "id": device.index * 10_000 + number,
        "created_at": dates.zulu(at),
        "action_type": action,
        "details": details,
        "computer": device.named(),
        "blueprint": device.blueprint.named() | {"is_removed": False} if action == "enrollment" else None,
        "user": None,
        "external_token": None,
    }


def _nested(key: str, rows: list[Row], device: Device, query: Query) -> Row:
    return {"device_id": device.device_id, key: counted(rows, query, 300, f"/api/v1/devices/{device.device_id}/{key}")}


def _activity(tenant: Tenant, ids: Mapping[str, str], query: Query) -> Row:
    device = device_at(tenant, ids)
    return _nested("activity", activity(tenant, device), device, query)


def _commands(tenant: Tenant, ids: Mapping[str, str], query: Query) -> Row:
    device = device_at(tenant, ids)
    return _nested("commands", commands(tenant, device), device, query)


ROUTES: dict[str, Any] = {"LIST_DEVICE_ACTIVITY": _activity, "LIST_DEVICE_COMMANDS": _commands}
