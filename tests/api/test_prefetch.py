"""A walk over everything reads its pages side by side, and reads what a walk in single file would."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx
import pytest

from iru_mcp.api.call import Call, Interrupted
from iru_mcp.api.client import IruClient
from iru_mcp.api.endpoints.devices import LIST_DEVICES
from iru_mcp.api.endpoints.prism import PRISM_APPS
from iru_mcp.api.transport.rate_limit import Limits

LATENCY = 0.1
PAGE = 300
Body = Callable[[int, httpx.QueryParams], Any]


@dataclass
class Upstream(httpx.AsyncBaseTransport):
    """Answers each page after LATENCY seconds with what `body` makes of its offset; counts what is in flight."""

    body: Body
    offsets: list[int] = field(default_factory=list)
    in_flight: int = 0
    most: int = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params.get("offset", 0))
        self.offsets.append(offset)
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        try:
            await anyio.sleep(LATENCY)
        finally:
            self.in_flight -= 1
        found = self.body(offset, request.url.params)
        status, found = (found, {}) if isinstance(found, int) else (200, found)
        return httpx.Response(status, stream=httpx.ByteStream(json.dumps(found).encode()))


def prism(total: int) -> Body:
    def body(offset: int, _: httpx.QueryParams) -> Any:
        rows = [{"device_id": f"d{number}"} for number in range(offset, min(offset + PAGE, total))]
        return {"offset": offset, "limit": PAGE, "total": total, "data": rows, "cursor": None}

    return body


def fleet(total: int) -> Body:
    return lambda offset, _: [{"device_id": f"d{n}"} for n in range(offset, min(offset + PAGE, total))]


def client(upstream: Upstream, **limits: Any) -> IruClient:
    return IruClient(
        "https://acme.api.example", lambda: "t", transport=upstream, limits=Limits(per_second=1_000, **limits)
    )


async def rows_of(upstream: Upstream, endpoint: Any, start: int | None, **limits: Any) -> list[str]:
    call = client(upstream, **limits).call(endpoint, requests=600)
    walk = call.walk(endpoint, start, whole=True)
    return [row["device_id"] async for batch in walk for row in batch.rows]


async def until_interrupted(call: Call) -> tuple[list[Any], Interrupted]:
    rows: list[Any] = []
    try:
        async for batch in call.walk(PRISM_APPS, 0, whole=True):
            rows += batch.rows
    except Interrupted as stop:
        return rows, stop
    pytest.fail("the walk reached its end")


@pytest.fixture
def anyio_backend(skipping: tuple[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    return skipping


async def test_six_pages_are_in_flight_and_every_row_comes_once_and_in_order() -> None:
    upstream = Upstream(prism(20 * PAGE + 7))
    assert await rows_of(upstream, PRISM_APPS, 0) == [f"d{number}" for number in range(20 * PAGE + 7)]
    assert upstream.most == 6
    assert len(upstream.offsets) == len(set(upstream.offsets)) == 21


async def test_264_pages_of_a_tenth_of_a_second_fit_well_into_one_call() -> None:
    upstream = Upstream(prism(264 * PAGE))
    begun = anyio.current_time()
    assert len(await rows_of(upstream, PRISM_APPS, 0)) == 264 * PAGE
    assert anyio.current_time() - begun < 10  # one after the other they would take 26.4 s, and the call ends at 25


async def test_where_no_total_is_told_no_more_pages_are_asked_for_than_were_read() -> None:
    upstream = Upstream(fleet(1_000))
    assert len(await rows_of(upstream, LIST_DEVICES, None)) == 1_000
    assert upstream.offsets == [0, 300, 600, 900]
    upstream = Upstream(fleet(10_000))
    assert len(await rows_of(upstream, LIST_DEVICES, None)) == 10_000
    assert len(upstream.offsets) <= 34 + 5  # what lay behind the end when the last page came


async def test_a_page_that_comes_short_is_gone_on_from_where_it_ended() -> None:
    def body(offset: int, _: httpx.QueryParams) -> Any:
        end = offset + (PAGE - 50 if offset == 2 * PAGE else PAGE)
        return prism(3_000)(offset, _) | {"data": [{"device_id": f"d{n}"} for n in range(offset, min(end, 3_000))]}

    assert await rows_of(Upstream(body), PRISM_APPS, 0) == [f"d{number}" for number in range(3_000)]


async def test_a_failing_page_ends_the_walk_at_its_own_place_with_all_rows_before_it() -> None:
    def body(offset: int, query: httpx.QueryParams) -> Any:
        return 500 if offset == 3 * PAGE else prism(3_000)(offset, query)

    call = client(Upstream(body), attempts=1).call(PRISM_APPS)
    rows, stop = await until_interrupted(call)
    assert stop.position == len(rows) == 3 * PAGE


async def test_the_call_makes_no_more_requests_than_it_may_and_says_where_to_go_on() -> None:
    upstream = Upstream(prism(9_000))
    call = client(upstream).call(PRISM_APPS, requests=10)
    rows, stop = await until_interrupted(call)
    assert "10 requests are used up" in stop.why
    assert len(upstream.offsets) == 10
    assert stop.position == len(rows) == 10 * PAGE


async def test_who_is_cancelled_leaves_no_request_behind() -> None:
    upstream = Upstream(prism(9_000))
    call = client(upstream).call(PRISM_APPS)
    with anyio.move_on_after(LATENCY * 1.5):
        async for _ in call.walk(PRISM_APPS, 0, whole=True):
            pass
    await anyio.wait_all_tasks_blocked()
    assert upstream.most == 6
    assert upstream.in_flight == 0


async def test_who_does_not_want_the_whole_asks_for_one_page_at_a_time() -> None:
    upstream = Upstream(prism(3_000))
    call = client(upstream).call(PRISM_APPS)
    assert sum([len(batch.rows) async for batch in call.walk(PRISM_APPS, 0)]) == 3_000
    assert upstream.most == 1


async def test_a_tenant_that_tells_no_total_is_walked_by_its_cursor() -> None:
    def body(_: int, query: httpx.QueryParams) -> Any:
        page = int(query.get("cursor") or 0)
        rows = [{"device_id": f"d{page}-{n}"} for n in range(PAGE)] if page < 3 else []
        return {"offset": None, "limit": PAGE, "total": None, "data": rows, "cursor": str(page + 1) if rows else None}

    assert len(await rows_of(Upstream(body), PRISM_APPS, 0)) == 3 * PAGE
