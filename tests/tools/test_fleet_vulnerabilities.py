"""CVEs across the fleet, and the devices that have one."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from iru_mcp.demo.world.story import STORY

from .asking import VULNERABILITIES, Between, ask, ask_all, deaf, gone, refused, tenant

RANK = {"Undefined": 0, "Low": 1, "Medium": 2, "High": 3, "Critical": 4}

OF_DESCRIPTION = "fixed_version is read from the CVE's description"
OF_MACS = "published detections are of Macs: whether other devices are assessed is not known"


async def test_the_exploited_flaw_is_first_and_severity_falls_after_it() -> None:
    rows = await ask_all("list_fleet_vulnerabilities", limit=500)
    assert (rows[0]["cve_id"], rows[0]["known_exploited"]) == (STORY.cve_id, True)
    ranks = [RANK[row["severity"]] for row in rows[1:]]
    assert ranks == sorted(ranks, reverse=True)


async def test_each_order_is_what_it_says() -> None:
    newest = await ask_all("list_fleet_vulnerabilities", sort="newest", limit=500)
    widest = await ask_all("list_fleet_vulnerabilities", sort="most_devices", limit=500)
    dates = [row["first_detection_date"] for row in newest]
    counts = [row["device_count"] for row in widest]
    assert dates == sorted(dates, reverse=True)
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("transport", [None, Between(deaf("filter", "sort_by"))])
async def test_a_severity_floor_holds_whether_or_not_iru_filters(transport: httpx.AsyncBaseTransport | None) -> None:
    everything = await ask_all("list_fleet_vulnerabilities", limit=500)
    rows = await ask_all("list_fleet_vulnerabilities", transport, severity="HIGH", limit=500)
    assert rows == [row for row in everything if RANK[row["severity"]] >= 3]


async def test_known_exploited_and_software_narrow_the_list() -> None:
    exploited = await ask("list_fleet_vulnerabilities", known_exploited=True)
    assert [row["cve_id"] for row in exploited["items"]] == [STORY.cve_id]
    chrome = await ask("list_fleet_vulnerabilities", software="chrome")
    assert {name for row in chrome["items"] for name in row["software"]} == {STORY.browser_name}


async def test_what_is_remediated_is_shown_only_when_asked_for() -> None:
    def remedy(_: str, body: Any) -> Any:
        body["results"][0]["status"] = "Remediated"
        return body

    between = Between(after=remedy)
    active = await ask_all("list_fleet_vulnerabilities", between, limit=500)
    done = await ask_all("list_fleet_vulnerabilities", between, status="Remediated", limit=500)
    every = await ask_all("list_fleet_vulnerabilities", between, status="all", limit=500)
    assert len(done) == 1
    assert len(active) + 1 == len(every)


async def test_a_page_smaller_than_asked_for_is_not_taken_for_the_end() -> None:
    def capped(request: httpx.Request) -> httpx.Request:
        url = request.url.copy_merge_params({"size": "10"})
        return httpx.Request("GET", url, headers=request.headers)

    whole = await ask_all("list_fleet_vulnerabilities", limit=500)
    between = Between(capped)
    assert await ask_all("list_fleet_vulnerabilities", between, limit=500) == whole
    assert len(between.asked) > 1


@pytest.mark.parametrize("tool", ["list_fleet_vulnerabilities", "find_devices_with_vulnerability"])
async def test_a_tenant_without_the_product_is_told_so(tool: str) -> None:
    arguments = {"cve_id": STORY.cve_id} if tool.startswith("find") else {}
    assert re.search(
        f"has not bought {VULNERABILITIES}", await refused(tool, tenant(unlicensed=(VULNERABILITIES,)), **arguments)
    )


@pytest.mark.parametrize("spelling", [STORY.cve_id, f" {STORY.cve_id.lower()} "])
async def test_a_flaw_is_told_with_its_devices_users_versions_and_dates(spelling: str) -> None:
    answer = await ask("find_devices_with_vulnerability", cve_id=spelling, limit=500)
    summary = answer["summary"]
    assert (summary["severity"], summary["known_exploited"], summary["device_count"]) == (
        "Critical",
        True,
        answer["total"],
    )
    assert {"cvss_score", "first_detection_date", "latest_detection_date"} <= set(summary)
    by_version = summary["software"][0]["devices_by_version"]
    assert sum(by_version.values()) == len(answer["items"]) == answer["total"]
    for row in answer["items"]:
        assert row["software"] == STORY.browser_name
        assert row["version"] in by_version
        assert {"device_name", "serial_number", "path", "detection_date"} <= set(row)
    assert any("user_email" in row for row in answer["items"])


async def test_the_holders_department_and_title_are_told_and_the_version_that_fixes_it() -> None:
    answer = await ask("find_devices_with_vulnerability", cve_id=STORY.cve_id, limit=500)
    people = {row["email"]: row for row in await ask_all("list_users", limit=500)}
    held = [row for row in answer["items"] if "user_email" in row]
    assert held
    for row in held:
        person = people[row["user_email"]]
        assert (row.get("department"), row.get("job_title")) == (person.get("department"), person.get("job_title"))
    assert answer["summary"]["fixed_version"] == STORY.browser_fixed_version
    denied = await ask("find_devices_with_vulnerability", tenant(denied=("LIST_USERS",)), cve_id=STORY.cve_id)
    assert any(note.startswith("department and job title of the holders: not permitted") for note in denied["notes"])


async def test_affected_devices_are_filtered_and_sorted_by_their_last_check_in() -> None:
    rows = await ask_all("find_devices_with_vulnerability", cve_id=STORY.cve_id, limit=500)
    seen = {row["serial_number"]: row.get("last_check_in", "") for row in rows}
    asked: dict[str, Any] = {"cve_id": STORY.cve_id, "sort_by": "last_check_in"}
    ordered = await ask_all("find_devices_with_vulnerability", **asked, limit=500)
    assert [row.get("last_check_in", "") for row in ordered] == sorted(seen.values())
    middle = sorted(seen.values())[len(seen) // 2]
    old = await ask("find_devices_with_vulnerability", **asked, checked_in_before=middle, limit=0)
    assert old["total"] == sum(at <= middle for at in seen.values()) > 0
    denied = tenant(denied=("LIST_DEVICES",))
    unknown = await ask("find_devices_with_vulnerability", denied, **asked, checked_in_before=middle)
    assert unknown["items"] == []
    assert any("do not tell checked_in_before" in note for note in unknown["notes"])


async def test_pages_go_on_without_the_summary_and_without_loss() -> None:
    rows = await ask_all("find_devices_with_vulnerability", cve_id=STORY.cve_id, limit=7)
    whole = await ask("find_devices_with_vulnerability", cve_id=STORY.cve_id, limit=500)
    assert rows == whole["items"]


async def test_a_flaw_that_nobody_has_is_not_found_rather_than_unlicensed() -> None:
    assert re.search(
        "has not found CVE-2019-0001 on any device",
        await refused("find_devices_with_vulnerability", cve_id="CVE-2019-0001"),
    )


@pytest.mark.parametrize("text", ["40117", "CVE-26-1", "../../secrets", "CVE-2026-40117/devices", "\u202eCVE"])
async def test_what_is_no_cve_is_refused_before_anything_is_sent(text: str) -> None:
    between = Between()
    assert re.search("CVE-2026-12345", await refused("find_devices_with_vulnerability", between, cve_id=text))
    assert not between.asked


async def test_a_tenant_with_the_old_path_of_affected_software_is_read_too() -> None:
    answer = await ask("find_devices_with_vulnerability", Between(gone("/software")), cve_id=STORY.cve_id)
    assert answer["summary"]["software"][0]["bundle_id"] == STORY.browser_bundle_id
    assert answer["notes"] == [OF_DESCRIPTION, OF_MACS]


async def test_a_denied_header_does_not_cost_the_devices() -> None:
    denied = tenant(denied=("GET_VULNERABILITY", "LIST_AFFECTED_SOFTWARE", "LIST_AFFECTED_APPLICATIONS"))
    answer = await ask("find_devices_with_vulnerability", denied, cve_id=STORY.cve_id)
    assert answer["items"]
    assert "summary" not in answer
    assert answer["notes"].pop() == OF_MACS
    assert len(answer["notes"]) == 2
    assert all("not permitted" in note for note in answer["notes"])


async def test_no_vulnerability_on_a_windows_device_may_mean_that_nobody_looked() -> None:
    (windows, *_) = (await ask("list_devices", platform="windows"))["items"]
    answer = await ask("list_vulnerabilities", device=windows["serial_number"])
    assert answer["items"] == []
    assert any("not covered" in note and "Windows" in note for note in answer["notes"])


async def test_an_app_sought_in_the_whole_fleet_says_which_devices_are_not_in_prism() -> None:
    note = "Prism has no Windows or Android devices: list_device_apps, one at a time"
    assert note in (await ask("prism_applications", name="anydesk"))["notes"]
    of_macs = await ask("prism_applications", name="anydesk", device_families=["Mac"])
    assert note not in of_macs.get("notes", [])


async def test_devices_of_a_person_who_left_say_so() -> None:
    answer = await ask("find_devices_for_user", email=STORY.leaver_email)
    assert answer["items"]
    assert all(row["user_is_archived"] for row in answer["items"])
    assert "user_is_archived" not in (await ask("find_devices_for_user", email=STORY.user_email))["items"][0]


async def test_an_admins_id_is_not_sought_among_users_twice() -> None:
    assert re.search(
        "actor_id is an admin's or a token's", await refused("get_user_by_id", user_id=STORY.night_admin_id)
    )
