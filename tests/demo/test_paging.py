"""Every page shape, walked by the real client, gives each row once; filters filter as Iru's do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iru_mcp.api.client import IruClient
from iru_mcp.api.endpoints.audit import LIST_AUDIT_EVENTS
from iru_mcp.api.endpoints.devices import LIST_DEVICE_ACTIVITY, LIST_DEVICES
from iru_mcp.api.endpoints.prism import (
    CATEGORIES,
    PRISM_DEVICE_INFORMATION,
    PRISM_LAUNCH_AGENTS_AND_DAEMONS,
    PRISM_LOCAL_USERS,
)
from iru_mcp.api.endpoints.users import LIST_USERS
from iru_mcp.api.endpoints.vulnerabilities import LIST_DETECTIONS
from iru_mcp.demo.world.story import STORY

from .conftest import Ask, Walk

DETECTIONS = "/api/v1/vulnerability-management/detections"


def _once(rows: list[dict[str, Any]], *keys: str) -> int:
    found = [tuple(row[key] for key in keys) for row in rows]
    assert len(found) == len(set(found))
    return len(found)


async def test_devices_end_with_a_short_page(walk: Walk) -> None:
    assert _once(await walk(LIST_DEVICES), "device_id") == 400


async def test_users_come_25_at_a_time_and_next_is_on_another_host(walk: Walk, ask: Ask) -> None:
    assert _once(await walk(LIST_USERS), "id") == 160
    page = (await ask("/api/v1/users")).json()
    assert (len(page["results"]), "count" in page) == (25, False)
    assert page["next"].startswith("https://northwind.kandji.io/")


async def test_audit_events_come_in_both_orders(walk: Walk) -> None:
    events = await walk(LIST_AUDIT_EVENTS)
    assert _once(events, "id") > 1000
    newest = await walk(LIST_AUDIT_EVENTS, {"sort_by": "-occurred_at"})
    assert newest == events[::-1]
    days = {event["occurred_at"][:10] for event in events}
    assert len(days) in {90, 91}


async def test_detections_give_the_bare_cursor(walk: Walk, ask: Ask) -> None:
    rows = await walk(LIST_DETECTIONS)
    assert _once(rows, "device_id", "cve_id") > 300
    page = (await ask(DETECTIONS, size=7)).json()
    following = (await ask(DETECTIONS, size=7, after=page["next"])).json()
    assert page["results"] + following["results"] == rows[:14]
    assert (await ask(DETECTIONS, size=7, cursor=page["next"])).json() == page


async def test_vulnerabilities_never_give_more_than_50(ask: Ask) -> None:
    page = (await ask("/api/v1/vulnerability-management/vulnerabilities", size=300)).json()
    assert page["size"] == 50
    assert page["total"] == len(page["results"])


async def test_activity_is_nested_twice_and_unsorted(walk: Walk) -> None:
    rows = await walk(LIST_DEVICE_ACTIVITY, device_id=STORY.patient_zero_device_id)
    moments = [row["created_at"] for row in rows]
    assert _once(rows, "id") > 20
    assert moments not in (sorted(moments), sorted(moments, reverse=True))


@pytest.mark.parametrize("name", ["local_users", "launch_agents_and_daemons", "device_information", "certificates"])
async def test_prism_gives_every_row_once_by_cursor_and_by_offset(
    name: str, client: IruClient, walk: Walk, ask: Ask
) -> None:
    endpoint = CATEGORIES[name]
    by_cursor = await walk(endpoint)
    count = (await ask("/api/v1/prism/count", category=name)).json()["count"]
    call = client.call(endpoint, requests=100)
    by_offset = [row async for batch in call.walk(endpoint, 0) for row in batch.rows]
    assert len(by_cursor) == count
    assert by_offset == by_cursor


async def test_a_prism_walk_has_short_pages_and_no_total(client: IruClient) -> None:
    call = client.call(PRISM_LAUNCH_AGENTS_AND_DAEMONS, requests=100)
    pages = [batch async for batch in call.walk(PRISM_LAUNCH_AGENTS_AND_DAEMONS)]
    sizes = [len(batch.rows) for batch in pages[:-1]]
    assert min(sizes) < max(sizes) == 300
    assert {batch.total for batch in pages} == {None}


async def test_a_sorted_prism_walk_is_in_order(client: IruClient) -> None:
    call = client.call(PRISM_DEVICE_INFORMATION, requests=10)
    query = {"sort_by": "-os_version"}
    rows = [row async for batch in call.walk(PRISM_DEVICE_INFORMATION, 0, query) for row in batch.rows]
    versions = [row["os_version"] for row in rows]
    assert versions == sorted(versions, reverse=True)
    assert _once(rows, "device_id") > 300


@pytest.mark.parametrize(
    ("clause", "fits"),
    [
        ({"type": {"in": ["Admin"]}}, lambda row: row["type"] == "Admin"),
        ({"type": {"not_in": ["Admin"]}}, lambda row: row["type"] != "Admin"),
        ({"username": {"like": ["SVC", "lp"]}}, lambda row: "svc" in row["username"] or "lp" in row["username"]),
        ({"username": {"not_like": ["_"]}}, lambda row: "_" not in row["username"]),
        ({"hidden_user": {"eq": True}}, lambda row: row["hidden_user"] is True),
        (
            {"serial_number": {"in": [STORY.patient_zero_serial]}},
            lambda row: row["serial_number"] == STORY.patient_zero_serial,
        ),
        ({"created_at": {"gte": "2026-11-01T00:00:00.000Z"}}, lambda row: (row["created_at"] or "") >= "2026-11-01"),
        (
            {
                "created_at": {"or": {"gt": "2026-11-01T00:00:00Z", "lt": "2025-06-01T00:00:00Z"}},
                "type": {"in": ["Admin"]},
            },
            lambda row: row["type"] == "Admin" and not "2025-06-01" <= row["created_at"] <= "2026-11-01",
        ),
    ],
)
async def test_the_prism_filter_grammar_selects_exactly(clause: dict[str, Any], fits: Any, walk: Walk) -> None:
    everything = await walk(PRISM_LOCAL_USERS)
    found = await walk(PRISM_LOCAL_USERS, {"filter": json.dumps(clause)})
    assert found
    assert found == [row for row in everything if fits(row)]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"type":"Admin"}',
        '{"type":{"is":1}}',
        '{"created_at":{"gt":"soon"}}',
        '{"device__family":{"in":["Mac"]}}',
    ],
)
async def test_a_filter_outside_the_grammar_is_refused_in_words(text: str, ask: Ask) -> None:
    answer = await ask("/api/v1/prism/local_users", filter=text)
    assert answer.status_code == 400
    assert "detail" in answer.json()


async def test_prism_calls_an_apple_tv_tvos(walk: Walk) -> None:
    rows = await walk(PRISM_DEVICE_INFORMATION, {"device_families": "tvOS"})
    assert {row["model"] for row in rows} == {"Apple TV"}
    assert await walk(PRISM_DEVICE_INFORMATION, {"device_families": "AppleTV"}) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("serial_number", STORY.patient_zero_serial[2:6].lower()), ("user_email", "MIRA."), ("os_version", "26.")],
)
async def test_device_filters_match_parts_in_any_case(name: str, value: str, walk: Walk) -> None:
    found = await walk(LIST_DEVICES, {name: value})
    assert STORY.patient_zero_serial in {row["serial_number"] for row in found}


async def test_tags_are_case_sensitive_and_an_exact_address_is_exact(walk: Walk) -> None:
    assert await walk(LIST_DEVICES, {"tag_name": "VIP"})
    assert await walk(LIST_DEVICES, {"tag_name": "vip"}) == []
    assert len(await walk(LIST_DEVICES, {"user_email_exact": STORY.leaver_email})) == 2
    assert await walk(LIST_DEVICES, {"user_email_exact": STORY.leaver_email[:-1]}) == []


async def test_unknown_parameters_are_ignored_without_a_word(ask: Ask) -> None:
    plain = (await ask(DETECTIONS, size=20)).content
    assert (await ask(DETECTIONS, size=20, device_id=STORY.lost_device_id)).content == plain
    assert len((await ask("/api/v1/devices", limit=9999, serial="x")).json()) == 300


async def test_the_detections_filter_works_on_any_key(walk: Walk) -> None:
    wanted = {"cve_id": {"in": [STORY.cve_id]}, "device_id": {"in": [STORY.patient_zero_device_id]}}
    rows = await walk(LIST_DETECTIONS, {"filter": json.dumps(wanted)})
    assert [(row["cve_id"], row["device_id"]) for row in rows] == [(STORY.cve_id, STORY.patient_zero_device_id)]
