"""Objects of OCSF made of a row: each takes out of the row what it holds, and leaves the rest in it."""

from datetime import datetime
from typing import Any

from ...api.record import moment_in
from ..store import utc
from .rows import Row

_SYSTEMS = {"Mac": ("macOS", 300), "iPhone": ("iOS", 301), "iPad": ("iPadOS", 302), "Windows": ("Windows", 100),
            "Android": ("Android", 201)}  # fmt: skip
_TYPES = {"iPhone": 5, "iPad": 4}
_HASHES = {32: 1, 40: 2, 64: 3, 128: 4}
"""By the length of the text: MD5, SHA-1, SHA-256, SHA-512."""


def milliseconds(moment: datetime) -> int:
    """A time as OCSF has it."""
    return int(moment.timestamp() * 1000)


def take_time(rest: Row, column: str) -> int | None:
    """The time of a column, taken out of the row. It stays there when it cannot be written back unchanged."""
    moment = moment_in(rest.get(column))
    if moment is None or utc(moment) != rest[column]:
        return None
    del rest[column]
    return milliseconds(moment)


def _take(rest: Row, column: str, held: type | tuple[type, ...] = str) -> Any:
    """The cell of a column, a text unless said otherwise, taken out of the row. It stays there when it is empty or of
    another type."""
    return rest.pop(column) if isinstance(rest.get(column), held) and rest[column] != "" else None


def _made(**parts: Any) -> Row:
    """An object of the parts that are not empty."""
    return {name: value for name, value in parts.items() if value not in (None, {}, [])}


def owned(rest: Row) -> Row:
    """The device of a row that is not a device: its type is not in the row."""
    serial = _made(serial_number=_take(rest, "serial_number"))
    uid, name = _take(rest, "device_id"), _take(rest, "device_name")
    return _made(uid=uid, name=name, hw_info=serial) | {"type_id": 0}


def device(rest: Row, hardware: Row) -> Row:
    """The device of a row of devices. One that is no Mac, iPhone or iPad is of the type Other, named by its
    platform."""
    platform, model = _take(rest, "platform") or "unknown", _take(rest, "model")
    kind = 3 if "MacBook" in str(model) else 2 if platform == "Mac" else _TYPES.get(platform, 99)
    system, system_id = _SYSTEMS.get(platform, (platform, 99))
    os_version, build = _take(rest, "os_version"), _take(rest, "supplemental_build_version")
    agent, other = _take(rest, "agent_version"), platform if kind == 99 and system_id == 99 else None
    return owned(rest) | _made(
        type_id=kind,
        type=platform if kind == 99 else None,
        model=model,
        vendor_name="Apple Inc." if platform not in ("Windows", "Android") else None,
        os=_made(name=system, type_id=system_id, type=other, version=os_version, build=build),
        owner=_owner(rest),
        groups=_blueprint(rest),
        agent_list=[{"name": "Iru Agent", "version": agent}] if agent else [],
        is_managed=_take(rest, "mdm_enabled", bool),
        udid=_take(rest, "udid"),
        ip=_take(hardware, "ip_address"),
        mac=_take(hardware, "mac_address"),
        first_seen_time=take_time(rest, "first_enrollment"),
        last_seen_time=take_time(rest, "last_check_in"),
    )


def _owner(rest: Row) -> Row:
    """The owner of the device. OCSF requires an id or a user's name; the e-mail address serves as the name."""
    uid, name, email = (_take(rest, column) for column in ("user_id", "user_name", "user_email"))
    return _made(uid=uid, name=email or name, full_name=name, email_addr=email)


def _blueprint(rest: Row) -> list[Row]:
    """The blueprint, as a group of the device."""
    found = _made(uid=_take(rest, "blueprint_id"), name=_take(rest, "blueprint_name"))
    return [found | {"type": "blueprint"}] if found else []


