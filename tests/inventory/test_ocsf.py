"""Events of the Open Cybersecurity Schema Framework: valid by its published definitions, and nothing of a row lost."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from iru_mcp.inventory.export.lines import write_lines
from iru_mcp.inventory.export.ocsf import write_ocsf
from iru_mcp.inventory.export.rows import Wanted
from iru_mcp.inventory.store import reader, utc

from . import ocsf_facts as facts
from .conftest import LATER, Copy
from .planted import Planted, device, put

pytestmark = pytest.mark.anyio
Row = dict[str, Any]
TABLES = ("devices", "apps", "detections", "threats", "behavioral_detections")


def events(copy: Copy) -> list[Row]:
    out = io.StringIO()
    with reader(copy.path) as db:
        write_ocsf(db, out, Wanted(), lambda row: row)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def exported(copy: Copy) -> dict[str, dict[str, Row]]:
    """The rows as the JSON lines have them, by table and key, without what is not the row's own."""
    out = io.StringIO()
    with reader(copy.path) as db:
        write_lines(db, out, Wanted(), lambda row: row)
    found: dict[str, dict[str, Row]] = {}
    for line in out.getvalue().splitlines():
        row = json.loads(line)
        table, key = row.pop("table"), row.pop("row_key")
        found.setdefault(table, {})[key] = {name: row[name] for name in row if name not in ("tenant", "sync")}
    return found


def wrong(value: Any, name: str) -> Iterator[str]:
    """What the published definition of a class or object refuses in `value`."""
    declared = {word.partition(":")[0]: word.partition(":")[2] for word in facts.ATTRIBUTES[name].split()}
    required = {attribute[:-1] for attribute in declared if attribute.endswith("!")}
    types = {attribute.rstrip("!"): type_ for attribute, type_ in declared.items()}
    yield from (f"{name} lacks {attribute}" for attribute in required - set(value))
    if name in facts.AT_LEAST_ONE and not set(facts.AT_LEAST_ONE[name]) & set(value):
        yield f"{name} has none of {facts.AT_LEAST_ONE[name]}"
    for attribute, held in value.items():
        if attribute not in types:
            yield f"{name} has no {attribute}"
            continue
        type_ = types[attribute]
        if type_.endswith("[]") != isinstance(held, list):
            yield f"{name}.{attribute} is not {type_}"
            continue
        for one in held if isinstance(held, list) else [held]:
            yield from _wrong_cell(one, name, attribute, type_.removesuffix("[]"))


def _wrong_cell(one: Any, name: str, attribute: str, type_: str) -> Iterator[str]:
    if type_ in facts.ATTRIBUTES:
        yield from wrong(one, type_)
    elif type_ in facts.TEXTS and not (isinstance(one, str) and one):
        yield f"{name}.{attribute} is no text"
    elif type_ in ("integer", "long", "timestamp") and (not isinstance(one, int) or isinstance(one, bool)):
        yield f"{name}.{attribute} is no number"
    elif type_ == "timestamp" and not 1_000_000_000_000 < one < 3_000_000_000_000:
        yield f"{name}.{attribute} is not in milliseconds"
    elif type_ == "boolean" and not isinstance(one, bool):
        yield f"{name}.{attribute} is no flag"
    allowed = facts.ENUMERATIONS.get((name, attribute)) or facts.ENUMERATIONS.get((attribute,))
    if allowed and one not in allowed:
        yield f"{name}.{attribute} may not be {one}"


def test_every_event_is_as_the_published_definitions_want_it(copy: Copy) -> None:
    found = events(copy)
    assert {event["class_uid"] for event in found} == set(facts.CLASSES)
    problems = Counter(said for event in found for said in wrong(event, facts.CLASSES[event["class_uid"]]))
    assert problems == {}
    for event in found:
        assert event["category_uid"] == event["class_uid"] // 1000
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert event["metadata"]["version"] == facts.VERSION
    assert len({(event["metadata"]["log_name"], event["metadata"]["uid"]) for event in found}) == len(found)


def test_a_wrong_event_would_be_seen(copy: Copy) -> None:
    event = next(event for event in events(copy) if event["class_uid"] == 5001)
    event["device"] |= {"type_id": 77, "colour": "grey", "first_seen_time": 12}
    del event["metadata"]["product"]
    assert set(wrong(event, "inventory_info")) == {
        "metadata lacks product",
        "device.type_id may not be 77",
        "device has no colour",
        "device.first_seen_time is not in milliseconds",
    }


SYSTEMS = {"macOS": "Mac", "iOS": "iPhone", "iPadOS": "iPad", "Windows": "Windows", "Android": "Android"}


