"""The audit log is filtered by what changed, and says what words it has, where it begins, and whose device it means."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import httpx
import pytest

from iru_mcp.demo.world.story import STORY
from iru_mcp.output.privacy import Privacy
from tests.conftest import agent_over

from .asking import Between, ask, ask_all, refused, tenant, told

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


async def test_what_a_token_did_names_the_token_and_when_it_was_made() -> None:
    view = (await ask("list_audit_events", action="view", since="30d"))["items"][0]
    made = next(
        row
        for row in (await ask("list_audit_events", action="create", target_type="api_token", since="30d"))["items"]
        if row["target_id"] == view["actor_id"]
    )
    assert view["actor_is"] == f"API token {made['new_state']['label']}, made {made['occurred_at']}"


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
    assert re.search("hours is no time of day", await refused("list_audit_events", hours=hours))


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


async def test_rows_sorted_here_are_neither_all_nor_counted_where_reading_broke_off() -> None:
    def down(request: httpx.Request) -> httpx.Response | None:
        return told(500, {"detail": "down"}) if "cursor" in request.url.params else None

    page = await ask("list_audit_events", Between(down, ascending), since="90d", limit=500)
    assert page["items"]
    assert (page["complete"], "total" in page) == (False, False)
    assert any(note.startswith("sorted among the ") and note.endswith(" looked at") for note in page["notes"])


async def test_rows_out_of_order_within_a_page_are_noticed() -> None:
    def swapped(path: str, body: Any) -> Any:
        if path.endswith("/audit/events") and len(body["results"]) > 9:
            body["results"][2], body["results"][8] = body["results"][8], body["results"][2]
        return body

    usual = await ask("list_audit_events", since="30d", limit=12)
    page = await ask("list_audit_events", Between(after=swapped), since="30d", limit=12)
    assert page["items"] == usual["items"]
    assert any("another order" in note for note in page["notes"])


async def test_a_row_that_could_not_be_read_on_one_page_keeps_the_last_page_from_being_complete() -> None:
    def odd(path: str, body: Any) -> Any:
        if path.endswith("/audit/events"):
            body["results"][0] = {"id": ""}
        return body

    between = Between(after=odd)
    page = await ask("list_audit_events", between, since="3d", limit=10)
    assert page["complete"] is False
    while "next_cursor" in page:
        page = await ask("list_audit_events", between, since="3d", limit=10, cursor=page["next_cursor"])
    assert page["complete"] is False
    assert any("could not be read" in note for note in page["notes"])


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


def token_deleted(path: str, body: Any) -> Any:
    """A log in which the night's token was deleted in its newest event."""
    if path.endswith("/audit/events"):
        newest = max(body["results"], key=lambda row: row["occurred_at"])
        newest |= {"target_type": "api_token", "target_id": STORY.night_token_id, "action": "delete"}
    return body


async def test_a_made_token_tells_what_it_did_and_that_it_was_deleted() -> None:
    page = await ask("list_audit_events", since="14d", target_type="api_token")
    by_label = {row["new_state"]["label"]: row["afterwards"] for row in page["items"]}
    seen = f"1 view device secrets ({STORY.leaver_serials[0]})"
    assert by_label[STORY.night_token_label] == {"deleted": False, "did": [seen]}
    assert sorted(by_label[STORY.token_label]["did"]) == [
        f"1 create library_item ({STORY.script_name})",
        f"1 update blueprint library_items (Engineering +{STORY.script_name})",
    ]
    assert any(note.startswith("afterwards: what each token did") and "to now" in note for note in page["notes"])
    page = await ask("list_audit_events", Between(after=token_deleted), since="14d", target_type="api_token")
    told = next(
        row["afterwards"] for row in page["items"] if "afterwards" in row and row["target_id"] == STORY.night_token_id
    )
    assert told["deleted_at"] == page["items"][0]["occurred_at"]
    assert told["deleted_by"]


