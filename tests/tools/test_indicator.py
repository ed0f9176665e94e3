"""One indicator is found wherever it is, and what was not searched is said."""

from __future__ import annotations

import re
from typing import Any

import bpe_openai
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iru_mcp.demo.world.story import STORY
from iru_mcp.tools.investigate.indicator_text import looks_like, read_indicators
from iru_mcp.tools.kit.catalogue import to_json
from iru_mcp.tools.kit.size import size
from tests.conftest import agent_over, text_of

from .asking import EDR, VULNERABILITIES, Between, ask, ask_all, gone, refused, tenant, told

INFECTED = set(STORY.infected)
tokens = bpe_openai.get_encoding("o200k_base").encode


def serials(answer: dict[str, Any]) -> set[str]:
    devices = answer["devices"]
    return {row["serial_number"] for row in devices.get("rows", ())} | set(devices.get("serial_numbers", ()))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (STORY.file_hash, "sha256"),
        (STORY.file_hash[:40].upper(), "sha1"),
        (STORY.file_hash[:32], "md5"),
        (STORY.cve_id.lower(), "cve"),
        (STORY.user_email, "email"),
        (STORY.command_host, "ip"),
        (f"{STORY.command_host}:443", "ip"),
        ("2001:db8::1", "ip"),
        ("/Users/mira/.local/share/.cache/softwareupdated", "path"),
        ("~/Library/LaunchAgents", "path"),
        ("C:\\Windows\\Temp\\a.exe", "path"),
        (STORY.app_bundle_id, "bundle_id"),
        (STORY.launch_label, "launch_label"),
        ("EQHXZ8M8AV", "team_id"),
        (STORY.patient_zero_serial, "serial_number"),
        (STORY.patient_zero_device_id, "device_id"),
        (STORY.app_name, "app_name"),
        ("softwareupdated", "process_name"),
        (STORY.hidden_admin, "username"),
        ("zoom.us", "app_name"),
        ("com.apple", "bundle_id"),
        ("install.helper.sh", "process_name"),
        (STORY.user_name, "person"),
    ],
)
def test_an_indicator_is_known_by_its_looks(value: str, kind: str) -> None:
    assert kind in looks_like(value)


HASH = STORY.file_hash


@pytest.mark.parametrize(
    ("pasted", "value"),
    [
        ("com[.]apple[.]softwareupdate[.]helperd", STORY.launch_label),
        (f"{STORY.launch_label}.", STORY.launch_label),
        (f"`{STORY.launch_label}`", STORY.launch_label),
        (f"\u201c{STORY.app_name}\u201d", STORY.app_name),
        (f"SHA256: {HASH}", HASH),
        (f"sha-256={HASH},", HASH),
        (" ".join(HASH[i : i + 8] for i in range(0, 64, 8)), HASH),
        ("hxxps://c2[.]evil[.]example:8443/stage2?x=1", "c2.evil.example"),
        ("https://who:secret@c2.evil.example/", "c2.evil.example"),
        ("c2.evil.example/stage2.sh", "c2.evil.example"),
        ("c2(.)evil(dot)example:443", "c2.evil.example"),
        (f"hxxp://{STORY.command_host.replace('.', '[.]')}:443/x", STORY.command_host),
        (f"{STORY.command_host}:443", STORY.command_host),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("mira.castellane[at]northwind[.]example", STORY.user_email),
        ("CVE\u20112026\u201140117", STORY.cve_id),
        ("cve 2026 40117", STORY.cve_id),
        ("~/.local/share/.cache/softwareupdated", "~/.local/share/.cache/softwareupdated"),
        ("/Users/mira/.local/share/.cache/softwareupdated", "~/.local/share/.cache/softwareupdated"),
        ("/Users/mira", "/Users/mira"),
        ("/Users/Shared/.updater/run", "/Users/Shared/.updater/run"),
        ("/private/var/db/.u", "/var/db/.u"),
        ("/Applications/Lumen\\ PDF\\ Pro.app", "/Applications/Lumen PDF Pro.app"),
        ("file:///Applications/Lumen%20PDF%20Pro.app", "/Applications/Lumen PDF Pro.app"),
        ("C:\\Windows\\Temp\\a.exe", "C:\\Windows\\Temp\\a.exe"),
        ("zoom.us.app/Contents", "zoom.us.app/Contents"),
        ("app: Lumen PDF Pro", STORY.app_name),
    ],
)
def test_an_indicator_is_read_as_what_was_meant(pasted: str, value: str) -> None:
    assert [one.shown for one in read_indicators(pasted)] == [value]


