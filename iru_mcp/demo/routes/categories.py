"""What each Prism category says about one device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from ..world import STORY, DemoDevice, DemoTenant, Row, created, dates, filled, hashed, letters, macs, table
from ..world.software import Software, count_on_mac

_MAC = frozenset({"Mac"})
_ALL = frozenset({"Mac", "iPhone", "iPad", "tvOS"})


@dataclass(frozen=True, slots=True)
class Category:
    """Which families report it, the rows of one device, and their number where it is known without making them."""

    families: frozenset[str]
    rows: Callable[[DemoTenant, DemoDevice], list[Row]]
    count: Callable[[DemoTenant, DemoDevice], int] | None = None

    @classmethod
    def of_one(cls, families: frozenset[str], row: Callable[[DemoDevice], Row]) -> Category:
        """One that has one row of each device."""
        return cls(families, lambda tenant, device: [row(device)])


def common(tenant: DemoTenant, device: DemoDevice) -> Row:
    """The columns that every row of a device has."""
    seen = device.checked_in or device.enrolled
    collected = dates.offset(seen - timedelta(minutes=hashed("collected", device.serial) % 240))
    person = device.person
    return filled(
        "prism common columns",
        device,
        device__user_id=str(person.number) if person else "",
        device__user_name=person.name if person else "",
        device__user_email=person.email if person else None,
        created_at=dates.offset(device.enrolled + timedelta(minutes=30)),
        updated_at=collected,
        last_collected_at=collected,
    )


def _apps(tenant: DemoTenant, device: DemoDevice) -> list[Row]:
    mac = device.platform == "Mac"
    return [_app(one.software, one.version, mac=mac) | created(one.since) for one in tenant.apps(device)]


@lru_cache(maxsize=2048)
def _app(software: Software, version: str, *, mac: bool) -> Row:
    """What every device says of a version of an app; not to be changed."""
    return filled(
        "prism app",
        software,
        path=software.path if mac else None,
        short_version=version,
        version=version,
        signature=software.signature if mac else None,
        ad_hoc_code_signed=software.source == "Unknown" if mac else None,
        copyright=f"Copyright © {software.developer}" if software.developer else None,
    )


def _app_count(tenant: DemoTenant, device: DemoDevice) -> int:
    return count_on_mac(device, tenant.seed) if device.platform == "Mac" else len(tenant.apps(device))


def _device_information(device: DemoDevice) -> Row:
    mac, seen = device.platform == "Mac", dates.offset(device.checked_in) if device.checked_in else None
    return filled(
        "prism device information",
        device,
        device_capacity=float(device.model.capacity),
        host_name=f"{device.host_name}.local" if mac else None,
        local_hostname=device.host_name if mac else None,
        apple_silicon=device.model.chip.startswith("Apple") if mac else None,
        shared_ipad=False if device.platform == "iPad" else None,
        cellular_technology={"iPhone": "GSM and CDMA", "iPad": "None"}.get(device.platform, ""),
        data_roaming=None if mac else False,
        hotspot=None if mac else False,
        agent_installed=bool(device.agent) if mac else None,
        last_checkin=seen,
        last_checkin_agent=seen if device.agent else None,
        last_checkin_mdm=seen,
        battery_health="Normal" if "Book" in device.model.name else None,
        lost_mode_status="ENABLED" if device.lost else None,
    )


def _cellular(device: DemoDevice) -> Row:
    digits, roaming = letters(15, "imei", device.serial, alphabet="0123456789"), device.index % 6 == 0
    imei = f"{digits[:2]} {digits[2:8]} {digits[8:14]} {digits[14]}"
    return filled("prism cellular", data_roaming_enabled=roaming, meid=digits[:14], imei_slot_1=imei)


def _certificates(tenant: DemoTenant, device: DemoDevice) -> list[Row]:
    own = ("com.apple.systemdefault", "com.apple.kerberos.kdc", f"Northwind Device {device.serial}")
    return [{"common_name": name, "identity_certificate": name in own} for name in ("Northwind Root CA", *own)]


def _filevault(device: DemoDevice) -> Row:
    of_a_key = {"key_type": "Personal", "regeneration_needed": False} if device.encrypted else {}
    return filled("prism filevault", device, **of_a_key)


def _gatekeeper(device: DemoDevice) -> Row:
    """Gatekeeper and XProtect; off where the first incident began."""
    off = device.infected_at if device.part == "patient zero" else None
    changed = {"last_changed_at": dates.offset(off - timedelta(minutes=1))} if off else {}
    is_on, version = not off and device.index % 23 != 1, "5319" if device.index % 8 else "5297"
    return changed | filled("gatekeeper", gatekeeper_status=is_on, xprotect_version=version)


def _system_extension(device: DemoDevice) -> Row:
    """The endpoint protection's extension; terminated where the first incident began."""
    state = "terminated_waiting_to_uninstall_on_reboot" if device.part == "patient zero" else "activated_enabled"
    return filled("system extension", state=state)


_CONSENTS = table("consents")


def _consents(tenant: DemoTenant, device: DemoDevice) -> list[Row]:
    """What apps were allowed (TCC); the app of the first incident was allowed everything."""
    rows = []
    for one in _CONSENTS:
        status = "Allowed" if hashed("consent", device.serial, one["service"]) % 6 else "Denied"
        rows.append(_consent(device, device.enrolled + timedelta(days=1), status=status, **one))
    if device.infected_at:
        at = device.infected_at + timedelta(minutes=1)
        services = ("SystemPolicyAllFiles", "Accessibility")
        given = {"application": STORY.app_bundle_id, "status": "Allowed"}
        rows += [_consent(device, at, service=one, **given) | created(at) for one in services]
    return rows


def _consent(device: DemoDevice, at: datetime, **given: str) -> Row:
    return filled("consent", device, last_modified=dates.offset(at), **given)


CATEGORIES: dict[str, Category] = {
    "activation_lock": Category.of_one(_ALL, macs.activation_lock),
    "application_firewall": Category.of_one(
        _MAC, lambda device: filled("firewall", status=device.index % 9 != 0, stealth_mode=device.index % 9 != 0)
    ),
    "apps": Category(_ALL, _apps, _app_count),
    "cellular": Category.of_one(frozenset({"iPhone"}), _cellular),
    "certificates": Category(_ALL, _certificates),
    "desktop_and_screensaver": Category.of_one(
        _MAC, lambda device: {"screensaver_interval": 300 if device.index % 4 else 1200}
    ),
    "device_information": Category.of_one(_ALL, _device_information),
    "filevault": Category.of_one(_MAC, _filevault),
    "gatekeeper_and_xprotect": Category.of_one(_MAC, _gatekeeper),
    "installed_profiles": Category(_MAC, lambda tenant, device: macs.profiles(device)),
    "kernel_extensions": Category(_MAC, lambda tenant, device: []),
    "launch_agents_and_daemons": Category(_MAC, macs.launch_items),
    "local_users": Category(_MAC, macs.local_users),
    "startup_settings": Category.of_one(_MAC, lambda device: filled("startup settings", sip=device.index % 67 != 5)),
    "system_extensions": Category.of_one(_MAC, _system_extension),
    "transparency_database": Category(_MAC, _consents),
}
