"""Calls: latency of a 25-row answer at 1, 8 and 64 at once, beside a bare SDK tool with the same bytes."""

from __future__ import annotations

import contextlib
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
import httpx

from iru_mcp.output.clean import clean

from .measure import Row, environment, percentile, timed
from .pipe import Pipe, result_of
from .start import FLOOR, OURS
from .tenant import running

ARGUMENTS: dict[str, Any] = {"name": "list_devices", "arguments": {"limit": 25}}
ONE: dict[str, Any] = {"name": "ask", "arguments": {}}
AT_ONCE = (1, 8, 64)
CALLS = 256
ROUNDS = 3
"""Each figure is the median over this many rounds of CALLS calls, after a round of 32 that is not counted."""
MOST_OVER = 1.5
MOST_CLEANING = 0.5

Figures = dict[tuple[str, int], list[tuple[float, float]]]
"""p50 and p99 in milliseconds of each round, by program and calls at once."""


def _pipelined(server: Pipe, params: Mapping[str, Any], at_once: int, calls: int) -> list[float]:
    """Milliseconds of each call, `at_once` of them under way at any time."""
    sent: dict[int, float] = {}
    took: list[float] = []
    left = calls
    while left or sent:
        while left and len(sent) < at_once:
            begun = time.perf_counter()
            sent[server.send("tools/call", params)] = begun
            left -= 1
        found = server.receive()
        if found.get("id") in sent:
            took.append((time.perf_counter() - sent.pop(found["id"])) * 1_000)
            result_of(found)
    return took


def _settings(url: str, cached: int) -> dict[str, str]:
    return {"IRU_API_URL": url, "IRU_API_TOKEN": "demo-token", "IRU_CACHE_SECONDS": str(cached)}


def _stdio(url: str, answer: Path) -> Figures:
    figures: Figures = {}
    commands = {
        "floor": ([sys.executable, FLOOR, "low-level", str(answer)], {}, ONE),
        "cached": (OURS, _settings(url, 3_600), ARGUMENTS),
        "asked anew": (OURS, _settings(url, 0), ARGUMENTS),
    }
    with contextlib.ExitStack() as stack:
        servers = {name: stack.enter_context(Pipe(line, settings)) for name, (line, settings, _) in commands.items()}
        for name, server in servers.items():
            server.initialize()
            _pipelined(server, commands[name][2], 8, 32)
        for at_once in AT_ONCE:
            for _ in range(ROUNDS):
                for name, server in servers.items():
                    # Iru allows 40 requests a second: what is asked anew is measured below that.
                    calls = 24 if name == "asked anew" else CALLS
                    if name == "asked anew" and at_once > 1:
                        continue
                    took = _paced(server, commands[name][2], calls) if name == "asked anew" else None
                    took = took or _pipelined(server, commands[name][2], at_once, calls)
                    figures.setdefault((name, at_once), []).append((percentile(took, 0.5), percentile(took, 0.99)))
    return figures


def _paced(server: Pipe, params: Mapping[str, Any], calls: int) -> list[float]:
    """One call after the other, slow enough that none waits for its turn in the pace that Iru allows."""
    took: list[float] = []
    for _ in range(calls):
        time.sleep(0.04)
        took += _pipelined(server, params, 1, 1)
    return took


@contextlib.contextmanager
def _listening(command: list[str], settings: Mapping[str, str], port: int) -> Iterator[str]:
    """A server's /mcp, from when it accepts connections."""
    process = subprocess.Popen(  # noqa: S603 - our own programs
        command, env=environment(**settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        process.wait(15)


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


async def _posted(url: str, params: Mapping[str, Any], at_once: int, calls: int) -> list[float]:
    """Milliseconds of each call, in one session, with `at_once` requests under way."""
    headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}
    took: list[float] = []
    async with httpx.AsyncClient(headers=headers, timeout=60, limits=httpx.Limits(max_connections=at_once)) as http:
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
        ready = await http.post(url, json={"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello})
        ready.raise_for_status()
        http.headers["Mcp-Session-Id"] = ready.headers["mcp-session-id"]
        await http.post(url, json={"jsonrpc": "2.0", "method": "notifications/initialized"})
        numbers = iter(range(1, calls + 1))

        async def ask() -> None:
            for number in numbers:
                asked = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": dict(params)}
                begun = time.perf_counter()
                answer = await http.post(url, json=asked)
                took.append((time.perf_counter() - begun) * 1_000)
                result_of(json.loads(answer.text[answer.text.index('{"') :]))

        async with anyio.create_task_group() as group:
            for _ in range(at_once):
                group.start_soon(ask)
    return took


def _http(url: str, answer: Path) -> Figures:
    ports = {"floor": _free_port(), "cached": _free_port()}
    ours = [*OURS, "--transport", "http", "--port", str(ports["cached"])]
    floor = [sys.executable, FLOOR, "low-level", str(answer), "--port", str(ports["floor"])]
    figures: Figures = {}
    with (
        _listening(floor, {}, ports["floor"]) as there,
        _listening(ours, _settings(url, 3_600), ports["cached"]) as here,
    ):
        for at_once in AT_ONCE:
            for turn in range(ROUNDS + 1):
                for name, address, params in (("floor", there, ONE), ("cached", here, ARGUMENTS)):
                    took = anyio.run(_posted, address, params, at_once, CALLS if turn else 32)
                    if turn:
                        figures.setdefault((name, at_once), []).append((percentile(took, 0.5), percentile(took, 0.99)))
    return figures


def _rows(place: str, figures: Figures) -> list[Row]:
    rows: list[Row] = []
    for (name, at_once), rounds in figures.items():
        if name == "floor":
            continue
        for column, what in enumerate(("p50", "p99")):
            ours = [figure[column] for figure in rounds]
            floor = [figure[column] for figure in figures[("floor", at_once)]]
            over = statistics.median(a - b for a, b in zip(ours, floor, strict=True))
            aimed = what == "p50" and at_once == 1 and name == "cached"
            rows.append(
                timed(
                    "call",
                    f"25 rows over {place}, {name}, {at_once} at once, {what}",
                    "ms",
                    ours,
                    floor=floor,
                    ratio=statistics.median(a / b for a, b in zip(ours, floor, strict=True)),
                    target=f"<= {MOST_OVER} ms over the floor" if aimed else "",
                    met=over <= MOST_OVER if aimed else None,
                    note=f"{over:+.2f} ms",
                )
            )
    return rows


def _cleaning(found: Mapping[str, Any]) -> Row:
    took = []
    for _ in range(200):
        begun = time.perf_counter()
        clean(found)
        took.append((time.perf_counter() - begun) * 1_000)
    middle = statistics.median(took)
    target = f"<= {MOST_CLEANING} ms"
    return timed("call", "cleaning of the same answer", "ms", took, target=target, met=middle <= MOST_CLEANING)


def run(scratch: Path) -> list[Row]:
    """The answer is taken from iru-mcp itself, and the floor gives its bytes back."""
    answer = scratch / "answer.json"
    with running() as url:
        with Pipe(OURS, _settings(url, 3_600)) as server:
            server.initialize()
            text = server.ask("tools/call", ARGUMENTS)["content"][0]["text"]
        answer.write_text(text, "utf-8")
        rows = _rows("stdio", _stdio(url, answer)) + _rows("HTTP", _http(url, answer))
    return [*rows, _cleaning(json.loads(text))]
