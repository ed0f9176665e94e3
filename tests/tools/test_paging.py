"""Walking any list page by page gives every row once, in one order, and says where it ends."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import agent_over, whole_rows
from tests.tools.asking import Between, Recorded, told

MAC = "NW7QK2M4XH"
LISTS: dict[str, dict[str, Any]] = {
    "list_devices": {"user_email": "a", "fields": ["serial_number"]},
    "find_devices_for_user": {"email": "hana.ybarra@northwind.example"},
    "get_device_activity": {"device": MAC, "fields": ["*"]},
    "list_device_apps": {"device": MAC, "name": "te", "fields": ["*"]},
    "list_audit_events": {"since": "20d", "fields": ["id"]},
    "list_users": {"name": "a"},
    "list_vulnerabilities": {"fields": ["*"]},
    "prism_device_information": {"model_name": "macbook air", "fields": ["device_id"]},
    "prism_launch_agents_and_daemons": {"device": MAC, "fields": ["*"]},
    "prism_local_users": {"device_families": ["Mac"], "type": "admin", "fields": ["device_id", "username"]},
    "prism_applications": {"name": "zoom", "sort_by": "-device__name", "fields": ["device_id", "bundle_id"]},
}
STEP = {1: 4, 7: 28, 25: 75, 300: 600}
"""How many rows are walked at each limit: enough to cross Iru's own pages at the larger ones."""


async def question(agent: Any, name: str) -> dict[str, Any]:
    asked = LISTS[name]
    if name == "list_vulnerabilities":
        worst = await agent.ask("find_devices_with_vulnerability", cve_id=await a_cve(agent))
        return asked | {"device": worst["items"][0]["serial_number"]}
    return asked


async def a_cve(agent: Any) -> str:
    return str((await agent.ask("list_fleet_vulnerabilities", limit=1))["items"][0]["cve_id"])


@pytest.mark.parametrize("name", LISTS)
async def test_a_walk_gives_the_same_rows_in_the_same_order_once(agent: Any, name: str) -> None:
    asked = await question(agent, name)
    whole = await agent.every(name, **asked)
    assert whole
    for limit in STEP:
        await walked(agent, name, asked, whole, limit)


async def walked(agent: Any, name: str, asked: dict[str, Any], whole: list[Any], limit: int) -> None:
    """The first rows of `whole` again, `limit` at a time."""
    rows: list[Any] = []
    arguments = asked | {"limit": limit}
    page = await agent.ask(name, **arguments)
    while True:
        rows += page["items"]
        assert page["complete"] is ("next_cursor" not in page)
        assert page.get("total", len(whole)) == len(whole)
        if page["complete"] or len(rows) >= STEP[limit]:
            break
        assert len(page["items"]) == limit
        page = await agent.ask(name, **arguments, cursor=page["next_cursor"])
    assert rows == whole[: len(rows)]
    assert page["complete"] is (len(rows) == len(whole))


@given(limits=st.lists(st.integers(1, 500), min_size=1, max_size=4))
@settings(max_examples=8)
@pytest.mark.parametrize("name", ["list_devices", "list_device_apps"])
async def test_the_limit_may_change_on_the_way(name: str, limits: list[int], northwind: Any) -> None:
    asked = LISTS[name] | {"fields": ["*"]}
    rows: list[Any] = []
    cursor = ""
    async with agent_over(northwind) as agent:
        whole = await agent.ask(name, **asked, limit=500)
        for limit in [*limits, 500]:
            page = await agent.ask(name, **asked, limit=limit, cursor=cursor)
            rows += whole_rows(page)
            cursor = page.get("next_cursor", "")
            if not cursor:
                break
    expected = whole_rows(whole)
    assert rows[: len(expected)] == expected[: len(rows)]
    keys = [str(row) for row in rows]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("name", LISTS)
async def test_a_cursor_of_another_question_is_refused_with_help(agent: Any, name: str) -> None:
    page = await agent.ask("list_devices", platform="ipad", limit=1)
    said = await agent.refused(name, **await question(agent, name), cursor=page["next_cursor"])
    assert "does not belong to this question" in said
    assert "next_cursor" in said


@given(junk=st.text(min_size=1, max_size=80).filter(str.strip))
@settings(max_examples=25)
async def test_junk_for_a_cursor_is_refused_and_not_repeated(junk: str, northwind: Any) -> None:
    async with agent_over(northwind) as agent:
        said = await agent.refused("list_users", cursor=f"!{junk}")
    assert "cursor does not belong" in said
    assert len(said) < 400


@given(place=st.integers(min_value=0), other=st.sampled_from("AZaz09-_"))
@settings(max_examples=40)
async def test_a_cursor_altered_in_one_letter_is_refused(place: int, other: str, northwind: Any) -> None:
    async with agent_over(northwind) as agent:
        cursor = (await agent.ask("list_users", limit=2))["next_cursor"]
        at = place % (len(cursor) - 1)  # the last letter has bits that no byte needs
        altered = cursor[:at] + other + cursor[at + 1 :]
        if altered != cursor:
            assert "or it was altered" in await agent.refused("list_users", limit=2, cursor=altered)


