"""The sections of one device's details, which differ by platform."""

from datetime import timedelta
from typing import Any

from ..world import DemoDevice, DemoTenant, Row, dates, filled, hashed, hex_digits, letters, macs, uuid


def sections(tenant: DemoTenant, device: DemoDevice) -> Row:
    """The details as Iru sends them: strings for booleans, blanks for nothing."""
    if device.platform == "Windows":
        return _windows(device)
    if device.platform == "Android":
        return _android(device)
    return _apple(device) | (_mac(tenant, device) if device.platform == "Mac" else _mobile(tenant, device))


def _apple(device: DemoDevice) -> Row:
    general_only: Row = {}
    if mac := device.platform == "Mac":
        general_only = {
            "system_version": f"{device.system.version} ({device.system.build})",
            "boot_volume": "Macintosh HD",
            "time_since_boot": dates.ago(timedelta(hours=1 + device.index * 37 % 900)),
            "last_user": device.local_username,
        }
    owned = device.index % 5
    installed = dates.whole_spaced(device.enrolled) if device.agent else ""
    users = [device.local_username] if mac else []
    return {
        "general": _general(device, "") | filled("Apple general", device, **general_only),
        "mdm": filled("MDM", device, mdm_enabled=str(device.mdm), mdm_enabled_user=users),
        "activation_lock": macs.activation_lock(device),
        "automated_device_enrollment": {"auto_enroll_eligible": True, "auto_enrolled": True} if owned else {},
        "kandji_agent": filled("agent", device, agent_installed=str(bool(device.agent)), install_date=installed),
        "apple_business_manager": filled("Apple Business Manager", device) if owned else {},
        "tags": list(device.tags),
    }


def _mac(tenant: DemoTenant, device: DemoDevice) -> Row:
    free, capacity = hashed("free", device.serial) % 60 + 12, device.model.capacity
    users = macs.local_users(tenant, device)
    locked = device.index % 2 == 0
    return {
        "filevault": filled("Mac FileVault", device, filevault_recoverykey_type="Personal" if device.encrypted else ""),
        "lost_mode": {},
        "hardware_overview": filled(
            "Mac hardware", device, memory=f"{device.model.memory} GB", udid=uuid("udid", device.serial)
        ),
        "volumes": [
            filled(
                "Mac volume",
                percent_used=f"{100 - free}%",
                capacity=f"{capacity * 0.93:.2f} GB",
                available=f"{capacity * 0.0093 * free:.2f} GB",
                encrypted="Yes" if device.encrypted else "No",
            )
        ],
        "network": filled(
            "Mac network", device, public_ip="" if device.index % 3 else f"198.51.100.{device.index % 250 + 1}"
        ),
        "recovery_information": filled(
            "Mac recovery",
            recovery_lock_enabled=locked,
            password_rotation_scheduled=dates.zulu(tenant.now + timedelta(days=device.index % 40 + 1, microseconds=1)),
            password_has_been_set=locked,
        ),
        "users": {
            "regular_users": [_user(user) | {"name": user["full_name"]} for user in users if user["uid"] >= 499],
            "system_users": [_user(user) for user in users if user["uid"] < 499],
        },
        "installed_profiles": [
            {
                "name": profile["profile_display_name"],
                "uuid": profile["payload_uuid"],
                "verified": "verified" if profile["signed"] else "unverified",
                "identifier": profile["payload_identifier"],
                "organization": profile["organization"],
                "payload_types": [part["type"] for part in profile["profile_data"]],
                "install_date": dates.apple(device.enrolled),
            }
            for profile in macs.profiles(device)
        ],
        "security_information": {"remote_desktop_enabled": device.index % 17 == 0},
        "cellular": {},
    }


def _user(user: Row) -> Row:
    admin = "Yes" if user["type"] == "Admin" else "No"
    return {"username": user["username"], "uid": str(user["uid"]), "path": user["home_directory"], "admin": admin}


def _mobile(tenant: DemoTenant, device: DemoDevice) -> Row:
    hardware = filled("mobile hardware", device, uuid=hex_digits(40, "udid", device.serial))
    found = filled("mobile details", hardware_overview=hardware)
    if device.platform == "AppleTV":
        return found
    capacity, used = device.model.capacity, 85 - hashed("free", device.serial) % 70
    free = capacity * (100 - used) / 100
    volume = filled("mobile volume", percent_used=f"{used}%", capacity=f"{capacity:.1f} GB", available=f"{free:.2f} GB")
    return found | {
        "lost_mode": filled("lost mode", tenant.times) if device.lost else {},
        "volumes": [volume],
        "network": filled("mobile network", device),
        "cellular": filled("mobile cellular", cellular_technology=3 if device.platform == "iPhone" else 0),
    }


def _general(device: DemoDevice, nobody: Any) -> Row:
    """The section that all platforms have; `nobody` is what stands for no user."""
    return filled("details general", device, assigned_user=device.person.assigned() if device.person else nobody)


def _windows(device: DemoDevice) -> Row:
    """The details of a Windows device."""
    return {
        "general": _general(device, "")
        | filled("Windows general", device, update_build_revision=device.system.build.partition(".")[2]),
        "mdm": {
            "management_client_revision": "1.3",
            "windows_device_id": hex_digits(32, "windows", device.serial).upper(),
        },
        "hardware_overview": filled(
            "Windows hardware",
            device,
            free_capacity=str(hashed("free", device.serial) % 400_000),
            total_ram=str(device.model.memory * 1024),
            total_capacity=str(device.model.capacity * 1000),
        ),
        "network": filled("Windows network", device, dns_computer_name=device.name[:15]),
        "kandji_agent": filled("Windows agent", device, is_agent_installed=bool(device.agent)),
        "tags": list(device.tags),
    }


def _android(device: DemoDevice) -> Row:
    """The details of an Android device."""
    level, key = "36" if device.system.version == "16" else "35", hex_digits(16, "android", device.serial)
    return filled(
        "Android details",
        general=_general(device, None) | filled("Android general", device, api_level=level, enterprise_device_id=key),
        hardware=filled(
            "Android hardware",
            device,
            available_capacity=f"{device.model.capacity * 0.6:.2f}",
            total_capacity=f"{device.model.capacity:.2f}",
            total_ram=f"{device.model.memory * 0.94:.2f}",
        ),
        cellular={"imei": letters(15, "imei", device.serial, alphabet="0123456789"), "meid": ""},
        tags=list(device.tags),
    )
