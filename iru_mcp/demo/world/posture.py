"""How well a Mac is protected, as Prism has it."""

from __future__ import annotations

from datetime import datetime, timedelta

from . import dates
from .chance import hashed
from .data import Row, created, filled
from .fleet import DemoDevice
from .story import STORY
from .tenant import DemoTenant


def firewall(tenant: DemoTenant, device: DemoDevice) -> list[Row]:
    """The application firewall."""
    on = device.index % 9 != 0
    return [filled("firewall", status=on, stealth_mode=on)]


def filevault(tenant: DemoTenant, device: DemoDevice) -> list[Row]:
    """Disk encryption."""
    return [
        {
            "status": device.encrypted,
            "key_type": "Personal" if device.encrypted else None,
            "key_escrowed": device.encrypted,
            "regeneration_needed": False if device.encrypted else None,
            "scheduled_key_rotation": None,
        }
    ]


def gatekeeper(tenant: DemoTenant, device: DemoDevice) -> list[Row]:
    """Gatekeeper and XProtect; off where the first incident began."""
    off = device.infected_at if device.part == "patient zero" else None
    changed = {"last_changed_at": dates.offset(off - timedelta(minutes=1))} if off else {}
    return [
        changed
        | filled(
            "gatekeeper",
            gatekeeper_status=not off and device.index % 23 != 1,
            xprotect_version="5319" if device.index % 8 else "5297",
        )
    ]


def startup(tenant: DemoTenant, device: DemoDevice) -> list[Row]:
    """System Integrity Protection and secure boot."""
    return [filled("startup settings", sip=device.index % 67 != 5)]


def system_extensions(tenant: DemoTenant, device: DemoDevice) -> list[Row]:
    """The endpoint protection's extension; terminated where the first incident began."""
    broken = device.part == "patient zero"
    path = "/Applications/Utilities/Kandji ESF Extension.app"
    return [
        filled(
            "system extension",
            path=path,
            state="terminated_waiting_to_uninstall_on_reboot" if broken else "activated_enabled",
            bundle_path=path,
        )
    ]


def consents(tenant: DemoTenant, device: DemoDevice) -> list[Row]:
    """What apps were allowed (TCC); the guest of the first incident was allowed everything."""
    found = [
        ("ScreenCapture", "us.zoom.xos"),
        ("Microphone", "us.zoom.xos"),
        ("Camera", "us.zoom.xos"),
        ("Calendar", "com.microsoft.Outlook"),
        ("BluetoothAlways", "com.okta.mobile"),
        ("AppleEvents", "com.knollsoft.Rectangle"),
    ]
    rows = [
        _consent(device, service, application, device.enrolled + timedelta(days=1)) for service, application in found
    ]
    if device.infected_at:
        came = device.infected_at + timedelta(minutes=1)
        rows += [
            _consent(device, service, STORY.app_bundle_id, came) | created(came)
            for service in ("SystemPolicyAllFiles", "Accessibility")
        ]
    return rows


def _consent(device: DemoDevice, service: str, application: str, at: datetime) -> Row:
    denied = hashed("consent", device.serial, service) % 6 == 0 and application != STORY.app_bundle_id
    status = "Denied" if denied else "Allowed"
    return filled(
        "consent", device, service=service, application=application, status=status, last_modified=dates.offset(at)
    )
