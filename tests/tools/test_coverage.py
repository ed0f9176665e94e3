"""An empty answer says whether it could have had rows: by platform, by whether EDR reports, by what rows tell."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from iru_mcp.demo.world.story import STORY

from .asking import Between, ask, ask_all, refused, tenant, told

NOBODY = "00000000-0000-4000-8000-00000000abcd"


async def device_of(platform: str) -> dict[str, Any]:
    page = await ask("list_devices", platform=platform, fields=["device_id", "serial_number"], limit=1)
    return dict(page["items"][0])


ASKED: list[tuple[str, dict[str, Any], str]] = [
    ("list_vulnerabilities", {}, "Windows"),
    ("list_threats", {}, "Android"),
    ("prism_applications", {}, "Windows"),
    ("prism_query", {"category": "filevault"}, "Android"),
    ("prism_local_users", {"group_by": ["type"]}, "Windows"),
]


@pytest.mark.parametrize("named_by", ["device_id", "serial_number"])
@pytest.mark.parametrize(("tool", "more", "platform"), ASKED, ids=[tool for tool, _, _ in ASKED])
async def test_a_platform_without_rows_is_said_however_the_device_is_named(
    tool: str, more: dict[str, Any], platform: str, named_by: str
) -> None:
    device = await device_of(platform)
    answer = await ask(tool, device=device[named_by], **more)
    assert answer["items"] == []
    assert answer["complete"] is False
    assert "total" not in answer
    assert any("not covered" in note and platform in note for note in answer["notes"])
    assert answer["device"]["platform"] == platform


@pytest.mark.parametrize(
    ("tool", "more"), [(tool, more) for tool, more, _ in ASKED], ids=[tool for tool, _, _ in ASKED]
)
async def test_an_id_that_no_device_has_is_not_clean(tool: str, more: dict[str, Any]) -> None:
    assert re.search("Every device was looked at", await refused(tool, device=NOBODY, **more))


async def test_a_token_without_the_device_list_says_that_coverage_was_not_checked() -> None:
    device = await device_of("Windows")
    answer = await ask("list_vulnerabilities", tenant(denied=("LIST_DEVICES",)), device=device["device_id"])
    assert answer["complete"] is False
    assert any("not checked" in note and "Device list" in note for note in answer["notes"])


async def quiet_mac(*, with_policy: bool) -> str:
    """A Mac without alerts whose status has, or lacks, the item that makes it report."""
    alerted = {row.get("serial_number") for row in await ask_all("list_threats", limit=500)}
    rows = await ask_all("list_devices", platform="mac", fields=["device_id", "serial_number"], limit=500)
    for row in rows:
        if row["serial_number"] not in alerted:
            status = await ask("get_device_status", device=row["device_id"], show="all")
            states = [item["status"] for item in status["items"] if item.get("type") == "threat-security-policy"]
            if ("PASS" in states) == with_policy:
                return str(row["device_id"])
    raise AssertionError


async def test_no_alerts_on_a_mac_that_reports_is_said_to_be_none() -> None:
    answer = await ask("list_threats", device=await quiet_mac(with_policy=True))
    assert answer["complete"] is True
    assert any("EDR reports on this device, and has no alerts; last report 20" in note for note in answer["notes"])


async def test_no_alerts_on_a_mac_that_may_not_report_is_not_said_to_be_none() -> None:
    device = await quiet_mac(with_policy=True)

    def without_policy(path: str, body: Any) -> Any:
        if path.endswith("/status"):
            body["library_items"] = [one for one in body["library_items"] if one["type"] != "threat-security-policy"]
        return body

    answer = await ask("list_threats", Between(after=without_policy), device=device)
    assert answer["complete"] is False
    assert any("EDR may not report" in note and "no such library item" in note for note in answer["notes"])
    denied = await ask("list_threats", tenant(denied=("GET_DEVICE_STATUS",)), device=device)
    assert any("not checked" in note and "Device Status" in note for note in denied["notes"])


def nameless(path: str, body: Any) -> Any:
    """Threats as some tenants have them: the id alone tells which device."""
    if "threat-details" in path:
        for row in body["results"]:
            row |= {"device_name": "", "device_serial_number": None, "blueprint_id": None, "blueprint_name": None}
    return body


def no_device_list(request: httpx.Request) -> httpx.Response | None:
    return told(403, {"detail": "no"}) if request.url.path == "/api/v1/devices" else None


async def test_a_threat_without_serial_number_names_its_device_by_id_where_the_device_list_is_denied() -> None:
    usual = await ask_all("list_threats", kind="threat", fields=["device_id", "file_path"], limit=500)
    rows = await ask_all("list_threats", Between(no_device_list, nameless), kind="threat", limit=500)
    assert [row["device_id"] for row in rows] == [row["device_id"] for row in usual]
    assert not any("serial_number" in row for row in rows)
    named = await ask_all("list_threats", kind="threat", limit=500)
    assert not any("device_id" in row for row in named)


async def test_windows_versions_compare_by_build_or_by_release() -> None:
    every = await ask_all("list_devices", platform="windows", fields=["*"], limit=500)
    old = {row["serial_number"] for row in every if row["full_software_version"].startswith("10.0.22631")}
    assert old
    for bound in ("10.0.26100", "24H2", "10.0.22631.9999"):
        found = await ask_all("list_devices", version_below=bound, fields=["serial_number", "platform"], limit=500)
        assert {row["serial_number"] for row in found} == old
    for text in ("10.0.22631", "23H2"):
        found = await ask_all("list_devices", os_version=text, fields=["serial_number"], limit=500)
        assert {row["serial_number"] for row in found} == old


async def test_a_windows_release_is_not_below_a_version_of_macos_and_that_is_said() -> None:
    windows = await ask_all("list_devices", platform="windows", fields=["serial_number"], limit=500)
    page = await ask("list_devices", version_below="26.1", group_by=["platform"])
    assert "Windows" not in {row["platform"] for row in page["items"]}
    assert any(note.startswith(f"{len(windows)} rows do not tell a version that compares") for note in page["notes"])
    none = await ask("list_devices", platform="windows", version_below="26.1")
    assert none["items"] == []
    assert not any("none of all" in note for note in none["notes"])


async def test_what_a_row_does_not_tell_is_neither_true_nor_false() -> None:
    untold: set[str] = set()

    def forget(path: str, body: Any) -> Any:
        if path.endswith("/devices"):
            for row in body[:5]:
                row["mdm_enabled"] = None
                untold.add(row["serial_number"])
        return body

    for wanted in (True, False):
        rows = await ask("list_devices", Between(after=forget), mdm_enabled=wanted, limit=500, fields=["serial_number"])
        assert untold.isdisjoint(row["serial_number"] for row in rows["items"])
        assert any(note.endswith("rows do not tell mdm_enabled and are left out") for note in rows["notes"])


async def test_a_row_that_could_not_be_read_keeps_every_list_and_count_from_being_complete() -> None:
    def spoil(path: str, body: Any) -> Any:
        if path.endswith(("/devices", "/users")):
            rows = body if isinstance(body, list) else body["results"]
            rows[:1] = ["not a row"]
        return body

    for tool, more in (("list_devices", {}), ("list_devices", {"group_by": ["platform"]}), ("list_users", {})):
        answer = await ask(tool, Between(after=spoil), limit=500, **more)
        assert answer["complete"] is False
        assert any("could not be read" in note for note in answer["notes"])


async def test_a_windows_app_is_found_by_its_package_name_and_shows_its_signer() -> None:
    for row in await ask_all("list_devices", platform="windows", fields=["device_id"], limit=500):
        found = await ask("list_device_apps", device=row["device_id"], name="91750D7E.Slack")
        if found["items"]:
            break
    line = found["items"][0]
    assert (line["name"], line["bundle_id"], line["publisher"]) == (
        "Slack",
        "91750D7E.Slack",
        "Slack Technologies, Inc.",
    )
    same = await ask("list_device_apps", device=row["device_id"], bundle_id="91750d7e", fields=["*"])
    assert same["items"][0]["signature"].startswith("CN=Slack")


VERSIONS = ("24H2", "15.2")


async def test_an_app_without_a_version_has_none() -> None:
    def unversioned(path: str, body: Any) -> Any:
        if path.endswith("/apps"):
            body["apps"][0]["version"] = "No value"
            body["apps"][0]["bundle_id"] = "No value"
        return body

    page = await ask("list_device_apps", Between(after=unversioned), device=STORY.patient_zero_serial, limit=500)
    assert sum("version" not in row for row in page["items"]) == 1
    assert "No value" not in str(page)


@pytest.mark.parametrize("bound", [{"version_below": "26.1"}, {"version_at_least": "10.0"}])
async def test_a_release_of_windows_does_not_compare_with_a_number_and_that_is_said(bound: dict[str, str]) -> None:
    def released(path: str, body: Any) -> Any:
        if path.endswith("/apps"):
            body["apps"] = [app | {"version": version} for app, version in zip(body["apps"], VERSIONS, strict=False)]
        return body

    asked: dict[str, Any] = {"device": STORY.patient_zero_serial, "fields": ["version"]}
    page = await ask("list_device_apps", Between(after=released), **asked, **bound)
    assert [row["version"] for row in page["items"]] == ["15.2"]
    assert "1 rows do not tell a version that compares with this and are left out" in page["notes"]
    older = await ask("list_device_apps", Between(after=released), **asked, version_below="25H1")
    assert [row["version"] for row in older["items"]] == ["24H2"]
    assert "1 rows do not tell a version that compares with this and are left out" in older["notes"]


async def test_enrollment_codes_are_not_in_routing_activity() -> None:
    rows = await ask_all("list_blueprint_routing_activity", fields=["*"], limit=500)
    changed = [row["details"] for row in rows if row["activity_type"] == "enrollment_settings_changed"]
    assert {"code": "changed"} in changed
    assert "374732" not in str(rows)
    assert "314402" not in str(rows)


async def test_the_time_since_boot_is_as_of_the_last_report() -> None:
    for row in await ask_all("list_devices", platform="mac", is_missing=True, fields=["device_id"], limit=500):
        general = (await ask("get_device_details", device=row["device_id"]))["general"]
        assert "ago, at the last report, 2026-" in general["time_since_boot"]


@pytest.mark.parametrize(
    ("tool", "given"),
    [("get_device_activity", {"device": "NW7QK2M4XH"}), ("list_library_item_activity", {"library_item": "Zoom"})],
)
async def test_a_history_that_begins_after_what_is_asked_says_where(tool: str, given: dict[str, Any]) -> None:
    rows = await ask_all(tool, **given, limit=500)
    oldest = min(row.get("created_at") or row["activity_time"] for row in rows)
    page = await ask(tool, **given, since="2019-01-01", limit=500)
    assert page["summary"]["log_starts_at"] == oldest
    assert "summary" not in await ask(tool, **given, since="1d", limit=500)


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("get_device_activity", {"device": "NW7QK2M4XH", "action_type": "enrolled"}, "action_type here: "),
        ("list_devices", {"blueprint_name": "Enginering"}, "blueprint_name here: "),
        ("list_devices", {"model": "MacBok"}, "model here: "),
        ("list_blueprints", {"name": "Enginering"}, "name here: "),
        ("list_library_items", {"kind": "custom_scripts", "name": "rotat key"}, "name here: "),
    ],
)
async def test_a_word_that_nothing_has_is_answered_with_the_words_there_are(
    tool: str, given: dict[str, Any], said: str
) -> None:
    page = await ask(tool, **given)
    assert page["items"] == []
    assert any(note.startswith(said) for note in page["notes"])
