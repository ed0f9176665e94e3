"""Every filter gives what brute force over all rows gives, also on a tenant that ignores it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.heedless import Heedless
from tests.tools.asking import Between, Recorded, told

Row = dict[str, Any]
MAC = "NW7QK2M4XH"


def has(column: str, part: str) -> Callable[[Row], bool]:
    return lambda row: part.casefold() in str(row.get(column, "")).casefold()


def equals(column: str, value: Any) -> Callable[[Row], bool]:
    return lambda row: row.get(column) == value


def flagged(column: str, *, on: bool) -> Callable[[Row], bool]:
    return lambda row: row.get(column) is on


def seen(row: Row, before: str) -> bool:
    """Whether the last check-in was before, or never; not where Iru sent what is no date."""
    return "last_check_in_as_sent" not in row and row.get("last_check_in", "") <= before


CASES: list[tuple[str, dict[str, Any], Callable[[Row], bool]]] = [
    ("list_devices", {"platform": "WINDOWS"}, equals("platform", "Windows")),
    ("list_devices", {"platform": "Apple TV"}, equals("platform", "AppleTV")),
    ("list_devices", {"device_name": "mAcBoOk"}, has("device_name", "macbook")),
    ("list_devices", {"device_name": "mira's"}, has("device_name", "mira\u2019s")),
    ("list_devices", {"serial_number": "nw7"}, has("serial_number", "nw7")),
    ("list_devices", {"model": "macbook AIR"}, has("model", "macbook air")),
    ("list_devices", {"os_version": "26.0"}, lambda row: str(row.get("os_version")).startswith("26.0")),
    ("list_devices", {"user_email": "MIRA"}, has("user_email", "mira")),
    ("list_devices", {"blueprint_name": "engin"}, has("blueprint_name", "engin")),
    ("list_devices", {"tag": "KIOSK"}, lambda row: "kiosk" in row.get("tags", [])),
    ("list_devices", {"asset_tag": "nwt-0000"}, has("asset_tag", "nwt-0000")),
    ("list_devices", {"is_missing": True}, flagged("is_missing", on=True)),
    ("list_devices", {"lost_mode": True}, equals("lost_mode_status", "ENABLED")),
    ("list_devices", {"assigned": False}, lambda row: "user_email" not in row),
    ("list_devices", {"agent_installed": False}, flagged("agent_installed", on=False)),
    ("list_devices", {"mdm_enabled": False}, flagged("mdm_enabled", on=False)),
    ("list_devices", {"checked_in_after": "2026-11-19"}, lambda row: row.get("last_check_in", "") >= "2026-11-19"),
    ("list_devices", {"checked_in_before": "2026-11-01"}, lambda row: seen(row, "2026-11-01")),
    ("list_users", {"name": "MIRA"}, has("name", "mira")),
    ("list_users", {"email": "CASTELLANE"}, has("email", "castellane")),
    ("list_users", {"archived": True}, flagged("archived", on=True)),
    ("list_device_apps", {"device": MAC, "name": "LUMEN"}, has("name", "lumen")),
    ("list_device_apps", {"device": MAC, "bundle_id": "COM.apple."}, has("bundle_id", "com.apple.")),
    ("get_device_activity", {"device": MAC, "action_type": "FAILED"}, has("action_type", "failed")),
    ("get_device_activity", {"device": MAC, "since": "7d"}, lambda row: row["created_at"] >= "2026-11-13T09:30:00Z"),
    ("list_audit_events", {"since": "2026-11-18", "until": "2026-11-18"}, has("occurred_at", "2026-11-18")),
    ("list_audit_events", {"action": "create"}, equals("action", "create")),
    ("list_audit_events", {"target_type": "blueprint"}, has("target_type", "blueprint")),
    ("list_audit_events", {"target": "zoom"}, has("new_state", "zoom")),
    ("list_audit_events", {"actor": "integration"}, has("actor_type", "integration")),
    ("prism_device_information", {"model_name": "mac MINI"}, has("model_name", "mac mini")),
    ("prism_device_information", {"apple_silicon": False}, flagged("apple_silicon", on=False)),
    ("prism_device_information", {"device_families": ["iPad"]}, equals("device_family", "iPad")),
    ("prism_device_information", {"blueprint": "engineer"}, has("blueprint_name", "engineer")),
    ("prism_device_information", {"device": MAC}, equals("serial_number", MAC)),
    ("prism_device_information", {"filter": {"os_version": {"in": ["26.1"]}}}, equals("os_version", "26.1")),
]
IDS = [f"{tool}-{'-'.join(name for name in asked if name != 'device') or 'device'}" for tool, asked, _ in CASES]


_read: dict[tuple[str, str], list[Row]] = {}


async def all_rows(agent: Any, tool: str, asked: dict[str, Any]) -> list[Row]:
    """Every row of a list without filters, read once."""
    device = "" if tool.startswith("prism") else asked.get("device", "")
    if (tool, device) not in _read:
        _read[tool, device] = await agent.every(tool, fields=["*"], **({"device": device} if device else {}))
    return _read[tool, device]


@pytest.mark.parametrize(("tool", "asked", "test"), CASES, ids=IDS)
async def test_a_filter_gives_what_brute_force_gives(
    agent: Any, over: Any, northwind: Any, tool: str, asked: dict[str, Any], test: Callable[[Row], bool]
) -> None:
    expected = [row for row in await all_rows(agent, tool, asked) if test(row)]
    assert expected
    assert await agent.every(tool, **asked, fields=["*"]) == expected
    async with over(Heedless(northwind)) as unlucky:
        assert await unlucky.every(tool, **asked, fields=["*"]) == expected


async def test_a_filter_that_iru_ignored_is_said_to_be(over: Any, northwind: Any) -> None:
    async with over(Heedless(northwind)) as agent:
        page = await agent.ask("list_devices", platform="ipad", limit=500)
        apps = await agent.ask("prism_device_information", model_name="mac mini")
    assert any("platform" in note and "filtered here" in note for note in page["notes"])
    assert any("filter" in note and "filtered here" in note for note in apps["notes"])


async def test_a_filter_that_iru_applied_or_was_not_asked_to_apply_is_not_said_to_be_ignored(agent: Any) -> None:
    questions: dict[str, dict[str, Any]] = {"list_devices": {"platform": "ipad"}, "list_users": {"archived": True}}
    for tool, asked in questions.items():
        page = await agent.ask(tool, **asked)
        assert page["items"]
        assert not any("Iru ignored" in note for note in page.get("notes", []))


async def test_the_number_of_rows_is_told_before_the_last_page_only_where_irus_count_is_of_these_rows(
    over: Any, northwind: Any
) -> None:
    def unreadable(path: str, body: Any) -> Any:
        if path.endswith("/ade/devices"):
            body["results"][0] = {}
        return body

    asked = {"device_family": "iPhone"}
    async with over(northwind) as agent:
        whole = await agent.every("list_enrollment_devices", **asked)
        page = await agent.ask("list_enrollment_devices", **asked, limit=1)
    assert (page["total"], page["complete"]) == (len(whole), False)
    async with over(Heedless(northwind)) as unlucky:
        page = await unlucky.ask("list_enrollment_devices", **asked, limit=len(whole) - 1)
    assert any("Iru ignored" in note for note in page["notes"])
    assert "total" not in page
    async with over(Between(after=unreadable)) as agent:
        page = await agent.ask("list_enrollment_devices", **asked, limit=1)
    assert any("could not be read" in note for note in page["notes"])
    assert "total" not in page


async def test_where_irus_own_filter_finds_nothing_all_rows_are_looked_at_and_that_is_said(
    agent: Any, over: Any
) -> None:
    def strict(request: httpx.Request) -> httpx.Response | None:
        return told(200, {"count": 0, "results": []}) if "name" in request.url.params else None

    usual = await agent.ask("list_blueprints", name="engin")
    nothing = await agent.ask("list_blueprints", name="no such blueprint")
    number = (await agent.ask("list_blueprints", limit=0))["total"]
    async with over(Between(strict)) as unlucky:
        page = await unlucky.ask("list_blueprints", name="engin")
        count = await unlucky.ask("list_blueprints", name="engin", limit=0)
    assert page["items"] == usual["items"]
    assert count["total"] == len(usual["items"])
    assert not usual.get("notes")
    assert page["notes"] == ["Iru's own name filter found none; matched here over all rows"]
    assert nothing["notes"][-1] == f"none of all {number} matches"


async def test_a_count_that_irus_own_filter_finds_is_not_read_again_without_it(over: Any, northwind: Any) -> None:
    asked = Recorded(northwind)
    async with over(asked) as agent:
        assert (await agent.ask("list_blueprints", name="engin", limit=0))["total"]
    assert asked.paths == ["/api/v1/blueprints"]


async def test_a_raw_filter_adds_to_the_typed_one(agent: Any) -> None:
    page = await agent.ask("prism_applications", name="zoom", filter={"name": {"not_like": ["zoom"]}})
    assert page["items"] == []
    said = await agent.refused("prism_applications", name="zoom", filter={"name": {"like": ["chrome"]}})
    assert "asked for twice" in said


@pytest.mark.parametrize(
    "name",
    [
        MAC,
        MAC.lower(),
        "mira\u2019s macbook pro",
        " Mira\u2019s MacBook Pro ",
        "Mira's MacBook Pro",
        "MIRA`S MACBOOK\u00a0 PRO",
    ],
)
async def test_a_device_is_known_by_serial_or_name_in_any_case(agent: Any, name: str) -> None:
    assert (await agent.ask("get_device_status", device=name))["device"]["serial_number"] == MAC


async def test_a_name_that_several_devices_share_is_answered_with_candidates(agent: Any) -> None:
    rows = await agent.every("list_devices", fields=["device_name", "serial_number"])
    names = [row.get("device_name", "") for row in rows]
    shared = next(name for name in names if names.count(name) > 1)
    said = await agent.refused("get_device_details", device=shared)
    assert f"{names.count(shared)} devices are called" in said
    assert all(row["serial_number"] in said for row in rows if row.get("device_name") == shared)


async def test_a_device_that_is_not_there_is_said_not_to_be(agent: Any) -> None:
    said = await agent.refused("get_device_details", device="NW7QK2M4")
    assert "Every device was looked at" in said
    assert MAC in said
    assert "Search with list_devices" in await agent.refused("list_device_apps", device="no such machine 9")


async def test_an_address_without_devices_is_answered_with_similar_ones(agent: Any) -> None:
    page = await agent.ask("find_devices_for_user", email="mira.castelane@northwind.example")
    assert page["items"] == []
    assert page["complete"] is True
    assert "mira.castellane@northwind.example" in page["notes"][0]
    found = await agent.ask("find_devices_for_user", email="Mira.CASTELLANE@northwind.example")
    assert [row["serial_number"] for row in found["items"]] == [MAC]


@pytest.mark.parametrize("wrong", ["yesterdayish", "2026-13-45", "7 fortnights", "sk_live_9d8f7a6b5c"])
async def test_a_time_that_is_none_is_answered_with_the_forms_it_takes(agent: Any, wrong: str) -> None:
    said = await agent.refused("list_audit_events", since=wrong)
    assert "since is not a time" in said
    assert "24h" in said
    assert wrong not in said


async def test_a_wrong_field_is_answered_with_the_valid_ones(agent: Any) -> None:
    assert "serial_number" in await agent.refused("list_devices", fields=["serial"])
    assert "last_audit_log" in await agent.refused("get_device_status", device=MAC, fields=["colour"])
    assert "installed_profiles" in await agent.refused("get_device_details", device=MAC, sections=["colour"])
