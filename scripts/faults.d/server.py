"""The rows about our own process: real servers on pipes and sockets, measured from outside."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import httpx
from mcp import Client
from mcp.client.sse import sse_client

from tests.faults.row import Row
from tests.server.conftest import Running, silence, starting

HTTP = ("serve", "--transport", "http", "--port", "0")
ACCEPT = {"Accept": "application/json, text/event-stream"}
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_users", "arguments": {"limit": 1}}}
NOTHING = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"


def peak(server: Running) -> float:
    """The most memory the process has had, in MB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


async def cancelled(*, over_http: bool) -> tuple[str, bool]:
    """From the client's word to the end of the request to Iru."""
    async with silence() as iru:
        with starting() as start:
            server = start(*(HTTP if over_http else ()), **iru.environment)
            began = await (cancel_http(server, iru) if over_http else cancel_stdio(server, iru))
            with anyio.fail_after(5):
                await iru.left.wait()
            milliseconds = (iru.hung_up[-1] - began) * 1000
    return f"{milliseconds:.0f} ms", milliseconds <= 100


async def cancel_stdio(server: Running, iru: Any) -> float:
    """Cancel a call by its notification; when."""
    server.initialize()
    server.call(1, "list_devices")
    await iru.asked.wait()
    began = time.monotonic()
    server.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}})
    return began


async def cancel_http(server: Running, iru: Any) -> float:
    """Cancel a call by closing its stream; when."""
    async with Client(f"{server.url}/mcp") as client, anyio.create_task_group() as group:
        group.start_soon(client.call_tool, "list_devices", {})
        await iru.asked.wait()
        began = time.monotonic()
        group.cancel_scope.cancel()
    return began


async def gone_away() -> tuple[str, bool]:
    """An older client's request whose connection closes: that alone ends it."""
    begin = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    }
    async with silence() as iru, httpx.AsyncClient(headers=ACCEPT) as http:
        with starting() as start:
            server = start(*HTTP, "--audit", "stderr", **iru.environment)
            message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": begin}
            began = await http.post(f"{server.url}/mcp", json=message)
            session = {"mcp-session-id": began.headers["mcp-session-id"]}
            since = time.monotonic()
            with contextlib.suppress(httpx.ReadTimeout):
                await http.post(f"{server.url}/mcp", json=CALL, headers=session, timeout=1)
            with anyio.fail_after(60):
                while not any(line.startswith("{") for line in server.said):  # noqa: ASYNC110 - a thread gathers them
                    await anyio.sleep(0.1)
            took = time.monotonic() - since
    return f"ended after {took:.1f} s", took <= 4


async def thousand() -> tuple[str, bool]:
    """A thousand calls written at once."""
    with starting() as start:
        server = start("--demo")
        server.initialize()
        before = peak(server)

        def ask() -> None:
            for number in range(1000):
                server.call(number, "list_users", limit=1, name=f"nobody-{number % 50}")

        answered = failed = 0
        began = time.monotonic()
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.to_thread.run_sync, ask)
            while answered < 1000:
                message = await anyio.to_thread.run_sync(server.receive)
                answered += "id" in message
                failed += bool(message.get("result", {}).get("isError"))
        took, grown = time.monotonic() - began, peak(server) - before
    figure = f"{answered} answered, {failed} of them with an error, in {took:.0f} s; +{grown:.0f} MB"
    return figure, answered == 1000 and not failed and grown <= 100


def ended(by: Callable[[Running], object], most: float) -> Callable[[], Awaitable[tuple[str, bool]]]:
    """How long the server lives, with a call in flight, after what `by` does."""

    async def run() -> tuple[str, bool]:
        async with silence() as iru:
            with starting() as start:
                server = start(**iru.environment)
                server.initialize()
                server.call(1, "list_devices")
                await iru.asked.wait()
                by(server)
                code, took = await anyio.to_thread.run_sync(server.end)
                with anyio.fail_after(5):
                    await iru.left.wait()
        return f"exit {code} in {took:.2f} s, Iru hung up on", code == 0 and took <= most

    return run


async def delivered(path: str) -> tuple[str, bool]:
    """A call that ends a second after SIGTERM, with an SSE stream open beside it."""
    answers: list[Any] = []
    async with silence() as iru, httpx.AsyncClient() as http:
        iru.answer = NOTHING
        with starting() as start:
            server = start(*HTTP, **iru.environment)
            async with http.stream("GET", f"{server.url}/sse", timeout=30):
                place: Any = f"{server.url}/mcp" if path == "/mcp" else sse_client(f"{server.url}/sse")
                with contextlib.suppress(Exception):
                    async with Client(place) as client, anyio.create_task_group() as group:
                        group.start_soon(keep, client, answers)
                        await iru.asked.wait()
                        server.process.send_signal(signal.SIGTERM)
                        began = time.monotonic()
                        await anyio.sleep(1)
                        iru.answer_now.set()
                code, _ = await anyio.to_thread.run_sync(server.end, 15)
                took = time.monotonic() - began
    told = bool(answers) and not answers[0].is_error
    return f"{'delivered' if told else 'lost'}, exit {code} in {took:.1f} s", told and code == 0 and took <= 10


async def keep(client: Client, answers: list[Any]) -> None:
    """The answer, kept."""
    answers.append(await client.call_tool("list_devices", {}))