@pytest.mark.parametrize(
    "serial", ["nw7qk2m4xh", "Z31ysDvu+/=", "VMx+8/Kq1c3=", "bcca81f4-a3bf-477d-b455-61ad33a32410"]
)
def test_a_serial_number_of_any_form_may_be_one(serial: str) -> None:
    assert "serial_number" in looks_like(serial)


async def test_a_serial_number_is_found_in_any_letter_case() -> None:
    answer = await ask("find_indicator", value=f"Serial: {STORY.patient_zero_serial.lower()}")
    assert serials(answer) == {STORY.patient_zero_serial}
    assert {"devices", "device_information"} <= set(answer["found"])


async def test_a_path_in_one_persons_home_is_found_in_everybodys_and_nowhere_else() -> None:
    answer = await ask("find_indicator", value="/Users/somebody/.local/share/.cache/softwareupdated")
    assert answer["indicator"] == "~/.local/share/.cache/softwareupdated"
    assert answer["found"]["launch_agents_and_daemons"]["devices"] == 3
    agents = await ask("find_indicator", value="~/Library/LaunchAgents")
    rows = agents["found"]["launch_agents_and_daemons"]["rows"]
    assert all(row["path"].startswith(("/Users/", "~/")) for row in rows)


async def test_several_pasted_at_once_are_answered_one_by_one_within_one_budget() -> None:
    pasted = (
        f"- SHA256: {HASH}\n- hxxp://{STORY.command_host.replace('.', '[.]')}/x\n* {STORY.hidden_admin}\n* nobody.here"
    )
    answer = await ask("find_indicator", value=pasted)
    assert [one["indicator"] for one in answer["indicators"]] == [
        HASH,
        STORY.command_host,
        STORY.hidden_admin,
        "nobody.here",
    ]
    assert answer["devices"]["count"] == 3
    first = answer["devices"]["rows"][0]
    assert (first["serial_number"], first["indicators"]) == (STORY.patient_zero_serial, [1, 2, 3])
    assert [one["number"] for one in answer["indicators"]] == [1, 2, 3, 4]
    assert not answer["complete"]
    assert size(answer) <= 12_000
    listed = await ask("find_indicator", value=f"{HASH}, {STORY.cve_id}; {STORY.command_host}")
    assert len(listed["indicators"]) == 3


FAMILY = [STORY.app_name, STORY.app_bundle_id, STORY.launch_label, STORY.command_host, HASH]


async def test_what_several_lead_to_is_told_once_with_which_of_them_led_there() -> None:
    alone = [await ask("find_indicator", value=one) for one in FAMILY]
    answer = await ask("find_indicator", value="\n".join(FAMILY))
    for name, section in answer["found"].items():
        rows = [{key: row[key] for key in row if key not in ("indicators", "followed_from")} for row in section["rows"]]
        assert all(rows.count(row) == 1 for row in rows)
        for number, one in enumerate(alone, 1):
            for part, key in (("found", "indicators"), ("followed", "followed_from")):
                for row in one.get(part, {}).get(name, {}).get("rows", ()):
                    assert number in next(same for same in section["rows"] if row.items() <= same.items())[key]
    assert not any("rows" in section for one in answer["indicators"] for section in one["found"].values())
    text = to_json(answer)
    assert text.count(STORY.patient_zero_name) == 1
    assert len(tokens(text)) < sum(len(tokens(to_json(one))) for one in alone) / 2


async def test_counts_and_completeness_of_each_of_several_are_those_it_has_alone() -> None:
    answer = await ask("find_indicator", value="\n".join(FAMILY))
    for value, one in zip(FAMILY, answer["indicators"], strict=True):
        alone = await ask("find_indicator", value=value)
        same = ("indicator", "looks_like", "complete", "no_hits_in")
        assert {name: one.get(name) for name in same} == {name: alone.get(name) for name in same}
        assert one["devices"]["count"] == alone["devices"]["count"]
        held = answer.get("not_looked_at", {}) | one.get("not_looked_at", {})
        assert held == alone.get("not_looked_at", {})
        for part in ("found", "followed"):
            counts = {name: held["hits"] for name, held in alone.get(part, {}).items() if name != "steps"}
            assert {name: held["hits"] for name, held in one.get(part, {}).items()} == counts
    assert answer["complete"] is all(one["complete"] for one in answer["indicators"])


