"""Prism answers mark rows of devices that are gone, leave them out of counts, and count who never reports."""

from __future__ import annotations

from typing import Any

import pytest

from iru_mcp.api.endpoints.prism import COLUMNS
from iru_mcp.tools.prism.reporting import REPORTED_BY
from tests.conftest import unlimited

from .asking import NOW, Between, Recorded, ask, ask_all, refused, tenant

SILENT = "NW7QK2M4XH"
IPHONE = "NWX4C9J6DF"


FEW = 60
"""Devices of a tenant whose rows of every category are read whole."""


async def enrolled_ids(devices: int = 400) -> set[str]:
    rows = await ask_all("list_devices", tenant(devices=devices), fields=["device_id"], limit=500)
    return {row["device_id"] for row in rows}


def without_reports_of(serial: str) -> Any:
    """The tenant, but one Mac never reported to FileVault."""

    def drop(path: str, body: Any) -> Any:
        if path.endswith("/prism/filevault"):
            body["data"] = [row for row in body["data"] if row["serial_number"] != serial]
        return body

    return Between(after=drop)


async def test_a_row_of_a_removed_device_is_marked_and_counted() -> None:
    listed = await enrolled_ids()
    page = await ask("prism_device_information", fields=["device_id"], limit=500)
    gone = [row for row in page["items"] if row["device_id"] not in listed]
    assert gone
    assert all(row["enrolled"] is False for row in gone)
    assert not any("enrolled" in row for row in page["items"] if row["device_id"] in listed)
    assert any(note.startswith(f"{len(gone)} of these rows") for note in page["notes"])


@pytest.mark.parametrize("tool", ["prism_device_information", "prism_applications", "prism_local_users"])
async def test_counts_leave_removed_devices_out_and_say_so(tool: str) -> None:
    few, listed = tenant(devices=FEW), await enrolled_ids(FEW)
    rows = await ask_all(tool, few, fields=["device_id"], limit=500)
    inside = [row for row in rows if row["device_id"] in listed]
    page = await ask(tool, few, group_by=["device_family"], limit=500)
    assert page["summary"]["rows"] == len(inside) < len(rows)
    assert any("not enrolled are left out" in note for note in page["notes"])
    outside = await ask(tool, few, group_by=["device_family"], enrolled=False, limit=500)
    assert outside["summary"]["rows"] == len(rows) - len(inside)


async def test_lists_of_enrolled_devices_alone_and_of_others_alone_make_the_whole() -> None:
    every = await ask_all("prism_query", category="filevault", fields=["device_id"], limit=500)
    inside = await ask_all("prism_query", category="filevault", fields=["device_id"], enrolled=True, limit=500)
    outside = await ask_all("prism_query", category="filevault", fields=["device_id"], enrolled=False, limit=500)
    assert len(inside) + len(outside) == len(every)
    assert {row["device_id"] for row in inside} == {row["device_id"] for row in every} & await enrolled_ids()


@pytest.mark.parametrize("asked", [{"group_by": ["status"]}, {"filter": {"status": {"eq": False}}}])
async def test_a_mac_that_never_reported_is_neither_on_nor_off(asked: dict[str, Any]) -> None:
    page = await ask("prism_query", without_reports_of(SILENT), category="filevault", limit=500, **asked)
    assert page["summary"]["without_report"] == 1
    macs = (await ask("list_devices", platform="mac", limit=0))["total"]
    assert any(f"1 of {macs} devices have no report in filevault" in note for note in page["notes"])
    named = await ask("prism_query", without_reports_of(SILENT), category="filevault", no_report=True)
    assert [row["serial_number"] for row in named["items"]] == [SILENT]
    assert named["complete"]
    full = await ask("prism_query", category="filevault", limit=500, **asked)
    assert full["summary"]["without_report"] == 0


