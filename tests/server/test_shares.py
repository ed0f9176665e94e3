"""What one caller may hold: connections, requests, bodies, sessions and calls; others are served meanwhile."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import socket
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest

from iru_mcp.api.client import IruClient
from iru_mcp.call_limit import CallLimit
from iru_mcp.demo import HOST, TOKEN
from iru_mcp.errors import RateLimited
from iru_mcp.server import Binder
from iru_mcp.server.http.admission import MAX_BODY
from iru_mcp.server.http.app import Listen, bind, run_http
from iru_mcp.server.http.bearer_tokens import Tokens
from iru_mcp.server.http.shares import BODY_SHARE
from tests.conftest import unlimited
from tests.server.conftest import INITIALIZE

if TYPE_CHECKING:
    from tests.server.conftest import Silent, Start

ACCEPT = {"Accept": "application/json, text/event-stream"}
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
SERVE = ("serve", "--transport", "http", "--port", "0", "--demo")
TOKENS = "one:first-token-0123456789,two:other-token-0123456789"
ONE, TWO = ({"Authorization": f"Bearer {name}-token-0123456789"} for name in ("first", "other"))


def connect(url: str) -> socket.socket:
    host, _, port = url.removeprefix("http://").rpartition(":")
    return socket.create_connection((host, int(port)))


def test_connections_that_say_nothing_or_not_all_give_way_to_those_who_ask(start: Start) -> None:
    server = start(*SERVE, "--max-connections", "3")
    with contextlib.ExitStack() as held:
        for number in range(80):
            silent = held.enter_context(connect(server.url))
            if number % 2:
                silent.sendall(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        assert httpx.post(f"{server.url}/mcp", json=INITIALIZE, headers=ACCEPT).status_code == 200


def test_connections_without_a_token_do_not_end_those_of_clients_with_one(start: Start) -> None:
    server = start(*SERVE, "--max-connections", "4", IRU_MCP_TOKEN=TOKENS)
    client = http.client.HTTPConnection(server.url.removeprefix("http://"))
    client.connect()
    client.auto_open = 0  # it stays this one connection
    for _ in range(2):
        client.request("POST", "/mcp", json.dumps(INITIALIZE), ACCEPT | ONE | {"Content-Type": "application/json"})
        answer = client.getresponse()
        assert answer.status == 200
        answer.read()
        with contextlib.ExitStack() as held:
            for _ in range(80):
                held.enter_context(connect(server.url)).sendall(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\n")
            assert httpx.get(f"{server.url}/healthz").status_code == 200
    client.close()


def test_while_every_request_is_at_work_the_rest_are_told_so_and_probes_are_answered(start: Start) -> None:
    server = start(*SERVE, "--max-connections", "2")
    with httpx.stream("GET", f"{server.url}/sse"), httpx.stream("GET", f"{server.url}/sse"):
        refused = httpx.post(f"{server.url}/mcp", json=INITIALIZE, headers=ACCEPT)
        assert refused.status_code == 503
        assert "IRU_MCP_MAX_CONNECTIONS" in refused.json()["error"]
        assert refused.headers["retry-after"]
        assert httpx.get(f"{server.url}/healthz").status_code == 200
    assert httpx.get(f"{server.url}/readyz").status_code == 200


def test_one_caller_cannot_take_all_requests(start: Start) -> None:
    server = start(*SERVE, "--max-connections", "16", IRU_MCP_TOKEN=TOKENS)
    with contextlib.ExitStack() as held:
        statuses = [
            held.enter_context(httpx.stream("GET", f"{server.url}/sse", headers=ONE)).status_code for _ in range(10)
        ]
        assert statuses == [200] * 8 + [503] * 2
        assert httpx.post(f"{server.url}/mcp", json=INITIALIZE, headers=ACCEPT | TWO).status_code == 200


def test_bodies_on_their_way_are_bounded_for_each_caller(start: Start) -> None:
    server = start(*SERVE, IRU_MCP_TOKEN=TOKENS)
    head = (
        f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: {ONE['Authorization']}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {MAX_BODY}\r\n\r\n"
    ).encode()
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(connect(server.url)) for _ in range(BODY_SHARE // MAX_BODY + 1)]
        refused = []
        for one in sockets:
            with contextlib.suppress(ConnectionError):  # refused before all of it was sent
                one.sendall(head + b"x" * (MAX_BODY - 1))
            one.settimeout(0.1)
            with contextlib.suppress(TimeoutError, ConnectionError):
                refused.append(one.recv(100))
        assert len(refused) == 1
        assert refused[0].startswith(b"HTTP/1.1 503")
        assert httpx.post(f"{server.url}/mcp", json=INITIALIZE, headers=ACCEPT | TWO).status_code == 200


@contextlib.asynccontextmanager
async def served(listen: Listen) -> AsyncIterator[str]:
    binder = Binder({}, lambda: IruClient(HOST, lambda: TOKEN, transport=unlimited()))
    opened = bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{opened.getsockname()[1]}"
    async with anyio.create_task_group() as group:
        group.start_soon(run_http, binder, listen, opened)
        yield url
        signal.raise_signal(signal.SIGTERM)


async def test_the_longest_idle_session_of_the_largest_holder_ends_when_another_needs_room() -> None:
    keys = Tokens({"one": "first-token-0123456789", "two": "other-token-0123456789"})
    async with served(Listen(host="127.0.0.1", keys=keys, max_sessions=5)) as url, httpx.AsyncClient() as http:

        async def begin(caller: dict[str, str]) -> dict[str, str]:
            began = await http.post(f"{url}/mcp", json=INITIALIZE, headers=ACCEPT | caller)
            assert began.status_code == 200
            return caller | {"mcp-session-id": began.headers["mcp-session-id"]}

        async def alive(session: dict[str, str]) -> bool:
            answer = await http.post(f"{url}/mcp", json=PING, headers=ACCEPT | session)
            assert answer.status_code in {200, 404}
            return answer.status_code == 200

        others = await begin(TWO)
        hers = [await begin(ONE) for _ in range(4)]
        assert await alive(hers[0])  # used again: now the second is the longest idle one
        stream = http.stream("GET", f"{url}/mcp", headers={"Accept": "text/event-stream", **hers[1]})
        async with stream as busy:  # and it is busy: so it is the third
            assert busy.status_code == 200
            await begin(TWO)
            await begin(ONE)
            assert [await alive(one) for one in hers] == [True, True, False, False]
        assert await alive(others)


async def test_a_client_that_hangs_up_ends_its_call(start: Start, silent: Silent) -> None:
    server = start("serve", "--transport", "http", "--port", "0", "--audit", "stderr", **silent.environment)
    async with httpx.AsyncClient(headers=ACCEPT) as http:
        began = await http.post(f"{server.url}/mcp", json=INITIALIZE)
        session = {"mcp-session-id": began.headers["mcp-session-id"]}
        call = PING | {"method": "tools/call", "params": {"name": "list_devices", "arguments": {}}}
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: http.post(f"{server.url}/mcp", json=call, headers=session))
            await silent.asked.wait()
            group.cancel_scope.cancel()
        with anyio.fail_after(5):
            await silent.left.wait()
        answer = await http.post(f"{server.url}/mcp", json=PING, headers=session)
        assert answer.status_code == 200
    server.process.send_signal(signal.SIGTERM)
    await anyio.to_thread.run_sync(server.end)
    (line,) = [json.loads(line) for line in server.said if line.startswith("{")]
    assert line["outcome"] == "cancelled"


def test_streams_that_clients_hold_open_end_with_the_server_without_an_error(start: Start) -> None:
    server = start(*SERVE)
    session = httpx.post(f"{server.url}/mcp", json=INITIALIZE, headers=ACCEPT).headers["mcp-session-id"]
    events = {"Accept": "text/event-stream"}
    with (
        httpx.stream("GET", f"{server.url}/sse", headers=events),
        httpx.stream("GET", f"{server.url}/mcp", headers=events | {"mcp-session-id": session}),
    ):
        server.process.send_signal(signal.SIGTERM)
        code, took = server.end()
    assert code == 0
    assert took <= 5
    assert server.stderr.splitlines()[1:] == []


async def test_one_callers_calls_leave_places_for_the_others() -> None:
    limit = CallLimit(4)
    async with anyio.create_task_group() as group:

        async def hold() -> None:
            async with limit.place("one"):
                await anyio.sleep_forever()

        for _ in range(20):
            group.start_soon(hold)
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(1):
            async with limit.place("two"):
                pass
        group.cancel_scope.cancel()
    with anyio.fail_after(1):
        async with limit.place("one"), limit.place("one"), limit.place("one"), limit.place("two"):
            pass


async def test_one_callers_waiting_calls_leave_room_for_the_others_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iru_mcp.call_limit.WAITING_SHARE", 3)
    limit = CallLimit(2)
    async with limit.place("one"), limit.place("two"), anyio.create_task_group() as group:

        async def wait(caller: str) -> None:
            async with limit.place(caller):
                await anyio.sleep_forever()

        for _ in range(3):
            group.start_soon(wait, "one")
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(RateLimited, match="too many calls are waiting"):
            async with limit.place("one"):
                pass
        group.start_soon(wait, "two")
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()


async def test_a_call_that_gets_no_turn_in_time_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iru_mcp.call_limit.LONGEST_WAIT", 0.01)
    limit = CallLimit(1)
    async with limit.place(None):
        with pytest.raises(RateLimited, match="too many calls are waiting"):
            async with limit.place(None):
                pass
    async with limit.place(None):
        pass