async def test_a_list_into_which_nothing_could_be_followed_is_named_with_the_reason() -> None:
    def broken(request: httpx.Request) -> httpx.Response | None:
        is_followed = request.url.path.endswith("/launch_agents_and_daemons")
        return told(500, {"detail": "oops"}, request) if is_followed else None

    answer = await ask("find_indicator", Between(broken), value=HASH)
    assert not answer["complete"]
    assert any(note.startswith("not followed into launch_agents_and_daemons: failed") for note in answer["notes"])


async def test_a_device_that_one_of_several_only_leads_to_says_so() -> None:
    answer = await ask("find_indicator", value=f"{STORY.command_host}\n{STORY.app_bundle_id}")
    rows = {row["serial_number"]: row for row in answer["devices"]["rows"]}
    assert rows[STORY.patient_zero_serial]["indicators"] == [1, 2]
    others = [row for serial, row in rows.items() if serial != STORY.patient_zero_serial]
    assert all((row["indicators"], row["followed_from"]) == ([2], [1]) for row in others)
    assert others
    assert all(row["app"] != "none" for row in rows.values())


async def test_rows_of_several_that_have_no_room_are_counted() -> None:
    answer = await ask("find_indicator", value="zoom\nchrome\nslack\nfirefox")
    apps = answer["found"]["applications"]
    assert apps["rows_left_out"] > 0
    assert apps["more"] == "prism_applications"
    assert size(answer) <= 12_000


async def test_what_was_not_looked_at_for_any_of_several_is_told_once() -> None:
    answer = await ask("find_indicator", value=f"{STORY.app_bundle_id}\n{STORY.launch_label}")
    assert any("apps of" in what for what in answer["not_looked_at"])
    assert not any("not_looked_at" in one for one in answer["indicators"])


async def test_more_indicators_than_one_call_takes_are_refused_with_the_number_it_takes() -> None:
    assert re.search(
        "11 indicators", await refused("find_indicator", value="\n".join(f"name{number}" for number in range(11)))
    )


async def test_one_of_several_that_fails_leaves_the_others() -> None:
    answer = await ask("find_indicator", tenant(unlicensed=(VULNERABILITIES,)), value=f"{STORY.cve_id}\n{HASH}")
    assert answer["indicators"][0]["notes"] == ["not licensed"]
    assert answer["indicators"][1]["devices"]["count"] == 3
    assert not answer["complete"]


async def test_a_mac_address_is_said_to_be_in_no_list() -> None:
    answer = await ask("find_indicator", value="fc:e2:6c:27:1b:e4")
    assert not answer["complete"]
    assert "MAC addresses" in answer["not_looked_at"]


@given(st.text(min_size=1, max_size=300))
def test_every_text_looks_like_something(value: str) -> None:
    assert looks_like(value)


async def test_a_hash_is_found_in_files_and_in_processes() -> None:
    answer = await ask("find_indicator", value=STORY.file_hash.upper())
    assert {name: part["hits"] for name, part in answer["found"].items()} == {"threats": 2, "behavioral_detections": 1}
    assert answer["found"]["threats"]["devices"] == 2
    assert "file hashes" in answer["not_looked_at"]["applications, launch_agents_and_daemons"]


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (STORY.app_name, "applications"),
        (STORY.app_bundle_id, "applications"),
        (STORY.launch_label, "launch_agents_and_daemons"),
        ("/.local/share/.cache/softwareupdated", "launch_agents_and_daemons"),
        (STORY.hidden_admin, "local_accounts"),
    ],
)
async def test_the_incident_is_found_on_its_three_macs_by_any_of_its_traces(value: str, place: str) -> None:
    answer = await ask("find_indicator", Between(apple_only), value=value)
    assert answer["complete"] is ("not_looked_at" not in answer)
    assert serials(answer) == INFECTED
    assert answer["found"][place]["devices"] == 3


def apple_only(request: httpx.Request) -> httpx.Response | None:
    """A tenant without Windows and Android devices."""
    return told(200, []) if request.url.params.get("platform") in ("Windows", "Android") else None


async def test_apps_of_windows_and_android_are_named_as_not_looked_at_and_none_is_not_none() -> None:
    counts = {name: len(await ask_all("list_devices", platform=name, limit=500)) for name in ("windows", "android")}
    answer = await ask("find_indicator", value="com.evil.nowhere")
    assert not answer["complete"]
    which = f"apps of {counts['windows']} Windows and {counts['android']} Android devices"
    assert answer["not_looked_at"][which] == "Iru has them device by device: list_device_apps"
    assert (await ask("find_indicator", Between(apple_only), value="com.evil.nowhere"))["complete"]


