"""One call answers whose device it is, how it stands and what is wrong with it, whatever part of Iru fails."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import bpe_openai
import httpx
import pytest

from iru_mcp.demo.world.story import STORY
from iru_mcp.tools.kit.catalogue import catalogue, to_json

from .asking import Faulty, ask, refused, tenant

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SERIAL = STORY.patient_zero_serial


def tokens(value: Any) -> int:
    text = value if isinstance(value, str) else to_json(value)
    return len(bpe_openai.get_encoding("o200k_base").encode(text))


async def test_the_dossier_of_the_first_victim_holds_the_whole_incident() -> None:
    found = await ask("get_device_dossier", device=SERIAL)
    assert found["device"]["user_email"] == STORY.user_email
    assert found["security"]["encrypted"] is True
    assert found["protections"]["gatekeeper"] is False
    assert found["protections"]["sip"] is True
    powers = found["protections"]["powerful_permissions"]
    since = rf"Full Disk Access: {STORY.app_bundle_id} since \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    assert any(re.fullmatch(since, power) for power in powers)
    assert [row["name"] for row in found["new_apps"]["rows"]] == [STORY.app_name]
    assert found["new_apps"]["rows"][0]["ad_hoc_code_signed"] is True
    planted = found["launch_items"]["rows"][0]
    assert planted["label"] == STORY.launch_label
    assert planted["why"] == ["label imitates Apple", "program in a hidden folder"]
    assert found["launch_items"]["suspect"] == 1
    assert found["admins"]["rows"][0]["username"] == STORY.hidden_admin
    assert found["admins"]["rows"][0]["hidden"] is True
    assert found["failed"]["rows"][0]["name"] == STORY.protection_item
    assert found["threats"]["rows"][0]["file_hash"] == STORY.file_hash
    assert STORY.command_host in found["behaviors"]["rows"][0]["command_line"]
    assert any("InstallProfile' failed" in row["text"] for row in found["activity"]["rows"])


async def test_a_dossier_costs_eighteen_requests_and_six_tenths_of_its_budget_on_an_infected_mac() -> None:
    iru = Faulty()
    found = await ask("get_device_dossier", iru, device=SERIAL)
    assert len(iru.asked) == 18, "one of them for the name of an admin"
    assert tokens(found) < 2_400


async def test_a_serial_number_a_name_and_an_id_give_the_same_dossier() -> None:
    by_serial = await ask("get_device_dossier", device=SERIAL)
    by_name = await ask("get_device_dossier", device=STORY.patient_zero_name)
    by_id = await ask("get_device_dossier", device=STORY.patient_zero_device_id)
    assert by_serial == by_name == by_id


async def test_known_exploited_cves_come_first() -> None:
    listed = await ask("find_devices_with_vulnerability", cve_id=STORY.cve_id)
    found = await ask("get_device_dossier", device=listed["items"][0]["serial_number"])
    assert found["vulnerabilities"]["known_exploited"] == 1
    first = found["vulnerabilities"]["rows"][0]
    assert first["known_exploited"] is True
    assert first["cve_id"] == STORY.cve_id


async def test_without_the_fleet_list_the_cves_stay_and_no_number_of_exploited_ones_is_claimed() -> None:
    listed = await ask("find_devices_with_vulnerability", cve_id=STORY.cve_id)
    serial = listed["items"][0]["serial_number"]
    found = await ask("get_device_dossier", tenant(denied=("LIST_VULNERABILITIES",)), device=serial)
    assert found["vulnerabilities"]["cves"] > 0
    assert "known_exploited" not in found["vulnerabilities"]
    assert found["states"]["known_exploited"].startswith("not licensed, or not permitted")


@pytest.mark.parametrize(
    ("endpoint", "part", "state"),
    [
        ("GET_DEVICE_DETAILS", "security", 'not permitted: "Device details"'),
        ("GET_DEVICE_STATUS", "failed", 'not permitted: "Device Status"'),
        ("LIST_DEVICE_ACTIVITY", "activity", 'not permitted: "Device Activity"'),
        ("PRISM_APPS", "new_apps", 'not permitted: "Applications"'),
        ("PRISM_LOCAL_USERS", "admins", 'not permitted: "GET /api/v1/prism/local_users"'),
        (
            "PRISM_LAUNCH_AGENTS_AND_DAEMONS",
            "launch_items",
            'not permitted: "GET /api/v1/prism/launch_agents_and_daemons"',
        ),
    ],
)
async def test_a_denied_part_names_its_permission_and_costs_no_other(endpoint: str, part: str, state: str) -> None:
    whole = await ask("get_device_dossier", device=SERIAL)
    found = await ask("get_device_dossier", tenant(denied=(endpoint,)), device=SERIAL)
    assert found["states"][part] == state
    assert part not in found
    assert found["complete"] is False
    for other in whole.keys() - {part, "states", "complete", "notes"}:
        assert other in found
    assert {found["states"][name] for name in whole["states"].keys() - {part}} == {"ok"}


async def test_a_token_without_the_device_id_permission_still_gets_the_dossier_by_id() -> None:
    found = await ask("get_device_dossier", tenant(denied=("GET_DEVICE",)), device=STORY.patient_zero_device_id)
    assert found["states"]["device"] == 'not permitted: "Device ID"'
    assert found["device"]["device_name"] == STORY.patient_zero_name
    assert found["device"]["user_email"] == STORY.user_email
    assert found["threats"]["count"] == 1


async def test_products_that_were_not_bought_are_said_as_such() -> None:
    unlicensed = ("Endpoint Detection and Response", "Vulnerability Management")
    found = await ask("get_device_dossier", tenant(unlicensed=unlicensed), device=SERIAL)
    assert found["states"]["vulnerabilities"] == "not licensed"
    assert found["states"]["threats"].startswith("not licensed")
    assert "threats" not in found
    assert found["launch_items"]["suspect"] == 1


async def test_a_product_that_is_not_there_leaves_nothing_out() -> None:
    found = await ask(
        "get_device_dossier", tenant(unlicensed=("Vulnerability Management",)), device=SERIAL, detail="full"
    )
    assert found["states"]["known_exploited"] == "not licensed"
    assert found["complete"] is True


async def test_a_broken_part_says_what_iru_answered() -> None:
    found = await ask("get_device_dossier", Faulty(broken="/status"), device=SERIAL)
    assert found["states"]["failed"] == "failed: Iru failed with 500 on GET /api/v1/devices/{device_id}/status"
    assert found["threats"]["count"] == 1


async def test_a_part_that_never_answers_is_told_and_the_others_are_there() -> None:
    found = await ask("get_device_dossier", Faulty(slow="launch_agents"), device=SERIAL)
    state = found["states"]["launch_items"]
    assert state == "failed: Iru did not answer /api/v1/prism/launch_agents_and_daemons within 1 s"
    assert found["admins"]["hidden"] == 1
    assert found["complete"] is False


async def test_a_list_that_breaks_off_is_partial_and_what_was_read_is_shown() -> None:
    def longer(body: Any, url: httpx.URL) -> Any:
        if "/devices/" in url.path and url.path.endswith("/activity"):
            body["activity"]["count"] = 5_000
        return body

    found = await ask(
        "get_device_dossier", Faulty(change=longer, broken=r"activity\?limit=300&offset=[1-9]"), device=SERIAL
    )
    assert found["states"]["activity"].startswith("partial: stopped after ")
    assert found["activity"]["events"] > 0
    assert found["complete"] is False


async def test_when_nothing_can_be_read_the_call_fails_with_the_reason() -> None:
    assert re.search(
        "500",
        await refused(
            "get_device_dossier", Faulty(broken=r"/devices/|prism|threat|behavior|vulnerability|audit"), device=SERIAL
        ),
    )


async def test_an_id_that_nobody_has_is_not_found_rather_than_an_empty_dossier() -> None:
    assert re.search(
        "knows no such device", await refused("get_device_dossier", device="00000000-0000-4000-8000-00000000dead")
    )


async def test_apples_own_launch_items_are_only_counted_and_a_label_alone_does_not_make_one_apples() -> None:
    def elsewhere(body: Any, url: httpx.URL) -> Any:
        if "launch_agents" in url.path:
            kept = [row for row in body["data"] if row["label"].startswith("com.apple")]
            moved = [
                row | {"path": row["path"].replace("/System/Library", "/System/Library/../../Library")}
                for row in kept[:2]
            ]
            body["data"] = kept[2:] + moved
        return body

    found = await ask("get_device_dossier", Faulty(change=elsewhere), device=SERIAL)
    assert found["launch_items"]["apple"] == 23
    assert found["launch_items"]["not_apple"] == 3
    assert all(row["why"][0] == "label imitates Apple" for row in found["launch_items"]["rows"])


async def test_phones_are_not_asked_for_what_only_macs_report_and_that_is_said() -> None:
    found = await ask("get_device_dossier", device=STORY.lost_serial)
    assert found["device"]["lost_mode_status"] == "ENABLED"
    platform = found["device"]["platform"]
    assert found["states"]["launch_items"] == found["states"]["vulnerabilities"] == f"not covered: {platform}"
    assert set(found["states"].values()) == {"ok", f"not covered: {platform}"}
    assert "vulnerabilities" not in found
    assert found["complete"] is True  # all that exists of a phone was read


async def test_a_device_that_nobody_holds_and_that_never_called_says_so() -> None:
    listed = await ask("list_devices", assigned=False, checked_in_before="2026-11-20", platform="mac", limit=500)
    never = next(row["serial_number"] for row in listed["items"] if "last_check_in" not in row)
    found = await ask("get_device_dossier", device=never)
    assert found["device"]["last_check_in"] == "never"
    assert found["device"]["assigned"] is False


def _crowded(body: Any, url: httpx.URL) -> Any:
    """A device on which every list is long, and its texts are what costs most tokens."""
    if "data" in body:
        body["data"] = [
            row
            | {name: f"{row[name]}{i:x}界面" for name in ("label", "name", "username") if row.get(name)}
            | {"type": "Admin"}
            for row in body["data"]
            for i in range(12)
        ]
    elif "/devices/" in url.path and url.path.endswith("/activity"):
        rows = body["activity"]["results"]
        body["activity"]["results"] = [
            row | {"id": f"{i}{row['id']}", "action_type": f"odd_{i}"} for row in rows for i in range(9)
        ]
        body["activity"]["count"] = len(rows) * 9
    elif url.path.endswith("/status"):
        body["library_items"] = [row | {"status": "ERROR", "log": "0f3a9c" * 60} for row in body["library_items"] * 9]
    elif "threat" in url.path or "behavioral" in url.path:
        body["results"] = [row | {"file_hash": f"{i:064x}", "id": str(i)} for row in body["results"] for i in range(90)]
        body["count"] = len(body["results"])
    return body


@pytest.mark.parametrize(("detail", "budget"), [("brief", 4_000), ("full", 12_000)])
async def test_a_crowded_device_stays_within_the_budget_and_every_part_is_heard(detail: str, budget: int) -> None:
    found = await ask("get_device_dossier", Faulty(change=_crowded), device=SERIAL, detail=detail, since="90d")
    assert budget * 0.6 < tokens(found) <= budget
    for part in ("threats", "behaviors", "failed", "launch_items", "admins", "new_apps", "activity"):
        rows, left = found[part].get("rows", []), found[part].get("rows_left_out", 0)
        assert len(rows) >= 3, part
        assert left > 0, part
    assert found["threats"]["count"] == len(found["threats"]["rows"]) + found["threats"]["rows_left_out"]
    assert found["complete"] is False
    assert "rows_left_out" in json.dumps(found["notes"])


async def test_the_budget_holds_for_devices_of_every_platform() -> None:
    by_platform: dict[str, list[str]] = {}
    for device in tenant().inner.tenant.devices:  # type: ignore[attr-defined]
        by_platform.setdefault(device.platform, []).append(device.serial)
    sample = [serial for serials in by_platform.values() for serial in serials[:: max(1, len(serials) // 7)]][:45]
    assert len(sample) >= 40
    for serial in sample:
        found = await ask("get_device_dossier", device=serial, since="90d")
        assert tokens(found) <= 4_000
        assert set(found["states"].values()) <= {"ok", f"not covered: {found['device']['platform']}"}, serial


def test_both_tools_cost_no_more_than_450_tokens_of_the_list() -> None:
    def cost(name: str) -> int:
        tool = catalogue()[name]
        return tokens(json.dumps([tool.name, tool.description, tool.input_schema], separators=(",", ":")))

    assert cost("get_device_dossier") + cost("get_timeline") <= 450


async def test_dates_that_do_not_go_together_are_told_in_words() -> None:
    def never(body: Any, url: httpx.URL) -> Any:
        if url.path == "/api/v1/devices":
            for row in body:
                row["last_check_in"] = ""
        return body

    found = await ask("get_device_dossier", Faulty(change=never), device=SERIAL)
    assert found["notes"][0] == "the device never checked in: no status of its items comes from it, a PASS neither"

    def early(body: Any, url: httpx.URL) -> Any:
        if url.path == "/api/v1/devices":
            for row in body:
                row["last_check_in"], row["last_enrollment"] = "2026-05-01T08:00:00Z", "2026-06-01T08:00:00Z"
        if url.path.endswith("/details"):
            body["kandji_agent"]["last_check_in"] = "2026-11-02T08:00:00Z"
        return body

    notes = (await ask("get_device_dossier", Faulty(change=early), device=SERIAL))["notes"]
    assert notes[0].startswith("Prism collected at 2026-11-20T")
    assert notes[0].endswith("after the last check-in 2026-05-01T08:00:00Z: one is wrong")
    assert notes[1].startswith("enrolled again at 2026-06-01T08:00:00Z and not checked in since")
    assert notes[2].startswith("the agent is silent since 2026-11-02T08:00:00Z while MDM checked in at 2026-11-20T")
    usual = await ask("get_device_dossier", device=SERIAL)
    assert not [note for note in usual["notes"] if "wrong" in note or "silent" in note or "never" in note]


async def test_a_protection_that_could_not_be_read_is_not_taken_for_on() -> None:
    found = await ask("get_device_dossier", tenant(denied=("PRISM_GATEKEEPER_AND_XPROTECT",)), device=SERIAL)
    assert "gatekeeper" not in found["protections"]
    state = found["states"]["protections"]
    assert state.startswith("partial: gatekeeper_and_xprotect: not permitted")
    assert found["complete"] is False


async def test_a_secret_that_was_read_is_the_first_of_what_was_audited() -> None:
    found = await ask("get_device_dossier", device=STORY.leaver_serials[0])
    first = found["audit"]["rows"][0]
    assert "view of device secrets" in first["text"]
    assert STORY.night_token_id in first["text"]
    assert any(note.startswith("who did what is audited") for note in found["notes"])
    assert found["states"]["audit"] == "ok"
    denied = await ask("get_device_dossier", tenant(denied=("LIST_AUDIT_EVENTS",)), device=STORY.leaver_serials[0])
    assert not denied["complete"]
    assert "not permitted" in denied["states"]["audit"]


async def test_an_admin_in_the_audit_part_is_named_where_the_activity_of_an_item_names_them() -> None:
    found = await ask("get_device_dossier", device=STORY.patient_zero_serial, since="30d", detail="full")
    assert "@northwind.example' (user)" in str(found["audit"]["rows"])
