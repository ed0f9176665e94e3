"""31 questions in SQL, with nothing prepared: each is right and takes at most two calls."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from benchmarks.questions import NOW
from benchmarks.sql_questions import SQL_QUESTIONS, SqlCost, asking, play_all

from iru_mcp.api.endpoint import Endpoint
from iru_mcp.api.endpoints.audit import LIST_AUDIT_EVENTS
from iru_mcp.api.endpoints.devices import LIST_DEVICES
from iru_mcp.api.endpoints.prism import CATEGORIES
from iru_mcp.api.endpoints.threats import LIST_THREATS_V2
from iru_mcp.api.endpoints.users import LIST_USERS
from iru_mcp.api.endpoints.vulnerabilities import LIST_DETECTIONS, LIST_VULNERABILITIES
from iru_mcp.demo.world.story import STORY
from iru_mcp.tools.inventory import query
from iru_mcp.versions import read_version

pytestmark = pytest.mark.anyio
Raw = dict[str, list[dict[str, Any]]]
MONTH_AGO = "2026-10-22T15:00:00"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def costs() -> dict[str, SqlCost]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(query, "_FILL_SECONDS", 600.0)  # a busy machine does not count as a slow Iru
        return {one.question.name: one for one in await play_all()}


@pytest.fixture(scope="module")
def answers(costs: dict[str, SqlCost]) -> dict[str, list[list[Any]]]:
    return {name: one.answer["rows"] for name, one in costs.items()}


@pytest.fixture(scope="module")
async def raw() -> Raw:
    """What Iru's pages hold, read without the copy, of devices that it lists."""
    wanted: dict[str, Endpoint[Any]] = {
        "devices": LIST_DEVICES,
        "users": LIST_USERS,
        "audit": LIST_AUDIT_EVENTS,
        "threats": LIST_THREATS_V2,
        "detections": LIST_DETECTIONS,
        "vulnerabilities": LIST_VULNERABILITIES,
    }
    wanted |= {name: CATEGORIES[name] for name in ("apps", "filevault", "local_users", "startup_settings")}
    found: Raw = {}
    async with asking() as client:
        for name, endpoint in wanted.items():
            call = client.call(endpoint, seconds=600, requests=10_000)
            query = dict(LIST_THREATS_V2.required) if name == "threats" else {}
            found[name] = [
                record.flat() async for batch in call.walk(endpoint, None, query) for record in batch.records if record
            ]
    listed = {device["device_id"] for device in found["devices"]}
    return {
        name: [row for row in rows if "device_id" not in row or row["device_id"] in listed]
        for name, rows in found.items()
    }


def email(device: dict[str, Any]) -> str | None:
    return device.get("user_email") or None


def macs(raw: Raw) -> dict[str, dict[str, Any]]:
    return {device["device_id"]: device for device in raw["devices"] if device["platform"] == "Mac"}


def silent(device: dict[str, Any]) -> bool:
    return str(device.get("last_check_in") or "")[:19].replace(" ", "T") < MONTH_AGO


async def test_each_question_takes_one_call_and_few_tokens(costs: dict[str, SqlCost]) -> None:
    assert len(costs) == len(SQL_QUESTIONS) == 31
    assert all(one.calls == 1 for one in costs.values())
    assert sum(one.tokens for one in costs.values()) < 9_000
    assert sum(one.requests == 0 for one in costs.values()) > 15, "a table is read once"


async def test_every_answer_names_the_moment_of_its_tables(costs: dict[str, SqlCost]) -> None:
    for one in costs.values():
        assert one.answer["complete"], one.question.name
        assert {line["as_of"] for line in one.answer["tables"]} == {NOW.strftime("%Y-%m-%dT%H:%M:%SZ")}


async def test_the_incident_is_told_as_it_was(answers: dict[str, list[list[Any]]]) -> None:
    infected = sorted([STORY.patient_zero_serial, *STORY.spread_serials])
    assert answers["holder"][0][:2] == [STORY.user_email, STORY.patient_zero_name]
    for name in ("launch_item", "app", "hidden_admins", "both"):
        assert sorted(row[0] for row in answers[name]) == infected, name
    assert STORY.patient_zero_serial in {row[0] for row in answers["hash"]}
    assert answers["unsigned"] == [[STORY.app_bundle_id, 3]]
    assert {row[3] for row in answers["tokens"]} == {STORY.token_label, STORY.night_token_label}
    assert {row[0] for row in answers["leaver"]} == {1}
    assert sorted(row[1] for row in answers["leaver"]) == sorted(STORY.leaver_serials)
    assert [row[0] for row in answers["exploited"]] == [STORY.cve_id]
    assert answers["vulnerable"][0][0] == STORY.cve_id
    assert [row[0] for row in answers["failing_items"]] == [STORY.protection_item]
    assert STORY.threat_name in {row[0] for row in answers["threats"]}
    assert answers["threat_and_admin"] == [[STORY.patient_zero_serial, STORY.hidden_admin]]