def text(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else utc(datetime.fromtimestamp(milliseconds / 1000, UTC))


def read_back(event: Row) -> Row:
    """The row that an event was made of."""
    held = event["device"]
    row = dict(event.get("unmapped", {}))
    row |= {"device_id": held.get("uid"), "device_name": held.get("name")}
    row["serial_number"] = held.get("hw_info", {}).get("serial_number")
    known = row.pop("vulnerability", {})
    row |= _BACK[event["metadata"]["log_name"]](event, row)
    row.pop("mac_hardware", None)
    assert known.get("cve_id") is None
    return {name: value for name, value in row.items() if value is not None}


def _device(event: Row, _: Row) -> Row:
    held = event["device"]
    owner, system = held.get("owner", {}), held.get("os", {})
    (blueprint,) = held.get("groups") or [{}]
    (agent,) = held.get("agent_list") or [{}]
    return {
        "platform": SYSTEMS.get(system.get("name"), system.get("name")),
        "model": held.get("model"),
        "os_version": system.get("version"),
        "supplemental_build_version": system.get("build"),
        "user_id": owner.get("uid"),
        "user_name": owner.get("full_name"),
        "user_email": owner.get("email_addr"),
        "blueprint_id": blueprint.get("uid"),
        "blueprint_name": blueprint.get("name"),
        "agent_version": agent.get("version"),
        "mdm_enabled": held.get("is_managed"),
        "udid": held.get("udid"),
        "first_enrollment": text(held.get("first_seen_time")),
        "last_check_in": text(held.get("last_seen_time")),
    }


def _app(event: Row, _: Row) -> Row:
    held = event["product"]
    columns = {
        "name": "name",
        "version": "version",
        "uid": "bundle_id",
        "vendor_name": "developer_name",
        "path": "path",
    }
    return {column: held.get(name) for name, column in columns.items()}


def _detection(event: Row, row: Row) -> Row:
    (held,) = event["vulnerabilities"]
    (package,) = held.get("affected_packages") or [{}]
    columns = {"name": "name", "version": "version", "uid": "bundle_id", "path": "path"}
    found = {column: package[name] for name, column in columns.items() if name in package}
    since = text(event["finding_info"].get("first_seen_time"))
    return found | {
        "cve_id": held["cve"]["uid"],
        "cvss_severity": row.get("cvss_severity", event.get("severity")),
        "since": since,
    }


def _threat(event: Row, row: Row) -> Row:
    (held,) = event["malware"]
    (file,) = held.get("files") or [{}]
    (kind,) = held.get("classifications") or [None]
    found: Row = {"threat_name": held.get("name"), "classification": kind} | _of_finding(event, row)
    if file:
        found |= {"file_path": file["path"], "file_hash": next((one["value"] for one in file.get("hashes", [])), None)}
    return found


def _behavior(event: Row, row: Row) -> Row:
    info = event["finding_info"]
    found = {"threat_id": info.get("analytic", {}).get("uid"), "description": info.get("desc")} | _of_finding(
        event, row
    )
    for evidence in event.get("evidences", []):
        target = evidence["process"]
        found["target_process"] = _process(target)
        if "parent_process" in target:
            found["parent_process"] = _process(target["parent_process"])
    return found


def _of_finding(event: Row, row: Row) -> Row:
    info = event["finding_info"]
    made = row.get("detection_date", text(info.get("created_time")))
    return {"id": info.get("uid_alt"), "detection_date": made, "severity": row.get("severity", event.get("severity"))}


def _process(held: Row) -> Row:
    digest = next((one["value"] for one in held.get("file", {}).get("hashes", [])), None)
    found = {
        "name": held.get("name"),
        "pid": held["pid"],
        "command_line": held.get("cmd_line"),
        "image_path": held.get("path"),
        "owner": held.get("user", {}).get("name"),
        "sha256": digest,
    }
    return {name: value for name, value in found.items() if value is not None}


_BACK = dict(zip(TABLES, (_device, _app, _detection, _threat, _behavior), strict=True))


async def test_every_row_can_be_read_back_from_its_event(copy: Copy) -> None:
    """Also rows with a time that is none, words in other letter case, without a version, with an unknown column."""
    planted = Planted()
    serial, device_id = device(copy)
    planted.plant("devices", {"serial_number": serial}, put(first_enrollment="yesterday", colour="grey", model=None))
    planted.plant("detections", {"device_id": device_id}, put(version="", cvss_severity="HIGH"))
    planted.plant("apps", {"device_id": device_id}, put(version=None, developer_name=""))
    copy.tenant.edits.append(planted)
    copy.now = LATER
    await copy.sync(full=True)
    rows = exported(copy)
    found: dict[str, dict[str, Row]] = {}
    for event in events(copy):
        found.setdefault(event["metadata"]["log_name"], {})[event["metadata"]["uid"]] = read_back(event)
    for table in TABLES:
        assert found[table] == rows[table], table


def test_what_iru_says_of_a_cve_is_in_its_findings(copy: Copy) -> None:
    cves = {row["cve_id"]: row for row in exported(copy)["vulnerabilities"].values()}
    found = [event for event in events(copy) if event["class_uid"] == 2002]
    for event in found:
        (held,) = event["vulnerabilities"]
        known = cves[held["cve"]["uid"]]
        (package,) = held.get("affected_packages") or [{}]
        mapped = {
            "cve_id": held["cve"]["uid"],
            "description": held["cve"].get("desc"),
            "cve_link": next(iter(held["cve"].get("references", [])), None),
            "cve_published_at": text(held["cve"].get("created_time")),
            "cve_modified_at": text(held["cve"].get("modified_time")),
            "severity": held.get("severity"),
            "status": event.get("status"),
            "fixed_version": package.get("fixed_in_version"),
        }
        mapped = {name: value for name, value in mapped.items() if value is not None}
        assert mapped | event["unmapped"]["vulnerability"] == known
        assert held["is_exploit_available"] == (known["kev_score"] > 0)


def test_the_hardware_of_a_mac_is_in_its_event(copy: Copy) -> None:
    known = {row["device_id"]: row for row in exported(copy)["mac_hardware"].values()}
    seen = 0
    for event in events(copy):
        rest = event.get("unmapped", {}).get("mac_hardware")
        if event["class_uid"] == 5001 and rest is not None:
            held, seen = event["device"], seen + 1
            whole = rest | {"device_id": held["uid"], "ip_address": held.get("ip"), "mac_address": held.get("mac")}
            assert {name: cell for name, cell in whole.items() if cell is not None} == known[held["uid"]]
    assert seen == len(known) > 0
