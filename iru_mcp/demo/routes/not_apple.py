"""The details of devices that are not Apple's."""

from __future__ import annotations

from typing import Any

from ..world.chance import hashed, hex_digits, letters
from ..world.data import Row, filled
from ..world.fleet import DemoDevice


def general(device: DemoDevice, nobody: Any) -> Row:
    """The section that all platforms have; `nobody` is what stands for no user."""
    return filled("details general", device, assigned_user=device.person.assigned() if device.person else nobody)


def windows(device: DemoDevice) -> Row:
    """The details of a Windows device."""
    return {
        "general": general(device, "")
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


def android(device: DemoDevice) -> Row:
    """The details of an Android device."""
    level, key = "36" if device.system.version == "16" else "35", hex_digits(16, "android", device.serial)
    return filled(
        "Android details",
        general=general(device, None) | filled("Android general", device, api_level=level, enterprise_device_id=key),
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
