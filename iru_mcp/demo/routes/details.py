"""The sections of one device's details, which differ by platform."""

from __future__ import annotations

from datetime import timedelta

from ..world import dates, macs
from ..world.chance import hexes, roll, uuid
from ..world.data import Row, filled
from ..world.fleet import Device
from ..world.tenant import Tenant
from .not_apple import android, general, windows


def sections(tenant: Tenant, device: Device) -> Row:
    """The details as Iru sends them: strings for booleans, blanks for nothing."""
    if device.platform == "Windows":
        return windows(device)
    if device.platform == "Android":
        return android(device)
    common = _apple(tenant, device)
    return common | (_mac(tenant, device) if device.platform == "Mac" else _mobile(tenant, device))


def _apple(tenant: Tenant, device: Device) -> Row:
    mac, seen = device.platform == "Mac", device.checked_in
    return {
        "general": general(device, "")
        | {
            "model": device.model.model,
            "supplemental_build_version": device.system.build,
            "supplemental_os_version_extra": "",
            "system_version": f"{device.system.version} ({device.system.build})" if mac else "",
            "boot_volume": "Macintosh HD" if mac else "",
            "time_since_boot": dates.ago(timedelta(hours=1 + device.index * 37 % 900)) if mac else "",
            "last_user": device.local_username if mac else "",
        },
        "mdm": {
            "mdm_enabled": str(device.mdm),
            "supervised": "True",
            "install_date": dates.spaced(device.enrolled),
            "last_check_in": dates.spaced(seen) if seen else "",
            "mdm_enabled_user": [device.local_username] if mac else [],
        },
        "activation_lock": macs.activation_lock(device),
        "automated_device_enrollment": {"auto_enroll_eligible": True, "auto_enrolled": True}
        if device.index % 5
        else {},
        "kandji_agent": {
            "agent_installed": str(bool(device.agent)),
            "install_date": dates.whole_spaced(device.enrolled) if device.agent else "",
            "last_check_in": dates.zulu(seen) if seen else "",
            "agent_version": device.agent,
        },
        "apple_business_manager": _business_manager(device) if device.index % 5 else {},
        "tags": list(device.tags),
    }


def _business_manager(device: Device) -> Row:
    systems = {"Mac": "OSX", "iPhone": "iOS", "iPad": "iPadOS", "AppleTV": "tvOS"}
    return filled(
        "Apple Business Manager",
        device,
        description=f"{device.model.name} {device.model.capacity}GB SILVER".upper(),
        os=systems[device.platform],
        device_assigned_date=dates.whole_spaced(device.first_enrolled - timedelta(days=9)),
    )


def _mac(tenant: Tenant, device: Device) -> Row:
    free = roll("free", device.serial) % 60 + 12
    users = macs.local_users(tenant, device)
    plain = [user for user in users if user["uid"] >= 499]
    return {
        "filevault": filled("Mac FileVault", device, filevault_recoverykey_type="Personal" if device.encrypted else ""),
        "lost_mode": {},
        "hardware_overview": filled(
            "Mac hardware", device, memory=f"{device.model.memory} GB", udid=uuid("udid", device.serial)
        ),
        "volumes": [
            {
                "name": "Macintosh HD",
                "format": "APFS",
                "percent_used": f"{100 - free}%",
                "identifier": "disk3s1s1",
                "capacity": f"{device.model.capacity * 0.93:.2f} GB",
                "available": f"{device.model.capacity * 0.0093 * free:.2f} GB",
                "encrypted": "Yes" if device.encrypted else "No",
            }
        ],
        "network": {
            "local_hostname": macs.host_name(device),
            "mac_address": macs.mac_address(device),
            "ip_address": macs.ip_address(device),
            "public_ip": "" if device.index % 3 else f"198.51.100.{device.index % 250 + 1}",
        },
        "recovery_information": {
            "recovery_lock_enabled": device.index % 2 == 0,
            "firmware_password_exist": False,
            "firmware_password_pending": False,
            "password_rotation_scheduled": dates.zulu(
                tenant.now + timedelta(days=device.index % 40 + 1, microseconds=1)
            ),
            "password_has_been_set": device.index % 2 == 0,
        },
        "users": {
            "regular_users": [_user(user) | {"name": user["full_name"]} for user in plain],
            "system_users": [_user(user) for user in users if user["uid"] < 499],
        },
        "installed_profiles": [_profile(profile, device) for profile in macs.profiles(device)],
        "security_information": {"remote_desktop_enabled": device.index % 17 == 0},
        "cellular": {},
    }


def _user(user: Row) -> Row:
    admin = "Yes" if user["type"] == "Admin" else "No"
    return {"username": user["username"], "uid": str(user["uid"]), "path": user["home_directory"], "admin": admin}


def _profile(profile: Row, device: Device) -> Row:
    return {
        "name": profile["profile_display_name"],
        "uuid": profile["payload_uuid"],
        "verified": "verified" if profile["signed"] else "unverified",
        "identifier": profile["payload_identifier"],
        "organization": profile["organization"],
        "payload_types": [part["type"] for part in profile["profile_data"]],
        "install_date": dates.apple(device.enrolled),
    }


def _mobile(tenant: Tenant, device: Device) -> Row:
    tv = device.platform == "AppleTV"
    found: Row = filled(
        "mobile details",
        hardware_overview={
            "uuid": hexes(40, "udid", device.serial),
            "serial_number": device.serial,
            "model_identifier": device.model.identifier,
        },
    )
    return found if tv else found | _handheld(tenant, device)


def _handheld(tenant: Tenant, device: Device) -> Row:
    free = device.model.capacity * (roll("free", device.serial) % 70 + 15) / 100
    volume = {
        "name": "",
        "format": "",
        "percent_used": f"{100 - free / device.model.capacity * 100:.0f}%",
        "identifier": "",
    }
    return {
        "lost_mode": _lost(tenant) if device.lost else {},
        "volumes": [
            volume | {"capacity": f"{device.model.capacity:.1f} GB", "available": f"{free:.2f} GB", "encrypted": ""}
        ],
        "network": {"local_hostname": "", "mac_address": macs.mac_address(device), "ip_address": "", "public_ip": ""},
        "cellular": {"voice_roaming": False, "data_roaming": False, "cellular_technology": 3, "subscriptions": None}
        if device.platform == "iPhone"
        else {"voice_roaming": False, "data_roaming": False, "cellular_technology": 0, "subscriptions": None},
    }


def _lost(tenant: Tenant) -> Row:
    enabled = tenant.times.lost_mode_enabled
    return filled(
        "lost mode",
        enable_status_at=dates.zulu(enabled),
        last_location_status_at=dates.zulu(enabled + timedelta(minutes=4)),
        last_location_at=dates.zulu(enabled + timedelta(minutes=4)),
    )
