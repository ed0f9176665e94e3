"""The audit log is filtered by what changed, and says what words it has, where it begins, and whose device it means."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from iru_mcp.demo.world.story import STORY
from iru_mcp.errors import UsageError

from .asking import Between, ask, ask_all, tenant

SCOPE = [{"id": f"item-{number}", "name": f"Item {number}"} for number in range(80)]
FILEVAULT = {"id": "item-fv", "name": "FileVault - Enforce"}


def blueprint_events(path: str, body: Any) -> Any:
    """Every event is of a blueprint that lists its 80 items; one removed FileVault, the rest added nothing of note."""
    if path.endswith("/audit/events"):
        for number, row in enumerate(body["results"]):
            row |= {"target_type": "blueprint", "target_id": "bp-1", "action": "update"}
            row["new_state"] = {
                "name": "Engineering",
                "library_items_added": [],
                "library_items_removed": [FILEVAULT] if number == 3 else [],
                "library_items_scoped": [*SCOPE, FILEVAULT],
            }
    return body


@pytest.mark.parametrize("asked", [{"target": "filevault"}, {"changed": "FileVault"}, {"changed": "removed"}])
async def test_a_removal_is_found_and_not_every_event_that_lists_the_item(asked: dict[str, Any]) -> None:
    page = await ask("list_audit_events", Between(after=blueprint_events), since="2d", **asked)
    states = [row["new_state"] for row in page["items"]]
    assert states
    assert all(state["library_items_removed"] == ["FileVault - Enforce"] for state in states)
    assert all(state["library_items_scoped"] == "81 items" for state in states)
    assert "Item 7" not in str(page)


async def test_the_name_of_a_part_that_is_empty_is_no_text_to_find() -> None:
    page = await ask("list_audit_events", Between(after=blueprint_events), since="2d", target="library_items_added")
    assert page["items"] == []
    page = await ask("list_audit_events", Between(after=blueprint_events), since="2d", changed="library_items_scoped")
    assert page["items"] == []


async def test_a_word_that_no_event_has_is_answered_with_the_words_that_events_have() -> None:
    every = await ask_all("list_audit_events", since="7d", limit=500)
    page = await ask("list_audit_events", since="7d", action="purge")
    assert page["items"] == []
    count = sum(row["action"] == "update" for row in every)
    assert any(note.startswith(f"action here: update {count}") for note in page["notes"])
    assert any("view 1" in note for note in page["notes"])
    page = await ask("list_audit_events", since="7d", target_type="blueprints", action="create")
    assert any(note.startswith("target_type here: ") and "blueprint " in note for note in page["notes"])


@pytest.mark.parametrize("word", ["read", "view", "VIEW"])
async def test_a_secret_that_was_read_is_found_by_either_word(word: str) -> None:
    page = await ask("list_audit_events", since="30d", action=word)
    assert [row["actor_id"] for row in page["items"]] == [STORY.night_token_id]
    assert page["items"][0]["serial_number"] == STORY.leaver_serials[0]


async def test_rows_about_a_device_name_it() -> None:
    rows = await ask_all("list_audit_events", since="7d", target_type="device", limit=500)
    listed = {row["device_id"]: row for row in await ask_all("list_devices", fields=["*"], limit=500)}
    assert rows
    for row in rows:
        assert row["serial_number"] == listed[row["target_id"]]["serial_number"]
    denied = await ask("list_audit_events", tenant(denied=("LIST_DEVICES",)), since="7d", target_type="device")
    assert denied["items"]
    assert not any("serial_number" in row for row in denied["items"])


@pytest.mark.parametrize(
    ("hours", "fits"),
    [
        ("22-05", lambda at: at.hour >= 22 or at.hour < 5),
        ("08:30-17", lambda at: 8.5 <= at.hour + at.minute / 60 < 17),
        ("22-05 +02:00", lambda at: at.hour >= 20 or at.hour < 3),
        ("0-24", bool),
    ],
)
async def test_hours_are_a_time_of_day_that_may_reach_over_midnight(hours: str, fits: Any) -> None:
    every = await ask_all("list_audit_events", since="14d", limit=500)
    rows = await ask_all("list_audit_events", since="14d", hours=hours, limit=500)
    assert rows == [row for row in every if fits(datetime.fromisoformat(row["occurred_at"]))]
    assert rows


@pytest.mark.parametrize("hours", ["night", "25-03", "22-05 Nowhere/Town", "22"])
async def test_hours_that_are_none_are_refused(hours: str) -> None:
    with pytest.raises(UsageError, match="hours is no time of day"):
        await ask("list_audit_events", hours=hours)


async def test_a_window_that_begins_before_the_log_says_where_the_log_begins() -> None:
    page = await ask("list_audit_events", since="2y", target="nothing of this name")
    first = (await ask_all("list_audit_events", limit=500))[-1]["occurred_at"]
    assert page["summary"]["log_starts_at"] == first
    assert page["complete"] is False
    inside = await ask("list_audit_events", since="7d", target="nothing of this name")
    assert inside["complete"] is True
    assert "summary" not in inside


def ascending(path: str, body: Any) -> Any:
    """An Iru that gives the oldest first, whatever it was asked for."""
    if path.endswith("/audit/events"):
        body["results"].reverse()
    return body


async def test_an_order_other_than_asked_for_is_noticed_and_mended() -> None:
    usual = await ask_all("list_audit_events", since="30d", limit=500)
    backwards = Between(after=ascending)
    page = await ask("list_audit_events", backwards, since="30d", limit=1)
    assert page["items"] == usual[:1]
    assert any("another order" in note for note in page["notes"])
    following = await ask("list_audit_events", backwards, since="30d", limit=3, cursor=page["next_cursor"])
    assert following["items"] == usual[1:4]


async def test_a_limit_of_nothing_counts() -> None:
    for tool, more in (
        ("list_audit_events", {"since": "7d"}),
        ("list_devices", {"platform": "mac"}),
        ("list_threats", {}),
        ("prism_local_users", {"hidden_user": True}),
    ):
        rows = await ask_all(tool, limit=500, **more)
        page = await ask(tool, limit=0, **more)
        assert (page["items"], page["total"], page["complete"]) == ([], len(rows), True)
        assert "next_cursor" not in page
    grouped = await ask("list_devices", group_by=["platform"], limit=0)
    assert grouped["items"] == []
    assert grouped["summary"]["rows"] == 400
