"""The copy as entities and relationships of the graph product, named as its public integration for this source does.

Taken from there: `_type`, `_class`, the forms of `_key` (a device's is its bare id), the names and types of properties,
and the three relationships account HAS device, device HAS user, device INSTALLED app. Profiles that devices report, by
payload identifier, CVEs and the relationships to them and to blueprints are ours beside it; `kandji_profile` is a
custom profile of the library. Properties are text, numbers, flags or lists of text; times are milliseconds since 1970;
what a class requires is there, null where Iru does not say.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from ...api.record import read_moment
from ...output.clean import clean
from ..graph import RELATIONS, Relation
from ..store import account_name, meta, records
from .files import json_line
from .rows import Shown, Wanted, begin

Row = dict[str, Any]

_PLATFORMS = {"Mac": "darwin", "Windows": "windows", "Android": "android"}
_DEVICES = """SELECT d.*, f.status AS filevault, f.key_type, f.key_escrowed, f.regeneration_needed,
    f.scheduled_key_rotation, coalesce(h.model_identifier, i.model_identifier) AS model_identifier, i.local_hostname,
    p.status AS firewall, w.manufacturer,
    w.is_encrypted, coalesce(h.mac_address, w.wifi_mac_address) AS mac, h.public_ip,
    coalesce(h.ip_address, w.wifi_ipv4_address) AS ip, h.processor_name, h.processor_speed, h.number_of_processors,
    h.total_number_of_cores, coalesce(h.memory, w.total_ram) AS memory, a.bypass_code_failed,
    a.user_activation_lock_enabled, a.device_activation_lock_enabled, a.activation_lock_allowed_while_supervised,
    a.activation_lock_supported FROM devices d LEFT JOIN filevault f USING (device_id)
    LEFT JOIN device_information i USING (device_id) LEFT JOIN application_firewall p USING (device_id)
    LEFT JOIN windows_android_details w USING (device_id) LEFT JOIN mac_hardware h USING (device_id)
    LEFT JOIN activation_lock a USING (device_id)"""
_APPS = """SELECT coalesce(bundle_id, name) AS id, min(name) AS name, bundle_id, min(developer_name) AS developer_name,
    min(team_id) AS team_id, min(obtained_from) AS obtained_from, min(executable) AS executable,
    max(app_store_vendable) AS app_store_vendable, max(device_based_vpp) AS device_based_vpp FROM apps GROUP BY 1"""
_PROFILES = """SELECT payload_identifier AS id, min(profile_display_name) AS name, min(organization) AS organization
    FROM profiles WHERE payload_identifier IS NOT NULL GROUP BY 1"""


def write_graph(db: sqlite3.Connection, out: TextIO, _: Wanted, shown: Shown) -> None:
    """One JSON object a line: entities, then relationships. Raises UsageError when no sync has finished."""
    begin(db, Wanted())
    out.writelines(json_line(shown(line)) for line in _graph(db))


def _graph(db: sqlite3.Connection) -> Iterator[Row]:
    account = account_name(db)
    yield _entity("account", "Account", {"id": meta(db, "account"), "name": account}, account)
    for node, (class_, select, properties) in _ENTITIES.items():
        for row in records(db, select):
            held = {name: clean(cell, name) for name, cell in row.items()}
            yield _entity(node, class_, properties(held), account)
    for relation in RELATIONS:
        yield from _relationships(db, relation)


def _entity(node: str, class_: str, properties: Row, account: str) -> Row:
    name = str(properties.get("name") or properties["id"])
    head = {"_key": _key(node, properties["id"]), "_type": f"kandji_{node}", "_class": [class_], "name": name}
    required = _REQUIRED.get(class_, ())
    held = {key: value for key, value in properties.items() if value is not None or key in required}
    return held | head | {"displayName": name, "tag.AccountName": account}


_REQUIRED = {
    "Device": ("category", "make", "model", "serial", "deviceId"),
    "Vulnerability": ("category", "severity", "blocking", "open", "production", "public"),
}
"""Properties that are written also where they are null."""


def _key(node: str, id_: Any) -> str:
    return "kandji-account" if node == "account" else str(id_) if node == "device" else f"kandji_{node}:{id_}"


def _flag(value: Any) -> bool | None:
    return bool(value) if value in (0, 1) else None


def _word(value: Any) -> str | None:
    return None if value not in (0, 1) else "true" if value else "false"


def _milliseconds(value: Any) -> int | None:
    try:
        return int(read_moment(value).timestamp() * 1000)
    except ValueError:
        return None


def _device(row: Row) -> Row:
    seen = _milliseconds(row["last_check_in"])
    encrypted = _flag(row["filevault"] if row["platform"] == "Mac" else row["is_encrypted"])
    apple = row["platform"] not in ("Windows", "Android")
    return {
        "id": row["device_id"],
        "deviceId": row["device_id"],
        "name": row["device_name"],
        "make": "Apple Inc." if apple else row["manufacturer"],
        "model": row["model"],
        "serial": row["serial_number"],
        "category": row["platform"],
        "platform": _PLATFORMS.get(row["platform"], "ios"),
        "osVersion": row["os_version"],
        "lastCheckinOn": seen,
        "lastSeenOn": seen,
        "user.id": row["user_id"],
        "user.name": row["user_name"],
        "user.email": row["user_email"],
        "user.isArchived": _flag(row["user_is_archived"]),
        "assetTag": row["asset_tag"],
        "blueprintId": row["blueprint_id"],
        "blueprintName": row["blueprint_name"],
        "mdmEnabled": _flag(row["mdm_enabled"]),
        "agentInstalled": _flag(row["agent_installed"]),
        "agentVersion": row["agent_version"],
        "isMissing": _flag(row["is_missing"]),
        "isRemoved": _flag(row["is_removed"]),
        "firstEnrollmentOn": _milliseconds(row["first_enrollment"]),
        "lastEnrollmentOn": _milliseconds(row["last_enrollment"]),
        "encrypted": encrypted,
        "firewallEnabled": _flag(row["firewall"]),
        "filevault.filevaultEnabled": _flag(row["filevault"]),
        "filevault.filevaultRecoverykeyType": row["key_type"],
        "filevault.filevaultPrkEscrowed": _flag(row["key_escrowed"]),
        "filevault.filevaultNextRotation": row["scheduled_key_rotation"],
        "filevault.filevaultRegenRequired": _flag(row["regeneration_needed"]),
        **{_camel("hardwareOverview", name): row[name] for name in _HARDWARE},
        **{_camel("activationLock", name): _flag(row[name]) for name in _LOCK},
        "network.localHostname": row["local_hostname"],
        "network.ipAddress": row["ip"],
        "network.publicIp": row["public_ip"],
        "network.macAddress": row["mac"],
        "macAddress": row["mac"],
    }


_HARDWARE = "model_identifier processor_name processor_speed number_of_processors total_number_of_cores memory".split()
_LOCK = (
    "bypass_code_failed user_activation_lock_enabled device_activation_lock_enabled "
    "activation_lock_allowed_while_supervised activation_lock_supported".split()
)


def _camel(section: str, name: str) -> str:
    """The property of a column, in a section of the device's details."""
    first, *others = name.split("_")
    return f"{section}.{first}{''.join(other.capitalize() for other in others)}"


