"""From the fields of a record, as Iru nests and names them, to the columns of the copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Fields = dict[str, Any]

_LINES, _CHARACTERS = 6, 500
"""Of a log, so many of its last lines, and of those so many of the last characters."""


def of_behavioral_detection(fields: Fields) -> Fields:
    """The device it was found on beside the rest; `status` is what Iru calls `threat_status` when it sends that."""
    info = fields.pop("device_info", None)
    device = info.get("id") if isinstance(info, Mapping) else None
    threat_status = fields.pop("threat_status", None)
    return fields | {"device_id": device or ""} | ({"status": threat_status} if threat_status is not None else {})


def of_blueprint_item(fields: Fields) -> Fields:
    """The item's own id and name beside the blueprint's id."""
    found = dict(fields)
    return {"library_item_id": found.pop("id", None), "library_item_name": found.pop("name", None)} | found


def of_item_status(fields: Fields) -> Fields:
    """The device's id out of `computer`, and the end of each log."""
    computer = fields.get("computer")
    device = computer.get("id") if isinstance(computer, Mapping) else None
    logs = {name: last_lines(fields[name]) for name in ("log", "last_audit_log", "control_log") if fields.get(name)}
    return fields | logs | {"device_id": device or ""}


def last_lines(text: object) -> str:
    """The last few lines of a log; an ellipsis stands for what came before."""
    lines = str(text).strip().splitlines()
    kept = "\n".join(lines[-_LINES:])[-_CHARACTERS:]
    return kept if len(lines) <= _LINES and len(kept) == len(str(text).strip()) else f"... {kept}"
