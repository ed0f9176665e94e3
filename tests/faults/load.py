"""Rows D4 and D14 to D16: many calls, long runs, and arguments that nobody meant."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import gc
import json
import random
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import anyio.abc

import iru_mcp
from iru_mcp.api.client import IruClient
from iru_mcp.api.endpoints.users import LIST_USERS
from iru_mcp.api.transport.rate_limit import Limits
from iru_mcp.errors import IruError
from iru_mcp.tools.kit.catalogue import Tool, catalogue, to_json
from tests.faults.row import Row, open_files, rss
from tests.faults.secrecy import PATHS, Recording
from tests.faults.wire import TOKEN, framed

Measured = tuple[str, bool]
NUMBERS: tuple[Any, ...] = (None, True, False, 0, -1, 1, 500, 501, 10**30, 1.5, float("nan"), float("inf"))
TIMES = "7d 24h 99999w 2026-11-20 9999-99-99 0001-01-01T00:00:00+14:00 9999-12-31T23:59:59-14:00".split()
LISTS: tuple[Any, ...] = ("[]", "{}", '["a"]', "[" * 500, '{"a":{"in":["b"]}}', [], ["x"], [None], [[1]], {}, {"a": 1})
WORDS = "x null mac critical device_name CVE-2026-40117 ada@northwind.example % {{7*7}} $(id) == 0-0".split()
CURSORS = "WyJ4IiwwLDAsIiIsMCwwXQ WzEsMiwzXQ WyJhIiwxZTMwOCwwLCIiLDAsMF0".split()
TEXTS = ("", " ", "' OR 1=1 --", "a" * 301, "a" * 100_000, "\x00", "\ud800", "\u202e", "\U0001f600", "0" * 36)
ODD: tuple[Any, ...] = (*NUMBERS, *TIMES, *LISTS, *WORDS, *CURSORS, *TEXTS, *PATHS)


LIKELY: dict[str, Any] = {
    "email": "mira.castellane@northwind.example",
    "cve_id": "CVE-2026-40117",
    "kind": "custom_apps",
    "category": "applications",
    "indicator": "com.google.GoogleUpdater.wake",
    "since": "7d",
    "limit": 5,
}


def made_up(tool: Tool, dice: random.Random, serial: str) -> dict[str, Any]:
    """Arguments for `tool`: what it needs, then one to three that nobody meant."""
    schema = tool.input_schema
    properties = schema.get("properties", {})
    known = LIKELY | {"device": serial}
    given = {name: known.get(name, properties[name].get("default", "x")) for name in schema.get("required", [])}
    for name in dice.sample(sorted(properties), min(len(properties), dice.randint(0, 3))):
        choices = properties[name].get("enum", [])
        given[name] = dice.choice(choices) if choices and dice.random() < 0.5 else dice.choice(ODD)
    if dice.random() < 0.03:
        given[dice.choice(["", "x", "__class__", "iru", "self", "device\u200b"])] = dice.choice(ODD)
    return given


async def fuzz(calls: int, seed: int = 14) -> Measured:
    """D14: a result or an IruError for every call; never a crash, a write, or a path nobody declared."""
    dice = random.Random(seed)
    wire = Recording()
    client = wire.client(cache_seconds=60)
    tools = list(catalogue().values())
    serial = (await catalogue()["list_devices"].run(client, {"platform": "mac"}))["items"][0]["serial_number"]
    crashes: list[str] = []
    good = 0
    for number in range(calls):
        tool = tools[number % len(tools)]
        given = made_up(tool, dice, serial)
        try:
            to_json(await tool.run(client, given)).encode()
            good += 1
        except IruError as error:
            str(error).encode("utf-8", "surrogatepass")
        except Exception as error:  # noqa: BLE001 - what is counted here
            crashes.append(f"{tool.name} {given!r:.200}: {error!r:.200}")
    await client.aclose()
    bad = wire.violations() + len(crashes)
    first = f"; first: {crashes[0]}" if crashes else ""
    return (
        f"{bad} violations in {calls} calls of {len(tools)} tools, {good} answered, {len(wire.seen)} requests{first}",
        bad == 0,
    )


async def short_fuzz() -> Measured:
    """A few hundred calls, for every run of the tests."""
    return await fuzz(600)


async def long_fuzz() -> Measured:
    """The whole of D14."""
    return await fuzz(6_000, seed=2026)


async def writes() -> Measured:
    """D15: the source builds one request, and it is a GET."""
    trees = [ast.parse(path.read_text("utf-8")) for path in Path(iru_mcp.__file__).parent.rglob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    made = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "build_request"]
    built = [ast.literal_eval(call.args[0]) for call in made]
    return f"requests built: {built}", built == ["GET"]


async def crossings(clients: int = 50, each: int = 3) -> Measured:
    """D16: every caller gets the answer to its own question."""
    crossed = answered = 0

    async def handle(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            data = b""
            while True:
                try:
                    data += await stream.receive()
                except (anyio.EndOfStream, anyio.BrokenResourceError):
                    return
                while b"\r\n\r\n" in data:
                    head, data = data.split(b"\r\n\r\n", 1)
                    asked = parse_qs(urlsplit(head.split()[1]).query)[b"email"][0].decode()
                    body = json.dumps({"results": [{"id": asked}], "next": None}).encode()
                    await anyio.sleep(random.random() / 200)
                    await stream.send(framed(body).replace(b"Connection: close\r\n", b""))

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - no Django here
    limits = Limits(per_second=1e5, cache_seconds=60)
    client = IruClient(f"http://127.0.0.1:{port}", lambda: TOKEN, limits=limits)

    async def ask(number: int) -> None:
        nonlocal crossed, answered
        for turn in range(each):
            mine = f"{number}-{turn}@x.example"
            batch = await client.call(LIST_USERS).page(LIST_USERS, query={"email": mine})
            crossed += batch.rows[0]["id"] != mine
            answered += 1

    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, handle)
        async with anyio.create_task_group() as asking:
            for number in range(clients):
                asking.start_soon(ask, number)
        group.cancel_scope.cancel()
    await client.aclose()
    return f"{crossed} of {answered} answers", crossed == 0 and answered == clients * each


MIX: tuple[tuple[str, dict[str, Any]], ...] = (
    ("list_devices", {"limit": 25}),
    ("list_devices", {"platform": "mac", "limit": 5}),
    ("list_users", {"limit": 10}),
    ("list_audit_events", {"limit": 10}),
    ("prism_applications", {"limit": 5}),
    ("get_user", {"email": "nobody@northwind.example"}),
    ("get_device_details", {"device": "no such device"}),
)


async def soak(calls: int = 20_000) -> Measured:
    """D4: a long mixed run leaves nothing behind."""
    wire = Recording(60)
    client = wire.client(cache_seconds=1)
    tools = catalogue()
    marks: list[float] = []
    files = tasks = 0
    for number in range(calls):
        name, given = MIX[number % len(MIX)]
        with contextlib.suppress(IruError):
            await tools[name].run(client, given | ({"limit": number % 25 + 1} if "limit" in given else {}))
        wire.seen.clear()
        if number % (calls // 10) == calls // 10 - 1:
            gc.collect()
            marks.append(rss())
            if len(marks) == 2:
                files, tasks = open_files(), len(asyncio.all_tasks())
    more = (open_files() - files, len(asyncio.all_tasks()) - tasks)
    await client.aclose()
    slope = (marks[-1] - marks[1]) / (calls * 0.8 / 1_000)
    return f"{slope:.3f} MB per 1,000 calls; files {more[0]:+d}, tasks {more[1]:+d}", slope <= 0.3 and more == (0, 0)


def rows() -> list[Row]:
    """Rows D4 and D14 to D16."""
    return [
        Row("D4", "a soak of 20,000 mixed calls", "<= 0.3 MB per 1,000 calls; files, tasks +0", soak, quick=False),
        Row("D14", "arguments nobody meant, every tool (short)", "violations 0", short_fuzz),
        Row("D14", "arguments nobody meant, every tool, 6,000 calls", "violations 0", long_fuzz, quick=False),
        Row("D15", "anything but GET in the source", "one request built, a GET", writes, quick=False),
        Row("D16", "50 clients with questions of their own", "crossings 0", crossings),
    ]