async def test_of_much_that_a_token_did_the_newest_is_named_and_the_rest_counted() -> None:
    def busy(path: str, body: Any) -> Any:
        """A log in which every change of a library item is the token's, each of another name."""
        for place, row in enumerate(body["results"]) if path.endswith("/audit/events") else ():
            if row["target_type"] == "library_item":
                row |= {
                    "actor_id": STORY.token_id,
                    "action": "update",
                    "new_state": {"name": f"{place} {'long ' * 20}"},
                }
        return body

    page = await ask("list_audit_events", Between(after=busy), since="14d", target_type="api_token")
    did = next(row["afterwards"]["did"] for row in page["items"] if row["target_id"] == STORY.token_id)
    count, names = re.fullmatch(r"(\d+) update library_item \((.*) and (\d+) more\)", did[0]).group(1, 2)  # type: ignore[union-attr]
    assert int(count) > 3
    assert [len(name) for name in names.split(", ")] == [63, 63, 63]
    assert did[0].endswith(f" and {int(count) - 3} more)")


async def test_how_far_a_long_log_was_looked_at_for_a_token_is_said() -> None:
    def endless(path: str, body: Any) -> Any:
        """A log that Iru stops giving after its first page."""
        if path.endswith("/audit/events") and body["next"]:
            body["next"] = body["next"].replace("cursor=", "cursor=broken")
        return body

    page = await ask("list_audit_events", Between(after=endless), since="80d", target_type="api_token", limit=2)
    assert page["items"][0]["afterwards"]["did"] == [f"1 view device secrets ({STORY.leaver_serials[0]})"]
    assert any("only the newest" in note and "back to 20" in note for note in page["notes"])


async def test_an_admin_is_named_by_the_activity_of_an_item_they_changed_and_asked_for_by_address() -> None:
    page = await ask("list_audit_events", since="30d", target_type="library_item", action="update", limit=500)
    named = {row["actor_id"]: row.get("actor_email") for row in page["items"] if row["actor_type"] == "user"}
    assert len(set(named.values()) - {None}) == len(named) == 5
    assert any("whom the activity of a library item names" in note for note in page["notes"])
    email = next(iter(named.values()))
    theirs = await ask("list_audit_events", since="30d", actor=email, limit=500)
    assert theirs["items"]
    assert {named[row["actor_id"]] for row in theirs["items"]} == {email}


async def test_an_address_that_no_activity_names_is_no_silent_zero() -> None:
    assert re.search(
        "is not known: Iru's audit log has ids only",
        await refused("list_audit_events", since="30d", actor="nobody@northwind.example"),
    )


async def test_without_the_activity_of_library_items_admins_stay_ids() -> None:
    denied = tenant(denied=("LIST_LIBRARY_ITEM_ACTIVITY",))
    page = await ask("list_audit_events", denied, since="30d", target_type="library_item")
    assert page["items"]
    assert not any("actor_email" in row for row in page["items"])


async def test_privacy_mode_hides_admins_and_takes_their_pseudonyms() -> None:
    async with agent_over(tenant(), privacy=Privacy("a key")) as agent:
        page = await agent.ask("list_audit_events", since="30d", target_type="library_item")
        emails = {row["actor_email"] for row in page["items"] if "actor_email" in row}
        assert emails
        assert all(email.startswith("person-") and email.endswith("@pseudonym") for email in emails)
        assert "northwind.example" not in json.dumps(page)
        email = min(emails)
        theirs = await agent.ask("list_audit_events", since="30d", actor=email)
        assert {row["actor_email"] for row in theirs["items"]} == {email}


async def test_devices_that_could_not_be_named_are_not_passed_over_in_silence() -> None:
    page = await ask("list_audit_events", tenant(denied=("LIST_DEVICES",)), target_type="device", limit=3)
    assert not any("serial_number" in row for row in page["items"])
    assert any(note.startswith("how devices are called was not read: not permitted") for note in page["notes"])
