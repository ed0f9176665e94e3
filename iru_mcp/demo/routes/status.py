"""Answers about how library items and parameters stand on devices."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ..world import STORY, DemoDevice, DemoTenant, Row, choose, dates, filled, hashed, letters, table, uuid
from ..world.blueprints import ITEMS, Item, items_of
from .devices import device_at
from .libraries import item_at
from .query import Query, counted

_WORDS = (*("PASS",) * 40, *"AVAILABLE PENDING DOWNLOADING CACHED ERROR INCOMPATIBLE EXCLUDED CHANGE_PENDING".split())
_PROFILE_WORDS = ("success",) * 40 + ("pending", "failed")
_ERROR_LOG = (
    "Executing audit script...\nScript exited with non-zero status.\n"
    "Downloading...\nVerification of the package failed (code 12)."
)


def _word(device: DemoDevice, item: Item) -> str:
    if item.name == STORY.protection_item and device.part == "patient zero":
        return "ERROR"
    if item.name == STORY.script_name:
        return "PASS" if device.part.startswith("spread") else "PENDING"
    return choose(_PROFILE_WORDS if item.type == "profile" else _WORDS, "status", device.serial, item.name)


def _log(device: DemoDevice, item: Item, word: str) -> str | None:
    if item.name == STORY.protection_item and device.part == "patient zero":
        return (
            "Checking system extension...\nsysextd: extension io.kandji.KandjiAgent.ESF terminated\n"
            f"launchctl: {STORY.launch_label}: service holds /Library/Kandji\nPolicy could not be applied (code 5)."
        )
    if item.name == STORY.script_name and word == "PASS":
        return (
            f"Executing script...\n% Total from http://{STORY.command_host}/fix.pkg\n"
            "installer: The install was successful.\nScript exited with status 0."
        )
    if item.name == "Rotate Recovery Key" and word == "PASS":
        alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
        key = "-".join(letters(4, "prk", device.serial, part, alphabet=alphabet) for part in range(6))
        return f"Executing script...\nNew personal recovery key = '{key}'\nScript exited with status 0."
    if word in ("ERROR", "failed"):
        return _ERROR_LOG
    return "" if word in ("PASS", "success") else None


def _reported(tenant: DemoTenant, device: DemoDevice, item: Item) -> datetime:
    if item.name == STORY.protection_item and device.part == "patient zero":
        return tenant.times.protection_failed
    if item.name == STORY.script_name and device.infected_at and device.part != "patient zero":
        return device.infected_at
    seen = device.checked_in or device.enrolled
    return seen - timedelta(minutes=hashed("reported", device.serial, item.name) % 900)


def _stands(tenant: DemoTenant, device: DemoDevice, item: Item) -> Row:
    """How one item stands on one device, as the endpoints of the device and of the item agree on it."""
    word = _word(device, item)
    log = _log(device, item, word)
    return {
        "status": word,
        "reported_at": None if word.casefold() == "pending" else dates.whole_zulu(_reported(tenant, device, item)),
        "log": log,
        "last_audit_log": log.splitlines()[-1] if log else None,
    }


def _id(device: DemoDevice, item: Item) -> int:
    return 100_000 + device.index * 100 + ITEMS.index(item)


def _of_item(tenant: DemoTenant, device: DemoDevice, item: Item) -> Row:
    short = _stands(tenant, device, item)
    run = dates.zulu(_reported(tenant, device, item)) if short["reported_at"] else None
    row = filled("item status", device, id=_id(device, item), last_audit_run=run, **short)
    is_edr = item.type == "threat-security-policy"
    return row | ({"edr_status": _protection(tenant, device, broken=short["status"] == "ERROR")} if is_edr else {})


def _protection(tenant: DemoTenant, device: DemoDevice, *, broken: bool) -> Row:
    files = 300_000 + device.index * 97 % 90_000
    last = tenant.now - timedelta(days=1 + device.index % 20)
    if broken:
        last = tenant.times.app_installed - timedelta(days=2)
    return filled(
        "EDR status",
        status="disabled" if broken else "enabled",
        last_baseline_scan=dates.worded(last),
        next_baseline_scan="" if broken else dates.worded(last + timedelta(days=28)),
        baseline_scan_runtime=f"Kandji checked {files:,} files in 3 minutes, 41 seconds.",
    )


_PARAMETERS = [{"item_id": uuid("parameter", row["name"])} | row for row in table("parameters")]
_STATES = ("PASS",) * 12 + ("REMEDIATED", "WARNING", "ERROR", "PENDING", "INCOMPATIBLE")


def _status(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    device = device_at(tenant, ids)
    rows = [
        {"id": _id(device, item), "item_id": item.id, "name": item.name, "type": item.type}
        | _stands(tenant, device, item)
        for item in items_of(device.blueprint)
        if device.platform in item.platforms
    ]
    held = _PARAMETERS if device.platform == "Mac" else []
    parameters = [{"status": choose(_STATES, "parameter", device.serial, row["name"])} | row for row in held]
    return {"device_id": device.device_id, "library_items": rows, "parameters": parameters}


def _item_statuses(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    item = item_at(ids)
    wanted = query.get("computer_id", "")
    found = [
        device
        for device in tenant.devices
        if device.platform in item.platforms and item.is_in(device.blueprint) and wanted in ("", device.device_id)
    ]
    page = counted(found, query, 300, f"/api/v1/library/library-items/{item.id}/status")
    return page | {"results": [_of_item(tenant, device, item) for device in page["results"]]}


ROUTES: dict[str, Any] = {
    "GET_DEVICE_STATUS": _status,
    "LIST_DEVICE_PARAMETERS": lambda tenant, ids, query: {
        name: _status(tenant, ids, query)[name] for name in ("device_id", "parameters")
    },
    "LIST_LIBRARY_ITEM_STATUSES": _item_statuses,
}
