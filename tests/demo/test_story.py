"""Both incidents can be found by combining what the endpoints say, and all of them tell the same story."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from iru_mcp.api.client import IruClient
from iru_mcp.api.endpoints.audit import LIST_AUDIT_EVENTS
from iru_mcp.api.endpoints.device_apps import LIST_DEVICE_APPS
from iru_mcp.api.endpoints.devices import (
    GET_DEVICE_DETAILS,
    GET_DEVICE_LOST_MODE,
    GET_DEVICE_STATUS,
    LIST_DEVICE_ACTIVITY,
    LIST_DEVICES,
)
from iru_mcp.api.endpoints.library import LIST_CUSTOM_SCRIPTS
from iru_mcp.api.endpoints.prism import (
    PRISM_APPS,
    PRISM_DEVICE_INFORMATION,
    PRISM_LAUNCH_AGENTS_AND_DAEMONS,
    PRISM_LOCAL_USERS,
)
from iru_mcp.api.endpoints.threats import (
    LIST_BEHAVIORAL_DETECTIONS_V1,
    LIST_BEHAVIORAL_DETECTIONS_V2,
    LIST_THREATS_V1,
    LIST_THREATS_V2,
)
from iru_mcp.api.endpoints.users import LIST_USERS
from iru_mcp.api.endpoints.vulnerabilities import (
    GET_VULNERABILITY,
    LIST_AFFECTED_DEVICES,
    LIST_AFFECTED_SOFTWARE,
    LIST_DETECTIONS,
)
from iru_mcp.api.record import read_moment
from iru_mcp.demo.world.story import STORY, Timeline

from .conftest import NOW, Walk

TIMES = Timeline(NOW)
ZERO = {"device_id": STORY.patient_zero_device_id}
INFECTED = set(STORY.infected)


def _filter(**clauses: Any) -> dict[str, str]:
    return {"filter": json.dumps(clauses)}


async def _events(walk: Walk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await walk(LIST_AUDIT_EVENTS, {"start_date": "2026-11-05"})
    return found


async def test_the_guest_the_launch_agent_and_the_hidden_admin_are_on_the_same_three_macs(walk: Walk) -> None:
    guests = await walk(PRISM_APPS, _filter(bundle_id={"in": [STORY.app_bundle_id]}))
    agents = await walk(PRISM_LAUNCH_AGENTS_AND_DAEMONS, _filter(label={"in": [STORY.launch_label]}))
    admins = await walk(PRISM_LOCAL_USERS, _filter(hidden_user={"eq": True}))
    assert [{row["serial_number"] for row in rows} for rows in (guests, agents, admins)] == [INFECTED] * 3
    assert all(row["ad_hoc_code_signed"] and not row["team_id"] for row in guests)
    assert all(row["run_at_load"] and "/.local/" in row["program"] for row in agents)
    assert {(row["username"], row["type"]) for row in admins} == {(STORY.hidden_admin, "Admin")}
    first = min(guests, key=lambda row: row["created_at"])
    assert first["device__user_email"] == STORY.user_email


async def test_the_timeline_is_the_same_in_prism_apps_activity_and_status(walk: Walk, client: IruClient) -> None:
    serial = {"serial_number": {"in": [STORY.patient_zero_serial]}}
    [app] = await walk(PRISM_APPS, _filter(bundle_id={"in": [STORY.app_bundle_id]}, **serial))
    [installed] = [row for row in await walk(LIST_DEVICE_APPS, **ZERO) if row["bundle_id"] == STORY.app_bundle_id]
    activity = {row["action_type"]: row for row in await walk(LIST_DEVICE_ACTIVITY, **ZERO)}
    [event] = [activity["app_installed"]]
    moments = {read_moment(text) for text in (app["created_at"], installed["creation_date"], event["created_at"])}
    assert moments == {TIMES.app_installed}
    status = await client.call(GET_DEVICE_STATUS).fetch(GET_DEVICE_STATUS, **ZERO)
    [broken] = [row for row in status.library_items or [] if row["name"] == STORY.protection_item]
    assert broken["status"] == "ERROR"
    assert STORY.launch_label in broken["log"]
    assert read_moment(broken["reported_at"]) == TIMES.protection_failed.replace(microsecond=0)
    assert (
        activity["library_item_failed"]["created_at"]
        > activity["launch_agent_added"]["created_at"]
        > event["created_at"]
    )


async def test_files_and_behavior_point_to_the_same_program(walk: Walk) -> None:
    [first] = [row for row in await walk(LIST_THREATS_V1) if row["device_id"] == STORY.patient_zero_device_id]
    [second] = await walk(LIST_THREATS_V2, {"statuses": "not_quarantined"} | ZERO)
    [behavior] = await walk(LIST_BEHAVIORAL_DETECTIONS_V2, dict(ZERO))
    program = STORY.launch_program.format(user=STORY.local_username)
    assert (first["file_path"], first["file_hash"], first["status"]) == (program, STORY.file_hash, "NOT_QUARANTINED")
    assert second["file_hash"] == behavior["target_process"]["sha256"] == STORY.file_hash
    assert behavior["threat_id"] in {row["threat_id"] for row in await walk(LIST_BEHAVIORAL_DETECTIONS_V1)}


async def test_a_token_of_the_night_before_put_the_script_into_the_blueprint(walk: Walk, client: IruClient) -> None:
    events = await _events(walk)
    [added] = [
        row for row in events if STORY.script_name in json.dumps(row["new_state"]) and row["target_type"] == "blueprint"
    ]
    [created] = [row for row in events if row["target_id"] == added["actor_id"]]
    assert (added["actor_type"], created["new_state"]["label"]) == ("api_token", STORY.token_label)
    night, morning = read_moment(created["occurred_at"]), read_moment(added["occurred_at"])
    assert night.hour >= 22
    assert timedelta() < morning - night < timedelta(hours=12)
    device = {"device_id": STORY.spread_device_ids[0]}
    status = await client.call(GET_DEVICE_STATUS).fetch(GET_DEVICE_STATUS, **device)
    [ran] = [row for row in status.library_items or [] if row["name"] == STORY.script_name]
    assert (ran["status"], read_moment(ran["reported_at"]) > morning) == ("PASS", True)
    assert STORY.script_item_id in {row["id"] for row in await walk(LIST_CUSTOM_SCRIPTS)}


async def test_the_exploited_flaw_has_its_stragglers_wherever_one_asks(walk: Walk, client: IruClient) -> None:
    flaw = await client.call(GET_VULNERABILITY).fetch(GET_VULNERABILITY, cve_id=STORY.cve_id)
    devices = await walk(LIST_AFFECTED_DEVICES, cve_id=STORY.cve_id)
    [software] = await walk(LIST_AFFECTED_SOFTWARE, cve_id=STORY.cve_id)
    found = await walk(LIST_DETECTIONS, _filter(cve_id={"in": [STORY.cve_id]}))
    assert flaw.kev_score == 1
    assert flaw.device_count == len(devices) == len(found) == software["num_devices"] > 5
    browsers = await walk(PRISM_APPS, _filter(bundle_id={"in": [STORY.browser_bundle_id]}))
    there = {row["serial_number"] for row in await walk(LIST_DEVICES)}  # Prism also speaks of a removed device
    old = {row["serial_number"] for row in browsers if _version(row["version"]) < _version(STORY.browser_fixed_version)}
    assert {row["device_serial_number"] for row in found} == old & there


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


async def test_an_archived_leaver_holds_two_devices_and_the_key_of_one_was_read_at_night(walk: Walk) -> None:
    [leaver] = await walk(LIST_USERS, {"email": STORY.leaver_email})
    held = await walk(LIST_DEVICES, {"user_id": leaver["id"]})
    assert (leaver["archived"], leaver["device_count"], len(held)) == (True, 2, 2)
    events = await _events(walk)
    [read] = [row for row in events if row["action"] == "view"]
    [token] = [row for row in events if row["target_id"] == read["actor_id"]]
    assert read["target_id"] in {row["device_id"] for row in held}
    assert (token["target_type"], token["new_state"]["label"]) == ("api_token", STORY.night_token_label)
    assert read_moment(token["occurred_at"]).hour < 5


async def test_one_iphone_is_lost_everywhere(walk: Walk, client: IruClient) -> None:
    lost = [row["device_id"] for row in await walk(LIST_DEVICES) if row["lost_mode_status"] == "ENABLED"]
    told = [row["device_id"] for row in await walk(PRISM_DEVICE_INFORMATION) if row["lost_mode_status"] == "ENABLED"]
    record = await client.call(GET_DEVICE_LOST_MODE).fetch(GET_DEVICE_LOST_MODE, device_id=STORY.lost_device_id)
    assert lost == told == [STORY.lost_device_id]
    assert (record.lost_mode or {})["last_location"]


async def test_list_details_and_prism_agree_on_a_device(walk: Walk, client: IruClient) -> None:
    prism = {row["device_id"]: row for row in await walk(PRISM_DEVICE_INFORMATION)}
    call = client.call(GET_DEVICE_DETAILS, requests=20)
    rows = [row for row in await walk(LIST_DEVICES) if row["device_id"] in prism]
    for row in rows[::30]:
        details, seen = (
            (await call.fetch(GET_DEVICE_DETAILS, device_id=row["device_id"])).general,
            prism[row["device_id"]],
        )
        assert (details["device_name"], details["os_version"]) == (row["device_name"], row["os_version"])
        assert (seen["device__name"], seen["os_version"]) == (row["device_name"], row["os_version"])
        assert (
            (details["assigned_user"] or {}).get("email")
            == (row["user"] or {}).get("email")
            == seen["device__user_email"]
        )


async def test_apps_of_a_device_are_the_apps_of_prism(walk: Walk) -> None:
    apps = await walk(LIST_DEVICE_APPS, **ZERO)
    rows = await walk(PRISM_APPS, _filter(device_id={"in": [STORY.patient_zero_device_id]}))
    assert [(app["bundle_id"], app["version"], app["path"]) for app in apps] == [
        (r["bundle_id"], r["version"], r["path"]) for r in rows
    ]
    assert 171 < len(apps) <= 230


async def test_device_counts_of_users_add_up(walk: Walk) -> None:
    assigned = [row["user"]["id"] for row in await walk(LIST_DEVICES) if row["user"]]
    counts = {row["id"]: row["device_count"] for row in await walk(LIST_USERS)}
    assert {key: assigned.count(key) for key in counts} == counts


async def test_nothing_has_happened_after_the_present(walk: Walk) -> None:
    def late(text: str) -> bool:
        moment: datetime = read_moment(text)
        return moment > NOW

    events = [row["occurred_at"] for row in await walk(LIST_AUDIT_EVENTS)]
    apps = [row["created_at"] for row in await walk(PRISM_LOCAL_USERS)]
    found = [row.get("first_detection_date") or row["detection_datetime"] for row in await walk(LIST_DETECTIONS)]
    seen = [row["detection_date"] for row in await walk(LIST_THREATS_V1)]
    assert [text for text in events + apps + found + seen if late(text)] == []