async def test_counts_are_what_the_pages_hold(answers: dict[str, list[list[Any]]], raw: Raw) -> None:
    versions = Counter((device["platform"], device.get("os_version")) for device in raw["devices"])
    assert {(row[0], row[1]): row[2] for row in answers["os_versions"]} == versions
    browser = {
        (row["device_id"], row["version"]) for row in raw["apps"] if row.get("bundle_id") == STORY.browser_bundle_id
    }
    assert dict(answers["versions"]) == Counter(version for _, version in browser)
    fixed = read_version(STORY.browser_fixed_version) or ()
    assert answers["outdated"] == [
        [len({device for device, version in browser if (read_version(version) or ()) < fixed})]
    ]
    assert answers["without_app"] == [[len(macs(raw).keys() - {device for device, _ in browser})]]
    assert answers["by_hour"] == sorted(
        [hour, n] for hour, n in Counter(str(event["occurred_at"])[11:13] for event in raw["audit"]).items()
    )
    assert len(answers["cve"]) == sum(row["cve_id"] == STORY.cve_id for row in raw["detections"])
    assert dict(answers["silent"]) == Counter(device["platform"] for device in raw["devices"] if silent(device))
    old = Counter(mac["model"] for mac in macs(raw).values() if (read_version(mac.get("os_version")) or (99,)) < (26,))
    assert dict(answers["old_macs"]) == old


async def test_joins_are_what_the_pages_hold_put_together(answers: dict[str, list[list[Any]]], raw: Raw) -> None:
    departments: dict[str, set[str | None]] = {}  # a person with two accounts may be in two
    for user in raw["users"]:
        departments.setdefault(user["email"], set()).add(user.get("department"))
    off = {row["device_id"] for row in raw["filevault"] if row["status"] in (0, False)}
    said = {row["device_id"] for row in raw["filevault"] if row.get("status") is not None}
    unencrypted = [mac for id_, mac in macs(raw).items() if id_ in off or id_ not in said]
    assert sorted(row[0] for row in answers["unencrypted"]) == sorted(mac["serial_number"] for mac in unencrypted)
    of_owners = [departments.get(email(mac) or "", {None}) for id_, mac in macs(raw).items() if id_ in off]
    assert dict(answers["departments"]) == Counter(name or "nobody" for names in of_owners for name in names)
    held = Counter(email(device) for device in raw["devices"])
    archived = {user["email"] for user in raw["users"] if user.get("archived") is True}
    assert dict(answers["archived_holders"]) == {who: n for who, n in held.items() if who in archived}
    exploited = {row["cve_id"] for row in raw["vulnerabilities"] if (row.get("kev_score") or 0) > 0}
    affected = {row["device_id"] for row in raw["detections"] if row["cve_id"] in exploited}
    serials = {device["device_id"]: device["serial_number"] for device in raw["devices"]}
    assert [row[0] for row in answers["exploited_and_weak"]] == sorted(serials[id_] for id_ in affected & off)
    whose = {email(device) for device in raw["devices"] if device["device_id"] in affected}
    assert dict(answers["kev_by_department"]) == Counter(
        name for who in whose for name in departments.get(who or "", ())
    )
    sip = Counter(
        macs(raw)[row["device_id"]]["blueprint_name"] for row in raw["startup_settings"] if row["sip"] is False
    )
    assert dict(answers["sip_off"]) == sip
    of_bundle: dict[str, set[str]] = {}
    for row in raw["apps"]:
        of_bundle.setdefault(str(row.get("bundle_id") or ""), set()).add(row["device_id"])
    known = {bundle: devices for bundle, devices in of_bundle.items() if bundle}
    assert answers["only_here"][0][0] <= sum(len(devices) == 1 for devices in known.values())
    lost = {who for who in held if who and all(silent(device) for device in raw["devices"] if email(device) == who)}
    assert [row[0] for row in answers["silent_holders"]] == sorted(lost)
