"""The details of devices that are not Apple's."""

from __future__ import annotations

from typing import Any

from ..world import dates, macs
from ..world.chance import hexes, letters, roll
from ..world.data import Row, filled
from ..world.fleet import Device


def general(device: Device, nobody: Any) -> Row:
    """The section that all platforms have; `nobody` is what stands for no user."""
    return {
        "device_id": device.device_id,
        "device_name": device.name,
        "last_enrollment": dates.spaced(device.enrolled),
        "first_enrollment": dates.spaced(device.first_enrolled),
        "platform": device.platform,
        "os_version": device.system.version,
        "asset_tag": device.asset_tag,
        "assigned_user": device.person.assigned() if device.person else nobody,
        "blueprint_name": device.blueprint.name,
        "blueprint_uuid": device.blueprint.id,
    }


def windows(device: Device) -> Row:
    """The details of a Windows device."""
    seen = device.checked_in
    return {
        "general": general(device, "")
        | filled(
            "Windows general",
            manufacturer=device.model.maker,
            device_model=device.model.model,
            device_type=device.model.model,
            os_build=device.system.build,
            update_build_revision=device.system.build.partition(".")[2],
        ),
        "mdm": {"management_client_revision": "1.3", "windows_device_id": hexes(32, "windows", device.serial).upper()},
        "hardware_overview": filled(
            "Windows hardware",
            free_capacity=str(roll("free", device.serial) % 400_000),
            processor_architecture=device.model.chip,
            smbios_serial_number=device.serial,
            total_ram=str(device.model.memory * 1024),
            total_capacity=str(device.model.capacity * 1000),
        ),
        "network": filled(
            "Windows network", dns_computer_name=device.name[:15], wifi_ipv4_address=macs.ip_address(device)
        ),
        "kandji_agent": {
            "is_agent_installed": bool(device.agent),
            "install_date": dates.zulu(device.enrolled),
            "last_check_in_datetime": dates.zulu(seen) if seen else "",
            "version": device.agent,
        },
        "tags": list(device.tags),
    }


def android(device: Device) -> Row:
    """The details of an Android device."""
    return {
        "general": general(device, None)
        | {
            "manufacturer": device.model.maker,
            "model_name": device.model.model,
            "serial_number": device.serial,
            "os_build": device.system.build,
            "api_level": "36" if device.system.version == "16" else "35",
            "security_patch_level": "2026-10-05",
            "enterprise_id": "LC02nwexample",
            "enterprise_device_id": hexes(16, "android", device.serial),
        },
        "hardware": {
            "available_capacity": f"{device.model.capacity * 0.6:.2f}",
            "total_capacity": f"{device.model.capacity:.2f}",
            "total_ram": f"{device.model.memory * 0.94:.2f}",
            "wifi_mac_address": macs.mac_address(device),
        },
        "management": {"management_mode": "PROFILE_OWNER", "ownership": "COMPANY_OWNED"},
        "cellular": {"imei": letters(15, "imei", device.serial, alphabet="0123456789"), "meid": ""},
        "security": {
            "android_debug_bridge_enabled": None,
            "device_posture": "SECURE",
            "developer_mode_enabled": None,
            "encryption_status": "ACTIVE_PER_USER",
            "has_google_play_protect": True,
            "has_passcode": True,
            "is_encrypted": True,
            "unknown_app_sources_enabled": None,
        },
        "tags": list(device.tags),
    }
