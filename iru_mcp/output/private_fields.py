"""Which fields name a person, a device, a serial number or an address, and which are known to name no one.

A field is judged by its name and by the object it stands in. What is in neither list is text: it leaves after every
name that was learned has been replaced in it.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_PERSON = frozenset(
    "username fullname realname firstname lastname loginname accountname deviceusername assignedusername "
    "assigneduser localuser lastuser owner processowner mdmenableduser loggedinuser consoleuser user admin adminname "
    "actor actorname author ownername devicelastuser generallastuser manager requester contact contactname managedby "
    "personname".split()
)
_DEVICE = frozenset("devicename hostname localhostname mdmdevicename deviceinfoname computer machinename".split())
_DEVICE_ENDS = ("computername", "hostname")
_SERIAL = frozenset("serial udid hardwareuuid eid".split())
_SERIAL_STARTS = ("imei", "meid", "iccid", "eidslot", "phonenumber")
_SERIAL_ENDS = ("serialnumber", "phonenumber", "phone", "mobilenumber", "udid")
_ADDRESS = frozenset("ip ipaddress ipv4 ipv6 publicip privateip localip macaddress wifimac ethernetmac".split())
_ADDRESS_ENDS = ("macaddress", "ipaddress")
_PEOPLE_UNDER = frozenset(
    "user users assigneduser regularusers loadedusers owner actor admin admins directoryuser localusers author".split()
)
_DEVICE_UNDER = frozenset("computer deviceinfo mdmdevice device devices mobiledevice".split())
_NOT_BY = frozenset("by sortby groupby orderby standby".split())
_OF_SOFTWARE = frozenset("device_name device__name bundle_id path version label identifier uuid".split())
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")

_NAMES_NO_ONE = frozenset(
    "nextcursor cursor platform status severity model modelid modelidentifier modelname osversion version build "
    "osbuild platformversion buildversion agentversion fullsoftwareversion bundleversion shortversion sha256 sha1 md5 "
    "hash filehash sha256hash cdhash cveid cve cvss cvssscore teamid teamidentifier bundleid kind type family "
    "classification category complete since until lastcheckin firstseen lastseen blueprintid deviceid userid id "
    "libraryitemid itemid targetid actorid ruleid uuid returned total truncated".split()
)
_NO_ONE_ENDS = ("at", "date", "datetime", "id")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][\d:.]+)?(?:Z|[+-]\d\d:?\d\d)?")
_PLAIN_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{1,12}|[0-9a-f]{32,64}", re.IGNORECASE)


@lru_cache(4096)
def plain(name: str) -> str:
    """A field's name without case and separators."""
    return _NOT_LETTERS.sub("", name.casefold())


@lru_cache(4096)
def kind_of(key: str, parent: str) -> str:
    """What a text under `key` within `parent` names: person, device, serial, address, or "" for nothing of these."""
    if key in _PERSON or (key.endswith("by") and key not in _NOT_BY):
        return "person"
    if key in ("name", "username", "displayname") and parent in _PEOPLE_UNDER:
        return "person"
    if key in _DEVICE or key.endswith(_DEVICE_ENDS) or (key == "name" and parent in _DEVICE_UNDER):
        return "device"
    if key in _SERIAL or key.startswith(_SERIAL_STARTS) or key.endswith(_SERIAL_ENDS):
        return "serial"
    if key == "uuid" and parent == "hardwareoverview":
        return "serial"
    return "address" if key in _ADDRESS or key.endswith(_ADDRESS_ENDS) else ""


def names_no_one(key: str, value: str) -> bool:
    """Whether `value` leaves as it is: its field is known to name no one, or it is a time or an identifier."""
    if key in _NAMES_NO_ONE:
        return True
    return key.endswith(_NO_ONE_ENDS) and (_TIME.fullmatch(value) or _PLAIN_ID.fullmatch(value)) is not None


def is_identifier(value: str) -> bool:
    """Whether a value is a UUID: of a record, which names no one by itself."""
    return _UUID.fullmatch(value) is not None


def inside(value: dict[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Names, values and plain names of the fields of an object.

    `name` is a person's beside an e-mail address, and a device's beside a serial number unless the row is of software.
    What an audit event says of its target stands under the kind of the target.
    """
    whose = "name"
    if "email" in value:
        whose = "personname"
    elif ("serial_number" in value or "mac_address" in value) and not _OF_SOFTWARE & value.keys():
        whose = "devicename"
    about = plain(str(value.get("target_type", "")))
    for name, inner in value.items():
        yield name, inner, about if about and isinstance(inner, dict) else (whose if name == "name" else plain(name))


def named(value: Any, key: str = "", parent: str = "") -> Iterator[tuple[str, str]]:
    """Kind and text of everything in `value` that a field says is a name."""
    if isinstance(value, dict):
        for _, inner, name in inside(value):
            yield from named(inner, name, key)
    elif isinstance(value, list):
        for inner in value:
            yield from named(inner, key, parent)
    elif isinstance(value, str) and value and (kind := kind_of(key, parent)):
        yield kind, value
