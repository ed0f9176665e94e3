"""What a Mac reports about itself: local users, launch agents and daemons, profiles, network."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..routes.query import Row
from . import dates
from .chance import digest, hexes, uuid
from .fleet import Device
from .installed import arrival
from .story import STORY
from .tenant import Tenant


def mac_address(device: Device) -> str:
    """The address of the device's Wi-Fi."""
    digits = hexes(10, "mac", device.serial)
    return "02:" + ":".join(digits[at : at + 2] for at in range(0, 10, 2))


def ip_address(device: Device) -> str:
    """The device's address in the office network."""
    return f"10.{40 + device.index // 64_516}.{device.index // 254 % 254 + 1}.{device.index % 254 + 1}"


def host_name(device: Device) -> str:
    """The local host name of a Mac."""
    return f"{device.local_username}s-{device.model.name.replace(' ', '-')}"


def activation_lock(device: Device) -> Row:
    """The activation lock, as details and Prism have it."""
    tv = device.platform == "AppleTV"
    return {
        "bypass_code_failed": False,
        "user_activation_lock_enabled": None if tv else device.index % 29 == 0,
        "device_activation_lock_enabled": False,
        "activation_lock_allowed_while_supervised": None if tv else False,
        "activation_lock_supported": not tv,
    }


_SYSTEM_USERS = (
    ("root", 0, "/var/root"),
    ("daemon", 1, "/var/root"),
    ("_spotlight", 89, "/var/empty"),
    ("_lp", 26, "/var/spool/cups"),
)


def local_users(tenant: Tenant, device: Device) -> list[Row]:
    """The accounts of a Mac as Prism has them; those of the first incident have one more."""
    found = [_account(device, name, uid, "Standard", home, None) for name, uid, home in _SYSTEM_USERS]
    owner = "Admin" if device.index % 3 == 0 or device.part.startswith("patient zero") else "Standard"
    name = device.person.name if device.person else "Northwind Staff"
    since = device.enrolled + timedelta(minutes=3)
    found.append(
        _account(
            device, device.local_username, 501, owner, f"/Users/{device.local_username}", dates.offset(since), name
        )
    )
    found.append(
        _account(device, "nwadmin", 502, "Admin", "/Users/nwadmin", dates.offset(device.enrolled), "Northwind IT")
    )
    turn = arrival(device)
    if turn is not None:
        came = tenant.times.admin_created if turn == 0 else tenant.times.spread[turn - 1] + timedelta(minutes=16)
        hidden = _account(
            device, STORY.hidden_admin, 499, "Admin", f"/private/var/{STORY.hidden_admin}", dates.offset(came)
        )
        found.append(hidden | {"hidden_user": True, "full_name": "MDM Service", "shell": "/bin/zsh"})
    return found


def _account(device: Device, name: str, uid: int, kind: str, home: str, since: str | None, full_name: str = "") -> Row:
    real = uid >= 499
    return {
        "username": name,
        "full_name": full_name or name,
        "uid": uid,
        "type": kind,
        "hidden_user": False,
        "secure_token": real if since else None,
        "filevault_user": real and device.encrypted,
        "volume_owner": real,
        "logged_in": uid == 501,
        "logged_in_time": None,
        "failed_logins": device.index % 4 if uid == 501 else None,
        "failed_login_time": None,
        "password_last_set": since,
        "user_created_at": since,
        "mobile_account": False,
        "home_directory": home,
        "home_folder_secure": real,
        "shell": "/bin/zsh" if real else "/usr/bin/false",
        "directory": "/Local/Default",
        "generated_uid": uuid("uid", device.serial, name).upper(),
    }


_DAEMONS = (
    (
        "com.google.GoogleUpdater.wake",
        "/Library/LaunchDaemons",
        "/Library/Google/GoogleUpdater",
        205,
    ),
    (
        "com.microsoft.autoupdate.helper",
        "/Library/LaunchDaemons",
        "/Library/PrivilegedHelperTools/com.microsoft.autoupdate.helper",
        150,
    ),
    (
        "com.microsoft.update.agent",
        "/Library/LaunchAgents",
        "/Library/Application Support/Microsoft/MAU2.0/Microsoft Update Assistant",
        150,
    ),
    ("com.docker.vmnetd", "/Library/LaunchDaemons", "/Library/PrivilegedHelperTools/com.docker.vmnetd", 70),
    ("us.zoom.ZoomDaemon", "/Library/LaunchDaemons", "/Library/PrivilegedHelperTools/us.zoom.ZoomDaemon", 190),
    (
        "us.zoom.updater",
        "/Library/LaunchAgents",
        "/Applications/zoom.us.app/Contents/Library/LaunchAgents/zoom.updater",
        190,
    ),
    (
        "io.kandji.Kandji.Agent",
        "/Library/LaunchDaemons",
        "/Library/Kandji/Kandji Agent.app/Contents/MacOS/kandji-daemon",
        250,
    ),
    (
        "io.kandji.SelfService",
        "/Library/LaunchAgents",
        "/Library/Kandji/Kandji Self Service.app/Contents/MacOS/Kandji Self Service",
        250,
    ),
    (
        "com.paloaltonetworks.gp.pangps",
        "/Library/LaunchAgents",
        "/Applications/GlobalProtect.app/Contents/Resources/PanGPS",
        120,
    ),
    (
        "com.adobe.ARMDC.Communicator",
        "/Library/LaunchDaemons",
        "/Library/PrivilegedHelperTools/com.adobe.ARMDC.Communicator",
        90,
    ),
    (
        "com.teamviewer.teamviewer_service",
        "/Library/LaunchDaemons",
        "/Applications/TeamViewer.app/Contents/MacOS/TeamViewer_Service",
        12,
    ),
    ("com.okta.device-access.servicedaemon", "/Library/LaunchDaemons", "/Library/Okta/OktaServiceDaemon", 180),
    (
        "org.wireshark.ChmodBPF",
        "/Library/LaunchDaemons",
        "/Library/Application Support/Wireshark/ChmodBPF/ChmodBPF",
        16,
    ),
    (
        "homebrew.mxcl.postgresql@16",
        "/Users/{user}/Library/LaunchAgents",
        "/opt/homebrew/opt/postgresql@16/bin/postgres",
        26,
    ),
    (
        "com.spotify.webhelper",
        "/Users/{user}/Library/LaunchAgents",
        "/Applications/Spotify.app/Contents/MacOS/SpotifyWebHelper",
        40,
    ),
    ("com.northwind.inventory", "/Library/LaunchDaemons", "/usr/local/northwind/bin/inventory.sh", 230),
)
_APPLE_NAMES = (
    "AirPlayXPCHelper accountsd akd appleaccountd backgroundtaskmanagementd bluetoothd cfprefsd cloudd "
    "configd coreaudiod "
    "distnoted fseventsd imagent locationd mDNSResponder mds nsurlsessiond opendirectoryd powerd rapportd secd "
    "softwareupdated syspolicyd trustd usernoted"
).split()


