"""The rows about hostile callers over HTTP: what one of them can take from the others, measured from outside."""

from __future__ import annotations

import contextlib
import json
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import anyio
import anyio.abc
import httpx

from iru_mcp.server.http.admission import MAX_BODY
from tests.faults.row import Row
from tests.server.conftest import INITIALIZE, Running, starting

ACCEPT = {"Accept": "application/json, text/event-stream"}
HOSTILE, OTHER = ({"Authorization": f"Bearer {name}-token-0123456789"} for name in ("hostile", "other"))
TOKENS = "hostile:hostile-token-0123456789,other:other-token-0123456789"
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_users", "arguments": {"limit": 1}}}
SESSIONS = 2_000
HALF_OPEN = 560
BODIES = 120


@dataclass
class Others:
    """What the others met meanwhile: statuses of their calls, new sessions and probes, and the seconds of the calls."""

    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def figure(self) -> str:
        """How many were served, and how fast."""
        served = sum(count for what, count in self.statuses.items() if what.endswith(" 200"))
        return f"others served {served} of {self.statuses.total()}, calls {statistics.median(self.seconds):.2f} s"

    @property
    def served(self) -> bool:
        """Whether each of them was, and there were some."""
        return len(self.seconds) > 2 and all(what.endswith(" 200") for what in self.statuses)


@contextlib.asynccontextmanager
async def meanwhile(server: Running) -> AsyncIterator[Others]:
    """Another caller works with a session of its own, opens further ones and probes, for as long as the block runs."""
    others = Others()
    async with httpx.AsyncClient(headers=ACCEPT | OTHER, base_url=server.url, timeout=20) as http:
        begun = await http.post("/mcp", json=INITIALIZE)
        session = {"mcp-session-id": begun.headers["mcp-session-id"]}

        async def work() -> None:
            while True:
                began = time.monotonic()
                answer = await http.post("/mcp", json=CALL, headers=session)
                others.seconds.append(time.monotonic() - began)
                others.statuses[f"call {answer.status_code}"] += 1
                async with httpx.AsyncClient(headers=ACCEPT | OTHER, base_url=server.url, timeout=20) as new:
                    others.statuses[f"session {(await new.post('/mcp', json=INITIALIZE)).status_code}"] += 1
                    others.statuses[f"probe {(await new.get('/healthz')).status_code}"] += 1
                await anyio.sleep(0.05)

        await http.post("/mcp", json=CALL, headers=session)
        async with anyio.create_task_group() as group:
            group.start_soon(work)
            yield others
            await anyio.sleep(0.5)
            group.cancel_scope.cancel()


def memory(server: Running) -> float:
    """The most memory the process has had, in MB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def request(body: bytes, length: int | None = None) -> bytes:
    """A POST of the hostile caller whose body may be announced longer than it is."""
    head = (
        f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: {HOSTILE['Authorization']}\r\n"
        f"Accept: {ACCEPT['Accept']}\r\nContent-Type: application/json\r\nContent-Length: {length or len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextlib.asynccontextmanager
async def connected(server: Running) -> AsyncIterator[anyio.abc.SocketStream]:
    """A connection; it is no fault of the block when the server closes it."""
    port = int(server.url.rpartition(":")[2])
    with contextlib.suppress(OSError, anyio.EndOfStream, anyio.BrokenResourceError):
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            yield stream


async def attacked(attack: Callable[[Running], Awaitable[None]], wanted: float) -> tuple[str, bool]:
    """What the others met during an attack, and how much memory it took; `wanted` MB at most."""
    with starting() as start:
        server = start("serve", "--transport", "http", "--port", "0", "--demo", IRU_MCP_TOKEN=TOKENS)
        async with meanwhile(server) as others:
            before = memory(server)
            await attack(server)
        grown = memory(server) - before
    return f"{others.figure()}; +{grown:.0f} MB", others.served and grown <= wanted


async def sessions(server: Running) -> None:
    """One token opens sessions and leaves them, on 20 connections."""
    initialize = request(json.dumps(INITIALIZE).encode())

    async def open_sessions() -> None:
        async with connected(server) as stream:
            for _ in range(SESSIONS // 20):
                await stream.send(initialize)
                answer = b""
                while not answer.endswith(b"0\r\n\r\n"):
                    answer += await stream.receive()
                if not answer.startswith(b"HTTP/1.1 200"):
                    raise AssertionError(answer)

    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(open_sessions)


async def held(server: Running, parts: Sequence[bytes], count: int, seconds: float) -> None:
    """So many connections that send one of `parts` and no more, opened again whenever they are closed."""

    async def hold(part: bytes) -> None:
        while True:
            async with connected(server) as stream:
                await stream.send(part)
                await stream.receive(1)
            await anyio.sleep(0.2)

    async with anyio.create_task_group() as group:
        for number in range(count):
            group.start_soon(hold, parts[number % len(parts)])
        await anyio.sleep(seconds)
        group.cancel_scope.cancel()


async def half_open(server: Running) -> None:
    """Connections without a token: a part of a request, a long header that does not end."""
    begun = b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
    await held(server, (begun, begun + b"x" * 60_000), HALF_OPEN, 3)


async def bodies(server: Running) -> None:
    """Bodies of one caller of which only the last byte is missing, and some that are announced far too long."""
    full = request(b" " * (MAX_BODY - 1), MAX_BODY)
    await held(server, (full, request(b" " * 4_000_000, 4_000_001)), BODIES, 5)


def rows() -> list[Row]:
    """Sessions, connections and bodies."""
    wanted = "others served throughout; <= {} MB"
    return [
        Row(
            "D19",
            f"one token opens {SESSIONS} sessions",
            wanted.format(100),
            partial(attacked, sessions, 100),
            quick=False,
        ),
        Row(
            "D20",
            f"{HALF_OPEN} half-open connections without a token",
            wanted.format(50),
            partial(attacked, half_open, 50),
            quick=False,
        ),
        Row(
            "D21",
            f"{BODIES} unfinished bodies of one caller",
            wanted.format(50),
            partial(attacked, bodies, 50),
            quick=False,
        ),
    ]