async def endless() -> tuple[str, bool]:
    """A call that Iru never answers."""
    async with silence() as iru:
        with starting() as start:
            server = start(*HTTP, **iru.environment)
            with contextlib.suppress(Exception):
                async with Client(f"{server.url}/mcp") as client, anyio.create_task_group() as group:
                    group.start_soon(client.call_tool, "list_devices", {})
                    await iru.asked.wait()
                    server.process.send_signal(signal.SIGTERM)
                    code, took = await anyio.to_thread.run_sync(server.end, 20)
                    group.cancel_scope.cancel()
    return f"exit {code} in {took:.1f} s", code == 0 and took <= 10


COUNTING = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t"


async def stuck_statement() -> tuple[str, bool]:
    """SIGTERM while an SQL statement runs in its process, which no signal reaches any more."""
    with starting() as start:
        server = start(*HTTP, "--demo")
        with contextlib.suppress(Exception):
            async with Client(f"{server.url}/mcp") as client, anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "inventory_query", {"sql": COUNTING})
                with anyio.fail_after(20):
                    while not (running := statements_of(server)):  # noqa: ASYNC110 - nothing tells of it
                        await anyio.sleep(0.05)
                await anyio.sleep(0.5)
                os.kill(running[0], signal.SIGSTOP)
                server.process.send_signal(signal.SIGTERM)
                code, took = await anyio.to_thread.run_sync(server.end, 60)
                group.cancel_scope.cancel()
        left = alive(running)
    return f"exit {code} in {took:.1f} s, {left} processes left", code == 0 and took <= 10 and not left


def statements_of(server: Running) -> list[int]:
    """The processes that run statements for a server."""
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [int(child) for child in children if b"sandbox" in Path(f"/proc/{child}/cmdline").read_bytes()]


def alive(processes: list[int]) -> int:
    """How many of them have not ended."""
    return sum(Path(f"/proc/{pid}").exists() and b"sandbox" in Path(f"/proc/{pid}/cmdline").read_bytes()
               for pid in processes)  # fmt: skip


HALVES = (
    b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    b"",
)


async def slowloris() -> tuple[str, bool]:
    """300 slow clients and one good one."""
    with starting() as start:
        server = start(*HTTP, "--demo")
        port = int(server.url.rpartition(":")[2])
        async with Client(f"{server.url}/mcp") as client:
            await client.call_tool("list_users", {"limit": 1})
            began = time.monotonic()
            slow = [await anyio.connect_tcp("127.0.0.1", port) for _ in range(300)]
            async with anyio.create_task_group() as group:
                for number, stream in enumerate(slow):
                    group.start_soon(drip, stream, HALVES[number % 3])
                await anyio.sleep(1)
                quick = statistics.median([await timed(client, limit) for limit in range(2, 7)]) * 1000
            took = time.monotonic() - began
    return f"300 gone in {took:.1f} s, good calls meanwhile {quick:.0f} ms", took <= 20 and quick <= 200


async def timed(client: Client, limit: int) -> float:
    """The seconds of one call."""
    began = time.monotonic()
    await client.call_tool("list_users", {"limit": limit})
    return time.monotonic() - began


async def drip(stream: anyio.abc.SocketStream, half: bytes) -> None:
    """Send the half, then a byte a second, until hung up on."""
    async with stream:
        with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
            if half:
                await stream.send(half)
            while True:
                with anyio.move_on_after(1):
                    await stream.receive(1)
                if half:
                    await stream.send(b"x")


async def audited() -> tuple[str, bool]:
    """A hundred calls, half of them wrong, all with an address."""
    with starting() as start:
        server = start("--demo", "--audit", "stderr")
        server.initialize()
        for number in range(100):
            server.call(number, "list_devices", user_email=f"ada{number}@acme.example", limit=1, nonsense=number % 2)
        for _ in range(100):
            await anyio.to_thread.run_sync(server.receive)
        server.input.close()
        server.end()
        lines = [json.loads(line) for line in server.said]
        leaks = server.stderr.count("@acme.example") + server.stderr.count("demo-token")
    return f"{len(lines)} lines for 100 calls, {leaks} leaks", len(lines) == 100 and not leaks


def rows() -> list[Row]:
    """What no test measures to the figure, or takes too long to."""
    return [
        Row("D1", "the client cancels, stdio", "<= 100 ms", lambda: cancelled(over_http=False), quick=False),
        Row("D1", "the client cancels, HTTP", "<= 100 ms", lambda: cancelled(over_http=True), quick=False),
        Row("D2", "an older HTTP client goes away", "<= 3 s after a client that waits 1 s", gone_away, quick=False),
        Row("D3", "1,000 calls at once", "1,000 answered; <= 100 MB", thousand, quick=False),
        Row("D5", "stdin closes", "exit 0 <= 1 s", ended(lambda one: one.input.close(), 1), quick=False),
        Row("D6", "SIGTERM", "exit <= 1 s", ended(lambda one: one.process.send_signal(15), 1), quick=False),
        Row("D6", "SIGINT", "exit <= 1 s", ended(lambda one: one.process.send_signal(2), 1), quick=False),
        Row("D7", "stdout's reader dies", "exit <= 3 s", ended(lambda one: one.output.close(), 3), quick=False),
        Row("D8", "SIGTERM with a call in flight", "delivered; <= 10 s", lambda: delivered("/mcp"), quick=False),
        Row("D8", "the same over SSE", "delivered; <= 10 s", lambda: delivered("/sse"), quick=False),
        Row("D8", "SIGTERM with a call that never ends", "<= 10 s", endless, quick=False),
        Row("D8", "SIGTERM with an SQL statement that is stuck", "<= 10 s", stuck_statement, quick=False),
        Row(
            "D13", "300 half requests", "gone <= 20 s; calls <= 200 ms, the middle one of five", slowloris, quick=False
        ),
        Row("D18", "the audit line", "100 lines, 0 leaks", audited, quick=False),
    ]
