"""What an indicator may be, by its looks alone."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

_HASHES = {"md5": 32, "sha1": 40, "sha256": 64}
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@/]+@[^\s@/]+\.[^\s@/]+")
_REVERSE_DNS = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9_-]+){1,12}")
_TEAM_ID = re.compile(r"(?=.*\d)[A-Z0-9]{10}")
_SERIAL = re.compile(r"(?=.*\d)[A-Za-z0-9]{8,14}")
_VIRTUAL_SERIAL = re.compile(r"(?=.*[\d+=])[A-Za-z0-9+][A-Za-z0-9+/]{6,18}={0,2}")
"""A virtual machine's serial number may be base64, which has slashes, or a UUID."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MAC_ADDRESS = re.compile(r"[0-9a-f]{2}([:-][0-9a-f]{2}){5}", re.IGNORECASE)
_TOP_DOMAINS = frozenset(
    "biz cc cloud cn co com dev example info io me net online org ru shop site su to top tv uk us xyz".split()
)
_FILE_ENDINGS = frozenset("app bin command dmg dylib js jar pkg plist pl php ps1 py rb scpt sh so txt zip".split())
_NAMES = ("app_name", "process_name", "username", "device_name")


def looks_like(value: str) -> tuple[str, ...]:
    """The kinds that `value`, without spaces around it, may be; names of things when nothing else fits."""
    for kind, fits in UNMISTAKABLE:
        if fits(value):
            return (kind, "serial_number") if kind == "device_id" or _may_be_serial(kind, value) else (kind,)
    if _TEAM_ID.fullmatch(value):
        return ("team_id", "serial_number")
    if _SERIAL.fullmatch(value):
        return ("serial_number", *_NAMES)
    dots = value.count(".") if _REVERSE_DNS.fullmatch(value) else 0
    last = value.rpartition(".")[2].lower()
    domain = ("domain",) if dots and last in _TOP_DOMAINS else ()
    if dots > 1 and last not in _FILE_ENDINGS:
        return ("bundle_id", "launch_label", *domain)
    identifiers = ("bundle_id", "launch_label", *domain) if dots else ()
    serial = ("serial_number",) if _VIRTUAL_SERIAL.fullmatch(value) else ()
    return (*_NAMES, *identifiers, *(("person",) if " " in value else ()), *serial)


def _may_be_serial(kind: str, value: str) -> bool:
    return kind == "path" and _VIRTUAL_SERIAL.fullmatch(value) is not None


def without_port(value: str) -> str:
    """An address without the port after it, and without the brackets that IPv6 has before one."""
    bracketed = re.fullmatch(r"\[([0-9a-fA-F:.]+)\](:\d{1,5})?", value)
    if bracketed:
        return bracketed[1]
    address, colon, port = value.rpartition(":")
    return address if colon and port.isdigit() and "." in address and ":" not in address else value


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(without_port(value))
    except ValueError:
        return False
    return True


UNMISTAKABLE: tuple[tuple[str, Callable[[str], object]], ...] = (
    *((name, re.compile(f"[0-9a-fA-F]{{{length}}}").fullmatch) for name, length in _HASHES.items()),
    ("ip", _is_ip),
    ("mac_address", _MAC_ADDRESS.fullmatch),
    ("cve", _CVE.fullmatch),
    ("email", _EMAIL.fullmatch),
    ("device_id", _UUID.fullmatch),
    ("path", re.compile(r".*[/\\].*").fullmatch),
)
"""Kinds whose form no other kind has; a serial number may still have the form of two of them."""