def without_any_report_of(serial: str) -> Any:
    """The tenant, but one Mac never reported to Prism."""

    def drop(path: str, body: Any) -> Any:
        if "/prism/" in path and isinstance(body, dict):
            body["data"] = [row for row in body["data"] if row["serial_number"] != serial]
        return body

    return Between(after=drop)


@pytest.mark.parametrize("tool", ["prism_local_users", "prism_launch_agents_and_daemons"])
async def test_a_mac_without_any_report_is_counted_beside_what_many_rows_tell(tool: str) -> None:
    page = await ask(tool, without_any_report_of(SILENT), limit=0)
    assert page["summary"]["without_report"] == 1
    assert any(
        "in Prism at all; prism_query category=device_information no_report=true" in one for one in page["notes"]
    )


def without_rows_of(category: str, serial: str) -> Any:
    """The tenant, but what tells of a device's report to a category has no row of this one."""
    place = category if category in REPORTED_BY else "device_information"

    def drop(path: str, body: Any) -> Any:
        if path.endswith(f"/prism/{place}"):
            body["data"] = [row for row in body["data"] if row["serial_number"] != serial]
        return body

    return Between(after=drop, inner=tenant(devices=FEW))


@pytest.mark.parametrize("category", COLUMNS)
async def test_a_count_of_any_category_says_how_many_devices_did_not_report_or_that_it_was_not_checked(
    category: str,
) -> None:
    asked: dict[str, Any] = {"category": category, "limit": 0}
    assert (await ask("prism_query", tenant(devices=FEW), **asked))["summary"]["without_report"] == 0
    silent = without_rows_of(category, IPHONE if category == "cellular" else SILENT)
    assert (await ask("prism_query", silent, **asked))["summary"]["without_report"] == 1
    denied = tenant(denied=("LIST_DEVICES",), devices=FEW)
    unknown = await ask("prism_query", denied, **asked)
    assert "without_report" not in unknown.get("summary", {})
    assert any("have no report in" in note and "was not checked" in note for note in unknown["notes"])


@pytest.mark.parametrize(
    ("tool", "narrow"),
    [
        ("prism_device_information", {}),
        ("prism_applications", {"bundle_id": "com.lumenpdf.pro"}),
        ("prism_local_users", {"username": "svc_"}),
    ],
)
async def test_every_count_of_a_tool_with_a_category_of_its_own_says_it_too(tool: str, narrow: dict[str, Any]) -> None:
    for asked in ({"limit": 0}, {"group_by": ["device_family"]}):
        page = await ask(tool, without_any_report_of(SILENT), **asked, **narrow)
        assert page["summary"]["without_report"] == 1


async def test_devices_without_a_report_are_those_of_the_blueprint_asked_for() -> None:
    row = (await ask("list_devices", serial_number=SILENT, fields=["blueprint_name"]))["items"][0]
    for blueprint, count in ((row["blueprint_name"], 1), ("Kiosk", 0)):
        asked = {"category": "filevault", "blueprint": blueprint, "limit": 0}
        page = await ask("prism_query", without_reports_of(SILENT), **asked)
        assert page["summary"]["without_report"] == count


async def test_a_narrow_list_of_a_large_fleet_does_not_pay_for_the_count_of_silent_devices() -> None:
    large = Recorded(unlimited(now=NOW, devices=2_500))
    page = await ask("prism_local_users", large, username="svc_", limit=500)
    assert page["total"] == len(page["items"]) > 0
    assert not any(path.endswith("device_information") for path in large.paths)
    assert any("without any report were not counted here; limit=0 counts them" in note for note in page["notes"])
    for asked in ({"limit": 0}, {"group_by": ["type"]}, {"username": "nobody like this"}):
        assert "without_report" in (await ask("prism_local_users", large, **asked))["summary"]


async def test_devices_without_a_row_of_a_category_of_many_rows_are_named_with_what_that_may_mean() -> None:
    named = await ask("prism_query", without_any_report_of(SILENT), category="local_users", no_report=True)
    assert [row["serial_number"] for row in named["items"]] == [SILENT]
    assert any("did not report, or had nothing to report" in note for note in named["notes"])


