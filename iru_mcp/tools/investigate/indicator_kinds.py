"""What an indicator looks like, from its text alone."""

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
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_FILE_ENDINGS = frozenset("app bin command dmg dylib js jar pkg plist pl php ps1 py rb scpt sh so txt zip".split())
_NAMES = ("app_name", "process_name", "username", "device_name")


def looks_like(value: str) -> tuple[str, ...]:
    """The kinds that `value`, without spaces around it, may be; names of things when nothing else fits."""
    for kind, fits in _UNMISTAKABLE:
        if fits(value):
            return (kind,)
    if _TEAM_ID.fullmatch(value):
        return ("team_id", "serial_number")
    if _SERIAL.fullmatch(value):
        return ("serial_number", *_NAMES)
    dots = value.count(".") if _REVERSE_DNS.fullmatch(value) else 0
    if dots > 1 and value.rpartition(".")[2].lower() not in _FILE_ENDINGS:
        return ("bundle_id", "launch_label")
    return (*_NAMES, *(("bundle_id", "launch_label") if dots else ()), *(("person",) if " " in value else ()))


def without_port(value: str) -> str:
    """An IPv4 address without the port after it."""
    address, colon, port = value.rpartition(":")
    return address if colon and port.isdigit() and "." in address and ":" not in address else value


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(without_port(value))
    except ValueError:
        return False
    return True


_UNMISTAKABLE: tuple[tuple[str, Callable[[str], object]], ...] = (
    *((name, re.compile(f"[0-9a-fA-F]{{{length}}}").fullmatch) for name, length in _HASHES.items()),
    ("ip", _is_ip),
    ("cve", _CVE.fullmatch),
    ("email", _EMAIL.fullmatch),
    ("device_id", _UUID.fullmatch),
    ("path", re.compile(r".*[/\\].*").fullmatch),
)
