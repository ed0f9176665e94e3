"""How well a Mac is protected, as Prism has it."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..routes.query import Row
from . import dates
from .chance import roll
from .fleet import Device
from .installed import arrival
from .story import STORY
from .tenant import Tenant


def firewall(tenant: Tenant, device: Device) -> list[Row]:
    """The application firewall."""
    on = device.index % 9 != 0
    return [
        {
            "status": on,
            "block_all_incoming": False,
            "logging": True,
            "logging_option": "throttled",
            "stealth_mode": on,
            "version": "1.7",
            "allow_signed_applications": True,
            "unloading": False,
        }
    ]


def filevault(tenant: Tenant, device: Device) -> list[Row]:
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


def gatekeeper(tenant: Tenant, device: Device) -> list[Row]:
    """Gatekeeper and XProtect; off where the first incident began."""
    off = device.part == "patient zero"
    changed = {"last_changed_at": dates.offset(tenant.times.app_installed - timedelta(minutes=1))} if off else {}
    return [
        changed
        | {
            "gatekeeper_status": not off and device.index % 23 != 1,
            "trusted_developers": True,
            "gatekeeper_version": "8.0",
            "gatekeeper_opaque_version": "94",
            "xprotect_version": "5319" if device.index % 8 else "5297",
            "malware_removal_tool_version": "1.93",
        }
    ]


def startup(tenant: Tenant, device: Device) -> list[Row]:
    """System Integrity Protection and secure boot."""
    return [
        {
            "sip": device.index % 67 != 5,
            "ssv": True,
            "bootstrap_token_auth": False,
            "kext_requires_bst": True,
            "software_update_requires_bst": True,
            "bootstrap_token_escrowed": True,
            "external_boot_level": "allowed",
            "secure_boot_level": "full",
            "any_signed_os": None,
            "mdm_manages_kext": None,
            "user_manages_kext": None,
        }
    ]


def system_extensions(tenant: Tenant, device: Device) -> list[Row]:
    """The endpoint protection's extension; terminated where the first incident began."""
    broken = device.part == "patient zero"
    path = "/Applications/Utilities/Kandji ESF Extension.app"
    return [
        {
            "path": path,
            "identifier": "io.kandji.KandjiAgent.ESF",
            "name": "Kandji ESF Extension",
            "short_version": "1.9.2",
            "state": "terminated_waiting_to_uninstall_on_reboot" if broken else "activated_enabled",
            "bundle_version": "812",
            "categories": "com.apple.system_extension.endpoint_security",
            "bundle_path": path,
            "team_id": "P3FGV63VK7",
            "is_mdm_managed": True,
        }
    ]


def consents(tenant: Tenant, device: Device) -> list[Row]:
    """What apps were allowed (TCC); the guest of the first incident was allowed everything."""
    found = [
        ("ScreenCapture", "us.zoom.xos"),
        ("Microphone", "us.zoom.xos"),
        ("Camera", "us.zoom.xos"),
        ("Calendar", "com.microsoft.Outlook"),
        ("BluetoothAlways", "com.okta.mobile"),
        ("AppleEvents", "com.knollsoft.Rectangle"),
    ]
    turn = arrival(device)
    rows = [
        _consent(device, service, application, device.enrolled + timedelta(days=1)) for service, application in found
    ]
    if turn is not None:
        came = (tenant.times.app_installed, *tenant.times.spread)[turn] + timedelta(minutes=1)
        rows += [
            _consent(device, service, STORY.app_bundle_id, came)
            | {"created_at": dates.offset(came), "last_changed_at": dates.offset(came)}
            for service in ("SystemPolicyAllFiles", "Accessibility")
        ]
    return rows


def _consent(device: Device, service: str, application: str, at: datetime) -> Row:
    denied = roll("consent", device.serial, service) % 6 == 0 and application != STORY.app_bundle_id
    return {
        "service": service,
        "application": application,
        "client_type": "Bundle Identifier",
        "status": "Denied" if denied else "Allowed",
        "status_reason": "User Consent",
        "last_modified": dates.offset(at),
        "local_user": device.local_username,
    }