def _user(row: Row) -> Row:
    name = row["email"] or row["name"] or row["id"]
    found = {"id": row["id"], "name": row["name"], "email": row["email"], "username": name}
    flags = {"active": _flag(row["active"]) is not False, "isArchived": _flag(row["archived"])}
    return found | flags | {"department": row["department"], "jobTitle": row["job_title"]}


def _blueprint(row: Row) -> Row:
    found = {name: row[name] for name in ("id", "name", "description")}
    return found | {"computersCount": row["computers_count"]}


def _custom_profile(row: Row) -> Row:
    found = {"id": row["id"], "name": row["name"], "active": _flag(row["active"])}
    found |= {"mdmIdentifier": row["mdm_identifier"]}
    return found | {"createdOn": _milliseconds(row["created_at"]), "updatedOn": _milliseconds(row["updated_at"])}


def _app(row: Row) -> Row:
    return {
        "id": row["id"],
        "name": row["name"],
        "bundleId": row["bundle_id"] or row["id"],
        "source": row["obtained_from"],
        "process": row["executable"],
        "appStoreVendable": _word(row["app_store_vendable"]),
        "deviceBasedVpp": _word(row["device_based_vpp"]),
        "developerName": row["developer_name"],
        "teamId": row["team_id"],
    }


def _vulnerability(row: Row) -> Row:
    known = {"category": "application", "blocking": None, "production": None, "public": True}
    return known | {
        "id": row["cve_id"],
        "name": row["cve_id"],
        "severity": str(row["severity"]).lower() if row["severity"] else None,
        "score": row["cvss_score"],
        "status": row["status"],
        "open": str(row["status"]).lower() != "remediated" if row["status"] else None,
        "description": row["description"],
        "webLink": row["cve_link"],
        "knownExploited": bool(row["kev_score"]) if row["kev_score"] is not None else None,
        "discoveredOn": _milliseconds(row["first_detection_date"]),
    }


_ENTITIES: dict[str, tuple[str, str, Callable[[Row], Row]]] = {
    "device": ("Device", _DEVICES, _device),
    "user": ("User", "SELECT * FROM users", _user),
    "blueprint": ("Configuration", "SELECT * FROM blueprints", _blueprint),
    "profile": ("Configuration", "SELECT * FROM custom_profiles", _custom_profile),
    "installed_profile": ("Configuration", _PROFILES, dict),
    "app": ("Application", _APPS, _app),
    "vulnerability": ("Vulnerability", "SELECT * FROM vulnerabilities", _vulnerability),
}
"""For each node type: its class, its SELECT, and the function that makes its properties."""


def _relationships(db: sqlite3.Connection, relation: Relation) -> Iterator[Row]:
    """One relationship for each pair of entities. Where a pair is related more than once, a property is a list, named
    in the plural."""
    verb = "HAS" if relation.target == "user" else relation.verb
    target = "installed_profile" if relation.target == "profile" else relation.target
    type_ = f"kandji_{relation.source}_{verb.lower()}_{target}"
    values = "".join(f', json_group_array(DISTINCT "{name}")' for name in relation.properties)
    for left, right, *held in db.execute(f"SELECT a, b{values} FROM ({relation.select}) GROUP BY a, b"):
        begin, end = _key(relation.source, left), _key(target, right)
        yield _of_edge(dict(zip(relation.properties, map(json.loads, held), strict=True))) | {
            "_key": f"{begin}|{verb.lower()}|{end}",
            "_type": type_,
            "_class": verb,
            "_fromEntityKey": begin,
            "_toEntityKey": end,
            "displayName": verb,
        }


def _of_edge(properties: Row) -> Row:
    found = Row()
    for name, values in properties.items():
        known = sorted(clean(value, name) for value in values if value is not None)
        if name == "since" and known:
            found["identifiedOn"] = _milliseconds(known[0])
        elif known:
            found |= {name: known[0]} if len(known) == 1 else {f"{name}s": known}
    return found