async def test_a_cursor_is_good_at_every_server_with_the_same_token_and_at_no_other(northwind: Any) -> None:
    async with agent_over(northwind) as one, agent_over(northwind) as same:
        first = await one.ask("list_users", limit=2)
        second = await same.ask("list_users", limit=2, cursor=first["next_cursor"])
    assert not {row["id"] for row in first["items"]} & {row["id"] for row in second["items"]}
    async with agent_over(northwind, token="another token") as other:
        assert "does not belong" in await other.refused("list_users", limit=2, cursor=first["next_cursor"])


@pytest.mark.parametrize(("limit", "pages"), [(1, 1), (300, 1), (301, 2)])
async def test_irus_pages_are_read_up_to_the_last_row_of_a_page_and_no_further(
    over: Any, northwind: Any, limit: int, pages: int
) -> None:
    asked = Recorded(northwind)
    async with over(asked) as agent:
        page = await agent.ask("list_devices", fields=["serial_number"], limit=limit)
    assert (page["returned"], page["complete"]) == (limit, False)
    assert asked.paths == ["/api/v1/devices"] * pages


async def test_a_list_that_broke_off_goes_on_where_it_stopped(over: Any, northwind: Any) -> None:
    asked = 0

    def failing_second(_: httpx.Request) -> httpx.Response | None:
        nonlocal asked
        asked += 1
        return told(500, {"detail": "down"}) if asked == 2 else None

    async with over(northwind) as agent:
        whole = await agent.every("list_devices", fields=["serial_number"])
    async with over(Between(failing_second)) as agent:
        first = await agent.ask("list_devices", fields=["serial_number"], limit=500)
        rest = await agent.ask("list_devices", fields=["serial_number"], limit=500, cursor=first["next_cursor"])
    assert (first["complete"], rest["complete"]) == (False, True)
    assert "total" not in first or first["total"] == len(whole)
    assert first["items"] + rest["items"] == whole


class Shifting(httpx.AsyncBaseTransport):
    """A tenant whose first devices vanish between pages, as when devices are erased; or so many come, below zero."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner, self.gone = inner, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        params = dict(request.url.params)
        if request.url.path.endswith("/devices"):
            params["offset"] = str(max(0, int(params.get("offset", 0)) + self.gone))
        return await self.inner.handle_async_request(
            httpx.Request(request.method, request.url.copy_with(params=params), headers=request.headers)
        )


async def test_rows_that_move_between_pages_are_neither_lost_nor_repeated(over: Any, northwind: Any) -> None:
    tenant = Shifting(northwind)
    async with over(tenant) as agent:
        whole = await agent.every("list_devices", fields=["serial_number"])
        first = await agent.ask("list_devices", fields=["serial_number"], limit=20)
        tenant.gone = 5
        second = await agent.ask("list_devices", fields=["serial_number"], limit=20, cursor=first["next_cursor"])
    assert first["items"] + second["items"] == whole[:40]


async def test_where_rows_are_sorted_here_a_page_begins_behind_the_last_row_given(over: Any, northwind: Any) -> None:
    asked: dict[str, Any] = {"fields": ["serial_number", "device_name"], "sort_by": "device_name"}
    tenant = Shifting(northwind)
    async with over(tenant) as agent:
        gone = (await agent.ask("list_devices", fields=asked["fields"], limit=5))["items"]
        whole = await agent.every("list_devices", **asked)
        given = next(place for place in range(50, 400) if whole[place] in gone and whole[place + 1] not in gone) + 2
        first = await agent.ask("list_devices", **asked, limit=given)
        tenant.gone = len(gone)
        second = await agent.ask("list_devices", **asked, limit=20, cursor=first["next_cursor"])
    assert first["items"] == whole[:given]
    assert second["items"] == [row for row in whole[given:] if row not in gone][:20]


async def test_a_row_that_two_of_irus_pages_have_is_given_once(over: Any, northwind: Any) -> None:
    tenant = Shifting(northwind)
    async with over(tenant) as agent:
        whole = await agent.every("list_devices", fields=["serial_number"])
    tenant.gone = -5
    async with over(tenant) as agent:
        assert await agent.every("list_devices", fields=["serial_number"]) == whole
        count = await agent.ask("list_devices", limit=0)
    assert (count["total"], count["complete"]) == (len(whole), True)


@pytest.mark.parametrize("sort_by", ["", "device_name"])
async def test_where_the_last_row_given_is_gone_a_list_goes_on_by_number_and_never_calls_itself_complete(
    over: Any, northwind: Any, sort_by: str
) -> None:
    asked: dict[str, Any] = {"fields": ["serial_number"]} | ({"sort_by": sort_by} if sort_by else {})
    tenant = Shifting(northwind)
    async with over(tenant) as agent:
        by_iru = await agent.every("list_devices", fields=["serial_number"])
        whole = await agent.every("list_devices", **asked)
        given = 1 + next(place for place, row in enumerate(whole) if row in by_iru[:20])
        first = await agent.ask("list_devices", **asked, limit=given)
        tenant.gone = 20
        second = await agent.ask("list_devices", **asked, limit=20, cursor=first["next_cursor"])
        last = await agent.ask("list_devices", **asked, limit=500, cursor=second["next_cursor"])
    left = [row for row in whole if row not in by_iru[:20]]
    assert first["complete"] is False
    assert second["items"] + last["items"] == left[given:]
    for page in (second, last):
        assert (page["complete"], "total" in page) == (False, False)
        assert any("rows may have been left out" in note for note in page["notes"])
    assert "next_cursor" not in last