def software(rest: Row) -> Row:
    """An app as a product; where its version is known, which OCSF requires, also as a bill of materials of itself
    alone."""
    name, version = _take(rest, "name"), _take(rest, "version")
    uid, vendor = _take(rest, "bundle_id"), _take(rest, "developer_name")
    found: Row = {"product": _made(name=name, version=version, uid=uid, vendor_name=vendor, path=_take(rest, "path"))}
    if name and version:
        package = _made(name=name, version=version, uid=uid, vendor_name=vendor, type_id=1)
        found["sbom"] = {"package": package, "software_components": [{"name": name, "version": version}]}
    return found


def cve(rest: Row, known: Row) -> Row:
    """The vulnerability, of a detection and a row of its CVE; what has no attribute stays in the two."""
    link, score = _take(known, "cve_link"), _take(known, "epss_score", (int, float))
    fixed, exploited = _take(known, "fixed_version"), known.get("kev_score")
    record = _made(
        uid=rest.pop("cve_id"),
        desc=_take(known, "description"),
        references=[link] if link else [],
        epss=_made(score=None if score is None else str(score)),
        created_time=take_time(known, "cve_published_at"),
        modified_time=take_time(known, "cve_modified_at"),
    )
    found = _made(cve=record, severity=_take(known, "severity"), affected_packages=_package(rest, fixed))
    if isinstance(exploited, (int, float)):
        found["is_exploit_available"] = exploited > 0
    if fixed and not found.get("affected_packages"):
        known["fixed_version"] = fixed
    return found


def _package(rest: Row, fixed: str | None) -> list[Row]:
    """The vulnerable software. OCSF requires its name and version."""
    if not rest.get("name") or not rest.get("version"):
        return []
    name, version = rest.pop("name"), rest.pop("version")
    more = {"uid": _take(rest, "bundle_id"), "path": _take(rest, "path"), "fixed_in_version": fixed}
    return [_made(name=name, version=version, **more)]


def malware(rest: Row) -> Row:
    """The file of a threat. Iru's classifications (MALWARE, PUP) are not among OCSF's: they are Other, by name."""
    kind = _take(rest, "classification")
    path, digest = _take(rest, "file_path"), _take(rest, "file_hash")
    files = [_file(path, digest)] if path else []
    if digest and not path:
        rest["file_hash"] = digest
    found = _made(name=_take(rest, "threat_name"), classifications=[kind] if kind else [], files=files)
    return found | {"classification_ids": [99]}


def _file(path: str, digest: str | None) -> Row:
    """A file of unknown type, as Iru does not say it."""
    hashes = [{"algorithm_id": _HASHES.get(len(digest), 99), "value": digest}] if digest else []
    return _made(name=path.rpartition("/")[2] or path, path=path, hashes=hashes) | {"type_id": 0}


_TEXTS = {"name", "command_line", "image_path", "owner", "sha256"}
"""The known parts of a process beside its number, `pid`."""


def process(rest: Row) -> Row:
    """The process that was detected, with its parent. OCSF requires a process number; without it, both stay in the
    row."""
    found = _process(rest, "target_process")
    return found | _made(parent_process=_process(rest, "parent_process") if found else {})


def _process(rest: Row, column: str) -> Row:
    """A process; empty where it has no number, or anything but its known parts, which are texts."""
    held = rest.get(column)
    if not isinstance(held, dict) or not isinstance(held.get("pid"), int):
        return {}
    texts = {name: cell for name, cell in held.items() if name in _TEXTS and isinstance(cell, str) and cell}
    path, digest = texts.get("image_path"), texts.get("sha256")
    if len(texts) + 1 < len(held) or (digest and not path):
        return {}
    del rest[column]
    return _made(
        pid=held["pid"],
        name=texts.get("name"),
        cmd_line=texts.get("command_line"),
        user=_made(name=texts.get("owner")),
        file=_file(path, digest) if path else {},
        path=path,
    )
