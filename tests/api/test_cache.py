"""Identical reads share a request in flight, and its answer for a while."""

from __future__ import annotations

from typing import Any

import anyio
import httpx
import pytest
import respx

from iru_mcp.api.client import IruClient
from iru_mcp.api.endpoints.users import LIST_USERS
from iru_mcp.api.paging import RawPage
from iru_mcp.api.transport.cache import Cache, Deadline
from iru_mcp.api.transport.rate_limit import Limits
from iru_mcp.errors import ServerFault, TookTooLong
from iru_mcp.tools.kit.catalogue import catalogue

URL = "https://acme.api.example"
USERS = "/api/v1/users"


@pytest.fixture
def anyio_backend(skipping: tuple[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    return skipping


@pytest.fixture
def keeping() -> IruClient:
    return IruClient(URL, lambda: "t", limits=Limits(cache_seconds=60, attempts=1))


def page(*ids: str) -> httpx.Response:
    return httpx.Response(200, json={"next": None, "results": [{"id": each} for each in ids]})


async def slow(_: httpx.Request) -> httpx.Response:
    await anyio.sleep(5)
    return page("u1")


async def test_the_same_question_within_a_minute_costs_one_request_and_says_its_age(
    iru: respx.MockRouter, keeping: IruClient
) -> None:
    route = iru.get(USERS).mock(side_effect=[page("u1"), page("u2")])
    answer = await catalogue()["list_users"].run(keeping, {})
    assert "cached_seconds" not in answer
    await anyio.sleep(34)
    again = await catalogue()["list_users"].run(keeping, {})
    assert again == {"cached_seconds": 34} | answer
    assert (answer["items"], route.call_count) == ([{"id": "u1"}], 1)
    await anyio.sleep(26)
    assert [*(await keeping.call(LIST_USERS).page(LIST_USERS)).rows] == [{"id": "u2"}]


async def test_another_question_is_asked_for_itself(iru: respx.MockRouter, keeping: IruClient) -> None:
    route = iru.get(USERS).mock(return_value=page("u1"))
    await keeping.call(LIST_USERS).page(LIST_USERS)
    await keeping.call(LIST_USERS).page(LIST_USERS, query={"archived": "true"})
    assert route.call_count == 2


@pytest.mark.parametrize("failure", [httpx.Response(500), httpx.Response(200, json=[]), httpx.Response(200, text="<")])
async def test_a_failure_is_never_kept(iru: respx.MockRouter, keeping: IruClient, failure: httpx.Response) -> None:
    iru.get(USERS).mock(side_effect=[failure, page("u1")])
    with pytest.raises(Exception, match="Iru"):
        await keeping.call(LIST_USERS).page(LIST_USERS)
    assert [*(await keeping.call(LIST_USERS).page(LIST_USERS)).rows] == [{"id": "u1"}]


async def test_a_row_that_a_caller_alters_is_whole_for_the_next(iru: respx.MockRouter, keeping: IruClient) -> None:
    iru.get(USERS).mock(return_value=page("u1"))
    for _ in range(3):
        (row,) = (await keeping.call(LIST_USERS).page(LIST_USERS)).rows
        assert row.pop("id") == "u1"


async def test_a_kept_page_has_the_rows_that_came_wherever_one_looks(iru: respx.MockRouter, keeping: IruClient) -> None:
    iru.get(USERS).mock(return_value=page(*(f"u{number}" for number in range(75))))
    came = (await keeping.call(LIST_USERS).page(LIST_USERS)).rows
    kept = (await keeping.call(LIST_USERS).page(LIST_USERS)).rows
    assert [kept[place] for place in range(-75, 75)] == [came[place] for place in range(-75, 75)]
    assert (len(kept), [*kept], kept[-1:], kept[30:40:3]) == (75, [*came], came[-1:], came[30:40:3])
    for outside in (75, -76):
        with pytest.raises(IndexError):
            kept[outside]


async def test_a_row_that_a_caller_alters_is_altered_for_nobody_else(iru: respx.MockRouter, keeping: IruClient) -> None:
    iru.get(USERS).mock(return_value=page("u1", "u2"))
    first, second = [(await keeping.call(LIST_USERS).page(LIST_USERS)).rows for _ in range(2)]
    row = first[0]
    row["id"] = "altered"
    assert (first[0], second[0]) == ({"id": "u1"}, {"id": "u1"})


async def test_fifty_who_ask_at_once_share_one_request(iru: respx.MockRouter, keeping: IruClient) -> None:
    route = iru.get(USERS).mock(side_effect=slow)
    found: list[Any] = []

    async def ask() -> None:
        found.append([*(await keeping.call(LIST_USERS).page(LIST_USERS)).rows])

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(ask)
    assert (found, route.call_count) == ([[{"id": "u1"}]] * 50, 1)


async def test_a_failure_reaches_all_who_waited(iru: respx.MockRouter, keeping: IruClient) -> None:
    async def broken(_: httpx.Request) -> httpx.Response:
        await anyio.sleep(1)
        return httpx.Response(503)

    route = iru.get(USERS).mock(side_effect=broken)
    failed: list[int] = []

    async def ask() -> None:
        with pytest.raises(ServerFault):
            await keeping.call(LIST_USERS).page(LIST_USERS)
        failed.append(1)

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(ask)
    assert (len(failed), route.call_count) == (3, 1)


async def test_who_asked_first_may_leave_and_the_others_are_still_answered(
    iru: respx.MockRouter, keeping: IruClient
) -> None:
    route = iru.get(USERS).mock(side_effect=slow)
    found: list[Any] = []

    async def ask() -> None:
        found.append([*(await keeping.call(LIST_USERS).page(LIST_USERS)).rows])

    async with anyio.create_task_group() as group:
        first = anyio.CancelScope()

        async def leave() -> None:
            with first:
                await ask()

        group.start_soon(leave)
        await anyio.sleep(1)
        group.start_soon(ask)
        await anyio.sleep(1)
        first.cancel()
    assert (found, route.call_count) == ([[{"id": "u1"}]], 1)


async def test_when_everybody_has_left_the_request_ends() -> None:
    ended = anyio.Event()

    async def read(_: Deadline) -> RawPage:
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()
        return RawPage([], None)

    cache = Cache(60)
    with anyio.move_on_after(1):
        await cache.get("q", anyio.current_time() + 25, read)
    with anyio.fail_after(0.1):
        await ended.wait()


async def test_each_waiter_has_its_own_deadline(iru: respx.MockRouter, keeping: IruClient) -> None:
    iru.get(USERS).mock(side_effect=slow)
    async with anyio.create_task_group() as group:
        group.start_soon(keeping.call(LIST_USERS).page, LIST_USERS)
        await anyio.sleep(0.1)
        with pytest.raises(TookTooLong):
            await keeping.call(LIST_USERS, seconds=2).page(LIST_USERS)


async def test_what_is_kept_stays_within_its_bytes() -> None:
    cache = Cache(60, max_bytes=1_000)

    async def read(_: Deadline) -> RawPage:
        return RawPage(["x" * 197], None)

    async def huge(_: Deadline) -> RawPage:
        return RawPage(["x" * 395], None)

    for question in range(20):
        await cache.get(question, anyio.current_time() + 1, read)
        assert cache.size <= 1_000
    await cache.get("huge", anyio.current_time() + 1, huge)
    assert cache.size == 4 * 232
    _, age = await cache.get("huge", anyio.current_time() + 1, huge)
    assert age is None


async def test_without_seconds_nothing_is_kept_or_shared(iru: respx.MockRouter) -> None:
    client = IruClient(URL, lambda: "t")
    route = iru.get(USERS).mock(side_effect=slow)
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(client.call(LIST_USERS).page, LIST_USERS)
    assert route.call_count == 3
    await client.aclose()


def low(left: int, limit: int = 10_000) -> dict[str, str]:
    return {"x-ratelimit-remaining-hour": str(left), "x-ratelimit-limit-hour": str(limit)}


@pytest.mark.parametrize(("left", "said"), [(1_001, False), (999, True)])
async def test_a_low_hour_is_said_in_the_answer(
    iru: respx.MockRouter, keeping: IruClient, left: int, *, said: bool
) -> None:
    iru.get(USERS).mock(return_value=httpx.Response(200, json={"results": [], "next": None}, headers=low(left)))
    answer = await catalogue()["list_users"].run(keeping, {})
    assert ("notes" in answer) is said
