"""What a Mac reports about itself: local users, launch agents and daemons, profiles, network."""

from datetime import datetime, timedelta

from . import dates
from .chance import digest, uuid
from .data import Row, created, filled, table
from .fleet import DemoDevice
from .story import STORY
from .tenant import DemoTenant


def activation_lock(device: DemoDevice) -> Row:
    """The activation lock, as details and Prism have it."""
    tv = device.platform == "AppleTV"
    return filled(
        "activation lock",
        user_activation_lock_enabled=None if tv else device.index % 29 == 0,
        activation_lock_allowed_while_supervised=None if tv else False,
        activation_lock_supported=not tv,
    )


_SYSTEM_USERS = [(row["name"], int(row["uid"]), row["home"]) for row in table("system_users")]


def local_users(tenant: DemoTenant, device: DemoDevice) -> list[Row]:
    """The accounts of a Mac as Prism has them; those of the first incident have one more."""
    found = [_account(device, name, uid, "Standard", home) for name, uid, home in _SYSTEM_USERS]
    owner = "Admin" if device.index % 3 == 0 or device.part.startswith("patient zero") else "Standard"
    name = device.person.name if device.person else "Northwind Staff"
    user, since = device.local_username, device.enrolled + timedelta(minutes=3)
    found.append(_account(device, user, 501, owner, f"/Users/{user}", since, name))
    found.append(_account(device, "nwadmin", 502, "Admin", "/Users/nwadmin", device.enrolled, "Northwind IT"))
    if device.infected_at:
        first = device.part == "patient zero"
        came = tenant.times.admin_created if first else device.infected_at + timedelta(minutes=16)
        home = f"/private/var/{STORY.hidden_admin}"
        hidden = _account(device, STORY.hidden_admin, 499, "Admin", home, came, "MDM Service")
        found.append(hidden | {"hidden_user": True, "shell": "/bin/zsh", "created_at": dates.offset(came)})
    return found


def _account(
    device: DemoDevice, name: str, uid: int, kind: str, home: str, at: datetime | None = None, full_name: str = ""
) -> Row:
    real, since = uid >= 499, dates.offset(at) if at else None
    return filled(
        "local user",
        username=name,
        full_name=full_name or name,
        uid=uid,
        type=kind,
        secure_token=real if since else None,
        filevault_user=real and device.encrypted,
        volume_owner=real,
        logged_in=uid == 501,
        failed_logins=device.index % 4 if uid == 501 else None,
        password_last_set=since,
        user_created_at=since,
        home_directory=home,
        home_folder_secure=real,
        shell="/bin/zsh" if real else "/usr/bin/false",
        generated_uid=uuid("uid", device.serial, name).upper(),
    )


_LAUNCH_ITEMS = table("launch_items")
"""Apple's first, which every Mac has; `share` is how many of 256 have one."""
_APPLE = sum(row["label"].startswith("com.apple.") for row in _LAUNCH_ITEMS)


def launch_items(tenant: DemoTenant, device: DemoDevice) -> list[Row]:
    """Launch agents and daemons of a Mac as Prism has them."""
    user, present = device.local_username, digest(tenant.seed, "launch", device.index)
    found = []
    for place, row in enumerate(_LAUNCH_ITEMS):
        further = place - _APPLE
        if further < 0 or present[further] < int(row["share"]):
            pid = 100 + place if further < 0 else 600 + further
            found.append(_item(row["label"], row["folder"].format(user=user), row["program"], user, pid))
    if device.infected_at:
        program = STORY.launch_program.format(user=user)
        planted = _item(STORY.launch_label, f"/Users/{user}/Library/LaunchAgents", program, user, 31337)
        first = device.part == "patient zero"
        came = tenant.times.agent_planted if first else device.infected_at + timedelta(minutes=2)
        planted |= {"run_at_load": True, "keep_alive": True, "start_interval": 900, "program": program}
        found.append(planted | created(came))
    return found


def _item(label: str, folder: str, program: str, user: str, pid: int) -> Row:
    agent = folder.endswith("LaunchAgents")
    own = folder.startswith("/Users/")
    disabled = label.startswith("com.adobe.ARMDC.")
    users = {"loaded_users": [{"uid": 501.0, "username": user}], "disabled_users": []}
    return filled(
        "launch item",
        label=label,
        path=f"{folder}/{label}.plist",
        file_name=f"{label}.plist",
        program_arguments=program,
        service_domain="User Agent" if own else "System Agent" if agent else "System Daemon",
        run_at_load=pid % 2 == 0,
        keep_alive=pid % 3 == 0,
        is_loaded=not disabled,
        disabled=disabled,
        is_disabled=disabled,
        pid=pid if pid % 2 == 0 else None,
        start_interval=7200 if pid % 5 == 0 else None,
        user_name=None if agent else "root",
        domain={"user_agent" if own else "system_agent": users} if agent else {},
        user_agent_local_user=user if own else None,
        user_agent_local_user_id=uuid("local user", user) if own else None,
    )


_PROFILES = [(row["name"], row["identifier"], row["payloads"].split()) for row in table("profiles")]


def profiles(device: DemoDevice) -> list[Row]:
    """Installed profiles as Prism has them; the Mac whose protection broke lacks that one."""
    lost = "com.kandji.profile.edr" if device.part == "patient zero" else ""
    return [
        filled(
            "installed profile",
            profile_display_name=name,
            payload_identifier=identifier,
            payload_uuid=uuid("profile", device.blueprint.name, identifier),
            signed=identifier != "com.kandji.profile.custom.chrome",
            profile_data=[_payload(device, name, identifier, kind) for kind in types],
        )
        for place, (name, identifier, types) in enumerate(_PROFILES)
        if identifier != lost and (place < 4 or device.index % (place + 2))
    ]


def _payload(device: DemoDevice, name: str, identifier: str, kind: str) -> Row:
    key, whole = uuid("payload", device.blueprint.name, kind), f"{identifier}.{kind}"
    return filled("profile payload", type=kind, uuid=key, identifier=whole, display_name=name)