@pytest.mark.parametrize(
    ("value", "complete"),
    [
        (STORY.app_bundle_id, True),
        ("/Applications/Lumen PDF Pro.app", True),
        ("C:\\Program Files\\Lumen", False),
        (STORY.app_name, False),
    ],
)
async def test_a_question_about_a_program_for_macs_is_complete_without_windows(value: str, *, complete: bool) -> None:
    answer = await ask("find_indicator", value=value)
    assert answer["complete"] is complete
    assert any("Windows" in which for which in answer["not_looked_at"])


async def test_where_the_device_list_fails_other_platforms_are_not_taken_for_none() -> None:
    def broken(request: httpx.Request) -> httpx.Response | None:
        return told(400, {"detail": "no"}) if request.url.params.get("platform") else None

    answer = await ask("find_indicator", Between(broken), value="com.evil.nowhere")
    assert not answer["complete"]
    assert "apps of Windows and Android devices" in answer["not_looked_at"]


async def test_a_removed_device_is_found_where_it_is_still_reported_and_called_removed() -> None:
    rows = await ask_all("prism_device_information", fields=["serial_number"], limit=500)
    listed = {row["serial_number"] for row in await ask_all("list_devices", limit=500)}
    (removed,) = {row["serial_number"] for row in rows} - listed
    answer = await ask("find_indicator", value=removed)
    assert answer["notes"] == ["Prism knows the device, Iru's device list does not: it was removed"]
    assert serials(answer) == {removed}
    assert "notes" not in await ask("find_indicator", value=STORY.patient_zero_serial)


@pytest.mark.parametrize(
    "value",
    [STORY.threat_name, STORY.app_bundle_id, STORY.app_name, STORY.launch_label, STORY.file_hash, STORY.command_host],
)
async def test_from_whichever_end_one_starts_the_union_of_devices_says_what_each_has_and_has_not(value: str) -> None:
    answer = await ask("find_indicator", value=value)
    rows = {row["serial_number"]: row for row in answer["devices"]["rows"]}
    assert set(rows) == INFECTED
    first, second, third = (rows[serial] for serial in STORY.infected)
    assert {row["app"] for row in rows.values()} == {f"{STORY.app_name} {STORY.app_version}"}
    assert {row["launch_item"] for row in rows.values()} == {STORY.launch_label}
    itself = {STORY.threat_name: 2, STORY.file_hash: 2, STORY.command_host: 1}.get(value, 3)
    assert sum("only_followed" not in row for row in rows.values()) == itself
    assert [row["threat"] for row in (first, second, third)] == ["not_quarantined", "quarantined", "no record"]
    assert [row["behavior"] for row in (first, second, third)] == ["detected", "no record", "no record"]
    assert first["edr"].startswith("does not run: terminated")
    assert {second["edr"], third["edr"]} == {"runs"}
    assert answer["followed"]["steps"]
    assert not {"applications", "threats"} & set(answer.get("no_hits_in", ()))


async def test_a_list_that_cannot_be_read_makes_what_a_device_has_of_it_unknown() -> None:
    def broken(request: httpx.Request) -> httpx.Response | None:
        return told(418, "teapot") if request.url.path.endswith(("/prism/apps", "/system_extensions")) else None

    answer = await ask("find_indicator", Between(broken), value=STORY.threat_name)
    assert "app" not in answer["devices"]["rows"][0]
    assert all(row["edr"].startswith("unknown, failed") for row in answer["devices"]["rows"])
    assert not answer["complete"]


async def test_parts_of_the_system_are_not_followed_and_too_many_are_said_not_to_be() -> None:
    shell = await ask("find_indicator", value="/bin/zsh")
    assert "followed" not in shell
    many = await ask("find_indicator", value="/Applications/")
    assert any(note.startswith("not followed, too many") for note in many["notes"])


async def test_a_device_that_only_its_id_names_is_counted_and_shown() -> None:
    def nameless(path: str, body: Any) -> Any:
        if path.endswith("/threat-details"):
            open_ones = [row for row in body["results"] if row["status"].lower() == "not_quarantined"]
            for row in open_ones:
                row.update(device_serial_number=None, device_name="")
        return body

    answer = await ask("find_indicator", Between(after=nameless), value=STORY.file_hash)
    assert answer["devices"]["count"] == 3
    assert answer["found"]["threats"]["devices"] == 2
    ids = {row.get("device_id") for row in answer["found"]["threats"]["rows"]}
    assert STORY.patient_zero_device_id in ids


