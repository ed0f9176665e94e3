"""Answers for /devices: the list, one device, its apps, notes and lost mode."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from ..world import DemoDevice, DemoTenant, Row, dates, filled, hashed, hex_digits, uuid
from ..world.blueprints import TAGS
from ..world.software import Installed, app_id
from .details import sections
from .query import NOT_FOUND, Fault, Query, comma_list, contains, ordered, truth, window


def device_at(tenant: DemoTenant, ids: Mapping[str, str]) -> DemoDevice:
    """The device of a path. Raises Fault 404."""
    if (found := tenant.by_id.get(ids["device_id"].lower())) is None:
        raise NOT_FOUND
    return found


def record(device: DemoDevice) -> Row:
    """The device as the list sends it, Iru's blanks included; one device has a number where a date belongs."""
    android = device.platform == "Android"
    return filled(
        "device",
        device,
        os_version=device.system.release or device.system.version,
        supplemental_build_version="" if android else device.system.build,
        last_check_in=_last_check_in(device),
        user=device.person.assigned() if device.person else "",
        agent_installed=bool(device.agent),
        lost_mode_status="ENABLED" if device.lost else "",
        api_level="36" if android and device.system.version == "16" else "35" if android else "",
        security_patch_level="2026-10-05" if android else "",
        full_software_version=device.system.version if device.platform == "Windows" else "",
    )


_PACKAGES = {"Slack": "91750D7E.Slack", "OneDrive": "Microsoft.OneDriveSync"}
"""Apps that Windows has from its store: their package names."""


def _last_check_in(device: DemoDevice) -> str | int:
    if device.checked_in is None:
        return ""
    return int(device.checked_in.timestamp()) if device.part == "mistyped" else dates.zulu(device.checked_in)


_CONTAINED: dict[str, Callable[[DemoDevice], str]] = {
    "asset_tag": lambda device: device.asset_tag,
    "blueprint_id": lambda device: device.blueprint.id,
    "device_id": lambda device: device.device_id,
    "device_name": lambda device: device.name,
    "model": lambda device: device.model.model,
    "os_version": lambda device: device.system.release or device.system.version,
    "serial_number": lambda device: device.serial,
    "mac_address": lambda device: device.mac_address,
    "user": lambda device: device.person.name if device.person else "",
    "user_name": lambda device: device.person.name if device.person else "",
    "user_email": lambda device: device.person.email if device.person else "",
}
_EXACT: dict[str, Callable[[DemoDevice], str]] = {
    "platform": lambda device: device.platform,
    "user_id": lambda device: device.person.id if device.person else "",
    "user_email_exact": lambda device: device.person.email if device.person else "",
}
_ORDER = (
    "asset_tag blueprint_id device_id device_name last_check_in model platform os_version serial_number user".split()
)


def _listed(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> list[Row]:
    found = [device for device in tenant.devices if _tagged(device, query)]
    for name, value in query.items():
        if name in _CONTAINED and value:
            test = contains(value)
            found = [device for device in found if test(_CONTAINED[name](device))]
        elif name in _EXACT and value:
            found = [device for device in found if _EXACT[name](device) == value]
    if (encrypted := truth(query.get("filevault_enabled", ""))) is not None:
        found = [device for device in found if device.platform == "Mac" and device.encrypted == encrypted]
    found = ordered(found, query.get("ordering", ""), _sorting, _ORDER)
    return [record(device) for device in found[window(query, 300)]]


def _tagged(device: DemoDevice, query: Query) -> bool:
    ids = {name: key for key, name in TAGS}
    wanted = comma_list(query.get("tag_name_in", query.get("tag_name", "")))
    numbers = comma_list(query.get("tag_id_in", query.get("tag_id", "")))
    held = {ids[tag] for tag in device.tags}
    return not ((wanted and wanted.isdisjoint(device.tags)) or (numbers and numbers.isdisjoint(held)))


def _sorting(device: DemoDevice, name: str) -> str:
    if name == "last_check_in":
        return dates.zulu(device.checked_in) if device.checked_in else ""
    return (_CONTAINED | _EXACT)[name](device).casefold()


def _app(installed: Installed, device: DemoDevice) -> Row:
    software, name = installed.software, installed.software.name
    if device.platform == "Android":
        sha256 = hex_digits(64, "apk", software.bundle_id, installed.version)
        sha1 = hex_digits(40, "apk1", software.bundle_id)
        return filled("Android app", installed, sha256_hash=sha256, sha1_hashes=[sha1])
    if device.platform == "Windows":
        package = _PACKAGES.get(name, "")
        return filled(
            "Windows app",
            installed,
            name=package or name,
            publisher=f"CN={software.developer}, O={software.developer}",
            product_code="" if package else "{" + uuid("product", software.bundle_id).upper() + "}",
            installed_path=f"C:\\Program Files\\WindowsApps\\{package}" if package else f"C:\\Program Files\\{name}",
            application_type="AppxMsix" if package else "MSI",
        )
    shared = {"app_id": app_id(installed, device), "bundle_size": str(hashed("size", software.bundle_id) % 900_000_000)}
    if device.platform == "Mac":
        modified = dates.zulu(installed.since + timedelta(microseconds=18))
        return filled("Mac app", installed, **shared, modification_date=modified)
    vpp = "True" if hashed("vpp", installed.key) % 3 else "False"
    return filled("mobile app", installed, **shared, device_based_vpp=vpp)


def _apps(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    device = device_at(tenant, ids)
    return {"device_id": device.device_id, "apps": [_app(one, device) for one in tenant.apps(device)]}


def _notes(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> list[Row]:
    device = device_at(tenant, ids)
    if device.part != "leaver" and hashed("note", device.serial) % 12:
        return []
    text = "Asked twice for its return; no answer." if device.part == "leaver" else "Battery replaced.&nbsp;"
    moment = dates.zulu(tenant.now - timedelta(days=3 + device.index % 60, microseconds=165_000 + device.index))
    note_id = uuid("note", device.serial)
    return [filled("note", note_id=note_id, created_at=moment, updated_at=moment, content=f"<p>{text}</p>")]


def _lost_mode(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    device = device_at(tenant, ids)
    if not (found := sections(tenant, device).get("lost_mode")):
        raise Fault(400, ["Device is not in lost mode."])
    return {"device_id": device.device_id, "lost_mode": found}


ROUTES: dict[str, Any] = {
    "LIST_DEVICES": _listed,
    "GET_DEVICE": lambda tenant, ids, query: record(device_at(tenant, ids)),
    "GET_DEVICE_DETAILS": lambda tenant, ids, query: sections(tenant, device_at(tenant, ids)),
    "LIST_DEVICE_APPS": _apps,
    "LIST_DEVICE_NOTES": _notes,
    "GET_DEVICE_LOST_MODE": _lost_mode,
}
