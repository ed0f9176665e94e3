"""One call says which devices have an app, a known-exploited CVE, a holder who left, or never checked in."""

from __future__ import annotations

import re
from typing import Any

import pytest

from iru_mcp.demo.world.story import STORY

from .asking import Between, ask, ask_all, refused, tenant

COVERED = {"Mac", "iPhone", "iPad"}


async def everyone() -> list[dict[str, Any]]:
    return await ask_all("list_devices", fields=["*"], limit=500)


async def serials(**asked: Any) -> set[str]:
    return {row["serial_number"] for row in await ask_all("list_devices", fields=["serial_number"], limit=500, **asked)}


@pytest.mark.parametrize("text", [STORY.app_bundle_id, "lumen pdf pro", "LUMENPDF"])
async def test_devices_with_an_app_are_those_that_prism_has_it_on(text: str) -> None:
    assert await serials(has_app=text) == set(STORY.infected)
    page = await ask("list_devices", has_app=text)
    assert any(STORY.app_bundle_id in note and "Macs, iPhones and iPads alone" in note for note in page["notes"])


async def test_devices_that_lack_an_app_are_all_others_of_the_platforms_that_report_apps() -> None:
    covered = {row["serial_number"] for row in await everyone() if row["platform"] in COVERED}
    lacking = await serials(lacks_app=STORY.app_bundle_id)
    assert lacking == covered - set(STORY.infected)
    macs = await serials(lacks_app=STORY.app_bundle_id, platform="mac")
    assert macs < lacking


async def test_a_device_that_never_reported_does_not_lack_an_app() -> None:
    def silence(path: str, body: Any) -> Any:
        if "/prism/" in path:
            body["data"] = [row for row in body["data"] if row["serial_number"] != STORY.patient_zero_serial]
        return body

    page = await ask("list_devices", Between(after=silence), lacks_app="no such app", platform="mac", limit=0)
    macs = [row for row in await everyone() if row["platform"] == "Mac"]
    assert page["total"] == len(macs) - 1
    assert any(note.startswith("1 rows do not tell lacks_app") for note in page["notes"])


async def test_a_token_without_prism_is_refused_and_not_told_that_nothing_has_the_app() -> None:
    assert re.search(
        "/api/v1/prism/apps", await refused("list_devices", tenant(denied=("PRISM_APPS",)), has_app="zoom")
    )


async def test_devices_with_a_known_exploited_cve_are_those_of_each_such_cve() -> None:
    expected: set[str] = set()
    for cve in await ask_all("list_fleet_vulnerabilities", known_exploited=True, limit=500):
        rows = await ask_all("find_devices_with_vulnerability", cve_id=cve["cve_id"], limit=500)
        expected |= {row["serial_number"] for row in rows}
    assert expected
    assert await serials(has_kev=True) == expected
    macs = {row["serial_number"] for row in await everyone() if row["platform"] == "Mac"}
    assert await serials(has_kev=False) == macs - expected


async def test_devices_that_never_checked_in_are_told_from_those_long_unseen() -> None:
    never = {
        row["serial_number"] for row in await everyone() if not row.keys() & {"last_check_in", "last_check_in_as_sent"}
    }
    assert never
    assert await serials(never_checked_in=True) == never
    page = await ask("list_devices", checked_in_before="30d", limit=500)
    assert never <= {row["serial_number"] for row in page["items"]}
    assert any(note.startswith(f"{len(never)} of these never checked in") for note in page["notes"])
    assert (
        await serials(checked_in_before="30d", never_checked_in=False)
        == {row["serial_number"] for row in page["items"]} - never
    )


async def test_devices_of_people_who_left_are_one_question() -> None:
    assert set(STORY.leaver_serials) <= await serials(user_is_archived=True)
    assert await serials(user_is_archived=True) == {
        row["serial_number"] for row in await everyone() if row.get("user_is_archived")
    }


async def test_what_filters_can_be_counted_by_too_with_the_unknown() -> None:
    on, off = await serials(filevault_enabled=True), await serials(filevault_enabled=False)
    page = await ask("list_devices", platform="mac", group_by=["filevault_enabled"])
    assert {row.get("filevault_enabled"): row["count"] for row in page["items"]} == {True: len(on), False: len(off)}
    shown = await ask("list_devices", platform="mac", fields=["serial_number", "filevault_enabled"], limit=500)
    assert {row["serial_number"] for row in shown["items"] if row["filevault_enabled"]} == on
    fleet = await ask("list_devices", group_by=["platform", "filevault_enabled"], limit=100)
    assert any(row["platform"] == "iPhone" and "filevault_enabled" not in row for row in fleet["items"])
    for name in ("assigned", "lost_mode", "never_checked_in", "user_is_archived"):
        counts = await ask("list_devices", group_by=[name])
        assert sum(row["count"] for row in counts["items"]) == 400
        assert {row.get(name) for row in counts["items"]} <= {True, False, None}