async def test_names_and_addresses_are_found_where_iru_matches_them_whole_or_by_letter_case() -> None:
    def exact(request: httpx.Request) -> httpx.Response | None:
        name, email = request.url.params.get("device_name"), request.url.params.get("email")
        wrong = name not in (None, STORY.patient_zero_name) or email not in (None, STORY.leaver_email)
        return told(200, [] if name else {"next": None, "previous": None, "results": []}) if wrong else None

    part = await ask("find_indicator", Between(exact), value="mira's macbook")
    assert STORY.patient_zero_serial in serials(part)
    person = await ask("find_indicator", Between(exact), value=STORY.leaver_email.title())
    assert person["found"]["users"]["hits"] == 1


async def test_a_threat_found_by_the_app_it_came_with_shows_that_app() -> None:
    answer = await ask("find_indicator", value=STORY.app_name)
    assert answer["found"]["threats"]["matched"] == ["bundle_path"]
    assert all(STORY.app_name in row["bundle_path"] for row in answer["found"]["threats"]["rows"])


async def test_an_impostor_comes_before_the_many_it_hides_among() -> None:
    answer = await ask("find_indicator", value="softwareupdated")
    place = answer["found"]["launch_agents_and_daemons"]
    assert place["devices"] > 200
    assert set(place["rows"][0]["serial_numbers"]) == INFECTED
    assert place["rows"][0]["program"] == "~/.local/share/.cache/softwareupdated"
    assert place["rows"][1]["devices"] > 200


async def test_an_address_is_found_in_a_command_line_with_or_without_its_port() -> None:
    bare = await ask("find_indicator", value=STORY.command_host)
    assert bare == await ask("find_indicator", value=f"{STORY.command_host}:443")
    assert bare["found"]["behavioral_detections"]["matched"] == ["command_line"]
    assert "network connections" in bare["not_looked_at"]


async def test_a_parent_process_is_looked_at_too() -> None:
    answer = await ask("find_indicator", value="/bin/zsh")
    assert answer["found"]["behavioral_detections"]["matched"] == [
        "parent_process.command_line",
        "parent_process.image_path",
    ]


async def test_a_flaw_is_told_by_its_devices() -> None:
    affected = await ask("find_devices_with_vulnerability", cve_id=STORY.cve_id, limit=1)
    answer = await ask("find_indicator", value=STORY.cve_id)
    place = answer["found"]["vulnerable_software"]
    assert place["devices"] == answer["devices"]["count"] == affected["total"]
    assert {row["name"] for row in place["rows"]} == {STORY.browser_name}
    assert place["more"] == "find_devices_with_vulnerability"


async def test_a_flaw_that_nobody_has_is_no_hit() -> None:
    answer = await ask("find_indicator", value="CVE-2019-0001")
    assert answer["complete"]
    assert answer["no_hits_in"] == ["vulnerable_software"]
    assert answer["notes"] == ["no hit in any place that was looked at"]


async def test_vulnerable_software_is_told_worst_first_by_version() -> None:
    answer = await ask("find_indicator", value=STORY.browser_name)
    rows = answer["found"]["vulnerable_software"]["rows"]
    assert rows[0]["cvss_severity"] == "Critical"
    assert rows[0]["name"] == STORY.browser_name
    versions = {row["version"]: row["devices"] for row in answer["found"]["applications"]["rows"]}
    assert sum(versions.values()) == answer["found"]["applications"]["devices"]


async def test_a_person_is_found_with_their_device_and_record() -> None:
    answer = await ask("find_indicator", value=STORY.leaver_email.upper())
    assert serials(answer) == set(STORY.leaver_serials)
    assert answer["found"]["users"]["rows"][0]["archived"] is True


@pytest.mark.parametrize("value", [STORY.patient_zero_serial, STORY.patient_zero_device_id, STORY.patient_zero_name])
async def test_a_device_is_found_by_any_name_it_has(value: str) -> None:
    answer = await ask("find_indicator", value=value)
    assert answer["found"]["devices"]["rows"][0]["serial_number"] == STORY.patient_zero_serial


