"""How a library item stands over the fleet: found by name, with its scope, and without a silent zero."""

from __future__ import annotations

import re
from typing import Any

import pytest

from iru_mcp.demo.world.blueprints import ITEMS

from .asking import Between, ask, ask_all, refused, tenant

pytestmark = pytest.mark.anyio

ENCRYPTION = "FileVault 2"
MACS = 264
FAILED = 8


def silent(*places: int) -> Between:
    """An Iru that has no row of the devices at these places of an item's statuses."""

    def after(path: str, answer: Any) -> Any:
        if path.endswith("/status") and "/library-items/" in path:
            kept = [row for place, row in enumerate(answer["results"]) if place not in places]
            return answer | {"results": kept, "count": len(kept)}
        return answer

    return Between(after=after)


async def test_an_item_named_in_any_letter_case_tells_which_devices_failed_and_its_scope() -> None:
    answer = await ask("list_library_item_status", library_item="filevault 2", status="ERROR", limit=100)
    summary = answer["summary"]
    assert summary["library_item"]["name"] == ENCRYPTION
    assert {row["status"] for row in answer["items"]} == {"failed"}
    assert answer["total"] == len(answer["items"]) == FAILED == summary["by_status"]["failed"]
    assert summary["in_scope"] == sum(summary["blueprints"].values()) == MACS
    assert (summary["no_report"], summary["outside_scope"]) == (0, 0)
    assert all(row["serial_number"] and row["log"] for row in answer["items"])


async def test_devices_in_scope_that_never_reported_are_counted_and_named() -> None:
    quiet = silent(3, 5, 8)
    answer = await ask("list_library_item_status", quiet, library_item=ENCRYPTION, limit=0)
    assert answer["summary"]["no_report"] == 3
    assert "rules may leave them out" in " ".join(answer["notes"])
    named = await ask_all("list_library_item_status", quiet, library_item=ENCRYPTION, status="no_report")
    everyone = {row["serial_number"] for row in await ask_all("list_library_item_status", library_item=ENCRYPTION)}
    heard = {row["serial_number"] for row in await ask_all("list_library_item_status", quiet, library_item=ENCRYPTION)}
    assert {row["serial_number"] for row in named} == everyone - heard


async def test_an_item_of_one_blueprint_counts_the_macs_outside_its_scope() -> None:
    answer = await ask("list_library_item_status", library_item="developer tools", limit=0)
    summary = answer["summary"]
    assert list(summary["blueprints"]) == ["Engineering"]
    assert summary["in_scope"] + summary["outside_scope"] == MACS


async def test_failed_items_come_first_and_a_status_of_a_device_that_never_checked_in_is_doubted() -> None:
    rows = await ask_all("list_library_item_status", library_item=ENCRYPTION, limit=500)
    words = [row["status"] for row in rows]
    assert words == sorted(words, key=["failed", "pending", "pass"].index)
    doubted = [row for row in rows if "doubt" in row]
    assert doubted
    assert all("never checked in" in row["doubt"] for row in doubted)


async def test_an_unknown_status_is_answered_with_the_words_that_occur() -> None:
    answer = await ask("list_library_item_status", library_item=ENCRYPTION, status="broken")
    assert answer["items"] == []
    assert any("status here: pass" in note and "failed 8" in note for note in answer["notes"])


async def test_a_name_that_no_item_has_is_answered_with_those_alike_and_one_of_several_with_their_ids() -> None:
    assert re.search(r"Similar: Google Chrome", await refused("list_library_item_status", library_item="Gogle Chrome"))
    several = await refused("list_library_item_status", library_item="chrome")
    assert "2 library items are called like 'chrome': Google Chrome (" in several


async def test_a_custom_item_that_no_blueprint_has_is_found_by_name_and_said_to_be_in_none() -> None:
    def after(path: str, answer: Any) -> Any:
        return answer | {"results": []} if path.endswith("list-library-items") else answer

    answer = await ask("list_library_item_status", Between(after=after), library_item="Rotate Recovery Key", limit=1)
    assert answer["summary"]["in_scope"] == 0
    assert any("no blueprint has this item" in note for note in answer["notes"])


async def test_without_the_permission_to_list_blueprints_an_id_is_answered_and_the_scope_said_not_to_be_checked() -> (
    None
):
    denied = tenant(denied=("LIST_BLUEPRINTS",))
    script = next(item for item in ITEMS if item.name == "Rotate Recovery Key")
    answer = await ask("list_library_item_status", denied, library_item=script.id, limit=1)
    assert answer["returned"] == 1
    assert "in_scope" not in answer["summary"]
    assert any("in scope was not checked: not permitted" in note for note in answer["notes"])
    assert re.search(
        "could be compared",
        await refused("list_library_item_status", denied, library_item=script.id, status="no_report"),
    )


async def test_devices_without_a_report_have_nothing_to_count_by() -> None:
    assert re.search(
        "Leave group_by out",
        await refused("list_library_item_status", library_item=ENCRYPTION, status="no_report", group_by=["status"]),
    )


async def test_who_changed_an_item_is_found_by_its_name() -> None:
    rows = await ask_all("list_library_item_activity", library_item="google chrome")
    assert [row["activity_type"] for row in rows[-2:]] == ["library_item_assignment_changed", "library_item_created"]
    assert {row["activity_type"] for row in rows[:-2]} == {"library_item_edited"}
    assert all(row["user_email"] for row in rows)


async def test_a_row_without_a_report_is_told_apart_from_no_row_and_the_two_add_up() -> None:
    answer = await ask("list_library_item_status", silent(0, 1), library_item="Google Chrome", limit=500)
    rows = [answer.get("in_every_row", {}) | row for row in answer["items"]]
    waiting = [row for row in rows if "reported_at" not in row]
    summary = answer["summary"]
    assert waiting
    assert all(row["reported"] == "not yet" and row["status"] == "pending" for row in waiting)
    assert not any("reported" in row for row in rows if "reported_at" in row)
    assert (summary["not_reported_yet"], summary["no_report"]) == (len(waiting), 2)
    assert sum(summary["by_status"].values()) + summary["no_report"] == summary["in_scope"]
    assert any(note.startswith("not_reported_yet: in by_status") for note in answer["notes"])


async def test_a_report_whose_time_cannot_be_read_is_a_report() -> None:
    def odd(path: str, answer: Any) -> Any:
        if path.endswith("/status") and "/library-items/" in path:
            rows = [row | {"reported_at": "lately"} for row in answer["results"]]
            return answer | {"results": rows}
        return answer

    answer = await ask("list_library_item_status", Between(after=odd), library_item="Google Chrome", limit=5)
    assert answer["summary"]["not_reported_yet"] == 0
    assert not any("reported" in row for row in answer["items"])
