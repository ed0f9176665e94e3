"""What EDR found is read whole, in one shape, over whichever version answers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from iru_mcp.demo.world.story import STORY
from tests.conftest import unlimited

from .asking import EDR, NOW, Between, Recorded, ask, ask_all, deaf, gone, over, refused, tenant, told

V1 = ("/threat-details", "/behavioral-detections")


def without_v1(request: httpx.Request) -> httpx.Response | None:
    return None if "/v2/" in request.url.path else gone(*V1)(request)  # type: ignore[return-value]


async def test_files_and_processes_are_one_list_newest_first_in_lower_case() -> None:
    rows = await ask_all("list_threats", limit=500)
    dates = [row["detection_date"] for row in rows]
    assert dates == sorted(dates, reverse=True)
    assert {row["kind"] for row in rows} == {"threat", "behavioral"}
    assert all(row["status"] == row["status"].lower() and row["classification"].islower() for row in rows)
    own = [row for row in rows if row["file_hash"] == STORY.file_hash]
    assert {(row["kind"], row["threat_name"]) for row in own} == {
        ("threat", STORY.threat_name),
        ("behavioral", STORY.behavioral_rule),
    }
    assert any(STORY.command_host in row.get("command_line", "") for row in own)


async def test_a_tenant_that_answers_only_version_2_shows_the_same_files() -> None:
    both = await ask("list_threats", kind="threat", limit=500)
    second = await ask("list_threats", Between(without_v1), kind="threat", limit=500)
    same = ("threat_name", "detection_date", "status", "serial_number", "file_hash")
    assert [[row[name] for name in same] for row in second["items"]] == [
        [row[name] for name in same] for row in both["items"]
    ]
    assert second["complete"]


async def test_version_2_has_no_behavior_of_the_fleet_and_says_so() -> None:
    answer = await ask("list_threats", Between(without_v1))
    assert not answer["complete"]
    assert any("behavioral detections" in note and "one device only" in note for note in answer["notes"])
    assert re.search(
        r"one device only.*Repeat with device", await refused("list_threats", Between(without_v1), kind="behavioral")
    )


async def test_version_2_gives_one_devices_behavior() -> None:
    answer = await ask("list_threats", Between(without_v1), device=STORY.patient_zero_serial)
    assert [row["kind"] for row in answer["items"]] == ["threat", "behavioral"]
    assert answer["complete"]


@pytest.mark.parametrize("kind", [None, "threat", "behavioral"])
async def test_a_tenant_without_the_product_is_told_apart_from_an_empty_one(kind: str | None) -> None:
    assert re.search(EDR, await refused("list_threats", tenant(unlicensed=(EDR,)), kind=kind))


async def test_a_token_without_version_2_on_a_tenant_without_version_1_is_told_what_to_grant() -> None:
    def denied(request: httpx.Request) -> httpx.Response | None:
        return without_v1(request) or (told(403, {"detail": "no"}) if "/v2/" in request.url.path else None)

    assert re.search(
        "grant the token GET /api/v2/threat/threat-details", await refused("list_threats", Between(denied))
    )


async def test_one_kind_that_is_denied_does_not_cost_the_other() -> None:
    answer = await ask("list_threats", tenant(denied=("LIST_THREATS_V1", "LIST_THREATS_V2")), limit=500)
    assert {row["kind"] for row in answer["items"]} == {"behavioral"}
    assert not answer["complete"]
    assert "total" not in answer
    assert "not permitted: GET /api/v2/threat/threat-details" in answer["notes"][0]
    assert "licensed" not in answer["notes"][0]


@pytest.mark.parametrize("status", ["not_quarantined", "NOT_QUARANTINED", "Not Quarantined", "not-quarantined"])
async def test_a_status_is_found_however_it_is_spelled(status: str) -> None:
    answer = await ask("list_threats", status=status)
    assert {row["serial_number"] for row in answer["items"]} == {STORY.patient_zero_serial}


async def test_a_filter_that_fits_nothing_is_answered_with_what_there_is() -> None:
    answer = await ask("list_threats", classification="ransomware")
    assert answer["items"] == []
    assert "malware" in answer["notes"][0]
    assert "suspicious" in answer["notes"][0]


@pytest.mark.parametrize("since", ["1d", "36h", "30d", "2026-11-19", "2 moons"])
async def test_since_keeps_what_is_younger_and_nothing_else(since: str) -> None:
    if since == "2 moons":
        assert re.search("since", await refused("list_threats", since=since))
        return
    first = {"1d": "2026-11-19T09:30:00Z", "36h": "2026-11-18T21:30:00Z", "30d": "2026-10-21T09:30:00Z"}
    begin = first.get(since, "2026-11-19T00:00:00Z")
    everything = await ask_all("list_threats", limit=500)
    rows = await ask_all("list_threats", since=since, limit=500)
    assert rows == [row for row in everything if row["detection_date"] >= begin]


async def test_pages_neither_repeat_nor_lose_a_row() -> None:
    assert await ask_all("list_threats", limit=4) == await ask_all("list_threats", limit=500)


async def test_an_iru_that_ignores_the_device_is_noticed() -> None:
    answer = await ask("list_threats", Between(deaf("device_id")), device=STORY.patient_zero_serial)
    assert {row["serial_number"] for row in answer["items"]} == {STORY.patient_zero_serial}
    assert any("ignored" in note and "device_id" in note for note in answer["notes"])


async def test_a_device_id_in_capitals_is_the_same_device() -> None:
    answer = await ask("list_threats", device=STORY.patient_zero_device_id.upper())
    assert len(answer["items"]) == 2


async def test_odd_and_hostile_rows_are_kept_or_counted() -> None:
    def spoil(path: str, body: Any) -> Any:
        if path.endswith("/threat-details"):
            body["results"][0] |= {
                "threat_name": "Mal\u200bware\u202e\nrow", "classification": ["MALWARE"], "detection_date": "soon"
            }  # fmt: skip
            body["results"][1] = "no object"
        if path.endswith("/behavioral-detections"):
            body["results"][0] |= {"device_info": "a text", "target_process": None, "threat_status": None}
        return body

    whole = await ask("list_threats", limit=500)
    answer = await ask("list_threats", Between(after=spoil), limit=500)
    assert answer["returned"] == whole["total"] - 1
    assert "threats (files): 1 rows could not be read and are left out" in answer["notes"]
    assert answer["items"][-1]["threat_name"] == "Malware row"


async def test_all_of_the_parent_process_is_there_when_asked_for() -> None:
    usual = await ask("list_threats", kind="behavioral", limit=1)
    asked = await ask("list_threats", kind="behavioral", limit=1, fields="parent_process,threat_name")
    assert usual["items"][0]["parent_process"] == "/sbin/launchd"
    assert set(asked["items"][0]["parent_process"]) >= {"name", "image_path", "command_line", "sha256", "pid"}


ALERTS = 23_000
FIRST = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def many(path: str, *, in_order: bool = True) -> Any:
    """A tenant with so many of one kind that 20 pages do not hold them, each an hour older than the one before."""

    def answer(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith(path):
            return None
        begin, size = (int(request.url.params[name]) for name in ("offset", "limit"))
        places = range(begin, min(begin + size, ALERTS))
        rows = [alert(place if in_order else ALERTS - 1 - place) for place in places]
        more = "https://more" if begin + size < ALERTS else None
        return told(200, {"count": ALERTS, "total_count": ALERTS, "next": more, "results": rows})

    return Between(answer)


def alert(place: int) -> dict[str, Any]:
    at = (FIRST - timedelta(hours=place)).isoformat()
    shared = {"device_id": STORY.patient_zero_device_id, "detection_date": at, "classification": "PUP"}
    whose = {"device_info": {"id": STORY.patient_zero_device_id, "serial_number": STORY.patient_zero_serial}}
    return shared | whose | {"id": f"A{place}", "threat_name": f"T{place}", "threat_id": f"T{place}"}


@pytest.mark.parametrize(
    ("path", "kind", "plural"),
    [
        ("/threat-details", "threat", "threats (files)"),
        ("/behavioral-detections", "behavioral", "behavioral detections"),
    ],
)
async def test_of_very_many_alerts_it_is_said_which_kind_is_known_back_to_when(
    path: str, kind: str, plural: str
) -> None:
    page = await ask("list_threats", many(path), limit=500)
    times = [row["detection_date"] for row in page["items"]]
    assert times == sorted(times, reverse=True)
    assert not page["complete"]
    oldest = (FIRST - timedelta(hours=19_999)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert f"{plural}: the newest, back to {oldest}; older ones are missing" in page["notes"]
    assert f"{plural}: stopped after 20000 of 23000 rows: ask by device for others" in page["notes"]
    assert {row["threat_name"] for row in page["items"] if row["kind"] == kind} >= {f"T{place}" for place in range(99)}


async def test_very_many_alerts_that_did_not_come_newest_first_are_not_called_the_newest() -> None:
    page = await ask("list_threats", many("/threat-details", in_order=False), kind="threat", limit=3)
    assert [row["threat_name"] for row in page["items"]] == ["T3000", "T3001", "T3002"]
    assert any("Iru did not give the newest first: any of any time may be missing" in one for one in page["notes"])
    assert not any("back to" in one for one in page["notes"])


async def test_all_pages_of_alerts_together_are_the_newest_in_order() -> None:
    names: list[str] = []
    cursor = ""
    async with over(many("/threat-details")) as agent:
        for _ in range(3):
            page = await agent.ask("list_threats", kind="threat", limit=70, fields=["threat_name"], cursor=cursor)
            names += [row["threat_name"] for row in page["items"]]
            cursor = page["next_cursor"]
    assert names == [f"T{place}" for place in range(len(names))]
    assert len(names) == 210


async def test_who_holds_the_devices_of_few_alerts_costs_no_walk_over_a_large_fleet() -> None:
    large = Recorded(unlimited(now=NOW, devices=4_000))
    page = await ask("list_threats", large, classification="malware")
    holders = {row["serial_number"]: row.get("user_email") for row in page["items"]}
    assert holders[STORY.patient_zero_serial] == "mira.castellane@northwind.example"
    assert all(holders.values())
    assert len([path for path in large.paths if path.endswith("/devices")]) <= 1 + len(holders)