async def test_denied_and_unlicensed_places_are_named_and_cost_nothing_else() -> None:
    whole = await ask("find_indicator", value="softwareupdated")
    poor = tenant(denied=("PRISM_APPS",), unlicensed=(EDR, VULNERABILITIES))
    answer = await ask("find_indicator", poor, value="softwareupdated")
    same = "launch_agents_and_daemons"
    assert answer["found"][same] == whole["found"][same]
    assert not answer["complete"]
    assert answer["not_looked_at"]["applications"] == 'not permitted: "Applications"'
    assert answer["not_looked_at"]["vulnerable_software"] == "not licensed"
    assert answer["not_looked_at"]["threats"].startswith("not licensed")


async def test_a_tenant_with_version_2_only_says_that_behavior_was_not_searched() -> None:
    between = Between(lambda request: None if "/v2/" in request.url.path else gone("-details", "-detections")(request))
    answer = await ask("find_indicator", between, value=STORY.file_hash)
    assert answer["found"]["threats"]["hits"] == 2
    assert "one device only" in answer["not_looked_at"]["behavioral_detections"]


async def test_when_no_place_answers_the_reason_is_an_error() -> None:
    assert await refused("find_indicator", tenant(unlicensed=(VULNERABILITIES,)), value=STORY.cve_id)


async def test_a_failing_place_is_told_and_the_others_stand() -> None:
    def broken(request: httpx.Request) -> httpx.Response | None:
        return told(418, "teapot") if request.url.path.endswith("/prism/apps") else None

    answer = await ask("find_indicator", Between(broken), value=STORY.launch_label)
    assert serials(answer) == INFECTED
    named = await ask("find_indicator", Between(broken), value=STORY.app_name)
    assert named["not_looked_at"]["applications"].startswith("failed: Iru refused")
    other = await ask("find_indicator", Between(broken), value=STORY.app_bundle_id)
    assert other["not_looked_at"]["applications"].startswith("failed: Iru refused")
    assert not other["complete"]


async def test_one_column_that_iru_refuses_does_not_cost_the_others() -> None:
    def picky(request: httpx.Request) -> httpx.Response | None:
        refused = '"executable"' in request.url.params.get("filter", "")
        return told(400, {"detail": "Invalid filter"}) if refused else None

    answer = await ask("find_indicator", Between(picky), value=STORY.app_name)
    place = answer["found"]["applications"]
    assert place["devices"] == 3
    assert place["state"].startswith("partial: executable: failed")
    assert not answer["complete"]


async def test_a_word_that_is_everywhere_is_answered_in_part_small_and_said_to_be() -> None:
    between = Between()
    answer = await ask("find_indicator", between, value="com.apple")
    assert not answer["complete"]
    assert "only the first 1200 rows" in answer["found"]["applications"]["state"]
    assert len(between.asked) <= 30


@pytest.mark.parametrize("value", ["softwareupdated", "com.apple", "launchctl", "e.a", STORY.browser_name, "/Users/"])
async def test_an_answer_stays_small(value: str) -> None:
    assert size(await ask("find_indicator", value=value)) <= 9_000


async def test_long_and_hostile_rows_are_cut_and_cleaned() -> None:
    def spoil(path: str, body: Any) -> Any:
        for row in body.get("data", [])[:1] if path.endswith("/launch_agents_and_daemons") else ():
            row |= {"label": STORY.launch_label + "\u202e\u200b" + "x" * 5_000, "program_arguments": [None, {"a": 1}]}
        return body

    answer = await ask("find_indicator", Between(after=spoil), value=STORY.launch_label)
    text = to_json(answer)
    assert answer["found"]["launch_agents_and_daemons"]["hits"] == 3
    assert len(text) < 5_000
    assert "\u202e" not in text
    assert "\u200b" not in text


@pytest.mark.parametrize("value", ["", "  ", "ab", '"a"'])
async def test_what_is_too_short_to_look_for_is_refused(value: str) -> None:
    assert await refused("find_indicator", value=value)


@settings(max_examples=8)
@given(
    value=st.text(min_size=1, max_size=300)
    | st.sampled_from(["../../secrets", '{"a":1}', "\x00\x00\x00", "' or 1", "%2e%2e"])
)
async def test_any_text_is_answered_or_refused(value: str) -> None:
    async with agent_over(tenant()) as agent:
        result = await agent.call("find_indicator", value=value)
    answer = result.structured_content
    if answer is None:
        assert text_of(result)
        return
    for one in answer.get("indicators", [answer]):
        assert {"looks_like", "complete", "devices", "found"} <= set(one)
