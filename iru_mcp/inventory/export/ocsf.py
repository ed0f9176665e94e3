"""Rows as events of the Open Cybersecurity Schema Framework (OCSF): devices and apps as inventory, the rest findings.

Devices become Device Inventory Info (5001), apps Software Inventory Info (5020), detections Vulnerability Finding
(2002), threats and behavioral detections Detection Finding (2004). What must stay true: nothing of a row is lost. A
column goes to the attribute that means the same and holds it unchanged, and out of the row; whatever is left of the row
at the end stands in `unmapped` under its own name. No attribute is filled by guessing: OCSF wants the version of CVSS
beside a score, which Iru does not say, so the score stays in `unmapped`.
"""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from ... import __version__
from ..store import known, last_sync, meta
from .files import json_line
from .ocsf_objects import cve, device, malware, milliseconds, owned, process, software, take_time
from .rows import Row, Shown, Wanted, begin, rows, tables

VERSION = "1.9.0"
"""The published version of OCSF whose definitions the events hold to."""
Beside = dict[tuple[str, str], Row]
"""Rows with more about the rows of another table, by their table and the id that both have."""
_SEVERITIES = {"Low": 2, "Medium": 3, "High": 4, "Critical": 5}


def write_ocsf(db: sqlite3.Connection, out: TextIO, wanted: Wanted, shown: Shown) -> None:
    """One event a line, of the current rows."""
    out.writelines(map(json_line, _events(db, wanted, shown, begin(db, wanted))))


def _events(db: sqlite3.Connection, wanted: Wanted, shown: Shown, sync: int) -> Iterator[Row]:
    found = {table.name: table for table in tables(wanted)}
    beside = {
        (name, row[key]): {column: cell for column, cell in row.items() if column not in ("sync", "row_key", key)}
        for name, key in (("vulnerabilities", "cve_id"), ("mac_hardware", "device_id"))
        for row in rows(db, found[name], wanted, shown, sync)
    }
    last = last_sync(db)
    collected = milliseconds(last[1]) if last else 0
    tenant = str(shown(meta(db, "account") or ""))
    for name, (class_uid, make) in _CLASSES.items():
        for row in rows(db, found[name], wanted, shown, sync):
            rest = dict(row)
            head = _head(class_uid, collected, name, tenant, rest.pop("row_key"))
            body = make(rest, beside)
            if "finding_info" in body:
                body["finding_info"]["uid"] = head["metadata"]["uid"]
            del rest["sync"]
            yield head | body | ({"unmapped": rest} if rest else {})


def _head(class_uid: int, collected: int, table: str, tenant: str, key: str) -> Row:
    """What every class requires. The activity is Collect for inventory, Create for findings."""
    activity = 2 if class_uid > 5000 else 1
    return {
        "class_uid": class_uid,
        "category_uid": class_uid // 1000,
        "activity_id": activity,
        "type_uid": class_uid * 100 + activity,
        "severity_id": 1 if class_uid > 5000 else 0,
        "time": collected,
        "metadata": {
            "version": VERSION,
            "uid": key,
            "tenant_uid": tenant,
            "log_name": table,
            "product": {"name": "Iru Endpoint", "vendor_name": "Iru"},
            "log_provider": f"iru-mcp {__version__}",
        },
    }


def _device(rest: Row, beside: Beside) -> Row:
    """A device with the addresses of its hardware; the other columns of mac_hardware go under `mac_hardware`."""
    hardware = dict(beside.get(("mac_hardware", rest["device_id"]), {}))
    found = {"device": device(rest, hardware)}
    if hardware:
        rest["mac_hardware"] = hardware
    return found


def _detection(rest: Row, beside: Beside) -> Row:
    """A detection with what Iru says of its CVE; columns of the CVE without an attribute go under `vulnerability`."""
    known = dict(beside.get(("vulnerabilities", rest["cve_id"]), {}))
    title = f"{rest['cve_id']} in {rest.get('name', 'software')}"
    status = known.pop("status", None)
    begun, seen = take_time(rest, "since"), _severity(rest, "cvss_severity")
    found: Row = {"device": owned(rest), "vulnerabilities": [cve(rest, known)]}
    if known:
        rest["vulnerability"] = known
    if status is not None:  # Iru's own word; OCSF has none for a CVE that is simply there
        seen |= {"status_id": 4 if status == "Remediated" else 99, "status": status}
    return found | seen | _finding(begun, title=title, first_seen_time=begun)


def _threat(rest: Row, _: Beside) -> Row:
    begun = take_time(rest, "detection_date")
    more = {"uid_alt": rest.pop("id", None), "title": rest.get("threat_name")}
    found: Row = {"device": owned(rest), "malware": [malware(rest)]}
    return found | _severity(rest, "severity") | _finding(begun, created_time=begun, **more)


def _behavior(rest: Row, _: Beside) -> Row:
    """The processes are evidence; the rule that matched is the analytic."""
    begun = take_time(rest, "detection_date")
    rule = rest.pop("threat_id", None)
    analytic = {"type_id": 2, "type": "Behavioral", "uid": rule} if rule else None
    more = {"uid_alt": rest.pop("id", None), "title": rest.get("description"), "desc": rest.pop("description", None)}
    found: Row = {"device": owned(rest)}
    if held := process(rest):
        found["evidences"] = [{"process": held}]
    return found | _severity(rest, "severity") | _finding(begun, created_time=begun, analytic=analytic, **more)


def _severity(rest: Row, column: str) -> Row:
    """The severity where OCSF has the same, else unknown. A word that OCSF writes otherwise stays in the row too."""
    word = rest.get(column)
    if (caption := str(word).capitalize()) not in _SEVERITIES:
        return {"severity_id": 0}
    if word == caption:
        del rest[column]
    return {"severity_id": _SEVERITIES[caption], "severity": caption}


def _finding(begun: int | None, **info: Any) -> Row:
    """The time and the `finding_info` of a finding, without its uid."""
    return ({"time": begun} if begun is not None else {}) | {"finding_info": known(info)}


_CLASSES: dict[str, tuple[int, Callable[[Row, Beside], Row]]] = {
    "devices": (5001, _device),
    "apps": (5020, lambda rest, _: {"device": owned(rest)} | software(rest)),
    "detections": (2002, _detection),
    "threats": (2004, _threat),
    "behavioral_detections": (2004, _behavior),
}
"""For each table: the class of its events, and the function that makes them of its rows."""