def launch_items(tenant: Tenant, device: Device) -> list[Row]:
    """Launch agents and daemons of a Mac as Prism has them."""
    user, present = device.local_username, digest(tenant.seed, "launch", device.index)
    found = [
        _item(f"com.apple.{name}", "/System/Library/LaunchDaemons", f"/usr/libexec/{name}", user, 100 + place)
        for place, name in enumerate(_APPLE_NAMES)
    ]
    found += [
        _item(label, folder.format(user=user), program, user, 600 + place)
        for place, (label, folder, program, share) in enumerate(_DAEMONS)
        if present[place] < share
    ]
    if arrival(device) is not None:
        program = STORY.launch_program.format(user=user)
        planted = _item(STORY.launch_label, f"/Users/{user}/Library/LaunchAgents", program, user, 31337)
        found.append(planted | {"run_at_load": True, "keep_alive": True, "start_interval": 900, "program": program})
    return found


def _item(label: str, folder: str, program: str, user: str, pid: int) -> Row:
    agent = folder.endswith("LaunchAgents")
    own = folder.startswith("/Users/")
    disabled = label.startswith("com.adobe.ARMDC.")
    loaded: list[Row] = [{"uid": 501.0, "username": user}]
    domain = (
        {"system_agent" if not own else "user_agent": {"loaded_users": loaded, "disabled_users": []}} if agent else {}
    )
    return {
        "label": label,
        "path": f"{folder}/{label}.plist",
        "file_name": f"{label}.plist",
        "program": None,
        "program_arguments": program,
        "service_domain": "User Agent" if own else "System Agent" if agent else "System Daemon",
        "run_at_load": pid % 2 == 0,
        "keep_alive": pid % 3 == 0,
        "is_loaded": not disabled,
        "disabled": disabled,
        "is_disabled": disabled,
        "pid": pid if pid % 2 == 0 else None,
        "start_interval": 7200 if pid % 5 == 0 else None,
        "user_name": None if agent else "root",
        "group_name": None,
        "standard_out_path": None,
        "standard_error_path": None,
        "watch_paths": None,
        "queue_directories": None,
        "start_on_mount": None,
        "root_directory": None,
        "working_directory": None,
        "process_type": None,
        "domain": domain,
        "user_agent_local_user": user if own else None,
        "user_agent_local_user_id": uuid("local user", user) if own else None,
    }


_PROFILES = (
    ("MDM Profile", "com.kandji.profile.mdmprofile", ("com.apple.mdm", "com.apple.security.scep")),
    ("FileVault 2", "com.kandji.profile.filevault", ("com.apple.MCX.FileVault2",)),
    ("Firewall", "com.kandji.profile.firewall", ("com.apple.security.firewall",)),
    ("Passcode", "com.kandji.profile.passcode", ("com.apple.mobiledevice.passwordpolicy",)),
    ("Northwind Wi-Fi", "com.kandji.profile.wifi", ("com.apple.wifi.managed", "com.apple.security.root")),
    (
        "Endpoint Protection Settings",
        "com.kandji.profile.edr",
        ("com.apple.system-extension-policy", "com.apple.TCC.configuration-profile-policy"),
    ),
    ("Chrome Policy", "com.kandji.profile.custom.chrome", ("com.google.Chrome",)),
)


def profiles(device: Device) -> list[Row]:
    """Installed profiles as Prism has them; the Mac whose protection broke lacks that one."""
    lost = "com.kandji.profile.edr" if device.part == "patient zero" else ""
    return [
        _profile(device, *profile)
        for place, profile in enumerate(_PROFILES)
        if profile[1] != lost and (place < 4 or device.index % (place + 2))
    ]


def _profile(device: Device, name: str, identifier: str, types: tuple[str, ...]) -> Row:
    def part(kind: str) -> dict[str, Any]:
        key = uuid("payload", device.blueprint.name, kind)
        return {
            "type": kind,
            "uuid": key,
            "version": 1,
            "identifier": f"{identifier}.{kind}",
            "display_name": name,
            "organization": "Kandji, Inc.",
        }

    return {
        "profile_display_name": name,
        "payload_identifier": identifier,
        "payload_uuid": uuid("profile", device.blueprint.name, identifier),
        "profile_description": None,
        "organization": "Kandji, Inc.",
        "managed": True,
        "removable": False,
        "removal_passcode": False,
        "encrypted": False,
        "signed": identifier != "com.kandji.profile.custom.chrome",
        "profile_data": [part(kind) for kind in types],
    }