@pytest.mark.parametrize("given", [{"filter": {"status": {"eq": False}}}, {"group_by": ["status"]}, {"device": SILENT}])
async def test_what_does_not_go_with_no_report_is_refused(given: dict[str, Any]) -> None:
    said = await refused("prism_query", category="filevault", no_report=True, **given)
    assert "does not go with no_report" in said


async def test_a_blueprint_that_no_row_has_is_answered_with_those_there_are() -> None:
    page = await ask("prism_local_users", blueprint="Enginering")
    assert page["items"] == []
    assert any("blueprints of enrolled devices: " in note and "Engineering " in note for note in page["notes"])


async def test_a_row_collected_after_the_last_check_in_or_without_one_is_doubted() -> None:
    def later(path: str, body: Any) -> Any:
        if path.endswith("/prism/filevault"):
            for row in body["data"]:
                row["last_collected_at"] = "2026-11-21T00:00:00Z"
        return body

    rows = await ask_all("prism_query", Between(after=later), category="filevault", enrolled=True, limit=500)
    doubted = [row["doubt"] for row in rows if "doubt" in row]
    assert len(doubted) >= len(rows) - 1  # one Mac's last check-in is no date
    assert all("collected 2026-11-21T00:00:00Z, after" in doubt or "never" in doubt for doubt in doubted)
    usual = await ask_all("prism_query", category="filevault", enrolled=True, limit=500)
    never = {row["serial_number"] for row in await ask_all("list_devices", never_checked_in=True, limit=500)}
    assert {row["serial_number"] for row in usual if "doubt" in row} <= never


async def test_a_page_that_is_not_in_the_order_asked_for_is_noticed_in_its_middle_and_mended() -> None:
    def swapped(path: str, body: Any) -> Any:
        if path.endswith("/prism/local_users") and len(body["data"]) > 9:
            body["data"][3], body["data"][7] = body["data"][7], body["data"][3]
        return body

    asked = {"category": "local_users", "sort_by": "-username", "fields": ["username"]}
    right = await ask("prism_query", None, **asked, limit=20)
    page = await ask("prism_query", Between(after=swapped), **asked, limit=20)
    assert [row["username"] for row in page["items"]] == [row["username"] for row in right["items"]]
    assert any("another order" in note for note in page["notes"])
    assert not any("another order" in note for note in right.get("notes", []))


async def test_where_rows_are_sorted_here_those_without_a_value_come_last() -> None:
    def unordered(path: str, body: Any) -> Any:
        if path.endswith("/prism/local_users"):
            body["data"].reverse()
            body["data"][5]["username"] = None
        return body

    asked = {"category": "local_users", "sort_by": "username", "fields": ["username"], "limit": 500}
    rows = await ask_all("prism_query", Between(after=unordered), **asked)
    found = [row.get("username") for row in rows]
    without = found.count(None)
    assert without
    assert found[-without:] == [None] * without


async def test_without_the_device_list_an_answer_says_that_enrolment_was_not_checked() -> None:
    page = await ask("prism_query", tenant(denied=("LIST_DEVICES",)), category="filevault", group_by=["status"])
    assert any("enrolled devices was not checked: not permitted" in note for note in page["notes"])
    assert page["summary"]["rows"]


async def test_columns_have_one_name_whatever_prism_calls_them() -> None:
    ours = await ask("prism_local_users", fields=["device_name", "user_email", "username"], sort_by="device_name")
    theirs = await ask(
        "prism_local_users", fields=["device__name", "device__user_email", "username"], sort_by="device__name"
    )
    assert ours["items"] == theirs["items"]
    assert any("user_email" in row for row in ours["items"])
    assert "device__" not in str(await ask("prism_applications", fields=["*"], limit=3))
    counts = await ask("prism_local_users", group_by=["device__user_email"], limit=3)
    assert any("user_email" in row for row in counts["items"])