async def test_the_device_with_the_serial_number_comes_before_those_that_contain_it() -> None:
    def longer(path: str, body: Any) -> Any:
        if path.endswith("/devices"):
            body[:0] = [body[0] | {"device_id": "0", "serial_number": f"X{STORY.patient_zero_serial}"}]
        return body

    page = await ask("list_devices", Between(after=longer), serial_number=STORY.patient_zero_serial.lower())
    assert page["items"][0]["serial_number"] == STORY.patient_zero_serial
    assert len(page["items"]) > 1
    assert any("only the first has the serial number" in note for note in page["notes"])


async def test_a_tag_that_no_device_has_is_answered_with_the_tags_that_there_are() -> None:
    page = await ask("list_devices", tag="kiosks")
    assert page["items"] == []
    assert any(note.startswith("tag here: ") and "kiosk" in note for note in page["notes"])


async def test_people_are_found_by_department_title_and_devices() -> None:
    people = await ask_all("list_users", fields=["*"], limit=500)
    department = next(row["department"] for row in people if row.get("department"))
    title = next(row["job_title"] for row in people if row.get("job_title"))
    for asked, fits in (
        ({"department": department.upper()}, lambda row: row.get("department") == department),
        ({"job_title": title}, lambda row: title in row.get("job_title", "")),
        ({"archived": True, "has_devices": True}, lambda row: row.get("archived") and row["device_count"] > 0),
        ({"has_devices": False}, lambda row: row["device_count"] == 0),
    ):
        rows = await ask_all("list_users", fields=["*"], limit=500, **asked)
        assert rows == [row for row in people if fits(row)]
    none = await ask("list_users", department="Alchemy")
    assert any(note.startswith("department here: ") and department in note for note in none["notes"])


async def test_the_devices_of_a_cve_say_who_holds_them_and_which_are_stale() -> None:
    listed = {row["serial_number"]: row for row in await everyone()}
    rows = await ask_all("find_devices_with_vulnerability", cve_id=STORY.cve_id, limit=500)
    for row in rows:
        known = listed[row["serial_number"]]
        assert row["device_name"] == known["device_name"]
        assert row.get("user_email") == known.get("user_email")
        assert row.get("last_check_in") == known.get("last_check_in")
        assert row.get("stale", False) is (known.get("last_check_in", "") < "2026-10-21T09:30:00Z")
    assert any("user_email" in row for row in rows)
    counts = await ask("find_devices_with_vulnerability", cve_id=STORY.cve_id, limit=0)
    assert counts["items"] == []
    assert counts["total"] == len(rows)
    assert counts["summary"]["cve_id"] == STORY.cve_id


async def test_the_worst_flaws_of_a_device_are_the_known_exploited_ones_as_in_the_fleet() -> None:
    exploited = {row["cve_id"] for row in await ask_all("list_fleet_vulnerabilities", known_exploited=True, limit=500)}
    mac = STORY.patient_zero_serial
    rows = await ask_all("list_vulnerabilities", device=mac, limit=500)
    marked = [row["cve_id"] in exploited for row in rows]
    assert [row.get("known_exploited", False) for row in rows] == marked == sorted(marked, reverse=True)
    only = await ask_all("list_vulnerabilities", device=mac, known_exploited=True, limit=500)
    assert only == [row for row in rows if row["cve_id"] in exploited] != []
    denied = await ask("list_vulnerabilities", tenant(denied=("LIST_VULNERABILITIES",)), device=mac)
    assert any("known to be exploited was not read: " in note for note in denied["notes"])


@pytest.mark.parametrize("parameter", ["has_app", "lacks_app"])
async def test_an_app_that_nobody_has_is_told_as_such_with_where_to_find_what_is_like_it(parameter: str) -> None:
    page = await ask("list_devices", None, **{parameter: "lumem"}, limit=1)
    note = next(one for one in page["notes"] if one.startswith(f"{parameter} matched nothing"))
    assert "prism_applications name= tells what is spelled like it" in note
    found = await ask("prism_applications", name="lumem")
    assert any("nearest: Lumen PDF Pro" in one for one in found["notes"])
