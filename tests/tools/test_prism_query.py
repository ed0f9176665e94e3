"""Any Prism category is asked in one way, and a wrong question is answered with the right ones."""

from __future__ import annotations

import json
import re

import pytest

from iru_mcp.api.endpoints.prism import CATEGORIES
from iru_mcp.demo.world.story import STORY
from iru_mcp.tools.prism.categories import EXAMPLES, USEFUL

from .asking import ask, refused, tenant


@pytest.mark.parametrize("category", CATEGORIES)
async def test_every_category_shows_its_device_and_its_useful_columns(category: str) -> None:
    answer = await ask("prism_query", category=category, limit=3)
    if category == "kernel_extensions":
        assert answer["items"] == []
        return
    shown = {name for row in answer["items"] for name in row}
    assert {"device_name", "serial_number"} < shown <= {"device_name", "serial_number", "enrolled", *USEFUL[category]}


@pytest.mark.parametrize("category", CATEGORIES)
async def test_the_example_of_every_category_is_a_filter_it_takes(category: str) -> None:
    error = await refused("prism_query", category=category, filter={"no_such_column": {"in": ["x"]}})
    assert EXAMPLES[category] in error
    assert "device_name" in error
    await ask("prism_query", category=category, filter=json.loads(EXAMPLES[category]))


@pytest.mark.parametrize("spelling", ["FileVault", " filevault ", "FILEVAULT"])
async def test_a_category_is_found_however_it_is_spelled(spelling: str) -> None:
    answer = await ask("prism_query", category=spelling, filter={"status": {"eq": False}}, limit=500)
    assert answer["items"]
    assert all(row["status"] is False for row in answer["items"])


@pytest.mark.parametrize("spelling", ["Transparency Database", "TCC", "Installed Profiles", "Gatekeeper & XProtect"])
async def test_the_names_on_the_screen_are_taken_too(spelling: str) -> None:
    assert (await ask("prism_query", category=spelling, limit=1))["items"]


async def test_a_wrong_category_is_answered_with_all_sixteen() -> None:
    error = await refused("prism_query", category="encryption")
    assert all(category in error for category in CATEGORIES)


async def test_one_device_is_one_device() -> None:
    answer = await ask("prism_query", category="system_extensions", device=STORY.patient_zero_serial)
    assert answer["device"]["serial_number"] == STORY.patient_zero_serial
    assert [row["state"] for row in answer["items"]] == ["terminated_waiting_to_uninstall_on_reboot"]


async def test_rows_are_counted_over_the_whole_fleet() -> None:
    answer = await ask("prism_query", category="filevault", group_by="status")
    assert answer["complete"]
    assert {row["status"] for row in answer["items"]} == {True, False}
    assert sum(row["count"] for row in answer["items"]) == answer["summary"]["rows"]


async def test_one_denied_category_names_itself() -> None:
    assert re.search(
        "/api/v1/prism/filevault",
        await refused("prism_query", tenant(denied=("PRISM_FILEVAULT",)), category="filevault"),
    )
