"""The client reads declared endpoints, completely, and within its bounds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import httpx
import pytest
import respx

from iru_mcp.api.call import Batch, Call, Interrupted
from iru_mcp.api.client import IruClient
from iru_mcp.api.endpoint import Endpoint
from iru_mcp.api.endpoints.devices import GET_DEVICE, LIST_DEVICES
from iru_mcp.api.endpoints.users import LIST_USERS
from iru_mcp.api.endpoints.vulnerabilities import LIST_DETECTIONS
from iru_mcp.api.paging import Position
from iru_mcp.api.transport.rate_limit import Limits
from iru_mcp.errors import (
    ConfigError,
    IruError,
    NotFound,
    NotPermitted,
    RateLimited,
    Refused,
    ServerFault,
    TookTooLong,
    Unauthorized,
    Unreachable,
    Unreadable,
    UsageError,
)

URL = "https://acme.api.example"
TOKEN = "tok-5e1f-not-to-be-seen"
USERS = "/api/v1/users"
DEVICES = "/api/v1/devices"
ELSEWHERE = "https://web-app.other.example/api/v1/users?cursor="


@pytest.fixture
def anyio_backend(skipping: tuple[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    return skipping


def users(first: int, count: int, following: str | None = None) -> httpx.Response:
    rows = [{"id": f"u{number}"} for number in range(first, first + count)]
    return httpx.Response(200, json={"next": following, "previous": None, "results": rows})


def devices(first: int, count: int) -> httpx.Response:
    return httpx.Response(200, json=[{"device_id": f"d{number}"} for number in range(first, first + count)])


async def collect(walk: AsyncIterator[Batch[Any]]) -> list[str]:
    return [row.get("id", row.get("device_id")) async for batch in walk for row in batch.rows]


async def until_interrupted(call: Call, endpoint: Endpoint[Any]) -> tuple[list[Any], Interrupted]:
    rows: list[Any] = []
    try:
        async for batch in call.walk(endpoint):
            rows += batch.rows
    except Interrupted as stop:
        return rows, stop
    raise AssertionError("the walk reached an end")


def sent(iru: respx.MockRouter) -> list[httpx.Request]:
    return [call.request for call in iru.calls]


async def test_one_record_costs_one_get_with_the_token_in_its_header_only(
    iru: respx.MockRouter, client: IruClient
) -> None:
    iru.get(f"{DEVICES}/d1").respond(json={"device_id": "d1", "serial_number": "S1"})
    device = await client.call(GET_DEVICE).fetch(GET_DEVICE, device_id="d1")
    assert device.serial_number == "S1"
    (request,) = sent(iru)
    assert (request.method, request.url.query) == ("GET", b"")
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert [name for name, value in request.headers.items() if TOKEN in value] == ["authorization"]


@pytest.mark.parametrize("body", [[], {}, {"device_id": ""}, {"name": "x"}])
async def test_what_is_not_the_record_is_said_to_be_unreadable(
    iru: respx.MockRouter, client: IruClient, body: object
) -> None:
    iru.get(f"{DEVICES}/d1").respond(json=body)
    with pytest.raises(Unreadable):
        await client.call(GET_DEVICE).fetch(GET_DEVICE, device_id="d1")


async def test_a_walk_takes_only_the_cursor_of_a_next_on_another_host(iru: respx.MockRouter, client: IruClient) -> None:
    iru.get(USERS, params={"cursor": "c1"}).mock(return_value=users(2, 0, f"{ELSEWHERE}c2%3D"))
    iru.get(USERS, params={"cursor": "c2="}).mock(return_value=users(2, 1))
    iru.get(USERS).mock(return_value=users(0, 2, f"{ELSEWHERE}c1"))
    assert await collect(client.call(LIST_USERS).walk(LIST_USERS, query={"archived": "false"})) == ["u0", "u1", "u2"]
    assert {request.url.host for request in sent(iru)} == {"acme.api.example"}
    assert [dict(request.url.params) for request in sent(iru)] == [
        {"archived": "false"},
        {"archived": "false", "cursor": "c1"},
        {"archived": "false", "cursor": "c2="},
    ]


async def test_a_bare_cursor_goes_back_under_its_own_name(iru: respx.MockRouter, client: IruClient) -> None:
    path = "/api/v1/vulnerability-management/detections"
    row = {"device_id": "d1", "cve_id": "CVE-1"}
    iru.get(path, params={"after": "b+/="}).respond(json={"next": None, "results": [row]})
    iru.get(path).respond(json={"next": "b+/=", "results": [row | {"cve_id": "CVE-2"}]})
    batches = [batch async for batch in client.call(LIST_DETECTIONS).walk(LIST_DETECTIONS)]
    assert [record and record.cve_id for batch in batches for record in batch.records] == ["CVE-2", "CVE-1"]


async def test_rows_that_are_no_records_keep_their_place_and_can_be_counted(
    iru: respx.MockRouter, client: IruClient
) -> None:
    iru.get(DEVICES).respond(json=[{"device_id": "d1"}, "odd", {"device_name": "x"}, {"device_id": "d2"}])
    batch = await client.call(LIST_DEVICES).page(LIST_DEVICES)
    assert [record and record.device_id for record in batch.records] == ["d1", None, None, "d2"]


async def test_a_walk_reports_how_far_it_is(iru: respx.MockRouter, client: IruClient) -> None:
    iru.get(DEVICES).mock(side_effect=[devices(0, 300), devices(300, 5)])
    told: list[tuple[int, int | None]] = []

    async def progress(done: int, total: int | None) -> None:
        told.append((done, total))

    rows = await collect(client.call(LIST_DEVICES, progress=progress).walk(LIST_DEVICES))
    assert (len(rows), told) == (305, [(300, None), (305, None)])


async def test_a_walk_that_runs_out_of_requests_says_where_to_go_on(iru: respx.MockRouter, client: IruClient) -> None:
    iru.get(DEVICES).mock(side_effect=lambda request: devices(int(request.url.params["offset"]), 300))
    rows, stop = await until_interrupted(client.call(LIST_DEVICES, requests=2), LIST_DEVICES)
    assert (len(rows), stop.position, stop.why) == (600, 600, "this call's 2 requests are used up")
    batch = await client.call(LIST_DEVICES).page(LIST_DEVICES, stop.position)
    assert batch.rows[0] == {"device_id": "d600"}


async def test_a_paging_that_never_ends_costs_thirty_requests(iru: respx.MockRouter, client: IruClient) -> None:
    iru.get(DEVICES).mock(side_effect=lambda request: devices(int(request.url.params["offset"]), 300))
    rows, _ = await until_interrupted(client.call(LIST_DEVICES), LIST_DEVICES)
    assert (len(rows), len(sent(iru))) == (9000, 30)


async def test_cursors_that_turn_in_a_circle_stop_the_walk(iru: respx.MockRouter, client: IruClient) -> None:
    pages = {"": ("a", 0), "a": ("b", 1), "b": ("c", 2), "c": ("a", 3)}

    def answer(request: httpx.Request) -> httpx.Response:
        following, number = pages[request.url.params.get("cursor", "")]
        return users(number, 1, following)

    iru.get(USERS).mock(side_effect=answer)
    rows, stop = await until_interrupted(client.call(LIST_USERS), LIST_USERS)
    assert [row["id"] for row in rows] == ["u0", "u1", "u2", "u3"]
    assert (stop.position, len(sent(iru))) == (None, 4)
    assert "repeats" in stop.why


async def test_an_ignored_offset_gives_each_row_once(iru: respx.MockRouter, client: IruClient) -> None:
    iru.get(DEVICES).mock(side_effect=lambda _: devices(0, 300))
    rows, stop = await until_interrupted(client.call(LIST_DEVICES), LIST_DEVICES)
    assert (len(rows), stop.position) == (300, None)
    assert "same page twice" in stop.why


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (httpx.Response(500), "Iru failed with 500"),
        (httpx.Response(200, json=[]), "results"),
        (httpx.Response(200, content=b'{"results": [{"id": "u'), "cut off"),
        (httpx.ConnectError("no"), "no connection"),
        (httpx.Response(429, headers={"retry-after": "999"}), "rate limit"),
    ],
)
async def test_a_fault_midway_keeps_what_was_read_and_says_where_to_go_on(
    iru: respx.MockRouter, client: IruClient, broken: httpx.Response | Exception, why: str
) -> None:
    iru.get(USERS, params={"cursor": "c1"}).mock(side_effect=lambda _: raised(broken))
    iru.get(USERS).mock(return_value=users(0, 2, "c1"))
    rows, stop = await until_interrupted(client.call(LIST_USERS), LIST_USERS)
    assert (len(rows), stop.position) == (2, "c1")
    assert why in stop.why


def raised(answer: httpx.Response | Exception) -> httpx.Response:
    if isinstance(answer, Exception):
        raise answer
    return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


async def test_a_walk_out_of_time_keeps_what_was_read(iru: respx.MockRouter, client: IruClient) -> None:
    async def slow(request: httpx.Request) -> httpx.Response:
        await anyio.sleep(4)
        return devices(int(request.url.params["offset"]), 300)

    iru.get(DEVICES).mock(side_effect=slow)
    rows, stop = await until_interrupted(client.call(LIST_DEVICES, seconds=10), LIST_DEVICES)
    assert (len(rows), stop.position, stop.why) == (600, 600, "this call's time is used up")


async def test_a_walk_that_may_not_even_begin_raises_what_happened(iru: respx.MockRouter, client: IruClient) -> None:
    iru.get(USERS).respond(403)
    with pytest.raises(NotPermitted):
        await collect(client.call(LIST_USERS).walk(LIST_USERS))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, Refused),
        (302, Refused),
        (307, Refused),
        (400, Refused),
        (401, Unauthorized),
        (403, NotPermitted),
        (404, NotFound),
    ],
)
async def test_what_will_not_heal_costs_one_request_and_leaks_nothing(
    iru: respx.MockRouter, client: IruClient, status: int, kind: type[IruError]
) -> None:
    iru.get(USERS).respond(status, headers={"location": f"https://u:p@evil.example{USERS}"}, text="<p>hello</p>")
    with pytest.raises(kind) as caught:
        await client.call(LIST_USERS).page(LIST_USERS, query={"email": "ada@example.test"})
    assert len(sent(iru)) == 1
    said = str(caught.value) + repr(caught.value)
    assert not any(secret in said for secret in (TOKEN, "ada", "evil", "hello", "?"))


@pytest.mark.parametrize("encoding", ["gzip", "br"])
async def test_a_refusal_is_told_even_when_its_body_cannot_be_read(
    iru: respx.MockRouter, client: IruClient, encoding: str
) -> None:
    iru.get(USERS).respond(403, headers={"content-encoding": encoding}, stream=httpx.ByteStream(b""))
    with pytest.raises(NotPermitted):
        await client.call(LIST_USERS).page(LIST_USERS)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
async def test_a_fault_that_heals_is_not_noticed(iru: respx.MockRouter, client: IruClient, status: int) -> None:
    iru.get(USERS).mock(side_effect=[httpx.Response(status, html="<html>"), httpx.Response(status), users(0, 3)])
    assert len((await client.call(LIST_USERS).page(LIST_USERS)).rows) == 3
    assert (client.requests, client.retries) == (3, 2)


async def test_a_fault_that_stays_is_tried_three_times(iru: respx.MockRouter, client: IruClient) -> None:
    iru.get(USERS).respond(503)
    with pytest.raises(ServerFault):
        await client.call(LIST_USERS).page(LIST_USERS)
    assert len(sent(iru)) == 3


async def test_an_unreadable_answer_is_asked_for_once_more(iru: respx.MockRouter, client: IruClient) -> None:
    iru.get(USERS).mock(return_value=httpx.Response(200, text="<html>Sign in"))
    with pytest.raises(Unreadable, match="web page"):
        await client.call(LIST_USERS).page(LIST_USERS)
    assert len(sent(iru)) == 2


async def test_retry_after_is_waited_for_by_every_call(iru: respx.MockRouter, client: IruClient) -> None:
    moments: list[float] = []

    def answer(_: httpx.Request) -> httpx.Response:
        moments.append(anyio.current_time())
        return httpx.Response(429, headers={"retry-after": "7"}) if len(moments) == 1 else users(0, 1)

    iru.get(USERS).mock(side_effect=answer)
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(client.call(LIST_USERS).page, LIST_USERS)
            await anyio.sleep(0.1)
    assert len(moments) == 4
    assert all(moment - moments[0] >= 7 for moment in moments[1:])


@pytest.mark.parametrize("value", ["120", "99999999999999", "Wed, 21 Oct 2026 08:00:00 GMT"])
async def test_a_retry_after_beyond_the_deadline_fails_at_once_and_says_how_long(
    iru: respx.MockRouter, client: IruClient, value: str
) -> None:
    iru.get(USERS).respond(429, headers={"retry-after": value, "date": "Wed, 21 Oct 2026 07:28:00 GMT"})
    start = anyio.current_time()
    with pytest.raises(RateLimited, match=r"in \d+ s") as caught:
        await client.call(LIST_USERS).page(LIST_USERS)
    with pytest.raises(RateLimited, match="Try again in 60 s"):
        await client.call(LIST_USERS).page(LIST_USERS)
    assert caught.value.wait is not None
    assert caught.value.wait >= 120
    assert len(sent(iru)) == 1
    assert anyio.current_time() - start < 1


async def test_an_outage_is_not_answered_with_a_storm_and_ends_by_itself(
    iru: respx.MockRouter, client: IruClient
) -> None:
    route = iru.get(USERS).respond(503)
    for _ in range(100):
        with pytest.raises(ServerFault):
            await client.call(LIST_USERS).page(LIST_USERS)
    assert route.call_count <= 20
    route.mock(side_effect=lambda _: users(0, 1))
    await anyio.sleep(2)
    assert (await client.call(LIST_USERS).page(LIST_USERS)).rows


async def test_a_tenants_own_limit_is_learnt_before_it_throttles(iru: respx.MockRouter, client: IruClient) -> None:
    per_second: dict[int, int] = {}

    async def answer(_: httpx.Request) -> httpx.Response:
        second = int(anyio.current_time())
        per_second[second] = per_second.get(second, 0) + 1
        left = 20 - per_second[second]
        await anyio.sleep(0.04)
        headers = {"x-ratelimit-limit-second": "20", "x-ratelimit-remaining-second": str(max(left, 0))}
        return httpx.Response(429 if left < 0 else 200, headers=headers, json={"results": [], "next": None})

    route = iru.get(USERS).mock(side_effect=answer)
    async with anyio.create_task_group() as group:
        for _ in range(100):
            group.start_soon(client.call(LIST_USERS).page, LIST_USERS)
    assert sum(call.response.status_code == 429 for call in route.calls) <= 1


async def test_no_more_than_eight_requests_are_in_flight(iru: respx.MockRouter) -> None:
    client = IruClient(URL, lambda: TOKEN, limits=Limits(per_second=10_000))
    flying = [0, 0]

    async def answer(_: httpx.Request) -> httpx.Response:
        flying[0] += 1
        flying[1] = max(flying)
        await anyio.sleep(0.5)
        flying[0] -= 1
        return users(0, 1)

    iru.get(USERS).mock(side_effect=answer)
    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(client.call(LIST_USERS).page, LIST_USERS)
    assert flying == [0, 8]
    await client.aclose()


async def test_a_silent_tenant_costs_no_more_than_the_deadline(iru: respx.MockRouter, client: IruClient) -> None:
    async def silent(_: httpx.Request) -> httpx.Response:
        await anyio.sleep_forever()
        raise AssertionError

    iru.get(USERS).mock(side_effect=silent)
    start = anyio.current_time()
    with pytest.raises((TookTooLong, Unreachable)):
        await client.call(LIST_USERS).page(LIST_USERS)
    assert anyio.current_time() - start <= 26
    start = anyio.current_time()
    with pytest.raises(TookTooLong):
        await client.call(LIST_USERS, seconds=3).page(LIST_USERS)
    assert anyio.current_time() - start <= 4


Use = Callable[[Call], Any]


@pytest.mark.parametrize(
    ("use", "kind"),
    [
        (lambda call: call.page(LIST_DEVICES), TypeError),
        (lambda call: call.page(LIST_USERS, query={"department": "x"}), TypeError),
        (lambda call: call.page(LIST_USERS, query={"limit": 5}), TypeError),
        (lambda call: call.page(LIST_USERS, device_id="d1"), TypeError),
        (lambda call: call.page(LIST_USERS, query={"email": "a\ud800"}), UsageError),
        (lambda call: call.fetch(GET_DEVICE, device_id="../../secrets"), UsageError),
        (lambda call: call.fetch(GET_DEVICE, device_id="d1%2f..%2fsecrets"), UsageError),
    ],
)
async def test_what_was_not_declared_is_never_sent(
    iru: respx.MockRouter, client: IruClient, use: Use, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        await use(client.call(LIST_USERS, GET_DEVICE))
    assert not sent(iru)


async def test_without_a_token_nothing_is_sent(iru: respx.MockRouter) -> None:
    def missing() -> str:
        raise ConfigError("IRU_API_TOKEN is not set.", "Set it.")

    client = IruClient(URL, missing)
    with pytest.raises(ConfigError):
        await client.call(LIST_USERS).page(LIST_USERS)
    assert not sent(iru)
    await client.aclose()


async def test_a_call_without_requests_left_sends_nothing_more(iru: respx.MockRouter, client: IruClient) -> None:
    iru.get(USERS).mock(side_effect=lambda _: users(0, 1))
    call = client.call(LIST_USERS, requests=1)
    await call.page(LIST_USERS)
    with pytest.raises(TookTooLong, match="requests are used up"):
        await call.page(LIST_USERS)
    assert (len(sent(iru)), call.requests_made, call.requests_left) == (1, 1, 0)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (httpx.ConnectError("[Errno -2] Name or service not known"), "does not resolve"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"), "not trusted"),
        (httpx.ProxyError("407 Proxy Authentication Required"), "HTTPS_PROXY"),
        (httpx.ConnectTimeout(""), "no connection"),
        (httpx.RemoteProtocolError("bad"), "connection broke"),
        (OSError(24, "Too many open files"), "connection broke"),
    ],
)
async def test_no_answer_names_its_likely_cause(
    iru: respx.MockRouter, client: IruClient, fault: Exception, words: str
) -> None:
    iru.get(USERS).mock(side_effect=fault)
    with pytest.raises(Unreachable, match=words) as caught:
        await client.call(LIST_USERS).page(LIST_USERS, query={"email": "ada@example.test"})
    assert "acme.api.example" in str(caught.value)
    assert not any(secret in str(caught.value) for secret in (TOKEN, "ada", "?"))


async def test_a_position_of_ones_own_begins_the_walk(iru: respx.MockRouter, client: IruClient) -> None:
    iru.get(DEVICES, params={"offset": "40", "limit": "300"}).mock(return_value=devices(40, 2))
    begin: Position = 40
    assert await collect(client.call(LIST_DEVICES).walk(LIST_DEVICES, begin)) == ["d40", "d41"]


async def test_a_long_walk_stops_below_the_floor_of_the_shared_hour(iru: respx.MockRouter, client: IruClient) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        found = devices(int(request.url.params["offset"]), 300)
        found.headers["x-ratelimit-remaining-hour"] = "499"
        return found

    iru.get(DEVICES).mock(side_effect=answer)
    rows, stop = await until_interrupted(client.call(LIST_DEVICES), LIST_DEVICES)
    assert (len(rows), stop.position) == (3000, 3000)
    assert "499 Iru requests are left this hour, below the floor of 500" in stop.why


async def test_a_walk_known_to_be_long_is_refused_below_the_floor_after_one_request(
    iru: respx.MockRouter, client: IruClient
) -> None:
    headers = {"x-ratelimit-remaining-hour": "499"}
    body = {"results": [{"device_id": f"d{n}"} for n in range(50)], "next": "c", "count": 5_000}
    iru.get("/api/v1/users").respond(json=body, headers=headers)
    with pytest.raises(RateLimited, match=r"about 100.*IRU_QUOTA_FLOOR"):
        await collect(client.call(LIST_USERS).walk(LIST_USERS))
    assert len(sent(iru)) == 1


async def test_rows_that_iru_counts_but_does_not_give_are_said_to_be_missing(
    iru: respx.MockRouter, client: IruClient
) -> None:
    iru.get(USERS).respond(json={"results": [{"id": "u1"}], "next": None, "count": 3})
    rows, stop = await until_interrupted(client.call(LIST_USERS), LIST_USERS)
    assert (len(rows), stop.position, stop.why) == (1, None, "Iru counts 3 rows but gave 1")


async def test_an_hour_of_its_own_requests_is_not_exceeded(iru: respx.MockRouter) -> None:
    client = IruClient(URL, lambda: TOKEN, limits=Limits(per_hour=3, per_second=1_000))
    iru.get(USERS).mock(side_effect=lambda _: users(0, 1))
    for _ in range(3):
        await client.call(LIST_USERS).page(LIST_USERS)
    with pytest.raises(RateLimited, match="in an hour"):
        await client.call(LIST_USERS).page(LIST_USERS)
    assert len(sent(iru)) == 3
    await client.aclose()


async def test_what_belongs_to_a_client_is_made_once_and_closed_with_it(client: IruClient) -> None:
    made: list[Closing] = []

    def make(_: IruClient) -> Closing:
        made.append(Closing())
        return made[-1]

    assert client.companion(make) is client.companion(make)
    assert len(made) == 1
    await client.aclose()
    assert made[0].closed == 1


class Closing:
    """Something that must be closed."""

    closed = 0

    async def aclose(self) -> None:
        self.closed += 1


async def test_a_cookie_that_an_answer_sets_is_not_sent_back(iru: respx.MockRouter, client: IruClient) -> None:
    answer = httpx.Response(200, json={"results": [], "next": None}, headers={"set-cookie": "session=x; Path=/"})
    route = iru.get(USERS).mock(return_value=answer)
    for _ in range(2):
        await client.call(LIST_USERS).page(LIST_USERS)
    assert [request.request.headers.get("cookie") for request in route.calls] == [None, None]
